// `hearsay sim cluster`: the words become a plan, the plan's report becomes tables or JSON.
#include <sys/resource.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "agent/text.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/plan_file.h"
#include "cli/progress.h"
#include "http/json.h"
#include "sim/cluster.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

// The plan that the file and the words mean; what is wrong with them goes to `faults`.
sim::ClusterPlan read_plan(const Arguments& arguments, std::vector<agent::Fault>& faults) {
  PlanValues values;
  if (arguments.sim_cluster.file) values = read_plan_file(*arguments.sim_cluster.file);
  const auto& words = arguments.sim_cluster.values;
  values.values.insert(values.values.end(), words.begin(), words.end());
  auto [plan, wrong] = make_plan(values.values, arguments.config_file);
  faults = values.faults.empty() ? std::move(wrong) : std::move(values.faults);
  return plan;
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
double rounded(double value) { return std::round(value * 1000) / 1000; }

json::object detection_json(const sim::Detection& detection) {
  json::object object{{"node", detection.place},
                      {"at_s", rounded(seconds(detection.at))},
                      {"observers", detection.observers},
                      {"detected_by", detection.times.size()}};
  object["first_s"] = object["median_s"] = object["all_s"] = nullptr;
  if (!detection.times.empty()) {
    object["first_s"] = rounded(seconds(detection.times.front()));
    object["median_s"] = rounded(seconds(detection.times[detection.times.size() / 2]));
    if (detection.times.size() >= detection.observers) object["all_s"] = rounded(seconds(detection.times.back()));
  }
  return object;
}

// Several crashes as one: the earliest first, the median of all, the latest all.
json::object summary_json(const std::vector<sim::Detection>& detections) {
  sim::Detection sum;
  for (const auto& detection : detections) {
    sum.observers += detection.observers;
    sum.times.insert(sum.times.end(), detection.times.begin(), detection.times.end());
  }
  std::ranges::sort(sum.times);
  auto object = detection_json(sum);
  object.erase("node");
  object.erase("at_s");
  return object;
}

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

struct Rates {
  double node_seconds = 0;
  double bytes = 0;    // datagrams and streams, sent
  double packets = 0;  // datagrams, sent
  double of(const sim::ClusterReport& report, Count count) const {
    return node_seconds > 0 ? static_cast<double>(report.counters[count]) / node_seconds : 0;
  }
};

Rates rates_of(const sim::ClusterReport& report) {
  Rates rates{static_cast<double>(report.node_milliseconds) / 1000};
  rates.bytes = rates.of(report, Count::datagram_bytes_out) + rates.of(report, Count::stream_bytes_out);
  rates.packets = rates.of(report, Count::datagrams_out);
  return rates;
}

struct Cost {
  double wall_s = 0;
  double virtual_s = 0;
  double memory_mib = 0;
};

json::object report_json(const sim::ClusterPlan& plan, const sim::ClusterReport& report, const Cost& cost) {
  const Rates rates = rates_of(report);
  json::array crashes;
  for (const auto& detection : report.detections) crashes.push_back(detection_json(detection));
  json::array violations;
  for (const auto& violation : report.violations) violations.emplace_back(violation);
  json::array traffic;
  for (const double bytes : report.bytes_per_node_s) traffic.push_back(std::round(bytes));
  json::object counters;
  for (std::size_t i = 0; i < kCounts; ++i) counters[name_of(static_cast<Count>(i))] = report.counters.values[i];
  return {{"nodes", plan.nodes},
          {"family", "swim"},
          {"seed", plan.seed},
          {"complete", !report.interrupted},
          {"settled", report.settled},
          {"settle_s", rounded(seconds(report.settle_time))},
          {"measured_s", rounded(seconds(report.measured))},
          {"agreed", report.agreed},
          {"violations", std::move(violations)},
          {"detection", summary_json(report.detections)},
          {"crashes", std::move(crashes)},
          {"suspicions", report.suspicions},
          {"false_suspicions", report.false_suspicions},
          {"false_deaths", report.false_deaths},
          {"refutations", report.refutations},
          {"bytes_per_node_s", rounded(rates.bytes)},
          {"packets_per_node_s", rounded(rates.packets)},
          {"traffic_bytes_per_node_s", std::move(traffic)},
          {"counters", std::move(counters)},
          {"messages", report.messages},
          {"messages_per_wall_s", std::round(static_cast<double>(report.messages) / std::max(cost.wall_s, 1e-6))},
          {"speedup", rounded(cost.virtual_s / std::max(cost.wall_s, 1e-6))},
          {"wall_s", rounded(cost.wall_s)},
          {"memory_mib", rounded(cost.memory_mib)},
          {"trace_hash", hex(report.trace_hash)}};
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// One character for each column, as high as the value.
std::string sparkline(const std::vector<double>& values, std::size_t columns) {
  static constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return {};
  columns = std::min(columns, values.size());
  std::vector<double> means(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    const std::size_t begin = i * values.size() / columns;
    const std::size_t end = (i + 1) * values.size() / columns;
    for (std::size_t j = begin; j < end; ++j) means[i] += values[j] / static_cast<double>(end - begin);
  }
  const double top = std::max(*std::ranges::max_element(means), 1e-9);
  std::string out;
  for (const double mean : means) out += kBars[std::min<std::size_t>(7, static_cast<std::size_t>(mean / top * 8))];
  return out;
}

void print_report(const sim::ClusterPlan& plan, const sim::ClusterReport& report, const Cost& cost,
                  Terminal& terminal) {
  const Rates rates = rates_of(report);
  const auto title = [&](std::string_view text) { terminal.out(terminal.paint(Style::bold, text) + "\n"); };
  if (report.interrupted) terminal.out(terminal.paint(Style::warn, "interrupted: what follows is partial") + "\n");

  title("cluster");
  Table cluster({});
  cluster.add({{"  nodes"}, {std::to_string(plan.nodes)}});
  cluster.add({{"  all joined"},
               {report.settled ? "after " + fixed(seconds(report.settle_time), 1) + " s"
                               : "not within " + agent::duration_text(plan.settle_max),
                report.settled ? Style::plain : Style::bad}});
  cluster.add({{"  measured"}, {fixed(seconds(report.measured), 0) + " s after that"}});
  cluster.add({{"  in the end"},
               {report.agreed ? "all running nodes agree" : printable(report.disagreement),
                report.agreed ? Style::good : Style::warn}});
  for (const auto& violation : report.violations) cluster.add({{"  broken"}, {printable(violation), Style::bad}});
  terminal.out(cluster.render(terminal));

  if (!report.detections.empty()) {
    title("detection, seconds after the crash");
    Table table({"  Node", "At", "First", "Median", "All", "Detected by"});
    for (const auto& detection : report.detections) {
      const auto cell = [&](bool known, std::size_t at) {
        return known ? fixed(seconds(detection.times[at]), 2) : std::string("-");
      };
      const std::size_t count = detection.times.size();
      const bool all = count > 0 && count >= detection.observers;
      table.add({{"  n" + std::to_string(detection.place)},
                 {fixed(seconds(detection.at), 1) + " s"},
                 {cell(count > 0, 0)},
                 {cell(count > 0, count / 2)},
                 {cell(all, count - 1), all ? Style::plain : Style::bad},
                 {std::to_string(count) + " of " + std::to_string(detection.observers)}});
    }
    terminal.out(table.render(terminal));
  }

  title("mistakes");
  Table mistakes({});
  const auto mistake = [&](const char* name, std::uint64_t count, const char* what) {
    mistakes.add({{std::string("  ") + name},
                  {std::to_string(count), count == 0 ? Style::good : Style::warn},
                  {what, Style::dim}});
  };
  mistake("false suspicions", report.false_suspicions, "running members that somebody's own probe accused");
  mistake("false deaths", report.false_deaths, "times that a node came to see a running member as failed");
  mistakes.add(
      {{"  refutations"}, {std::to_string(report.refutations)}, {"taken back, over all nodes", Style::dim}});
  terminal.out(mistakes.render(terminal));

  title("traffic of one node, sent");
  Table traffic({});
  traffic.add({{"  bytes per second"}, {fixed(rates.bytes, 0)}});
  traffic.add({{"  datagrams per second"}, {fixed(rates.packets, 1)}});
  traffic.add({{"  probes per second"}, {fixed(rates.of(report, Count::probes), 2)}});
  traffic.add({{"  table exchanges per minute"}, {fixed(60 * rates.of(report, Count::push_pulls), 2)}});
  if (!report.bytes_per_node_s.empty()) {
    traffic.add({{"  over time"},
                 {sparkline(report.bytes_per_node_s, 60) + "  peak " +
                  fixed(*std::ranges::max_element(report.bytes_per_node_s), 0) + " bytes/s"}});
  }
  terminal.out(traffic.render(terminal));

  title("simulation");
  Table simulation({});
  simulation.add({{"  messages"},
                  {std::to_string(report.messages) + ", " +
                   fixed(static_cast<double>(report.messages) / std::max(cost.wall_s, 1e-6) / 1e6, 2) +
                   " million per second"}});
  simulation.add({{"  speed"}, {fixed(cost.virtual_s / std::max(cost.wall_s, 1e-6), 0) + " times real time"}});
  simulation.add({{"  memory"}, {fixed(cost.memory_mib, 0) + " MiB"}});
  simulation.add({{"  trace"}, {hex(report.trace_hash) + "  (seed " + std::to_string(plan.seed) + ")"}});
  terminal.out(simulation.render(terminal));
}

}  // namespace

int run_sim_cluster(const Arguments& arguments, Terminal& terminal) {
  std::vector<agent::Fault> faults;
  const sim::ClusterPlan plan = read_plan(arguments, faults);
  if (!faults.empty()) {
    for (const auto& fault : faults) terminal.err("hearsay sim cluster: " + printable(describe(fault)) + "\n");
    return kUsage;
  }
  const auto began = std::chrono::steady_clock::now();
  sim::ClusterReport report;
  {
    const Interrupts interrupts;
    Progress progress(terminal);
    report = run_cluster(plan, [&](double done) {
      progress.show(done == 0 ? "joining" : "simulated", done);
      return !interrupts.wait(0);
    });
  }
  Cost cost;
  cost.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  cost.virtual_s = seconds(report.simulated);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  cost.memory_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  if (arguments.json)
    terminal.out(http::pretty(report_json(plan, report, cost)) + "\n");
  else
    print_report(plan, report, cost, terminal);
  return report.interrupted ? kFailed : kDone;
}

}  // namespace hearsay::cli
