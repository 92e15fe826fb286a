// The results of `hearsay sim cluster` as people and programs want them: tables, JSON, CSV, a page with plots.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cli/expect.h"
#include "cli/terminal.h"
#include "sim/cluster.h"

namespace hearsay::cli {

// What a run cost on this machine; all else in a report repeats with the seed.
struct SimCost {
  double wall_s = 0;
  double settle_wall_s = 0;    // of that, until the plan's clock started
  double measured_wall_s = 0;  // of that, while it ran
  double memory_mib = 0;       // the peak of this process
};

struct ClusterRun {
  sim::ClusterPlan plan;
  sim::ClusterReport report;
  SimCost cost;
  std::string command;               // that repeats it
  std::vector<std::string> figures;  // those to be shown; empty: all there are
  std::vector<Verdict> verdicts;     // on what was expected; empty: nothing was, or the run did not come to its end
};

// The figures of the report and those of the cost, in one list.
std::vector<sim::Figure> figures_of(const ClusterRun& run);

void print_cluster(const ClusterRun& run, Terminal& terminal);
boost::json::object cluster_json(const ClusterRun& run);
// A line of names and a line of values: all figures, nodes, seed and trace hash.
std::string cluster_csv(const ClusterRun& run);
// A line of names, then one line for each interval: what a node sent in a second.
std::string traffic_csv(const sim::ClusterReport& report);

// One file, without scripts and without anything from elsewhere.
std::string cluster_html(const ClusterRun& run);

// The chosen figures, or all but those that stand in the reports anyway (settled, agreed, violations).
std::vector<sim::Figure> shown_figures(const ClusterRun& run);

// "00ff00ff00ff00ff".
std::string hash_text(std::uint64_t value);
using sim::seconds_of;

}  // namespace hearsay::cli
