// How much this node trusts itself (Lifeguard's local health multiplier, memberlist awareness.go).
//
// A node that misses acks which others would have got is itself slow: it should probe less often and wait longer
// before it accuses. The score rises when our own probes fail without nacks and when we have to refute, and falls
// with every probe that is answered.
#pragma once

#include <algorithm>
#include <cstdint>

#include "hearsay/time.h"

namespace hearsay::swim {

class LocalHealth {
 public:
  // The score stays in 0 .. max - 1.
  explicit LocalHealth(std::uint8_t max) : max_(max) {}

  void set_max(std::uint8_t max) {
    max_ = max;
    add(0);
  }
  void add(int delta) { score_ = std::clamp(score_ + delta, 0, max_ - 1); }
  // 0 is healthy.
  std::uint8_t score() const { return static_cast<std::uint8_t>(score_); }
  Duration scale(Duration duration) const { return duration * (score_ + 1); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(score_);
  }

 private:
  int max_;
  int score_ = 0;
};

// What a failed probe says about ourselves: helpers that were asked for nacks and sent none did not hear us or we
// did not hear them. Without any such helper, one point.
constexpr int health_penalty(unsigned nacks_expected, unsigned nacks_received) {
  if (nacks_expected == 0) return 1;
  return nacks_received < nacks_expected ? static_cast<int>(nacks_expected - nacks_received) : 0;
}

}  // namespace hearsay::swim
