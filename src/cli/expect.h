// What a plan expects of its run: limits on figures, [expect] in a plan file. So a plan is a test of somebody's own
// settings, which a machine can run.
//
//   [expect]
//   detection.all_s = "<= 15"
//   refutations = ">= 1, < 100"     all of them must hold
//   false_deaths = 0                exactly
//   agreed = true
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/plan_read.h"
#include "sim/plan.h"
#include "sim/report.h"

namespace hearsay::cli {

struct Expectation {
  enum class Compare { at_most, at_least, below, above, equal };
  struct Bound {
    Compare compare = Compare::equal;
    double value = 0;
  };
  std::string figure;  // one of run_figure_names()
  std::string limit;   // "<= 15"
  std::vector<Bound> bounds;
  std::string where;  // the file and the line

  // A figure that does not exist (not all found the crash: there is no such time) keeps to no limit.
  bool holds(const std::optional<double>& value) const;
};

// Reads the value of "expect.NAME". A complaint: there is no such figure, it is no limit, or no run could keep to
// it.
Complaint read_expectation(const agent::Given& given, Expectation& into);
// Why the figure can have no value in a run of this plan.
Complaint complaint_about_plan(const Expectation& expectation, const sim::ClusterPlan& plan);

struct Verdict {
  Expectation expectation;
  std::optional<double> value;
  bool met = false;
};
// One for each, in order.
std::vector<Verdict> judge(const std::vector<Expectation>& expectations, const sim::ClusterReport& report);
bool all_met(const std::vector<Verdict>& verdicts);
// "plan.toml:12: expect.detection.all_s: it is 17.2, and <= 15 was expected". REQUIRES: !verdict.met.
std::string describe(const Verdict& verdict);

}  // namespace hearsay::cli
