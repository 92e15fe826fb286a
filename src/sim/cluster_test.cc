#include "sim/cluster.h"

#include <gtest/gtest.h>

namespace hearsay::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool always(double) { return true; }

ClusterPlan plan_of(std::size_t nodes, Duration duration, std::vector<Fault> faults) {
  ClusterPlan plan;
  plan.nodes = nodes;
  plan.duration = duration;
  plan.faults = std::move(faults);
  return plan;
}

TEST(Cluster, a_crash_is_known_to_all_within_the_longest_suspicion) {
  const auto report =
      run_cluster(plan_of(20, seconds(60), {{.what = Fault::What::crash, .at = seconds(5), .place = 7}}), always);
  ASSERT_TRUE(report.settled);
  ASSERT_EQ(report.detections.size(), 1u);
  const Detection& detection = report.detections[0];
  EXPECT_EQ(detection.observers, 19u);
  EXPECT_EQ(detection.times.size(), 19u);
  // One to two probe intervals until the first probe fails; suspicion of 4 log10(20) s at least and six times that
  // at most; some gossip.
  EXPECT_GT(detection.times.front(), seconds(5));
  EXPECT_LT(detection.times.back(), seconds(3 + 32));
  EXPECT_EQ(report.false_deaths, 0u);
  EXPECT_TRUE(report.agreed);
  EXPECT_EQ(report.node_milliseconds, 19u * 60'000 + 5'000);
}

TEST(Cluster, a_cluster_may_begin_joined) {
  for (const Family family : {Family::swim, Family::heartbeat}) {
    auto plan = plan_of(20, seconds(90),
                        {{.what = Fault::What::crash, .at = seconds(5), .place = 7},
                         {.what = Fault::What::restart, .at = seconds(60), .lasts = seconds(2), .place = 3}});
    plan.config.family = family;
    plan.joined = true;
    plan.taped = 2;
    const auto report = run_cluster(plan, always);
    ASSERT_TRUE(report.settled);
    EXPECT_LE(report.settle_time, milliseconds(100)) << "nobody has to join";
    for (const auto& violation : report.violations) ADD_FAILURE() << violation;
    ASSERT_EQ(report.detections.size(), 1u);
    EXPECT_EQ(report.detections[0].times.size(), 18u) << "all but the dead and the one that is restarted";
    EXPECT_EQ(report.false_suspicions, 0u);
    EXPECT_TRUE(report.agreed) << report.disagreement;
  }
}

TEST(Cluster, the_heartbeat_family_finds_a_crash_bears_loss_and_heals_a_partition_in_every_mode) {
  using enum Fault::What;
  for (const ExchangeMode mode :
       {ExchangeMode::push, ExchangeMode::pull, ExchangeMode::push_pull, ExchangeMode::digest}) {
    auto plan = plan_of(20, seconds(240),
                        {{.what = crash, .at = seconds(10), .place = 7},
                         {.what = cut, .at = seconds(80), .lasts = seconds(60), .place = 4, .other = 0},
                         {.what = restart, .at = seconds(200), .lasts = seconds(3), .place = 2}});
    plan.config.family = Family::heartbeat;
    plan.config.heartbeat.mode = mode;
    plan.network.loss = 0.05;
    const auto report = run_cluster(plan, always);
    ASSERT_TRUE(report.settled) << name_of(mode);
    EXPECT_TRUE(report.agreed) << name_of(mode) << ": " << report.disagreement;
    for (const auto& violation : report.violations) ADD_FAILURE() << name_of(mode) << ": " << violation;
    ASSERT_FALSE(report.detections.empty());
    const Detection& detection = report.detections[0];
    EXPECT_EQ(detection.times.size(), 18u) << name_of(mode) << ": all but the dead and the one that is restarted";
    EXPECT_LT(detection.times.back(), seconds(40)) << name_of(mode);
    EXPECT_EQ(run_cluster(plan, always).trace_hash, report.trace_hash) << "the same seed, the same bytes";
  }
}

// Who is only asked must be asked from the beginning, however many were there before.
TEST(Cluster, newcomers_of_the_heartbeat_family_are_not_silent) {
  auto plan = plan_of(60, seconds(40), {});
  plan.config.family = Family::heartbeat;
  plan.config.heartbeat.mode = ExchangeMode::pull;
  const auto report = run_cluster(plan, always);
  EXPECT_TRUE(report.settled);
  EXPECT_EQ(report.false_deaths, 0u);
  EXPECT_EQ(report.counters[Count::suspicions], 0u);
}

TEST(Cluster, the_same_plan_gives_the_same_trace_and_another_seed_another) {
  auto plan = plan_of(10, seconds(20), {{.what = Fault::What::crash, .at = seconds(2), .place = 3}});
  plan.network.loss = 0.1;
  plan.network.jitter = milliseconds(3);
  const auto first = run_cluster(plan, always);
  EXPECT_EQ(run_cluster(plan, always).trace_hash, first.trace_hash);
  plan.seed = 2;
  EXPECT_NE(run_cluster(plan, always).trace_hash, first.trace_hash);
}

TEST(Cluster, traffic_counts_between_two_moments_and_nothing_else_changes) {
  auto plan = plan_of(8, seconds(40), {{.what = Fault::What::crash, .at = milliseconds(12'500), .place = 3}});
  const auto whole = run_cluster(plan, always);
  plan.count_until = seconds(15);
  const auto first = run_cluster(plan, always);
  plan.count_from = *plan.count_until;
  plan.count_until.reset();
  const auto second = run_cluster(plan, always);
  EXPECT_EQ(first.trace_hash, whole.trace_hash);
  EXPECT_EQ(second.trace_hash, whole.trace_hash);
  EXPECT_EQ(first.node_milliseconds, 7u * 15'000 + 12'500);
  EXPECT_EQ(second.node_milliseconds, 7u * 25'000);
  EXPECT_GT(first.counters[Count::datagrams_out], 0u);
  for (std::size_t i = 0; i < kCounts; ++i) {
    EXPECT_EQ(first.counters.values[i] + second.counters.values[i], whole.counters.values[i]) << i;
  }
  EXPECT_EQ(first.sent[MessageKind::ping].bytes + second.sent[MessageKind::ping].bytes,
            whole.sent[MessageKind::ping].bytes);
  EXPECT_EQ(second.messages, whole.messages) << "the simulator's work is that of the whole run";
  EXPECT_EQ(second.detections.at(0).times, whole.detections.at(0).times) << "it crashed before";
}

TEST(Cluster, a_pause_shorter_than_the_suspicion_is_no_death) {
  const auto report = run_cluster(
      plan_of(10, seconds(30), {{.what = Fault::What::pause, .at = seconds(2), .lasts = seconds(3), .place = 4}}),
      always);
  EXPECT_EQ(report.false_deaths, 0u);
  EXPECT_EQ(report.false_suspicions, 0u);
  EXPECT_TRUE(report.agreed);
}

TEST(Cluster, a_restart_and_a_healed_cut_end_in_agreement) {
  const auto report =
      run_cluster(plan_of(8, seconds(180),
                          {{.what = Fault::What::restart, .at = seconds(5), .lasts = seconds(20), .place = 1},
                           {.what = Fault::What::wipe, .at = seconds(5), .lasts = seconds(20), .place = 2},
                           {.what = Fault::What::cut, .at = seconds(40), .lasts = seconds(60), .place = 3}}),
                  always);
  EXPECT_GT(report.false_deaths, 0u) << "each half takes the other for failed";
  EXPECT_GT(report.refutations, 0u);
  EXPECT_TRUE(report.agreed);
  EXPECT_TRUE(report.detections.empty()) << "nobody crashed for ever";
}

TEST(Cluster, an_interrupted_run_says_how_far_it_came) {
  int asked = 0;
  const auto report =
      run_cluster(plan_of(4, seconds(30), {}), [&](double done) { return done == 0 || ++asked < 3; });
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.measured, seconds(3));
  EXPECT_EQ(report.traffic.size(), 3u);
}

TEST(Cluster, an_interrupt_is_heard_while_the_nodes_still_join) {
  auto plan = plan_of(4, seconds(30), {});
  plan.network.latency = seconds(60);  // nobody joins anybody in time
  int asked = 0;
  const auto report = run_cluster(plan, [&](double) { return ++asked < 3; });
  EXPECT_TRUE(report.interrupted);
  EXPECT_FALSE(report.settled);
  EXPECT_EQ(asked, 3) << "and not after the two minutes that are allowed";
}

TEST(Cluster, all_that_is_wrong_with_a_plan_is_named) {
  auto plan = plan_of(4, seconds(30),
                      {{.what = Fault::What::crash, .at = seconds(5), .place = 4},
                       {.what = Fault::What::pause, .at = seconds(31), .lasts = seconds(1), .place = 1},
                       {.what = Fault::What::restart, .at = seconds(1), .place = 1}});
  plan.network.loss = 2;
  EXPECT_EQ(faults_of(plan).size(), 4u);
  EXPECT_TRUE(faults_of(plan_of(4, seconds(30), {})).empty());
  EXPECT_FALSE(faults_of(plan_of(1, seconds(30), {})).empty());
}

}  // namespace
}  // namespace hearsay::sim
