#include "cli/memory.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace hearsay::cli {
namespace {

// The number after a word in a file of words and numbers, or the first number of all.
std::optional<double> number_in(const std::string& path, const std::string& after = "") {
  std::ifstream file(path);
  double number = 0;
  if (after.empty()) return file >> number ? std::optional(number) : std::nullopt;
  for (std::string word; file >> word;) {
    if (word == after) return file >> number ? std::optional(number) : std::nullopt;
  }
  return std::nullopt;
}

// How the two versions of control groups name the same things.
struct Files {
  const char* top;
  const char* limit;
  const char* used;
  const char* cache;  // in memory.stat: files that nobody has used of late, which the kernel gives up first
};
constexpr Files kSecond{"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};
constexpr Files kFirst{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                       "total_inactive_file"};

// The least that a group or one above it leaves. The root of the tree is looked at as well: within a container it
// is the container.
void apply_groups(const std::string& top, std::string group, const Files& files, std::optional<double>& least) {
  for (;;) {
    const std::string folder = top + group + "/";
    const auto limit = number_in(folder + files.limit);  // "max" is no number
    const auto used = number_in(folder + files.used);
    if (limit && used) {
      const double kept = *used - std::min(*used, number_in(folder + "memory.stat", files.cache).value_or(0));
      const double left = std::max(0.0, *limit - kept);
      least = std::min(least.value_or(left), left);
    }
    if (group.empty()) return;
    group.resize(std::min(group.rfind('/'), group.size()));
  }
}

}  // namespace

double cluster_bytes(const sim::ClusterPlan& plan) {
  const auto nodes = static_cast<double>(sim::nodes_in_all(plan));
  const auto joined = plan.joined ? static_cast<double>(plan.nodes) : 0;
  const double pairs_joined = joined * joined;
  return (nodes * nodes - pairs_joined) * kBytesPerPair + pairs_joined * kBytesPerPairJoined +
         nodes * kBytesPerNode;
}

std::optional<double> available_memory(const std::string& root) {
  std::optional<double> least = number_in(root + "/proc/meminfo", "MemAvailable:");
  if (least) *least *= 1024;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/user.slice" or "4:memory:/user"
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string kinds = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool is_first = kinds.find(",memory,") != std::string::npos;
    if (!is_first && kinds != ",,") continue;
    std::string group = line.substr(second + 1);
    if (group == "/") group.clear();
    const Files& files = is_first ? kFirst : kSecond;
    apply_groups(root + files.top, std::move(group), files, least);
  }
  return least;
}

std::string gib_text(double bytes) {
  const double gib = bytes / (1u << 30);
  char text[64];
  std::snprintf(text, sizeof text, "%.*f GiB", gib < 10 ? 2 : 0, gib);
  return text;
}

}  // namespace hearsay::cli
