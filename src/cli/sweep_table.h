// The [sweep] table of a plan file: what `hearsay sim sweep FILE` repeats, unless its flags say otherwise.
//
//   [sweep]
//   of = "cluster"                          the default
//   seeds = 20                              runs of each point; the first seed is that of [cluster]
//   figures = ["detection.all_s", "false_deaths"]
//
//   [sweep.vary]                            the knobs that vary, each with its values; several make a grid
//   swim.suspicion_mult = [2, 4, 6]
//   fault = ["pause 3@60s+2s", "pause 3@60s+8s"]
#pragma once

#include <vector>

#include "cli/sweep.h"

namespace hearsay::cli {

// Takes the table out of the values of a file and puts it into `words` where they are silent. A knob that `flags`
// set does not vary; one that `words` vary takes their values; points in `words` leave no axes. Where neither names
// figures, those of [measure] are recorded. Returns all that is wrong with the table, whatever the words say.
[[nodiscard]] std::vector<agent::Fault> take_sweep_table(std::vector<agent::Given>& values,
                                                         const std::vector<agent::Given>& flags, SweepWords& words);

}  // namespace hearsay::cli
