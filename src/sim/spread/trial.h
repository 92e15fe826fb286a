// One epidemic from its source to its end, with real node numbers. The same settings, seed and trial number give
// the same epidemic on every machine and compiler, whatever ran before.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/spread/settings.h"

namespace hearsay::sim::spread {

struct Trial {
  double last = 0;             // when the last node was informed; in rounds, or periods
  double quiet = 0;            // when nobody told any more; as `last` where the rule is forever
  std::uint32_t informed = 0;  // nodes, the source included
  std::uint64_t contacts = 0;  // calls made
  std::uint64_t messages = 0;  // forever: contacts; other rules: transmissions of the rumor (with digests: offers)
  std::uint64_t payloads = 0;  // copies of the rumor's content that were sent
  bool cut_off = false;        // stopped by kRoundsMax or by the caller: not an answer
  bool complete(const Settings& settings) const { return informed == settings.nodes; }
};

// How many nodes became informed in each step: [0] is the source, [i] those within step i. A step is a round, or
// half a period.
using Arrivals = std::vector<std::uint64_t>;
double step_of(const Settings& settings);

// Runs trial `number`. Adds to `arrivals`. `interrupted` is asked once a round; true cuts the trial off.
// REQUIRES: validate(settings) found nothing.
Trial run_trial(const Settings& settings, std::uint64_t number, Arrivals& arrivals,
                const std::function<bool()>& interrupted = {});

}  // namespace hearsay::sim::spread
