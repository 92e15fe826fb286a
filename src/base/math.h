// Logarithms and exponentials that are the same on every platform: the C library's differ in the last bit between
// systems, and suspicion timeouts must not. Only + - x / are used (contraction is off).
#pragma once

namespace hearsay::base {

// Natural logarithm, within 1e-14 relative. REQUIRES: x > 0 and finite.
double natural_log(double x);
// Logarithm to the base ten, likewise.
double decimal_log(double x);
// e to the power of x, within 1e-13 relative. REQUIRES: |x| <= 700.
double exponential(double x);
// Square root, correctly rounded. REQUIRES: x >= 0.
double square_root(double x);
// -log10 of the chance that a standard normal variable exceeds z; right far in the tail, where the chance itself is
// no double any more. Within 1e-9 relative for z >= 0. REQUIRES: |z| <= 1e7.
double normal_tail(double z);
// The z of that tail: the inverse of normal_tail. REQUIRES: 0 < tail <= 1e6.
double normal_quantile(double tail);

}  // namespace hearsay::base
