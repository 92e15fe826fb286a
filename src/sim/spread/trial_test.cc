// The Monte Carlo against the exact chain, the literature's figures and itself. Seeds are fixed: what is allowed as
// deviation is four standard errors.
#include "sim/spread/trial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "sim/spread/summary.h"

namespace hearsay::sim::spread {
namespace {

Summary run(Settings settings, std::uint32_t trials) {
  settings.trials = trials;
  EXPECT_TRUE(validate(settings).empty());
  std::vector<Trial> all;
  Arrivals arrivals;
  for (std::uint32_t i = 0; i < trials; ++i) all.push_back(run_trial(settings, i, arrivals));
  return summarise(settings, all, arrivals);
}

Settings epidemic(std::uint32_t nodes, std::uint32_t fanout, Mode mode, Timing timing = Timing::sync) {
  Settings settings;
  settings.nodes = nodes;
  settings.fanout = fanout;
  settings.mode = mode;
  settings.timing = timing;
  return settings;
}

Settings rumor(std::uint32_t nodes, Mode mode, Stop stop, std::uint32_t copies) {
  Settings settings = epidemic(nodes, 1, mode);
  settings.stop = stop;
  settings.copies = copies;
  return settings;
}

double error_of(const Figures& figures, const Summary& summary) { return figures.sd / std::sqrt(summary.trials); }

TEST(Trial, the_monte_carlo_agrees_with_the_chain) {
  for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) {
    for (const std::uint32_t fanout : {1u, 2u, 5u}) {
      for (const double loss : {0.0, 0.3}) {
        Settings settings = epidemic(100, fanout, mode);
        settings.loss = loss;
        const Summary summary = run(settings, 2000);
        const Chain chain = run_chain(settings);
        const auto where = testing::Message() << name_of(mode) << " " << fanout << " loss " << loss;
        const Agreement agreement = compare(summary, chain);
        EXPECT_TRUE(agreement.holds()) << where << ": " << agreement.difference;
        if (chain.sd > 0.2) {
          EXPECT_NEAR(summary.rounds.sd / chain.sd, 1, 0.15) << where;
        }
        EXPECT_NEAR(summary.messages_per_node.mean, chain.messages_per_node,
                    4 * error_of(summary.messages_per_node, summary))
            << where;
        EXPECT_NEAR(summary.payloads_per_node.mean, chain.payloads_per_node,
                    4 * error_of(summary.payloads_per_node, summary) + 1e-9)
            << where;
        EXPECT_EQ(summary.complete, 1) << where;
        for (std::size_t r = 0; r < 5; ++r) {
          EXPECT_NEAR(summary.informed[r], chain.informed[r], 0.02 * chain.informed[r] + 0.6) << where << " " << r;
        }
      }
    }
  }
}

TEST(Trial, tails_lie_within_the_binomial_error) {
  const Settings settings = epidemic(1000, 2, Mode::push);
  constexpr std::uint32_t kTrials = 1500;
  const Chain chain = run_chain(settings);
  std::vector<double> late(chain.done.size());
  Arrivals arrivals;
  for (std::uint32_t i = 0; i < kTrials; ++i) {
    const Trial trial = run_trial(settings, i, arrivals);
    for (std::size_t r = 0; r < late.size(); ++r)
      late[r] += trial.last > static_cast<double>(r) ? 1.0 / kTrials : 0;
  }
  for (std::size_t r = 0; r < late.size(); ++r) {
    const double p = 1 - chain.done[r];
    EXPECT_NEAR(late[r], p, 4 * std::sqrt(p * (1 - p) / kTrials) + 1.0 / kTrials) << r;
  }
}

// Without loss an offer that is taken up at once informs exactly whom the rumor itself would have informed, so the
// general engine must agree with the same chain; and each node gets the content once.
TEST(Trial, with_digests_the_spread_is_the_same_and_the_content_goes_to_each_node_once) {
  for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) {
    Settings settings = epidemic(100, 2, mode);
    const Chain chain = run_chain(settings);
    settings.digest_first = true;
    const Summary summary = run(settings, 1500);
    EXPECT_TRUE(compare(summary, chain).holds()) << name_of(mode);
    EXPECT_NEAR(summary.messages_per_node.mean, chain.messages_per_node,
                4 * error_of(summary.messages_per_node, summary))
        << name_of(mode);
    EXPECT_NEAR(summary.payloads_per_node.mean, 0.99, 1e-9) << name_of(mode);
    settings.loss = 0.2;
    const Summary lossy = run(settings, 300);
    EXPECT_NEAR(lossy.payloads_per_node.mean, 0.99 / 0.8, 4 * error_of(lossy.payloads_per_node, lossy));
  }
}

// Demers et al. 1987, tables 1 to 3, n = 1000: residue, traffic, and when the last one heard it.
TEST(Trial, rumor_mongering_gives_the_tables_of_demers) {
  struct Row {
    Mode mode;
    Stop stop;
    bool feedback;
    std::uint32_t copies;
    double residue, messages, last;
    std::uint32_t trials;
  };
  const Row rows[] = {
      {Mode::push, Stop::counter, true, 1, 0.1747, 1.744, 16.8, 400},
      {Mode::push, Stop::counter, true, 2, 0.0368, 3.300, 17.0, 400},
      {Mode::push, Stop::counter, true, 3, 0.01076, 4.532, 17.3, 400},
      {Mode::push, Stop::counter, true, 4, 0.00362, 5.635, 17.5, 400},
      {Mode::push, Stop::counter, true, 5, 0.00127, 6.682, 17.7, 400},
      {Mode::push, Stop::coin, false, 1, 0.9596, 0.040, 39.4, 2000},
      {Mode::push, Stop::coin, false, 2, 0.2048, 1.589, 32.8, 400},
      {Mode::push, Stop::coin, false, 3, 0.0602, 2.820, 31.6, 400},
      {Mode::push, Stop::coin, false, 4, 0.0199, 3.922, 32.2, 400},
      {Mode::pull, Stop::counter, true, 1, 3.16e-2, 2.700, 17.5, 200},
      {Mode::pull, Stop::counter, true, 2, 5.80e-4, 4.487, 15.2, 200},
  };
  for (const Row& row : rows) {
    Settings settings = rumor(1000, row.mode, row.stop, row.copies);
    settings.feedback = row.feedback;
    const Summary summary = run(settings, row.trials);
    const auto where = testing::Message() << name_of(row.mode) << " " << name_of(row.stop) << " " << row.copies;
    const double residue = 1 - summary.coverage_mean;
    EXPECT_NEAR(residue, row.residue, 0.05 * row.residue + 0.0002) << where;
    EXPECT_NEAR(summary.messages_per_node.mean, row.messages,
                4 * error_of(summary.messages_per_node, summary) + 0.005)
        << where;
    EXPECT_NEAR(summary.rounds.mean, row.last, 4 * error_of(summary.rounds, summary) + 0.1) << where;
  }
}

TEST(Trial, for_push_the_residue_is_exp_of_minus_the_traffic) {
  for (const Stop stop : {Stop::counter, Stop::coin, Stop::budget}) {
    const Summary summary = run(rumor(2000, Mode::push, stop, 3), 100);
    EXPECT_NEAR(std::log(1 - summary.coverage_mean) / -summary.messages_per_node.mean, 1, 0.03) << name_of(stop);
  }
}

TEST(Trial, infect_and_die_with_two_contacts_stops_at_four_fifths) {
  Settings settings = epidemic(1000, 2, Mode::push);
  settings.stop = Stop::die;
  const Summary summary = run(settings, 300);
  EXPECT_NEAR(summary.coverage_mean, 0.7968, 0.004);
  EXPECT_EQ(summary.complete, 0);
}

// ln N + c transmissions reach all with probability exp(-exp(-c)).
TEST(Trial, a_budget_reaches_all_as_often_as_theory_says) {
  for (const auto& [copies, complete] : {std::pair{7u, 0.398}, {8u, 0.717}, {9u, 0.888}}) {
    const Summary summary = run(rumor(1000, Mode::push, Stop::budget, copies), 1500);
    EXPECT_NEAR(summary.complete, complete, 0.02 + 4 * std::sqrt(complete * (1 - complete) / 1500)) << copies;
    EXPECT_NEAR(summary.messages_per_node.mean, copies * summary.coverage_mean, 1e-9);
  }
}

TEST(Trial, the_median_counter_ends_by_itself_when_all_know) {
  const Summary summary = run(rumor(1000, Mode::push_pull, Stop::median, 2), 150);
  EXPECT_EQ(summary.complete, 1);
  EXPECT_NEAR(summary.messages_per_node.mean, 11.6, 0.1);
  EXPECT_NEAR(summary.quiet_mean, 13.9, 0.5);
}

TEST(Trial, unsynchronised_timers_are_faster_than_rounds) {
  struct Row {
    Mode mode;
    std::uint32_t fanout, nodes, trials;
    double mean, p99;
  };
  const Row rows[] = {
      {Mode::push, 1, 100, 2000, 9.74, 13.8},     {Mode::push, 2, 100, 2000, 4.95, 7.1},
      {Mode::push, 3, 1000, 300, 4.96, 6.5},      {Mode::pull, 1, 100, 2000, 7.04, 11.1},
      {Mode::pull, 2, 1000, 300, 5.38, 7.4},      {Mode::push_pull, 1, 1000, 300, 6.24, 7.3},
      {Mode::push_pull, 2, 100, 2000, 2.20, 3.0}, {Mode::push, 1, 10, 2000, 4.59, 8.4},
  };
  for (const Row& row : rows) {
    const Summary summary = run(epidemic(row.nodes, row.fanout, row.mode, Timing::unsync), row.trials);
    const auto where = testing::Message() << name_of(row.mode) << " " << row.fanout << ", " << row.nodes;
    EXPECT_NEAR(summary.rounds.mean, row.mean, 4 * error_of(summary.rounds, summary) + 0.02) << where;
    EXPECT_NEAR(summary.rounds.p99, row.p99, 0.08 * row.p99) << where;
  }
}

TEST(Trial, poisson_clocks_follow_the_closed_form) {
  double harmonic = 0;
  for (int i = 1; i < 200; ++i) harmonic += 1.0 / i;
  const double once = 199.0 / 200 * harmonic;
  for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) {
    const Summary summary = run(epidemic(200, 1, mode, Timing::poisson), 1500);
    EXPECT_NEAR(summary.rounds.mean, mode == Mode::push_pull ? once : 2 * once,
                4 * error_of(summary.rounds, summary))
        << name_of(mode);
  }
}

TEST(Trial, every_rule_ends_under_every_timing) {
  for (const Timing timing : {Timing::sync, Timing::unsync, Timing::poisson}) {
    for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) {
      for (const Stop stop : {Stop::forever, Stop::die, Stop::counter, Stop::coin, Stop::budget, Stop::median}) {
        for (const bool digest_first : {false, true}) {
          if (stop == Stop::median && mode != Mode::push_pull) continue;
          Settings settings = epidemic(60, 2, mode, timing);
          settings.stop = stop;
          settings.digest_first = digest_first;
          settings.loss = 0.1;
          const Summary summary = run(settings, 5);
          const auto where = testing::Message() << name_of(timing) << " " << name_of(mode) << " " << name_of(stop);
          EXPECT_EQ(summary.cut_off, 0u) << where;
          EXPECT_GE(summary.quiet_mean, summary.rounds.mean) << where;
          EXPECT_GT(summary.coverage_mean, 0.01) << where;
          if (stop == Stop::forever) {
            EXPECT_EQ(summary.complete, 1) << where;
          }
        }
      }
    }
  }
}

// The same on both compilers, and whatever ran before.
TEST(Trial, the_same_seed_and_number_give_the_same_epidemic) {
  base::Hasher hash;
  const auto add = [&](const Trial& trial) {
    hash.add(static_cast<std::uint64_t>(trial.last * 1e9));
    hash.add(static_cast<std::uint64_t>(trial.quiet * 1e9));
    hash.add(trial.informed);
    hash.add(trial.contacts);
    hash.add(trial.messages);
    hash.add(trial.payloads);
  };
  for (const Timing timing : {Timing::sync, Timing::unsync, Timing::poisson}) {
    for (const Stop stop : {Stop::forever, Stop::die, Stop::counter, Stop::coin, Stop::budget, Stop::median}) {
      for (const double loss : {0.0, 0.2}) {
        Settings settings = epidemic(300, 3, Mode::push_pull, timing);
        settings.stop = stop;
        settings.loss = loss;
        Arrivals arrivals;
        const Trial seventh = run_trial(settings, 7, arrivals);
        const Arrivals once = arrivals;
        add(seventh);
        add(run_trial(settings, 8, arrivals));
        Arrivals again;
        EXPECT_EQ(run_trial(settings, 7, again).contacts, seventh.contacts);
        EXPECT_EQ(again, once);
      }
    }
  }
  EXPECT_EQ(hash.value(), 17058621126463721710u);
}

TEST(Trial, an_interrupted_trial_says_that_it_is_none) {
  for (const Timing timing : {Timing::sync, Timing::unsync, Timing::poisson}) {
    int asked = 0;
    Arrivals arrivals;
    const Trial trial = run_trial(epidemic(1000, 1, Mode::push, timing), 0, arrivals, [&] { return ++asked == 3; });
    EXPECT_TRUE(trial.cut_off);
    EXPECT_EQ(asked, 3);
    EXPECT_LT(trial.informed, 1000u);
  }
}

TEST(Summary, quantiles_are_the_smallest_value_that_covers_them) {
  const double sorted[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_EQ(quantile_of(sorted, 0.5), 5);
  EXPECT_EQ(quantile_of(sorted, 0.51), 6);
  EXPECT_EQ(quantile_of(sorted, 0.99), 10);
  EXPECT_EQ(quantile_of(sorted, 0), 1);
}

TEST(Summary, trials_that_were_cut_off_do_not_count) {
  Settings settings;
  settings.nodes = 10;
  std::vector<Trial> trials(3);
  trials[0].informed = trials[1].informed = 10;
  trials[0].last = 4;
  trials[1].last = 6;
  trials[2].cut_off = true;
  trials[2].last = 100;
  const Summary summary = summarise(settings, trials, {2, 18});
  EXPECT_EQ(summary.trials, 2u);
  EXPECT_EQ(summary.cut_off, 1u);
  EXPECT_EQ(summary.rounds.mean, 5);
  EXPECT_DOUBLE_EQ(summary.rounds.sd, std::sqrt(2.0));
  EXPECT_EQ(summary.informed, (std::vector<double>{1, 10}));
  EXPECT_EQ(summarise(settings, {}, {}).rounds.mean, 0);
}

}  // namespace
}  // namespace hearsay::sim::spread
