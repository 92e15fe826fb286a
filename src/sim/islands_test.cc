#include "sim/islands.h"

#include <gtest/gtest.h>

namespace hearsay::sim {
namespace {

TEST(Islands, contacts_join_whoever_lies_at_their_ends) {
  Islands islands;
  EXPECT_TRUE(islands.share(3, 3));
  EXPECT_FALSE(islands.share(0, 3));
  islands.meet(3, 4);
  islands.meet(0, 1);
  EXPECT_FALSE(islands.share(1, 4));
  EXPECT_FALSE(islands.share(1, 9)) << "nobody has met it";
  islands.meet(4, 1);
  EXPECT_TRUE(islands.share(0, 3));
  EXPECT_TRUE(islands.share(1, 4));
  EXPECT_FALSE(islands.share(2, 4));
  EXPECT_FALSE(islands.are_one(5));
  islands.meet(2, 0);
  EXPECT_TRUE(islands.are_one(5));
  EXPECT_FALSE(islands.are_one(6)) << "nobody has met the last one";
}

}  // namespace
}  // namespace hearsay::sim
