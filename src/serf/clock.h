// A Lamport clock (Lamport 1978; Serf lamport.go): orders intents about members across the cluster.
#pragma once

#include "hearsay/ids.h"

namespace hearsay::serf {

// A reading so far above ours is nobody's honest doing: it is not followed, so that nobody can wear the clocks out.
inline constexpr std::uint64_t kLamportJump = std::uint64_t{1} << 40;

class Clock {
 public:
  explicit Clock(LamportTime start) : time_(start) {}

  LamportTime reading() const { return time_; }
  // The time for a message of ours; the clock goes on.
  LamportTime tick() {
    const LamportTime now = time_;
    ++time_.value;
    return now;
  }
  bool believes(LamportTime seen) const { return seen <= time_ || seen.value - time_.value <= kLamportJump; }
  // After hearing of a believable `seen`, our clock is later than it.
  void witness(LamportTime seen) {
    if (seen >= time_ && believes(seen)) time_.value = seen.value + 1;
  }

  template <class Archive>
  void fields(Archive& archive) {
    archive(time_);
  }

 private:
  LamportTime time_;
};

}  // namespace hearsay::serf
