// The exact chain against published figures, against identities, and against plain enumeration.
#include "sim/spread/chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/spread/theory.h"

namespace hearsay::sim::spread {
namespace {

Chain chain_of(std::uint32_t nodes, std::uint32_t fanout, Mode mode, double loss = 0) {
  Settings settings;
  settings.nodes = nodes;
  settings.fanout = fanout;
  settings.mode = mode;
  settings.loss = loss;
  return run_chain(settings);
}

// Rounds until all are informed, no loss: mean, sd, p50, p99, p99.9, and messages per node for push.
TEST(Chain, the_convergence_table_is_reproduced) {
  constexpr auto kPush = Mode::push;
  constexpr auto kPull = Mode::pull;
  constexpr auto kBoth = Mode::push_pull;
  struct Row {
    std::uint32_t fanout;
    std::uint32_t nodes;
    Mode mode;
    double mean, sd, p50, p99, p999, messages;
  };
  const Row rows[] = {
      {1, 8, kPush, 5.378, 1.22, 5, 9, 11, 2.64},       {1, 8, kPull, 4.526, 1.28, 4, 8, 11, 0},
      {1, 8, kBoth, 3.121, 0.60, 3, 5, 5, 0},           {1, 10, kPush, 6.047, 1.27, 6, 10, 12, 2.94},
      {1, 10, kPull, 5.063, 1.32, 5, 9, 11, 0},         {1, 10, kBoth, 3.461, 0.61, 3, 5, 5, 0},
      {1, 100, kPush, 12.305, 1.33, 12, 16, 19, 5.62},  {1, 100, kPull, 9.793, 1.37, 10, 14, 16, 0},
      {1, 100, kBoth, 6.529, 0.57, 7, 8, 8, 0},         {1, 1000, kPush, 18.038, 1.32, 18, 22, 24, 7.98},
      {1, 1000, kPull, 13.767, 1.34, 14, 18, 20, 0},    {1, 1000, kBoth, 9.151, 0.50, 9, 10, 11, 0},
      {1, 1024, kPush, 18.097, 1.32, 18, 22, 24, 8.00}, {2, 8, kPush, 3.234, 0.57, 3, 5, 6, 2.94},
      {2, 8, kPull, 2.874, 0.67, 3, 5, 6, 0},           {2, 8, kBoth, 2.140, 0.35, 2, 3, 3, 0},
      {2, 32, kPush, 5.588, 0.70, 5, 8, 9, 4.77},       {2, 32, kPull, 4.869, 0.74, 5, 7, 8, 0},
      {2, 32, kBoth, 3.543, 0.50, 4, 4, 5, 0},          {2, 100, kPush, 7.350, 0.70, 7, 9, 10, 6.09},
      {2, 100, kPull, 6.267, 0.73, 6, 8, 9, 0},         {2, 100, kBoth, 4.498, 0.50, 4, 5, 5, 0},
      {2, 1000, kPush, 10.665, 0.71, 11, 13, 14, 8.45}, {2, 1000, kPull, 8.773, 0.73, 9, 11, 12, 0},
      {2, 1000, kBoth, 6.173, 0.38, 6, 7, 7, 0},        {3, 8, kPush, 2.397, 0.51, 2, 3, 4, 2.90},
      {3, 8, kPull, 2.253, 0.45, 2, 3, 4, 0},           {3, 8, kBoth, 1.968, 0.18, 2, 2, 3, 0},
      {3, 100, kPush, 5.637, 0.57, 6, 7, 8, 6.50},      {3, 100, kPull, 5.043, 0.51, 5, 6, 7, 0},
      {3, 100, kBoth, 3.918, 0.28, 4, 4, 4, 0},         {3, 1000, kPush, 8.173, 0.45, 8, 9, 10, 9.02},
      {3, 1000, kPull, 7.047, 0.49, 7, 8, 9, 0},        {3, 1000, kBoth, 5.061, 0.24, 5, 6, 6, 0},
  };
  for (const Row& row : rows) {
    const Chain chain = chain_of(row.nodes, row.fanout, row.mode);
    const auto where = testing::Message()
                       << name_of(row.mode) << " " << row.fanout << ", " << row.nodes << " nodes";
    EXPECT_NEAR(chain.mean, row.mean, 0.00051) << where;
    EXPECT_NEAR(chain.sd, row.sd, 0.0051) << where;
    EXPECT_EQ(chain.quantile(0.5), row.p50) << where;
    EXPECT_EQ(chain.quantile(0.99), row.p99) << where;
    EXPECT_EQ(chain.quantile(0.999), row.p999) << where;
    if (row.messages > 0) {
      EXPECT_NEAR(chain.messages_per_node, row.messages, 0.006) << where;
    }
  }
}

TEST(Chain, the_distribution_of_push_with_fanout_two_is_reproduced) {
  const Chain eight = chain_of(8, 2, Mode::push);
  EXPECT_NEAR(eight.done[2], 0.0389, 0.00006);
  EXPECT_NEAR(eight.done[3], 0.7563, 0.00006);
  EXPECT_NEAR(eight.done[6], 0.9998, 0.00006);
  EXPECT_NEAR(eight.informed[2], 6.178, 0.0006);
  EXPECT_NEAR(chain_of(10, 2, Mode::push).done[3], 0.4828, 0.00006);
  const Chain thousand = chain_of(1000, 2, Mode::push);
  EXPECT_NEAR(thousand.done[10], 0.4510, 0.00006);
  EXPECT_NEAR(thousand.done[13], 0.9980, 0.00006);
  const double informed[] = {1, 3, 8.976, 26.64, 77.25, 209.6, 480.5, 801.4, 960.0, 994.2, 999.2};
  for (std::size_t r = 0; r < std::size(informed); ++r) {
    EXPECT_NEAR(thousand.informed[r] / informed[r], 1, 6e-4) << r;
  }
}

TEST(Chain, loss_costs_what_it_should) {
  // With several picks the published figures take them as independent; here they are distinct, as they are sent.
  EXPECT_NEAR(chain_of(1000, 1, Mode::push, 0.05).mean, 18.83, 0.006);
  EXPECT_NEAR(chain_of(1000, 1, Mode::push, 0.25).mean, 23.05, 0.006);
  EXPECT_NEAR(chain_of(1000, 1, Mode::push, 0.5).mean, 33.06, 0.006);
  EXPECT_NEAR(chain_of(1000, 1, Mode::push_pull, 0.1).mean, 10.87, 0.006);
  EXPECT_NEAR(chain_of(1000, 1, Mode::push_pull, 0.5).mean, 22.85, 0.006);
  EXPECT_NEAR(chain_of(1000, 2, Mode::push, 0.25).mean, 13.21, 0.02);
  EXPECT_NEAR(chain_of(1000, 3, Mode::push_pull, 0.25).mean, 6.75, 0.02);
  EXPECT_NEAR(chain_of(100, 2, Mode::push, 0.5).mean, 12.49, 0.02);
}

// Time reversal: a contact that carries the rumor from a to b in push carries it from b to a in pull, backwards.
TEST(Chain, push_and_pull_inform_the_same_number_on_average) {
  for (const std::uint32_t nodes : {2u, 3u, 10u, 64u, 500u}) {
    for (const std::uint32_t fanout : {1u, 2u, 3u}) {
      if (fanout >= nodes) continue;
      const auto push = chain_of(nodes, fanout, Mode::push).informed;
      const auto pull = chain_of(nodes, fanout, Mode::pull).informed;
      for (std::size_t r = 0; r < std::min(push.size(), pull.size()); ++r) {
        EXPECT_NEAR(push[r], pull[r], 1e-9 * nodes) << nodes << " nodes, fanout " << fanout << ", round " << r;
      }
    }
  }
}

TEST(Chain, more_fanout_less_loss_and_both_directions_never_slow_it_down) {
  const auto at_least = [](const Chain& better, const Chain& worse) {
    for (std::size_t r = 0; r < std::min(better.done.size(), worse.done.size()); ++r) {
      EXPECT_GE(better.done[r], worse.done[r] - 1e-12) << r;
    }
  };
  at_least(chain_of(50, 2, Mode::push), chain_of(50, 1, Mode::push));
  at_least(chain_of(50, 3, Mode::pull, 0.2), chain_of(50, 2, Mode::pull, 0.2));
  at_least(chain_of(50, 1, Mode::push, 0.1), chain_of(50, 1, Mode::push, 0.2));
  at_least(chain_of(50, 1, Mode::push_pull), chain_of(50, 1, Mode::push));
  at_least(chain_of(50, 1, Mode::push_pull, 0.3), chain_of(50, 1, Mode::pull, 0.3));
}

// All choices of targets of `rounds` rounds among `nodes` nodes, one target each: calls back with
// targets[round][node].
template <class Visit>
void for_all_rounds(std::size_t nodes, std::size_t rounds, Visit visit) {
  std::vector<std::vector<std::size_t>> targets(rounds, std::vector<std::size_t>(nodes));
  std::size_t all = 1;
  for (std::size_t i = 0; i < nodes * rounds; ++i) all *= nodes - 1;
  for (std::size_t code = 0; code < all; ++code) {
    std::size_t left = code;
    for (auto& round : targets) {
      for (std::size_t node = 0; node < nodes; ++node) {
        const std::size_t other = left % (nodes - 1);
        left /= nodes - 1;
        round[node] = other + (other >= node ? 1 : 0);
      }
    }
    visit(targets);
  }
}

TEST(Chain, few_nodes_counted_out_give_the_same_distribution) {
  constexpr std::size_t kNodes = 4;
  for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) {
    double done[3] = {};
    double all = 0;
    for_all_rounds(kNodes, 2, [&](const auto& rounds) {
      std::vector<bool> knows(kNodes);
      knows[0] = true;
      ++all;
      for (std::size_t r = 0; r < 2; ++r) {
        auto next = knows;
        for (std::size_t i = 0; i < kNodes; ++i) {
          const std::size_t target = rounds[r][i];
          if (mode != Mode::pull && knows[i]) next[target] = true;
          if (mode != Mode::push && knows[target]) next[i] = true;
        }
        knows = next;
        done[r + 1] += std::ranges::count(knows, true) == kNodes ? 1 : 0;
      }
    });
    const Chain chain = chain_of(kNodes, 1, mode);
    EXPECT_NEAR(chain.done[1], done[1] / all, 1e-12) << name_of(mode);
    EXPECT_NEAR(chain.done[2], done[2] / all, 1e-12) << name_of(mode);
  }
}

// Heartbeat tables: each node raises its own counter every round and sends its table; copies merge by maximum. How
// often a copy is older than `age` rounds follows from the spread of one rumor: (N - E[informed after age]) / (N -
// 1).
TEST(Chain, stale_heartbeats_follow_from_the_spread_of_one_rumor) {
  constexpr std::size_t kNodes = 4;
  constexpr std::size_t kAge = 3;
  for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) {
    double stale = 0;
    double all = 0;
    for_all_rounds(kNodes, kAge, [&](const auto& rounds) {
      // A copy of the counter as it was `age` rounds ago, or newer: born with it at node 0, or brought on by
      // merging.
      std::vector<std::size_t> copy(kNodes, 0);
      for (std::size_t r = 0; r < kAge; ++r) {
        copy[0] = r + 1;  // the owner's beat of this round, sent in it
        auto next = copy;
        for (std::size_t i = 0; i < kNodes; ++i) {
          const std::size_t target = rounds[r][i];
          if (mode != Mode::pull) next[target] = std::max(next[target], copy[i]);
          if (mode != Mode::push) next[i] = std::max(next[i], copy[target]);
        }
        copy = next;
      }
      for (std::size_t i = 1; i < kNodes; ++i) stale += copy[i] == 0 ? 1 : 0;
      all += kNodes - 1;
    });
    const Chain chain = chain_of(kNodes, 1, mode);
    EXPECT_NEAR(stale / all, (kNodes - chain.informed[kAge]) / (kNodes - 1), 1e-12) << name_of(mode);
  }
}

TEST(Chain, ten_rounds_without_news_are_not_enough_for_a_thousand_nodes) {
  const auto stale = [](Mode mode, std::uint32_t fanout, std::size_t age) {
    return (1000 - chain_of(1000, fanout, mode).informed.at(age)) / 999;
  };
  EXPECT_NEAR(stale(Mode::push, 1, 10), 0.439, 0.0006);
  EXPECT_NEAR(stale(Mode::push, 2, 10), 8.0e-4, 0.06e-4);
  EXPECT_NEAR(stale(Mode::push, 3, 10), 5.0e-7, 0.06e-7);
  EXPECT_NEAR(stale(Mode::push_pull, 1, 10), 1.1e-6, 0.06e-6);
}

TEST(Chain, two_nodes_need_one_round) {
  for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) {
    const Chain chain = chain_of(2, 1, mode);
    EXPECT_EQ(chain.mean, 1) << name_of(mode);
    EXPECT_EQ(chain.sd, 0);
    EXPECT_EQ(chain.done.size(), 2u);
  }
  // Heads or tails: geometric with 1/2, and push-pull has two calls that may get through.
  EXPECT_NEAR(chain_of(2, 1, Mode::push, 0.5).mean, 2, 1e-12);
  EXPECT_NEAR(chain_of(2, 1, Mode::pull, 0.5).mean, 4, 1e-12);
  EXPECT_NEAR(chain_of(2, 1, Mode::push_pull, 0.5).mean, 1 / (1 - 0.5 * 0.75), 1e-12);
}

TEST(Theory, the_closed_forms_are_near_the_exact_means) {
  for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) {
    for (const std::uint32_t fanout : {1u, 2u, 3u}) {
      Settings settings;
      settings.nodes = 1000;
      settings.fanout = fanout;
      settings.mode = mode;
      EXPECT_NEAR(rounds_formula(settings)->value, run_chain(settings).mean, 0.25) << name_of(mode) << fanout;
    }
  }
  Settings lossy;
  lossy.loss = 0.25;
  EXPECT_NEAR(rounds_formula(lossy)->value, run_chain(lossy).mean, 0.4);
}

TEST(Theory, the_mean_field_follows_the_exact_curve) {
  // Pull has more chance in its first rounds, so its mean runs behind the curve of the mean.
  for (const auto& [mode, allowed] : {std::pair{Mode::push, 1.0}, {Mode::pull, 100.0}, {Mode::push_pull, 100.0}}) {
    Settings settings;
    settings.fanout = 2;
    settings.mode = mode;
    const auto exact = run_chain(settings).informed;
    const auto theory = informed_formula(settings, exact.size());
    ASSERT_EQ(theory.size(), exact.size());
    for (std::size_t r = 0; r < exact.size(); ++r) {
      EXPECT_NEAR(theory[r], exact[r], allowed) << name_of(mode) << " round " << r << " of 1,000 nodes";
    }
  }
}

TEST(Theory, the_residue_is_that_of_demers) {
  Settings settings;
  settings.stop = Stop::coin;
  const double residues[] = {0.2032, 0.0595, 0.0198, 0.0070, 0.0025};
  for (std::uint32_t k = 1; k <= 5; ++k) {
    settings.copies = k;
    EXPECT_NEAR(residue_formula(settings)->value, residues[k - 1], 0.00006) << k;
  }
  settings.stop = Stop::budget;
  settings.copies = 2;
  EXPECT_NEAR(1 - residue_formula(settings)->value, 0.7968, 0.00006);
  settings.copies = 8;
  EXPECT_NEAR(complete_formula(settings)->value, 0.715, 0.0006);
  settings.copies = 1;
  EXPECT_EQ(residue_formula(settings), std::nullopt);  // it dies out
}

}  // namespace
}  // namespace hearsay::sim::spread
