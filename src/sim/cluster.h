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

#include "hearsay/counters.h"
#include "hearsay/result.h"
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

// How the others came to know of one crash. Times count from the crash.
struct Detection {
  Place place = 0;
  Duration at{};
  std::size_t observers = 0;    // running nodes at the end that knew the member
  std::vector<Duration> times;  // of each node that declared it failed, sorted
};

struct ClusterReport {
  bool settled = false;
  Duration settle_time{};  // until all views were complete
  Duration measured{};     // of the plan's duration; less when it was interrupted
  bool interrupted = false;
  Duration simulated{};               // of virtual time, settling included
  std::vector<Detection> detections;  // of each crash, in order
  // A mistake is about a member that runs and is not paused. Begun: by an observer's own failed probe. Deaths count
  // each observer that came to see the member as failed.
  std::uint64_t suspicions = 0;        // begun by own probes, about anybody
  std::uint64_t false_suspicions = 0;  // of those, about running members
  std::uint64_t false_deaths = 0;
  std::uint64_t refutations = 0;  // suspicions or deaths taken back, over all observers
  // At the end every running node shows exactly the running ones as alive, each with the incarnation and the tags
  // that it claims itself. `disagreement` names the first that does not.
  bool agreed = false;
  std::string disagreement;
  std::vector<std::string> violations;   // of invariants (sim/checkers), the first ones
  std::uint64_t node_milliseconds = 0;   // sum over nodes of the time that they ran while measured
  Counters counters;                     // of all nodes, while measured
  std::uint64_t messages = 0;            // decoded in the whole run, settling included: the simulator's work
  std::uint64_t datagrams = 0;           // likewise
  std::vector<double> bytes_per_node_s;  // for each second that was measured
  std::uint64_t trace_hash = 0;          // over every datagram (when, from, to, bytes) and every notice
};

// All that is wrong with a plan, one sentence each; empty: it can run.
std::vector<std::string> faults_of(const ClusterPlan& plan);

// Runs it. REQUIRES: faults_of(plan) is empty. `go_on` is asked after each virtual second with the share that is
// done; false ends the run, and the report says so.
ClusterReport run_cluster(const ClusterPlan& plan, const std::function<bool(double done)>& go_on);

}  // namespace hearsay::sim
