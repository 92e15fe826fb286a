// One experiment with a whole cluster: the only description of it that there is. Command lines, scenario files, the
// swarm and sweeps make plans; sim/cluster runs them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hearsay/config.h"
#include "sim/faults.h"
#include "sim/network.h"

namespace hearsay::sim {

struct ClusterPlan {
  std::size_t nodes = 10;                    // 2 .. kClusterNodesMax
  bool joined = false;                       // they know each other from the first moment; else all join node 0
  Config config = Config::of(Profile::lan);  // of every node; name and address are given by its number
  Network::Options network;
  std::uint64_t seed = 1;
  Duration duration = std::chrono::seconds(60);  // after the cluster has settled
  Duration settle_max = std::chrono::seconds(120);
  // How much longer the run may go on when the nodes disagree at its end: on a bad network somebody is suspected
  // and refutes again and again, and one moment is as good as another.
  Duration patience{};
  std::vector<Fault> faults;
  // Traffic and counters count between these two moments of the plan's clock, whole seconds both; no end: until the
  // end.
  Duration count_from{};
  std::optional<Duration> count_until{};
  // The inputs of this node are recorded; a fresh node that is fed with them must do the same
  // (sim/tape).
  std::optional<Place> taped{};
};
// Those of the start and all that join later.
std::size_t nodes_in_all(const ClusterPlan& plan);
inline constexpr std::size_t kClusterNodesMax = 20000;

// All that is wrong with a plan; empty: it can run. Keys are those of plan files: "cluster.nodes", "fault[2].at",
// and those of the agent's configuration.
std::vector<ConfigFault> faults_of(const ClusterPlan& plan);

}  // namespace hearsay::sim
