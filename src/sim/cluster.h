// A whole cluster under virtual time, with faults at given moments, and what came of it.
//
// All nodes join node 0. When their views are complete (or settle_max is over) the clock of the plan starts at
// zero: faults happen, traffic and mistakes are counted, until `duration` is over. Everything derives from the
// seed, so the same plan gives the same report and the same trace hash.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hearsay/result.h"
#include "sim/report.h"
#include "sim/world.h"

namespace hearsay::sim {

// One thing that goes wrong, at a moment of the plan's clock.
struct Fault {
  enum class What {
    crash,    // the process of `place` is gone, for ever
    restart,  // it crashes and is back after `lasts`; what it kept on disk is there
    wipe,     // as restart, but its disk is lost
    pause,    // SIGSTOP for `lasts`
    cut,      // the nodes 0 .. place and all others cannot reach each other for `lasts`
    one_way,  // what `place` sends to `other` is lost for `lasts`
    leave,    // it leaves, and its process ends
    tags,     // it publishes another tag
    loss,     // this share of all datagrams is lost for `lasts`
  };
  What what = What::crash;
  Duration at{};
  Duration lasts{};  // zero: until the end
  Place place = 0;
  Place other = 0;
  double share = 0;
};
const char* name_of(Fault::What what);

struct ClusterPlan {
  std::size_t nodes = 10;                    // 2 .. kNodesMax
  Config config = Config::of(Profile::lan);  // of every node; name and address are given by its number
  Network::Options network;
  std::uint64_t seed = 1;
  Duration duration = std::chrono::seconds(60);  // after the cluster has settled
  Duration settle_max = std::chrono::seconds(120);
  std::vector<Fault> faults;
};
inline constexpr std::size_t kClusterNodesMax = 20000;

// All that is wrong with a plan, one sentence each; empty: it can run.
std::vector<std::string> faults_of(const ClusterPlan& plan);

// Runs it. REQUIRES: faults_of(plan) is empty. `go_on` is asked after each virtual second with the share that is
// done; false ends the run, and the report says so.
ClusterReport run_cluster(const ClusterPlan& plan, const std::function<bool(double done)>& go_on);

}  // namespace hearsay::sim
