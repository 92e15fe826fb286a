// The swarm: a seed chooses the size of a cluster, its knobs, its network and its faults. First everything goes
// wrong and the invariants must hold; then all faults end, and within a stated time the cluster must agree.
#pragma once

#include "sim/cluster.h"

namespace hearsay::sim {

// The plan of this seed. The faults stop long enough before its end for any honest cluster to agree again.
// Of either family; the heartbeat family's has the same network and faults, and knobs of its own.
ClusterPlan swarm_plan(std::uint64_t seed, Family family = Family::swim);

// How long after the last fault this cluster may need at most until all agree.
Duration quiet_time(const Config& config, std::size_t nodes);

struct Verdict {
  // What the invariants and the demand for agreement say; empty: all is well.
  std::vector<std::string> wrong;
  // Nodes disagree in the end that had no contact to each other any more, so agreement was demanded within each
  // part.
  bool apart = false;
};
Verdict judge(const ClusterPlan& plan);

// A plan that fails as well, with fewer faults and nodes: each is taken away as long as the failure stays. At most
// `tries` runs. REQUIRES: the plan fails.
ClusterPlan shrink(ClusterPlan plan, std::size_t tries);

}  // namespace hearsay::sim
