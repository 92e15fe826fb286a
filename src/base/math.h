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

}  // namespace hearsay::base
