// A whole cluster under virtual time, with faults at given moments, and what came of it.
//
// All nodes join node 0. When their views are complete (or settle_max is over) the clock of the plan starts at
// zero: faults happen, traffic and mistakes are counted, until `duration` is over. Everything derives from the
// seed, so the same plan gives the same report and the same trace hash.
#pragma once

#include <functional>
#include <string>

#include "hearsay/notice.h"
#include "sim/plan.h"
#include "sim/report.h"

namespace hearsay::sim {

// Runs it. REQUIRES: faults_of(plan) is empty. `go_on` is asked with the share that is done: with 0 while the nodes
// join and when the plan's clock starts, then after each virtual second, with 1 at the end. False ends the run, and
// the report says so.
//
// `watch` hears all that happens; times are those of the plan's clock, and while the nodes still join, since the
// start.
struct Watch {
  std::function<void(Duration at, bool joining, Place, const Notice&)> notice{};
  std::function<void(Duration at, bool joining, Place from, Place to, ByteView, bool lost)> datagram{};
  std::function<void(Duration at, const std::string& what)> fault{};
};
ClusterReport run_cluster(const ClusterPlan& plan, const std::function<bool(double done)>& go_on,
                          const Watch& watch = {});

}  // namespace hearsay::sim
