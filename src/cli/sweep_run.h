// Does the runs of a sweep on all cores, and, under mpirun, on all ranks. Who did which run leaves no trace.
//
// Rank 0 keeps the list of what is to be done and hears of every row; the others ask for runs and return rows, one
// text message each:
//   to rank 0   "hello ok DESCRIPTION" or "hello fault WHY", then "want N", "row LINE", "error WHY", "interrupted",
//   "bye" from it     "go" or "no", then "run N N N" (answer to each want and row; none: that was all), "stop"
#pragma once

#include <functional>
#include <vector>

#include "cli/ranks.h"
#include "cli/sweep.h"

namespace hearsay::cli {

struct SweepEnd {
  bool interrupted = false;
  std::optional<Error> error;
};

// `on_row` is called once for each run, in any order, on this thread; its error ends the sweep. `go_on` is called
// about ten times a second with the number of runs done, begun ones in part; false ends the sweep. `ranks` may be
// null.
SweepEnd run_sweep(const Sweep& sweep, const std::vector<std::size_t>& todo, unsigned jobs, const Ranks* ranks,
                   const std::function<Result<void>(std::size_t, const Row&)>& on_row,
                   const std::function<bool(double)>& go_on);

// Rank 0, before run_sweep: all have understood the same words, or why not. `fault`: rank 0 itself cannot.
std::optional<Error> agree(const Ranks& ranks, const Sweep& sweep, bool fault);
// All other ranks. `fault`: what is wrong with the words here.
void serve(const Ranks& ranks, const Sweep& sweep, unsigned jobs, const std::string& fault,
           const std::function<bool()>& interrupted);

}  // namespace hearsay::cli
