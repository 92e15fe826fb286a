// The same plan gives the same trace on every compiler, at every level of optimisation: hashes of a few plans,
// recorded once. A change here needs a reason: other bytes on the wire, other moments, another order.
#include <gtest/gtest.h>

#include "sim/cluster.h"
#include "sim/swarm.h"

namespace hearsay::sim {
namespace {

std::uint64_t hash_of(const ClusterPlan& plan) {
  return run_cluster(plan, [](double) { return true; }).trace_hash;
}

TEST(TraceHash, of_a_plain_cluster) {
  ClusterPlan plan;
  plan.network.loss = 0.05;
  plan.network.jitter = std::chrono::milliseconds(2);
  plan.faults = {{.what = Fault::What::crash, .at = std::chrono::seconds(10), .place = 3}};
  EXPECT_EQ(hash_of(plan), 4850142308493983381u);
}

TEST(TraceHash, of_a_cluster_with_log_normal_latency) {
  ClusterPlan plan;
  plan.network.sigma = 0.7;
  plan.network.latency = std::chrono::milliseconds(20);
  plan.network.duplicate = 0.1;
  plan.network.reorder = 0.1;
  plan.network.bandwidth = 100'000;
  EXPECT_EQ(hash_of(plan), 2445989969852615044u);
}

TEST(TraceHash, of_some_seeds_of_the_swarm) {
  EXPECT_EQ(hash_of(swarm_plan(2)), 11018528960759819909u);
  EXPECT_EQ(hash_of(swarm_plan(11)), 4360488991754820266u);
  EXPECT_EQ(hash_of(swarm_plan(27)), 15569307546319485472u);
}

}  // namespace
}  // namespace hearsay::sim
