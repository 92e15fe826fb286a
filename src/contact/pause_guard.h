// Was it us? A process that was stopped, throttled or swapped out finds all its deadlines past at once: probes
// without acks, suspicions without refutations. Nobody else is to blame. (Lifeguard's idea, seen locally.)
#pragma once

#include "hearsay/time.h"

namespace hearsay::contact {

// How long we were not run: the time by which we are late for what we wanted to do, when that is more than
// `pause_min`; else zero.
constexpr Duration pause_length(Time wanted, Time now, Duration pause_min) {
  if (wanted == kNever || now <= wanted) return Duration::zero();
  const Duration late = now - wanted;
  return late > pause_min ? late : Duration::zero();
}

}  // namespace hearsay::contact
