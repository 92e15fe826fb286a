// Patterns of communication against answers known by pencil, and gossip against the exact chain.
#include "sim/spread/patterns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/spread/chain.h"

namespace hearsay::sim::spread {
namespace {

Comparison of(std::uint32_t nodes, std::uint32_t degree = 2) {
  Comparison comparison;
  comparison.nodes = nodes;
  comparison.degree = degree;
  return comparison;
}

PatternTrial run(const Comparison& comparison, Job job, Pattern pattern, Trouble trouble = Trouble::none,
                 std::uint64_t number = 0) {
  EXPECT_TRUE(validate(comparison).empty());
  return run_pattern(comparison, job, pattern, trouble, number);
}

double mean_share(const Comparison& comparison, Pattern pattern, Trouble trouble, std::uint32_t trials) {
  double sum = 0;
  for (std::uint32_t i = 0; i < trials; ++i) sum += run(comparison, Job::update, pattern, trouble, i).share;
  return sum / trials;
}

TEST(Patterns, who_tells_all_sends_all_messages) {
  const auto trial = run(of(10), Job::update, Pattern::direct);
  EXPECT_EQ(trial.messages, 9u);
  EXPECT_EQ(trial.bytes, 9u * 128);
  EXPECT_EQ(trial.busiest_messages, 9u);
  EXPECT_EQ(trial.busiest_bytes, 9u * 128);
  EXPECT_EQ(trial.rounds, 1);
  EXPECT_EQ(trial.share, 1);
  // A dead node costs its message and nothing else.
  const auto bereaved = run(of(10), Job::update, Pattern::direct, Trouble::one);
  EXPECT_EQ(bereaved.messages, 9u);
  EXPECT_EQ(bereaved.share, 1);
}

TEST(Patterns, a_hub_has_the_load_and_takes_everything_with_it) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto trial = run(of(10), Job::update, Pattern::hub, Trouble::none, number);
    EXPECT_EQ(trial.messages, 9u);
    EXPECT_EQ(trial.busiest_messages, 9u);
    EXPECT_EQ(trial.share, 1);
    EXPECT_LE(trial.rounds, 2);
    const auto headless = run(of(10), Job::update, Pattern::hub, Trouble::key, number);
    EXPECT_EQ(headless.messages, 1u);
    EXPECT_DOUBLE_EQ(headless.share, 1.0 / 9);
  }
}

TEST(Patterns, a_tree_sends_once_along_each_link_and_falls_apart_at_its_root) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto trial = run(of(7), Job::update, Pattern::tree, Trouble::none, number);
    EXPECT_EQ(trial.messages, 6u);
    EXPECT_EQ(trial.busiest_messages, 3u);  // an inner node: parent and two children
    EXPECT_EQ(trial.share, 1);
    EXPECT_GE(trial.rounds, 2);  // from the root
    EXPECT_LE(trial.rounds, 4);  // from a leaf to those under the other child of the root
    EXPECT_DOUBLE_EQ(run(of(7), Job::update, Pattern::tree, Trouble::key, number).share, 0.5);
  }
}

TEST(Patterns, loss_costs_the_share_that_probability_says) {
  Comparison comparison = of(3);
  comparison.loss = 0.5;
  constexpr std::uint32_t kTrials = 20'000;
  const double q = 0.5;
  const double allowed = 4 * 0.35 / std::sqrt(kTrials);  // four standard errors; no share varies more than that
  EXPECT_NEAR(mean_share(comparison, Pattern::direct, Trouble::loss, kTrials), (1 + 2 * q) / 3, allowed);
  // A hub with two others, and a root with two leaves: one third of the sources stand in the middle.
  const double middle = (1 + 2 * q) / 3 / 3 + 2 * (1 + q + q * q) / 3 / 3;
  EXPECT_NEAR(mean_share(comparison, Pattern::hub, Trouble::loss, kTrials), middle, allowed);
  EXPECT_NEAR(mean_share(comparison, Pattern::tree, Trouble::loss, kTrials), middle, allowed);
}

TEST(Patterns, repair_brings_news_across_a_dead_root) {
  const Comparison comparison = of(1000, 4);
  double plain = 0;
  double repaired = 0;
  for (std::uint64_t number = 0; number < 20; ++number) {
    plain += run(comparison, Job::update, Pattern::tree, Trouble::key, number).share / 20;
    repaired += run(comparison, Job::update, Pattern::tree_repair, Trouble::key, number).share / 20;
    const auto calm = run(comparison, Job::update, Pattern::tree_repair, Trouble::none, number);
    EXPECT_EQ(calm.share, 1);
    // Each node once, and at most the announcements over all lazy links in both directions.
    EXPECT_GE(calm.messages, 999u);
    EXPECT_LE(calm.messages, 2u * 999 + 2u * kLazyLinks * 1000);
  }
  EXPECT_LT(plain, 0.35);
  EXPECT_GT(repaired, 0.99);
}

TEST(Patterns, push_sends_every_copy_of_whoever_heard_it) {
  Comparison comparison = of(200);
  comparison.fanout = 3;
  comparison.copies = 8;
  for (const Trouble trouble : {Trouble::none, Trouble::loss, Trouble::one_in_10}) {
    const auto trial = run(comparison, Job::update, Pattern::push, trouble, 3);
    const double living = trouble == Trouble::one_in_10 ? 180 : 200;
    EXPECT_EQ(trial.messages, static_cast<std::uint64_t>(std::llround(trial.share * living)) * 8);
    EXPECT_EQ(trial.bytes, trial.messages * 128);
  }
}

// The same epidemics as in trial.h, run by a second program: both follow the chain.
TEST(Patterns, gossip_takes_as_many_rounds_as_the_chain_says) {
  const std::pair<Pattern, Mode> rows[] = {
      {Pattern::push, Mode::push}, {Pattern::pull, Mode::pull}, {Pattern::push_pull, Mode::push_pull}};
  for (const auto& [pattern, mode] : rows) {
    Settings settings;
    settings.nodes = 100;
    settings.fanout = 2;
    settings.mode = mode;
    const Chain chain = run_chain(settings);
    Comparison comparison = of(100);
    comparison.fanout = 2;
    comparison.copies = 200;  // nobody stops before all know
    constexpr std::uint32_t kTrials = 2000;
    double rounds = 0;
    for (std::uint32_t i = 0; i < kTrials; ++i) {
      const auto trial = run(comparison, Job::update, pattern, Trouble::none, i);
      rounds += trial.rounds / kTrials;
      EXPECT_EQ(trial.share, 1);
    }
    EXPECT_NEAR(rounds, chain.mean, 4 * chain.sd / std::sqrt(kTrials) + 0.02) << name_of(mode);
  }
}

TEST(Patterns, gossip_hardly_minds_deaths) {
  Comparison comparison = of(300);
  comparison.fanout = 2;
  comparison.copies = 12;
  for (const Trouble trouble : {Trouble::key, Trouble::one, Trouble::one_in_100, Trouble::one_in_10}) {
    EXPECT_GT(mean_share(comparison, Pattern::push, trouble, 20), 0.999) << name_of(trouble);
    EXPECT_EQ(mean_share(comparison, Pattern::pull, trouble, 20), 1) << name_of(trouble);
    EXPECT_EQ(mean_share(comparison, Pattern::push_pull, trouble, 20), 1) << name_of(trouble);
  }
}

TEST(Patterns, heartbeats_of_all_to_all_grow_with_the_square) {
  const auto trial = run(of(10), Job::heartbeats, Pattern::direct);
  EXPECT_EQ(trial.messages, 90u);
  EXPECT_EQ(trial.bytes, 90u * (28 + 16));
  EXPECT_EQ(trial.busiest_messages, 18u);
  EXPECT_EQ(trial.share, 1);
  const auto bereaved = run(of(10), Job::heartbeats, Pattern::direct, Trouble::one);
  EXPECT_EQ(bereaved.messages, 81u);
  EXPECT_EQ(bereaved.share, 1);
}

TEST(Patterns, heartbeats_through_a_hub_or_a_tree_end_with_its_head) {
  const auto hub = run(of(10), Job::heartbeats, Pattern::hub);
  EXPECT_EQ(hub.messages, 18u);
  EXPECT_EQ(hub.bytes, 9u * (28 + 16) + 9u * (28 + 160));
  EXPECT_EQ(hub.busiest_messages, 18u);
  EXPECT_EQ(hub.busiest_bytes, hub.bytes);
  EXPECT_EQ(hub.share, 1);
  EXPECT_EQ(run(of(10), Job::heartbeats, Pattern::hub, Trouble::key).share, 0);
  const auto tree = run(of(7), Job::heartbeats, Pattern::tree);
  EXPECT_EQ(tree.messages, 12u);
  // Up: four leaves with 1, two inner nodes with 3. Down: two lists of 7 from the root, four of 7 to the leaves.
  EXPECT_EQ(tree.bytes, 12u * 28 + 16u * (4 * 1 + 2 * 3 + 6 * 7));
  EXPECT_EQ(tree.rounds, 4);
  EXPECT_EQ(tree.share, 1);
  // Without the root two threes remain: 2 * 3 * 2 of 6 * 5 pairs.
  EXPECT_DOUBLE_EQ(run(of(7), Job::heartbeats, Pattern::tree, Trouble::key).share, 12.0 / 30);
}

TEST(Patterns, gossiped_heartbeats_reach_all_pairs_whoever_died) {
  for (const Pattern pattern : {Pattern::push, Pattern::pull, Pattern::push_pull}) {
    for (const Trouble trouble : kTroubles) {
      const auto trial = run(of(100), Job::heartbeats, pattern, trouble);
      EXPECT_EQ(trial.share, 1) << name_of(pattern) << " " << name_of(trouble);
      EXPECT_GE(trial.rounds, pattern == Pattern::push_pull ? 5 : 7);  // what is known at best doubles, or triples
    }
  }
}

TEST(Patterns, the_same_seed_and_number_give_the_same_trial) {
  for (const Pattern pattern : kPatterns) {
    const auto once = run(of(50), Job::update, pattern, Trouble::loss, 5);
    (void)run(of(50), Job::update, pattern, Trouble::loss, 6);
    const auto again = run(of(50), Job::update, pattern, Trouble::loss, 5);
    EXPECT_EQ(once.messages, again.messages);
    EXPECT_EQ(once.share, again.share);
  }
}

TEST(Patterns, the_impossible_is_refused) {
  Comparison comparison = of(2);
  EXPECT_EQ(validate(comparison).size(), 1u);
  comparison.nodes = 2'000'000;
  comparison.degree = 0;
  comparison.bytes = 0;
  comparison.loss = 1;
  EXPECT_EQ(validate(comparison).size(), 4u);
}

}  // namespace
}  // namespace hearsay::sim::spread
