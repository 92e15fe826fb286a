// Runs the trials of an epidemic on all cores, one trial per thread at a time. Which thread ran which trial leaves
// no trace in the result.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/spread/trial.h"

namespace hearsay::cli {

struct TrialRun {
  std::vector<sim::spread::Trial> trials;  // by number; without those that the caller interrupted
  sim::spread::Arrivals arrivals;          // of the trials that came to their end
  double seconds = 0;
  unsigned threads = 1;
  bool interrupted = false;
};

// `go_on` is called about ten times a second with the share that is done, 0 to 1; false ends the run early.
TrialRun run_trials(const sim::spread::Settings& settings, unsigned threads_max,
                    const std::function<bool(double)>& go_on);

}  // namespace hearsay::cli
