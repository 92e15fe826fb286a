// What simulated clusters need of this machine's memory, and what there is of it. One reckoning for plans, which
// are refused before they begin, and for sweeps, which choose by it how many run at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/plan.h"

namespace hearsay::cli {

// The peak of a run, which is while all join. Measured: docs/simulation.md, "Time and memory", has the figures and
// the command. A node's knowledge of another, and the node itself.
inline constexpr double kBytesPerPair = 1000;
inline constexpr double kBytesPerPairJoined = 250;  // of nodes that know each other from the start
inline constexpr double kBytesPerNode = 64 * 1024;

// About what a run of the plan needs, in bytes; those who join later count as well.
double cluster_bytes(const sim::ClusterPlan& plan);

// Bytes that this process could take without swapping: what the system has available, or less where a control group
// (a container, a unit of systemd) allows less. None: nobody says. `root` stands before the paths of the system.
std::optional<double> available_memory(const std::string& root = "");

// "0.25 GiB", "24 GiB".
std::string gib_text(double bytes);

}  // namespace hearsay::cli
