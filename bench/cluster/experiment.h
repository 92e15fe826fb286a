// The experiment: form a cluster all at once, let it rest, change a tag, kill one node, kill a tenth. What it
// measures is one list of figures, the same for every driver and for the peers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/cluster.h"

namespace hearsay::bench {

struct Measure {
  std::string_view key;    // in JSON
  std::string_view label;  // in tables
  int decimals;
};
// In the order of tables.
const std::vector<Measure>& measures();

// By key. What did not happen in time is not there.
using Figures = std::map<std::string, double, std::less<>>;

struct Plan {
  std::size_t nodes = 50;
  double rest_seconds = 30;
  unsigned updates = 5;
  unsigned kills = 1;
  std::uint64_t seed = 1;
  unsigned threads = 1;          // for the nodes behind sockets
  double patience_seconds = 60;  // for the join, for each update and for each kill
};

using Progress = std::function<void(const std::string&)>;
Figures measure(const Plan& plan, Cluster& cluster, const Progress& progress);

}  // namespace hearsay::bench
