#include "net/clock.h"

#include <gtest/gtest.h>

namespace hearsay::net {
namespace {

TEST(clock, an_earlier_reading_is_never_passed_on) {
  NeverBack clamp;
  EXPECT_EQ(clamp.pass(Time(Duration(5))), Time(Duration(5)));
  EXPECT_EQ(clamp.pass(Time(Duration(3))), Time(Duration(5)));
  EXPECT_EQ(clamp.pass(Time(Duration(6))), Time(Duration(6)));
}

TEST(clock, steady_time_never_goes_back) {
  SystemClock clock;
  Time before{};
  for (int i = 0; i < 1000; ++i) {
    const Now now = clock.now();
    ASSERT_GE(now.steady, before);
    before = now.steady;
  }
  EXPECT_GT(before, Time{});
}

TEST(clock, wall_time_is_that_of_the_system) {
  SystemClock clock;
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  const auto wall = clock.now().wall.time_since_epoch();
  EXPECT_GE(wall, before);
}

}  // namespace
}  // namespace hearsay::net
