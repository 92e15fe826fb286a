// The experiments that a sweep can repeat: whole clusters, and the epidemic model.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "cli/sweep.h"

namespace hearsay::cli {

struct LoadedExperiment {
  std::shared_ptr<const Experiment> experiment;
  std::vector<agent::Fault> faults;
};

// All figures that an experiment has, those that are yes or no, and which of them it shows unless asked.
// Yes: the run kept to all limits of [expect]. A figure of clusters, of which something is expected.
inline constexpr std::string_view kExpected = "expected";

struct FigureNames {
  std::vector<std::string> all;
  std::vector<std::string> shares;
  std::vector<std::string> usual;
  std::vector<std::string> always;  // recorded whether asked for or not
};
// REQUIRES: of is "cluster" or "spread".
const FigureNames& figure_names(std::string_view of);

// One list of values for each point. `figures` are some of figure_names().all.
LoadedExperiment make_clusters(const std::vector<std::vector<agent::Given>>& points,
                               const std::optional<std::string>& config_file,
                               const std::vector<std::string>& figures);
LoadedExperiment make_spreads(const std::vector<std::vector<agent::Given>>& points,
                              const std::vector<std::string>& figures);

}  // namespace hearsay::cli
