#include "cli/run_figures.h"

#include <algorithm>
#include <cmath>

#include "agent/text.h"
#include "cli/fault_words.h"

namespace hearsay::cli {

std::vector<sim::Figure> run_figures(const sim::ClusterReport& report) {
  auto all = figures_of(report);
  const auto flag = [&](const char* name, bool value) { all.push_back({name, value ? 1 : 0}); };
  flag("settled", report.settled);
  flag("agreed", report.agreed);
  flag("detected",
       std::ranges::all_of(report.detections, [](const auto& d) { return d.times.size() >= d.observers; }));
  flag("unharmed", report.false_deaths == 0);
  all.push_back({"violations", static_cast<double>(report.violations.size())});
  return all;
}

const std::vector<std::string>& run_figure_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (auto& figure : run_figures(sim::ClusterReport())) all.push_back(std::move(figure.name));
    return all;
  }();
  return names;
}

const std::vector<std::string>& run_shares() {
  static const std::vector<std::string> names{"settled", "agreed", "detected", "unharmed"};
  return names;
}

std::optional<agent::Complaint> complaint_about_figure(const std::string& name) {
  const auto& names = run_figure_names();
  if (std::ranges::count(names, name) > 0) return std::nullopt;
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = agent::closest(name, known);
  return agent::Complaint{"there is no such figure",
                          near.empty() ? "`hearsay sim cluster --format json` has them all by their paths"
                                       : "did you mean " + std::string(near) + "?"};
}

double rounded_figure(double value) {
  const double digits = std::abs(value) < 1 ? 1e9 : 1e6;
  return std::round(value * digits) / digits;
}

std::string printed_figure(const std::optional<double>& value) {
  return value ? number_text(rounded_figure(*value)) : std::string();
}

}  // namespace hearsay::cli
