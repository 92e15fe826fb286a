#include "base/rng.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

namespace hearsay::base {
namespace {

TEST(Rng, the_same_seed_gives_the_same_numbers_for_ever) {
  Rng rng(1);
  // Recorded: these may never change, or recordings of simulations lose their meaning.
  EXPECT_EQ(rng.next(), 0xb3f2af6d0fc710c5u);
  EXPECT_EQ(rng.next(), 0x853b559647364ceau);
}

TEST(Rng, a_fork_does_not_disturb_its_parent) {
  Rng left(7);
  Rng right(7);
  Rng fork = left.fork("probe");
  fork.next();
  EXPECT_EQ(left.next(), right.next());
}

TEST(Rng, forks_of_other_names_differ) {
  const Rng root(7);
  Rng probe = root.fork("probe");
  Rng gossip = root.fork("gossip");
  EXPECT_NE(probe.next(), gossip.next());
}

TEST(Rng, bounded_is_uniform) {
  Rng rng(3);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70000; ++i) ++seen[rng.bounded(7)];
  for (const int count : seen) EXPECT_NEAR(count, 10000, 500);
}

TEST(Rng, a_shuffle_keeps_what_it_shuffles_and_reaches_every_order) {
  Rng rng(5);
  std::array<int, 6> orders{};
  for (int i = 0; i < 6000; ++i) {
    std::array<int, 3> items{0, 1, 2};
    rng.shuffle(std::span<int>(items));
    EXPECT_EQ(std::accumulate(items.begin(), items.end(), 0), 3);
    ++orders[static_cast<std::size_t>(items[0] * 2 + (items[1] > items[2] ? 1 : 0))];
  }
  for (const int count : orders) EXPECT_NEAR(count, 1000, 200);
}

TEST(Rng, within_nothing_is_nothing) {
  Rng rng(5);
  EXPECT_EQ(rng.within(Duration(-1)), Duration(0));
  EXPECT_LT(rng.within(Duration(10)), Duration(10));
}

}  // namespace
}  // namespace hearsay::base
