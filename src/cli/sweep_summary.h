// What the runs of a sweep say, point by point, and how far they can be trusted.
//
// Means have a 95 % confidence interval by Student's t, shares (yes or no in each run) by Wilson's score. Both
// speak of the mean over seeds, not of a single run. Runs in which a figure had no value (a crash that not all
// detected has no time until all did) are counted as missing, not guessed: where some are, the mean is that of the
// others.
#pragma once

#include <string>
#include <vector>

#include "cli/sweep_results.h"
#include "cli/terminal.h"

namespace hearsay::cli {

struct Interval {
  double low = 0;
  double high = 0;
};
// 95 %. REQUIRES: count >= 2; sd: of the sample.
Interval student_interval(double mean, double sd, std::size_t count);
// 95 %. REQUIRES: count >= 1.
Interval wilson_interval(std::size_t yes, std::size_t count);

struct FigureSummary {
  std::size_t runs = 0;     // with a value
  std::size_t missing = 0;  // without
  double mean = 0;
  double sd = 0;
  std::optional<Interval> interval;  // none: too few runs
  double min = 0;
  double max = 0;
};
// One for each point and figure: [point][figure].
using SweepSummary = std::vector<std::vector<FigureSummary>>;
SweepSummary summarise(const Sweep& sweep, const Rows& rows);

std::string summary_table(const Sweep& sweep, const SweepSummary& summary, const Terminal& terminal);
std::string summary_csv(const Sweep& sweep, const SweepSummary& summary);
std::string summary_json(const Sweep& sweep, const SweepSummary& summary, std::size_t runs_done);

// "4.16 ± 0.709", "95 % (80 to 99)", with what is missing.
std::string figure_text(const FigureSummary& summary, bool share);
// With three significant digits, as people read it.
std::string short_text(double value);

}  // namespace hearsay::cli
