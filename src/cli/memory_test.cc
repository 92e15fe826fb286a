#include "cli/memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace hearsay::cli {
namespace {

namespace fs = std::filesystem;
constexpr double kGib = 1u << 30;

// A system of files that say what the kernel's would.
class FakeSystem {
 public:
  FakeSystem() : root_(fs::temp_directory_path() / ("memory" + std::to_string(::getpid()))) {}
  ~FakeSystem() { fs::remove_all(root_); }
  FakeSystem(const FakeSystem&) = delete;
  FakeSystem& operator=(const FakeSystem&) = delete;
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  void group(const std::string& path, double limit, double used, double cache) const {
    write(path + "/memory.max", std::to_string(static_cast<long>(limit)) + "\n");
    write(path + "/memory.current", std::to_string(static_cast<long>(used)) + "\n");
    write(path + "/memory.stat", "anon 12\ninactive_file " + std::to_string(static_cast<long>(cache)) + "\n");
  }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

TEST(Memory, it_is_what_the_system_has_available) {
  const FakeSystem system;
  EXPECT_FALSE(available_memory(system.root()));
  system.write("/proc/meminfo",
               "MemTotal:       24684096 kB\nMemFree:          100 kB\nMemAvailable:    8388608 kB\n");
  EXPECT_EQ(available_memory(system.root()), 8 * kGib);
  system.write("/proc/self/cgroup", "0::/\n");
  system.write("/sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(available_memory(system.root()), 8 * kGib);
  EXPECT_GT(available_memory().value_or(0), 1 << 20) << "this machine's own";
}

TEST(Memory, the_tightest_control_group_counts_less_what_it_uses) {
  const FakeSystem system;
  system.write("/proc/meminfo", "MemAvailable:    8388608 kB\n");
  system.write("/proc/self/cgroup", "0::/a.slice/b.service\n");
  system.group("/sys/fs/cgroup/a.slice", 3 * kGib, 2 * kGib, kGib);
  system.group("/sys/fs/cgroup/a.slice/b.service", 6 * kGib, kGib, 0);
  EXPECT_EQ(available_memory(system.root()), 2 * kGib) << "the cache can be given up";
  system.group("/sys/fs/cgroup", kGib, 2 * kGib, 0);
  EXPECT_EQ(available_memory(system.root()), 0);
}

TEST(Memory, control_groups_of_the_first_version_count_as_well) {
  const FakeSystem system;
  system.write("/proc/meminfo", "MemAvailable:    8388608 kB\n");
  system.write("/proc/self/cgroup", "9:name=systemd:/\n4:memory:/x\n0::/\n");
  system.write("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n");
  system.write("/sys/fs/cgroup/memory/x/memory.usage_in_bytes", "1000\n");
  EXPECT_EQ(available_memory(system.root()), 8 * kGib);
  system.write("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", std::to_string(1 << 30) + "\n");
  system.write("/sys/fs/cgroup/memory/x/memory.usage_in_bytes", std::to_string(1 << 29) + "\n");
  EXPECT_EQ(available_memory(system.root()), kGib / 2);
}

TEST(Memory, those_who_join_later_need_theirs_too) {
  sim::ClusterPlan plan;
  plan.nodes = 10;
  EXPECT_EQ(cluster_bytes(plan), 100 * kBytesPerPair + 10 * kBytesPerNode);
  plan.faults = {{.what = sim::Fault::What::join_storm, .count = 90}};
  EXPECT_EQ(cluster_bytes(plan), 10'000 * kBytesPerPair + 100 * kBytesPerNode);
  plan.joined = true;
  EXPECT_EQ(cluster_bytes(plan), 9'900 * kBytesPerPair + 100 * kBytesPerPairJoined + 100 * kBytesPerNode);
  EXPECT_EQ(gib_text(kGib / 4), "0.25 GiB");
  EXPECT_EQ(gib_text(24.2 * kGib), "24 GiB");
}

}  // namespace
}  // namespace hearsay::cli
