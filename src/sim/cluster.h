// A whole cluster under virtual time, with faults at given moments, and what came of it.
//
// All nodes join node 0. When their views are complete (or settle_max is over) the clock of the plan starts at
// zero: faults happen, traffic and mistakes are counted, until `duration` is over. Everything derives from the
// seed, so the same plan gives the same report and the same trace hash.
#pragma once

#include <functional>

#include "sim/plan.h"
#include "sim/report.h"

namespace hearsay::sim {

// Runs it. REQUIRES: faults_of(plan) is empty. `go_on` is asked with the share that is done: with 0 while the nodes
// join and when the plan's clock starts, then after each virtual second, with 1 at the end. False ends the run, and
// the report says so.
ClusterReport run_cluster(const ClusterPlan& plan, const std::function<bool(double done)>& go_on);

}  // namespace hearsay::sim
