// How long to wait after the system said no: 5 ms, doubling to 1 s (memberlist tcpListen).
#pragma once

#include <algorithm>

#include "hearsay/time.h"

namespace hearsay::net {

class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(5);
  static constexpr Duration kMax = std::chrono::seconds(1);

  Duration next() { return wait_ = wait_ == Duration::zero() ? kFirst : std::min(wait_ * 2, kMax); }
  // Nothing failed since the start or the last success.
  bool is_fresh() const { return wait_ == Duration::zero(); }
  void reset() { wait_ = Duration::zero(); }

 private:
  Duration wait_{};
};

}  // namespace hearsay::net
