#include "spread/peer_picker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>

namespace hearsay::spread {
namespace {

constexpr Versions kVsn{1, 5, 2, 2, 5, 5};

// "self" and n0, n1, ...
class Cluster {
 public:
  explicit Cluster(std::uint32_t others) {
    config_.name = "self";
    table = std::make_unique<members::MemberTable>(interner_, config_, kVsn);
    add("self", true);
    for (std::uint32_t i = 0; i < others; ++i) add("n" + std::to_string(i), false);
  }

 private:
  void add(const std::string& name, bool own) {
    const std::uint8_t addr[] = {10, 0, 0, 1};
    members::Claim claim{members::AliveClaim{name, {1}, addr, 7946, {}, kVsn}, {}, own, {}};
    EXPECT_TRUE(table->apply({}, claim).accepted());
  }
  base::Interner interner_;
  Config config_;

 public:
  std::unique_ptr<members::MemberTable> table;
};

bool everybody(MemberId, const members::Row&) { return true; }

TEST(PickPeers, picks_are_distinct_eligible_and_never_ourselves) {
  for (const std::uint32_t others : {0u, 1u, 3u, 30u, 31u, 32u, 100u, 1000u}) {
    Cluster cluster(others);
    base::Rng rng(others);
    const auto odd = [](MemberId id, const members::Row&) { return id.index % 2 == 1; };
    for (int round = 0; round < 50; ++round) {
      std::vector<MemberId> picked{{1, 2}};  // replaced
      pick_peers(*cluster.table, rng, 3, odd, picked);
      EXPECT_LE(picked.size(), 3u);
      EXPECT_EQ(std::set<MemberId>(picked.begin(), picked.end()).size(), picked.size());
      for (const MemberId id : picked) {
        EXPECT_FALSE(cluster.table->is_self(id));
        EXPECT_EQ(id.index % 2, 1u);
      }
    }
  }
}

TEST(PickPeers, a_small_cluster_is_searched_as_a_whole) {
  for (std::uint32_t others = 1; others < kShuffledMax; ++others) {
    Cluster cluster(others);
    base::Rng rng(7);
    std::vector<MemberId> picked;
    pick_peers(*cluster.table, rng, 100, everybody, picked);
    EXPECT_EQ(picked.size(), others);
    const auto the_last = [&](MemberId id, const members::Row&) { return id.index == others; };
    pick_peers(*cluster.table, rng, 1, the_last, picked);
    EXPECT_EQ(picked.size(), 1u) << "the only eligible one is found";
  }
}

TEST(PickPeers, in_a_large_cluster_the_draws_are_bounded) {
  Cluster cluster(1000);
  base::Rng rng(7);
  std::vector<MemberId> picked;
  std::size_t asked = 0;
  const auto nobody = [&](MemberId, const members::Row&) {
    ++asked;
    return false;
  };
  pick_peers(*cluster.table, rng, 3, nobody, picked);
  EXPECT_TRUE(picked.empty());
  EXPECT_LE(asked, 3 * kDrawsPerPick);
}

TEST(PickPeers, none_wanted_is_none_picked) {
  Cluster cluster(5);
  base::Rng rng(7);
  std::vector<MemberId> picked{{1, 0}};
  pick_peers(*cluster.table, rng, 0, everybody, picked);
  EXPECT_TRUE(picked.empty());
}

// Every peer's share of 20,000 picks lies within five standard deviations of the fair one.
TEST(PickPeers, every_peer_is_picked_about_as_often) {
  for (const std::uint32_t others : {5u, 31u, 32u, 100u}) {
    Cluster cluster(others);
    base::Rng rng(42);
    std::map<std::uint32_t, int> counts;
    std::vector<MemberId> picked;
    int picks = 0;
    while (picks < 20'000) {
      pick_peers(*cluster.table, rng, 2, everybody, picked);
      for (const MemberId id : picked) ++counts[id.index];
      picks += static_cast<int>(picked.size());
    }
    EXPECT_EQ(counts.size(), others);
    const double fair = static_cast<double>(picks) / others;
    for (const auto& [index, count] : counts) {
      EXPECT_LT(std::abs(count - fair), 5 * std::sqrt(fair)) << index << " of " << others;
    }
  }
}

TEST(PickPeers, the_same_seed_picks_the_same) {
  Cluster cluster(100);
  std::vector<MemberId> first;
  std::vector<MemberId> second;
  base::Rng one(3);
  base::Rng two(3);
  for (int i = 0; i < 20; ++i) {
    pick_peers(*cluster.table, one, 3, everybody, first);
    pick_peers(*cluster.table, two, 3, everybody, second);
    EXPECT_EQ(first, second);
  }
}

}  // namespace
}  // namespace hearsay::spread
