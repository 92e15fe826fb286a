// The real time, for nodes that run on a real machine.
//
// The core only ever hears what time it is. Here it is read: the steady part counts the time that the machine
// was suspended (CLOCK_BOOTTIME), because a laptop that slept for an hour has been silent for an hour. Invariant:
// the steady part never goes back.
#pragma once

#include <algorithm>

#include "hearsay/time.h"

namespace hearsay::net {

// Passes readings on, but never an earlier one than before.
class NeverBack {
 public:
  Time pass(Time reading) { return latest_ = std::max(latest_, reading); }

 private:
  Time latest_{};
};

// Belongs to one thread.
class SystemClock {
 public:
  Now now();

 private:
  NeverBack steady_;
};

}  // namespace hearsay::net
