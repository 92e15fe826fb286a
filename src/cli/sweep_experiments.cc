#include "cli/sweep_experiments.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "agent/text.h"
#include "cli/memory.h"
#include "cli/plan_file.h"
#include "cli/plan_read.h"
#include "cli/run_figures.h"
#include "sim/cluster.h"
#include "sim/spread/trial.h"

namespace hearsay::cli {
namespace {

namespace spread = sim::spread;
using agent::Given;

// ---- whole clusters ----

struct ClusterPoint {
  sim::ClusterPlan plan;
  std::vector<Expectation> expectations;
};

class Clusters : public Experiment {
 public:
  Clusters(std::vector<ClusterPoint> points, std::vector<std::string> figures)
      : points_(std::move(points)), figures_(std::move(figures)) {}
  std::optional<Row> run(std::size_t point, std::uint64_t seed,
                         const std::function<bool(double)>& go_on) const override {
    sim::ClusterPlan plan = points_[point].plan;
    plan.seed = seed;
    const auto report = run_cluster(plan, go_on);
    if (report.interrupted) return std::nullopt;
    auto all = run_figures(report);
    const auto& expectations = points_[point].expectations;
    if (!expectations.empty())
      all.push_back({std::string(kExpected), all_met(judge(expectations, report)) ? 1 : 0});
    Row row;
    for (const auto& figure : figures_) {
      const auto found = std::ranges::find(all, figure, &sim::Figure::name);
      row.push_back(found == all.end() ? std::nullopt : found->value);
    }
    return row;
  }
  double run_bytes() const override {
    double most = 0;
    for (const auto& point : points_) most = std::max(most, cluster_bytes(point.plan));
    return most;
  }

 private:
  std::vector<ClusterPoint> points_;
  std::vector<std::string> figures_;
};

// ---- epidemics ----

constexpr std::array<std::string_view, 10> kSpreadFigures{
    "rounds", "quiet",    "messages_per_node", "payloads_per_node", "coverage",
    "missed", "contacts", "informed",          "complete",          "cut_off"};

double spread_figure(const spread::Settings& settings, const spread::Trial& trial, std::string_view name) {
  const double nodes = settings.nodes;
  if (name == "rounds") return trial.last;
  if (name == "quiet") return trial.quiet;
  if (name == "messages_per_node") return static_cast<double>(trial.messages) / nodes;
  if (name == "payloads_per_node") return static_cast<double>(trial.payloads) / nodes;
  if (name == "coverage") return trial.informed / nodes;
  if (name == "missed") return nodes - trial.informed;
  if (name == "contacts") return static_cast<double>(trial.contacts);
  if (name == "informed") return trial.informed;
  if (name == "complete") return trial.complete(settings) ? 1 : 0;
  return trial.cut_off ? 1 : 0;
}

class Spreads : public Experiment {
 public:
  Spreads(std::vector<spread::Settings> points, std::vector<std::string> figures)
      : points_(std::move(points)), figures_(std::move(figures)) {}
  std::optional<Row> run(std::size_t point, std::uint64_t seed,
                         const std::function<bool(double)>& go_on) const override {
    spread::Settings settings = points_[point];
    settings.seed = seed;
    spread::Arrivals arrivals;
    bool interrupted = false;
    const auto trial = run_trial(settings, 0, arrivals, [&] { return interrupted = interrupted || !go_on(0); });
    if (interrupted) return std::nullopt;
    Row row;
    for (const auto& figure : figures_) row.push_back(spread_figure(settings, trial, figure));
    return row;
  }
  double run_bytes() const override {
    double most = 1;
    for (const auto& settings : points_) most = std::max(most, static_cast<double>(trial_bytes(settings)));
    return most;
  }

 private:
  std::vector<spread::Settings> points_;
  std::vector<std::string> figures_;
};

bool read_number(const std::string& text, double& into) {
  char* end = nullptr;
  into = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0' && std::isfinite(into);
}

bool count_of(const std::string& text, std::uint32_t& into) {
  double value = 0;
  if (!read_number(text, value) || value < 0 || value > UINT32_MAX || value != std::floor(value)) return false;
  into = static_cast<std::uint32_t>(value);
  return true;
}

template <class Value>
bool read_word(const std::string& text, std::optional<Value> (*parse)(std::string_view), Value& into) {
  const auto value = parse(text);
  if (value) into = *value;
  return value.has_value();
}

bool read_flag(const std::string& text, bool& into) {
  into = text == "true";
  return into || text == "false";
}

struct SpreadKey {
  std::string_view key;
  std::string_view takes;
  bool (*read)(const std::string&, spread::Settings&);
};

constexpr SpreadKey kSpreadKeys[] = {
    {"nodes", "a whole number", [](const std::string& t, spread::Settings& s) { return count_of(t, s.nodes); }},
    {"fanout", "a whole number", [](const std::string& t, spread::Settings& s) { return count_of(t, s.fanout); }},
    {"mode", "push, pull or push-pull",
     [](const std::string& t, spread::Settings& s) { return read_word(t, &spread::parse_mode, s.mode); }},
    {"timing", "sync, unsync or poisson",
     [](const std::string& t, spread::Settings& s) { return read_word(t, &spread::parse_timing, s.timing); }},
    {"loss", "a number from 0 to 0.9",
     [](const std::string& t, spread::Settings& s) { return read_number(t, s.loss); }},
    {"stop", "forever, die, counter, coin, budget or median",
     [](const std::string& t, spread::Settings& s) { return read_word(t, &spread::parse_stop, s.stop); }},
    {"copies", "a whole number",
     [](const std::string& t, spread::Settings& s) { return count_of(t, s.copies.emplace()); }},
    {"feedback", "true or false",
     [](const std::string& t, spread::Settings& s) { return read_flag(t, s.feedback); }},
    {"digest_first", "true or false",
     [](const std::string& t, spread::Settings& s) { return read_flag(t, s.digest_first); }},
};

// The words of `sim cluster` that mean something here, too: --nodes is "cluster.nodes".
std::string_view spread_name(std::string_view key) {
  for (const std::string_view table : {"cluster.", "network.", "spread."}) {
    if (key.starts_with(table)) return key.substr(table.size());
  }
  return key;
}

void read_spread(const Given& given, spread::Settings& settings, std::vector<agent::Fault>& faults) {
  const auto name = spread_name(given.key);
  const auto* known = std::ranges::find(kSpreadKeys, name, &SpreadKey::key);
  if (known == std::end(kSpreadKeys)) {
    std::vector<std::string_view> keys;
    std::string list;
    for (const auto& one : kSpreadKeys) {
      keys.push_back(one.key);
      list += (list.empty() ? "" : ", ") + std::string(one.key);
    }
    const auto near = agent::closest(name, keys);
    faults.push_back({given.where, given.key, "an epidemic has no such knob",
                      near.empty() ? "its knobs are " + list : "did you mean " + std::string(near) + "?"});
    return;
  }
  if (const std::string text = plain_text(given); !known->read(text, settings)) {
    faults.push_back(
        {given.where, given.key, "\"" + text + "\" is not what it takes", "write " + std::string(known->takes)});
  }
}

FigureNames cluster_names() {
  auto shares = run_shares();
  shares.emplace_back(kExpected);
  return {run_figure_names(),
          std::move(shares),
          {"detection.first_s", "detection.median_s", "detection.all_s", "false_suspicions", "false_deaths",
           "bytes_per_node_s"},
          {"agreed", "violations"}};
}

FigureNames spread_names() {
  return {{kSpreadFigures.begin(), kSpreadFigures.end()},
          {"complete", "cut_off"},
          {"rounds", "messages_per_node", "missed", "complete"},
          {}};
}

}  // namespace

const FigureNames& figure_names(std::string_view of) {
  static const FigureNames clusters = cluster_names();
  static const FigureNames spreads = spread_names();
  return of == "cluster" ? clusters : spreads;
}

LoadedExperiment make_clusters(const std::vector<std::vector<Given>>& points,
                               const std::optional<std::string>& config_file,
                               const std::vector<std::string>& figures) {
  LoadedExperiment made;
  std::vector<ClusterPoint> plans;
  for (const auto& values : points) {
    auto loaded = make_plan(values, config_file);
    plans.push_back({std::move(loaded.plan), std::move(loaded.expectations)});
    for (auto& fault : loaded.faults) made.faults.push_back(std::move(fault));
  }
  if (made.faults.empty()) made.experiment = std::make_shared<Clusters>(std::move(plans), figures);
  return made;
}

LoadedExperiment make_spreads(const std::vector<std::vector<Given>>& points,
                              const std::vector<std::string>& figures) {
  LoadedExperiment made;
  std::vector<spread::Settings> all;
  for (const auto& values : points) {
    spread::Settings settings;
    const std::size_t before = made.faults.size();
    for (const Given& given : values) read_spread(given, settings, made.faults);
    if (made.faults.size() == before) {
      for (auto& error : validate(settings)) {
        made.faults.push_back({"--of spread", "", std::move(error.cause), std::move(error.cure)});
      }
    }
    all.push_back(settings);
  }
  if (made.faults.empty()) made.experiment = std::make_shared<Spreads>(std::move(all), figures);
  return made;
}

}  // namespace hearsay::cli
