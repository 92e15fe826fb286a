#include "sim/spread/trial.h"

#include <string>

#include "sim/spread/rounds.h"
#include "sim/spread/rumor.h"

namespace hearsay::sim::spread {

double step_of(const Settings& settings) { return settings.timing == Timing::sync ? 1 : 0.5; }

Trial run_trial(const Settings& settings, std::uint64_t number, Arrivals& arrivals,
                const std::function<bool()>& interrupted) {
  const Draw draw(base::Rng(settings.seed).fork("trial " + std::to_string(number)));
  if (arrivals.empty()) arrivals.resize(1);
  ++arrivals[0];
  const bool plain = settings.timing == Timing::sync && settings.stop == Stop::forever && !settings.digest_first;
  return plain ? run_rounds(settings, draw, arrivals, interrupted)
               : run_rumor(settings, draw, arrivals, interrupted);
}

}  // namespace hearsay::sim::spread
