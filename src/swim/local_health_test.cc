#include "swim/local_health.h"

#include <gtest/gtest.h>

namespace hearsay::swim {
namespace {

using std::chrono::seconds;

TEST(LocalHealth, stays_between_zero_and_its_maximum) {
  LocalHealth health(8);
  health.add(-1);
  EXPECT_EQ(health.score(), 0);
  for (int i = 0; i < 20; ++i) health.add(1);
  EXPECT_EQ(health.score(), 7);
  health.add(-3);
  EXPECT_EQ(health.score(), 4);
  health.add(-100);
  EXPECT_EQ(health.score(), 0);
}

TEST(LocalHealth, a_sick_node_takes_more_time) {
  LocalHealth health(8);
  EXPECT_EQ(health.scale(seconds(1)), seconds(1));
  health.add(2);
  EXPECT_EQ(health.scale(seconds(1)), seconds(3));
  health.add(100);
  EXPECT_EQ(health.scale(seconds(1)), seconds(8));
}

TEST(LocalHealth, a_maximum_of_one_switches_it_off) {
  LocalHealth health(1);
  health.add(5);
  EXPECT_EQ(health.scale(seconds(1)), seconds(1));
}

TEST(HealthPenalty, missing_nacks_count_and_without_any_expected_it_is_one) {
  EXPECT_EQ(health_penalty(0, 0), 1);
  EXPECT_EQ(health_penalty(3, 3), 0);
  EXPECT_EQ(health_penalty(3, 1), 2);
  EXPECT_EQ(health_penalty(3, 0), 3);
  EXPECT_EQ(health_penalty(1, 2), 0);
}

}  // namespace
}  // namespace hearsay::swim
