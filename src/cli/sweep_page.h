// A sweep as a page: for each figure a panel, all with the same axis below. The first knob runs along the axis, the
// second makes the lines, every combination of the others has panels of its own; whiskers are 95 % intervals.
#pragma once

#include <string>

#include "cli/sweep_summary.h"

namespace hearsay::cli {

std::string sweep_page(const Sweep& sweep, const SweepSummary& summary, std::size_t runs_done);

}  // namespace hearsay::cli
