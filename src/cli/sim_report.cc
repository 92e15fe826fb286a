// JSON and CSV of a simulated cluster.
#include "cli/sim_report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdio>

#include "cli/run_figures.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

json::value number_of(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15) return static_cast<std::int64_t>(value);
  return rounded_figure(value);
}

json::value number_of(const std::optional<double>& value) { return value ? number_of(*value) : nullptr; }

json::value time_of(const std::optional<Duration>& time) {
  return time ? number_of(seconds_of(*time)) : json::value(nullptr);
}

// Puts the figure where its name says: "detection.first_s" into the object "detection".
void put(json::object& root, const sim::Figure& figure) {
  json::object* at = &root;
  std::string_view name = figure.name;
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    json::value& inner = (*at)[name.substr(0, dot)];
    if (!inner.is_object()) inner.emplace_object();
    at = &inner.get_object();
    name.remove_prefix(dot + 1);
  }
  (*at)[name] = number_of(figure.value);
}

template <class Item>
void put_times(json::object& object, const Item& item) {
  object["first_s"] = time_of(sim::quantile(item.times, 0));
  object["median_s"] = time_of(sim::quantile(item.times, 0.5));
  object["p90_s"] = time_of(sim::quantile(item.times, 0.9));
  object["p99_s"] = time_of(sim::quantile(item.times, 0.99));
  object["all_s"] = item.times.size() >= item.observers ? time_of(sim::quantile(item.times, 1)) : nullptr;
}

std::string text_of(double value) { return printed_figure(value); }

json::array expectations_json(const std::vector<Verdict>& verdicts) {
  json::array all;
  for (const Verdict& verdict : verdicts) {
    all.push_back(json::object{{"figure", verdict.expectation.figure},
                               {"limit", verdict.expectation.limit},
                               {"value", number_of(verdict.value)},
                               {"met", verdict.met},
                               {"where", verdict.expectation.where}});
  }
  return all;
}

}  // namespace

std::string hash_text(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::vector<sim::Figure> figures_of(const ClusterRun& run) {
  auto figures = figures_of(run.report);
  const SimCost& cost = run.cost;
  const auto per = [](double amount, double wall) {
    return wall > 0 ? std::optional(amount / wall) : std::nullopt;
  };
  figures.push_back({"messages_per_wall_s", per(static_cast<double>(run.report.messages), cost.wall_s)});
  figures.push_back({"speedup", per(seconds_of(run.report.measured), cost.measured_wall_s)});
  figures.push_back({"settle_wall_s", cost.settle_wall_s});
  figures.push_back({"wall_s", cost.wall_s});
  figures.push_back({"memory_mib", cost.memory_mib});
  return figures;
}

std::vector<sim::Figure> shown_figures(const ClusterRun& run) {
  static constexpr std::string_view kAnyway[] = {"settled", "agreed", "violations"};
  auto figures = run.figures.empty() ? figures_of(run) : std::vector<sim::Figure>();
  const auto all = run_figures(run.report);
  for (const auto& name : run.figures.empty() ? std::vector<std::string>{"detected", "unharmed"} : run.figures) {
    if (std::ranges::count(kAnyway, name) == 0)
      figures.push_back(*std::ranges::find(all, name, &sim::Figure::name));
  }
  return figures;
}

json::object cluster_json(const ClusterRun& run) {
  const sim::ClusterReport& report = run.report;
  json::array violations;
  for (const auto& violation : report.violations) violations.emplace_back(violation);
  json::object root{{"nodes", run.plan.nodes},
                    {"family", name_of(run.plan.config.family)},
                    {"seed", run.plan.seed},
                    {"complete", !report.interrupted},
                    {"settled", report.settled},
                    {"agreed", report.agreed},
                    {"disagreement", report.disagreement},
                    {"violations", std::move(violations)}};
  for (const auto& figure : shown_figures(run)) put(root, figure);
  root["expected"] = run.verdicts.empty() ? json::value(nullptr) : json::value(all_met(run.verdicts));
  root["expectations"] = expectations_json(run.verdicts);
  root["trace_hash"] = hash_text(report.trace_hash);
  if (!run.figures.empty()) return root;
  json::array crashes;
  for (const auto& detection : report.detections) {
    json::object object{{"node", detection.place},
                        {"at_s", number_of(seconds_of(detection.at))},
                        {"observers", detection.observers},
                        {"detected_by", detection.times.size()}};
    put_times(object, detection);
    object["suspected_first_s"] = time_of(sim::quantile(detection.suspected, 0));
    object["suspected_median_s"] = time_of(sim::quantile(detection.suspected, 0.5));
    crashes.push_back(std::move(object));
  }
  root["crashes"] = std::move(crashes);
  json::array changes;
  for (const auto& dissemination : report.disseminations) {
    json::object object{{"what", name_of(dissemination.what)},
                        {"node", dissemination.place},
                        {"at_s", number_of(seconds_of(dissemination.at))},
                        {"observers", dissemination.observers},
                        {"known_by", dissemination.times.size()}};
    put_times(object, dissemination);
    changes.push_back(std::move(object));
  }
  root["changes"] = std::move(changes);
  json::array to;
  json::array bytes;
  for (const auto& sample : report.traffic) {
    to.push_back(number_of(seconds_of(sample.to)));
    bytes.push_back(std::round(sample.bytes_per_node_s()));
  }
  root["traffic_to_s"] = std::move(to);
  root["traffic_bytes_per_node_s"] = std::move(bytes);
  return root;
}

std::string cluster_csv(const ClusterRun& run) {
  std::string names = "nodes,seed,complete,settled,agreed,violations";
  const auto flag = [](bool value) { return value ? ",1" : ",0"; };
  std::string values = std::to_string(run.plan.nodes) + "," + std::to_string(run.plan.seed) +
                       flag(!run.report.interrupted) + flag(run.report.settled) + flag(run.report.agreed) + "," +
                       std::to_string(run.report.violations.size());
  for (const auto& figure : shown_figures(run)) {
    names += "," + figure.name;
    values += "," + printed_figure(figure.value);
  }
  values += run.verdicts.empty() ? "," : flag(all_met(run.verdicts));
  return names + ",expected,trace_hash\n" + values + "," + hash_text(run.report.trace_hash) + "\n";
}

std::string traffic_csv(const sim::ClusterReport& report) {
  std::string out = "to_s,node_s,bytes,datagram_bytes,stream_bytes,datagrams";
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    const std::string name = name_of(static_cast<MessageKind>(i));
    out += "," + name + "_messages," + name + "_bytes";
  }
  out += "\n";
  for (const auto& sample : report.traffic) {
    out += text_of(seconds_of(sample.to)) + "," + text_of(rounded_figure(sample.node_s));
    const auto add = [&](std::uint64_t amount) { out += "," + text_of(rounded_figure(sample.per_node_s(amount))); };
    add(sample.datagram_bytes + sample.stream_bytes);
    add(sample.datagram_bytes);
    add(sample.stream_bytes);
    add(sample.datagrams);
    for (const auto& tally : sample.sent.kinds) {
      add(tally.messages);
      add(tally.bytes);
    }
    out += "\n";
  }
  return out;
}

}  // namespace hearsay::cli
