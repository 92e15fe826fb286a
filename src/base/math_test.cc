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

TEST(Math, the_normal_tail_agrees_with_the_library_and_goes_on_where_that_ends) {
  for (double z = 0; z < 37; z += 0.11) {
    const double expected = -std::log10(std::erfc(z / std::sqrt(2.0)) / 2);
    EXPECT_NEAR(normal_tail(z), expected, 1e-9 * (1 + expected)) << z;
  }
  EXPECT_NEAR(normal_tail(-1), -std::log10(std::erfc(-1 / std::sqrt(2.0)) / 2), 1e-9);
  EXPECT_NEAR(normal_tail(100), 2173.87, 0.01);  // the series z^2/2 + ln(z sqrt(2 pi)) + 1/z^2, to the base 10
  // The table of papers: phi 1, 2, 3, 5, 8, 10, 12.
  const double z_of[][2] = {{1, 1.2816}, {2, 2.3263},  {3, 3.0902}, {5, 4.2649},
                            {8, 5.6120}, {10, 6.3613}, {12, 7.0345}};
  for (const auto& [phi, z] : z_of) EXPECT_NEAR(normal_quantile(phi), z, 6e-5);
}

}  // namespace
}  // namespace hearsay::base
