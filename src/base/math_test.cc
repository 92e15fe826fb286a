#include "base/math.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hearsay::base {
namespace {

TEST(Math, the_logarithm_agrees_with_the_library) {
  for (double x = 1e-300; x < 1e300; x *= 1.7) {
    EXPECT_NEAR(natural_log(x), std::log(x), 1e-14 * (1 + std::abs(std::log(x)))) << x;
  }
  EXPECT_EQ(natural_log(1), 0.0);
  EXPECT_NEAR(natural_log(5e-324), std::log(5e-324), 1e-10);
}

TEST(Math, the_decimal_logarithm_of_powers_of_ten_is_whole) {
  for (int power = 0; power < 8; ++power) EXPECT_NEAR(decimal_log(std::pow(10, power)), power, 1e-14);
}

TEST(Math, the_exponential_agrees_with_the_library) {
  for (double x = -700; x <= 700; x += 0.37) {
    EXPECT_NEAR(exponential(x) / std::exp(x), 1, 2e-13) << x;
  }
  EXPECT_EQ(exponential(0), 1.0);
}

}  // namespace
}  // namespace hearsay::base
