// What each fault does, seen from outside.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/cluster.h"
#include "sim/stage.h"
#include "sim/world.h"

namespace hearsay::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = Fault::What;

bool always(double) { return true; }

ClusterReport run(std::size_t nodes, Duration duration, std::vector<Fault> faults) {
  ClusterPlan plan;
  plan.nodes = nodes;
  plan.duration = duration;
  plan.faults = std::move(faults);
  plan.taped = 0;
  EXPECT_TRUE(faults_of(plan).empty()) << faults_of(plan)[0].cause;
  auto report = run_cluster(plan, always);
  EXPECT_EQ(report.disagreement, "");
  for (const auto& violation : report.violations) ADD_FAILURE() << violation;
  return report;
}

TEST(Stage, a_flapping_partition_is_felt_and_forgiven) {
  const auto report =
      run(6, seconds(150),
          {{.what = What::flap, .at = seconds(5), .lasts = seconds(60), .place = 2, .amount = seconds(10)}});
  EXPECT_GT(report.false_suspicions, 0u);
}

TEST(Stage, a_swizzle_heals) {
  const auto report = run(
      6, seconds(150), {{.what = What::swizzle, .at = seconds(5), .lasts = seconds(60), .place = 3, .other = 1}});
  EXPECT_GT(report.counters[Count::probes_failed] + report.counters[Count::udp_blocked] +
                report.counters[Count::indirect_probes],
            0u);
}

TEST(Stage, a_slow_processor_answers_late) {
  const auto fast = run(5, seconds(40), {});
  const auto slow =
      run(5, seconds(40),
          {{.what = What::slow, .at = seconds(5), .lasts = seconds(10), .place = 2, .amount = milliseconds(700)}});
  EXPECT_EQ(fast.counters[Count::indirect_probes], 0u);
  EXPECT_GT(slow.counters[Count::indirect_probes], 0u);
}

TEST(Stage, the_wall_clock_decides_nothing) {
  const auto still = run(5, seconds(40), {});
  const auto jumps = run(5, seconds(40),
                         {{.what = What::jump, .at = seconds(5), .place = 1, .amount = std::chrono::hours(5)},
                          {.what = What::jump, .at = seconds(6), .place = 2, .amount = -std::chrono::hours(5)}});
  EXPECT_EQ(still.trace_hash, jumps.trace_hash);
}

TEST(Stage, a_clock_that_drifts_changes_what_happens_and_harms_nobody) {
  const auto still = run(5, seconds(60), {});
  const auto drifts = run(
      5, seconds(60), {{.what = What::drift, .at = seconds(5), .lasts = seconds(40), .place = 1, .ppm = 50'000}});
  EXPECT_NE(still.trace_hash, drifts.trace_hash);
  EXPECT_EQ(drifts.false_deaths, 0u);
}

TEST(Stage, corrupted_datagrams_are_dropped_and_counted) {
  const auto report =
      run(5, seconds(60), {{.what = What::corrupt, .at = seconds(5), .lasts = seconds(10), .share = 0.1}});
  EXPECT_GT(report.counters[Count::dropped_malformed] + report.counters[Count::dropped_crc] +
                report.counters[Count::dropped_unexpected] + report.counters[Count::dropped_label],
            0u);
}

TEST(Stage, what_the_network_dropped_is_told_by_cause) {
  ClusterPlan plan;
  plan.nodes = 6;
  plan.duration = seconds(20);
  plan.network.bandwidth = 2'000;
  plan.network.queue_bytes = 65'507;
  plan.network.mtu_bytes = 128;
  plan.network.loss = 0.1;
  plan.faults = {{.what = What::join_storm, .at = seconds(1), .count = 10}};
  const auto report = run_cluster(plan, always);
  EXPECT_GT(report.network.lost, 0u);
  EXPECT_GT(report.network.too_long, 0u) << "compounds of many joins";
  EXPECT_GT(report.network.queued_longest, milliseconds(100));
}

TEST(Stage, all_restart_at_once_and_find_each_other_again) {
  const auto report =
      run(6, seconds(120),
          {{.what = What::mass_restart, .at = seconds(5), .lasts = seconds(3), .share = 1, .amount = seconds(2)}});
  EXPECT_LT(report.node_milliseconds, 6u * 120'000 - 6u * 2'900);
}

TEST(Stage, a_storm_of_joiners_gets_in) {
  const auto report = run(4, seconds(60), {{.what = What::join_storm, .at = seconds(5), .count = 12}});
  EXPECT_GT(report.node_milliseconds, 4u * 60'000 + 12u * 54'000);
}

TEST(Stage, a_lost_disk_is_missed_at_the_next_start) {
  const std::vector<Fault> restart{{.what = What::restart, .at = seconds(10), .lasts = seconds(2), .place = 1}};
  auto without = restart;
  without.insert(without.begin(), Fault{.what = What::lose_disk, .at = seconds(5), .place = 1});
  EXPECT_NE(run(4, seconds(60), restart).trace_hash, run(4, seconds(60), without).trace_hash);
}

TEST(Stage, who_is_started_again_after_it_left_is_a_member_again) {
  const auto report = run(4, seconds(60),
                          {{.what = What::leave, .at = seconds(5), .place = 1},
                           {.what = What::restart, .at = seconds(20), .lasts = seconds(2), .place = 1}});
  EXPECT_GT(report.node_milliseconds, 3u * 60'000 + 35'000);
}

TEST(Stage, a_restart_keeps_the_lamport_clock_unless_the_disk_is_lost) {
  ClusterPlan plan;
  plan.nodes = 2;
  plan.duration = seconds(60);
  plan.faults = {{.what = What::restart, .at = seconds(10), .lasts = seconds(1), .place = 1},
                 {.what = What::wipe, .at = seconds(20), .lasts = seconds(1), .place = 1},
                 {.what = What::restart, .at = seconds(30), .lasts = seconds(1), .place = 1}};
  Recorder recorder(plan.nodes);
  Stage stage(plan, recorder);
  stage.start();
  stage.world().run_for(seconds(5));
  stage.begin();
  const auto before = stage.world().node(1).info().lamport;
  EXPECT_GT(before, LamportTime{1});
  stage.run_until(seconds(15));
  EXPECT_EQ(stage.world().config(1).first_lamport, before);
  stage.run_until(seconds(25));
  EXPECT_EQ(stage.world().config(1).first_lamport, LamportTime{1});
  const auto again = stage.world().node(1).info().lamport;
  EXPECT_GT(again, LamportTime{1});
  stage.run_until(seconds(35));
  EXPECT_EQ(stage.world().config(1).first_lamport, again);
}

TEST(World, a_clock_that_drifts_is_told_in_every_input_and_never_goes_back) {
  World world({});
  Config config = Config::of(Profile::lan);
  config.name = "n0";
  world.add(config);
  world.set_drift(0, 100'000);
  world.run_for(seconds(10));
  EXPECT_EQ(world.now(0).steady - world.start_time(), seconds(11));
  EXPECT_EQ(world.now(0).wall - world.now().wall, seconds(1)) << "both clocks of a machine drift together";
  world.set_drift(0, -100'000);
  world.run_for(seconds(10));
  EXPECT_EQ(world.now(0).steady - world.start_time(), seconds(20));
  world.jump_wall(0, std::chrono::hours(-1));
  EXPECT_EQ(world.now(0).steady - world.start_time(), seconds(20)) << "steady time only drifts";
  EXPECT_LT(world.now(0).wall, world.now().wall - std::chrono::minutes(59));
}

}  // namespace
}  // namespace hearsay::sim
