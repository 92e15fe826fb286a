#include "base/math.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/check.h"

namespace hearsay::base {

namespace {
constexpr double kLn2 = 0.693147180559945309417232121458;
constexpr double kLn10 = 2.302585092994045684017991454684;
constexpr double kSqrt2 = 1.41421356237309504880168872421;
}  // namespace

double natural_log(double x) {
  CHECK(x > 0);
  // x = m * 2^e with m in [1/sqrt 2, sqrt 2); ln m = 2 artanh((m-1)/(m+1)), whose series converges quickly there.
  int exponent = 0;
  while (x < 0x1p-1022) {  // subnormal
    x *= 2;
    --exponent;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> 52 & 0x7ff) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffffu) | 0x3ff0000000000000u);
  if (mantissa >= kSqrt2) {
    mantissa /= 2;
    ++exponent;
  }
  const double ratio = (mantissa - 1) / (mantissa + 1);
  const double square = ratio * ratio;
  double sum = 0;
  for (int odd = 25; odd >= 1; odd -= 2) sum = sum * square + 1.0 / odd;
  return 2 * ratio * sum + exponent * kLn2;
}

double decimal_log(double x) { return natural_log(x) / kLn10; }

double exponential(double x) {
  CHECK(x >= -700 && x <= 700);
  // x = k ln 2 + r with |r| <= ln 2 / 2; e^r is its Taylor series (r^18 / 18! < 1e-23), and 2^k is exact.
  const double scaled = x / kLn2;
  const auto k = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  const double r = x - static_cast<double>(k) * kLn2;
  double sum = 1;
  for (int n = 17; n >= 1; --n) sum = 1 + sum * r / n;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

double square_root(double x) {
  CHECK(x >= 0);
  return std::sqrt(x);  // correctly rounded everywhere (IEEE 754), unlike the functions above
}

double normal_tail(double z) {
  CHECK(z >= -1e7 && z <= 1e7);
  constexpr double kLogSqrt2Pi = 0.918938533204672741780329736406;
  if (z < 2) {
    // Q(z) = 1/2 - density * (z + z^3/3 + z^5/15 + ...)
    if (z < -8) return 0;
    double term = z;
    double sum = z;
    for (int odd = 3; odd <= 161; odd += 2) {
      term *= z * z / odd;
      sum += term;
    }
    return -decimal_log(0.5 - exponential(-z * z / 2 - kLogSqrt2Pi) * sum);
  }
  // Laplace's continued fraction, Q(z) = density / (z + 1/(z + 2/(z + 3/(z + ...)))), in logarithms.
  double fraction = z;
  for (int k = 120; k >= 1; --k) fraction = z + k / fraction;
  return (z * z / 2 + kLogSqrt2Pi + natural_log(fraction)) / kLn10;
}

double normal_quantile(double tail) {
  CHECK(tail > 0 && tail <= 1e6);
  double low = -8;
  double high = 8;
  while (normal_tail(high) < tail) high *= 2;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (normal_tail(middle) < tail ? low : high) = middle;
  }
  return high;
}

}  // namespace hearsay::base
