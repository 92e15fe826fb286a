// The figures of a simulated cluster by name. One list for JSON, CSV, sweeps and plans ([measure] and [expect]):
// what the plan and its seed determine, but not what a run costs this machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/settings.h"
#include "sim/report.h"

namespace hearsay::cli {

// All of them, in the order of run_figure_names().
std::vector<sim::Figure> run_figures(const sim::ClusterReport& report);
const std::vector<std::string>& run_figure_names();
// Those that are yes or no in each run, 1 or 0.
const std::vector<std::string>& run_shares();

// Why there is no figure of this name, with the nearest; none: there is.
std::optional<agent::Complaint> complaint_about_figure(const std::string& name);

// As it stands in JSON and CSV. Virtual time is exact to the nanosecond; a figure says what a reader can use.
double rounded_figure(double value);
// The same as text: the shortest that reads back as this number.
std::string printed_figure(const std::optional<double>& value);

}  // namespace hearsay::cli
