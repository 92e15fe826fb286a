// The tables of `hearsay sim cluster` for people at a terminal.
#include <algorithm>
#include <cstdio>

#include "agent/text.h"
#include "cli/run_figures.h"
#include "cli/sim_report.h"

namespace hearsay::cli {
namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string fixed(const std::optional<double>& value, int digits) { return value ? fixed(*value, digits) : "-"; }

std::string time_text(const std::optional<Duration>& time) { return time ? fixed(seconds_of(*time), 2) : "-"; }

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

class TextPage {
 public:
  TextPage(const ClusterRun& run, Terminal& terminal) : run_(run), report_(run.report), terminal_(terminal) {}

  void print() {
    if (report_.interrupted) {
      terminal_.out(terminal_.paint(Style::warn, "interrupted: what follows is partial") + "\n");
    }
    print_cluster();
    print_expected();
    if (!run_.figures.empty()) return print_figures();
    print_times("detection, seconds after the crash", report_.detections, "Detected by",
                [](const sim::Detection&) { return std::string("crash"); });
    print_times("dissemination, seconds after the change", report_.disseminations, "Known by",
                [](const sim::Dissemination& item) { return std::string(name_of(item.what)); });
    print_mistakes();
    print_quality();
    print_traffic();
    print_simulation();
  }

 private:
  void title(std::string_view text) { terminal_.out(terminal_.paint(Style::bold, text) + "\n"); }

  void print_cluster() {
    title("cluster");
    Table table({});
    table.add({{"  nodes"}, {std::to_string(run_.plan.nodes)}});
    table.add({{"  all joined"},
               {run_.plan.joined  ? "from the start"
                : report_.settled ? "after " + fixed(seconds_of(report_.settle_time), 1) + " s"
                                  : "not within " + agent::duration_text(run_.plan.settle_max),
                report_.settled ? Style::plain : Style::bad}});
    table.add({{"  measured"}, {fixed(seconds_of(report_.measured), 0) + " s after that"}});
    table.add({{"  in the end"},
               {report_.agreed ? "all running nodes agree" : printable(report_.disagreement),
                report_.agreed ? Style::good : Style::warn}});
    for (const auto& violation : report_.violations) table.add({{"  broken"}, {printable(violation), Style::bad}});
    terminal_.out(table.render(terminal_));
  }

  void print_expected() {
    if (run_.verdicts.empty()) return;
    title("expected");
    Table table({"  Figure", "Limit", "Value", ""});
    for (const auto& [expectation, value, met] : run_.verdicts) {
      table.add({{"  " + expectation.figure},
                 {printable(expectation.limit)},
                 {value ? printed_figure(value) : "-"},
                 {met ? "met" : "not met", met ? Style::good : Style::bad}});
    }
    terminal_.out(table.render(terminal_));
  }

  // Those that were chosen.
  void print_figures() {
    title("figures");
    Table table({});
    const auto all = run_figures(report_);
    for (const auto& name : run_.figures) {
      const auto& value = std::ranges::find(all, name, &sim::Figure::name)->value;
      table.add({{"  " + name}, {value ? printed_figure(value) : "-"}});
    }
    table.add({{"  trace"}, {hash_text(report_.trace_hash) + "  (seed " + std::to_string(run_.plan.seed) + ")"}});
    terminal_.out(table.render(terminal_));
  }

  template <class Items, class Name>
  void print_times(const char* what, const Items& items, const char* by, Name name) {
    constexpr std::size_t kLinesMax = 12;
    if (items.empty()) return;
    title(what);
    Table table({"  Node", "What", "At", "First", "Median", "p90", "p99", "All", by});
    for (std::size_t i = 0; i < std::min(items.size(), kLinesMax); ++i) {
      const auto& item = items[i];
      const bool all = item.times.size() >= item.observers;
      table.add({{"  n" + std::to_string(item.place)},
                 {name(item)},
                 {fixed(seconds_of(item.at), 1) + " s"},
                 {time_text(sim::quantile(item.times, 0))},
                 {time_text(sim::quantile(item.times, 0.5))},
                 {time_text(sim::quantile(item.times, 0.9))},
                 {time_text(sim::quantile(item.times, 0.99))},
                 {all ? time_text(sim::quantile(item.times, 1)) : "-", all ? Style::plain : Style::bad},
                 {std::to_string(item.times.size()) + " of " + std::to_string(item.observers)}});
    }
    terminal_.out(table.render(terminal_));
    if (items.size() > kLinesMax) {
      terminal_.out(terminal_.paint(Style::dim, "  and " + std::to_string(items.size() - kLinesMax) +
                                                    " more, in --format json and --report") +
                    "\n");
    }
  }

  void print_mistakes() {
    title("mistakes");
    Table table({});
    const auto mistake = [&](const char* name, std::uint64_t count, const char* what) {
      table.add({{std::string("  ") + name},
                 {std::to_string(count), count == 0 ? Style::good : Style::warn},
                 {what, Style::dim}});
    };
    mistake("false suspicions", report_.false_suspicions, "running members that somebody's own probe accused");
    mistake("false deaths", report_.false_deaths, "times that a node came to see a running member as failed");
    table.add(
        {{"  refutations"}, {std::to_string(report_.refutations)}, {"taken back, over all nodes", Style::dim}});
    terminal_.out(table.render(terminal_));
  }

  void print_quality() {
    if (report_.suspecting.mistakes == 0) return;
    title("quality of the detector, over all pairs of an observer and a running member");
    Table table({"  Shown as", "Mistakes", "Lasting (mean)", "Longest", "Again after (mean)", "Query accuracy"});
    const auto add = [&](const char* name, const sim::Quality& quality) {
      table.add({{name},
                 {std::to_string(quality.mistakes)},
                 {fixed(quality.duration_s(), 2) + " s"},
                 {time_text(sim::quantile(quality.durations, 1)) + " s"},
                 {quality.mistakes > 0 ? fixed(*quality.recurrence_s() / 3600, 2) + " h" : "-"},
                 {fixed(quality.accuracy(), 7)}});
    };
    add("  suspect or failed", report_.suspecting);
    add("  failed", report_.failing);
    terminal_.out(table.render(terminal_));
  }

  void print_traffic() {
    const bool part = report_.counted_from > Duration{} || report_.counted_until < report_.measured;
    title("traffic of one node, sent" + (part ? ", from " + agent::duration_text(report_.counted_from) + " to " +
                                                    agent::duration_text(report_.counted_until)
                                              : std::string()));
    const double datagrams = report_.rate(Count::datagram_bytes_out);
    const double streams = report_.rate(Count::stream_bytes_out);
    Table table({});
    table.add({{"  bytes per second"},
               {fixed(datagrams + streams, 0) + ": " + fixed(datagrams, 0) + " in datagrams, " + fixed(streams, 0) +
                " on streams"}});
    table.add({{"  datagrams per second"}, {fixed(report_.rate(Count::datagrams_out), 1)}});
    table.add({{"  probes per second"}, {fixed(report_.rate(Count::probes), 2)}});
    table.add({{"  table exchanges per minute"}, {fixed(60 * report_.rate(Count::push_pulls), 2)}});
    std::vector<double> bytes;
    for (const auto& sample : report_.traffic) bytes.push_back(sample.bytes_per_node_s());
    if (!bytes.empty()) {
      table.add({{"  over time"},
                 {sparkline(bytes, 60) + "  peak " + fixed(*std::ranges::max_element(bytes), 0) + " bytes/s"}});
    }
    terminal_.out(table.render(terminal_));
    Table kinds({"  Message", "A second", "Bytes/s", ""});
    for (std::size_t i = 0; i < kMessageKinds; ++i) {
      const auto kind = static_cast<MessageKind>(i);
      if (report_.sent[kind].messages == 0 || report_.node_milliseconds == 0) continue;
      kinds.add({{std::string("  ") + name_of(kind)},
                 {fixed(static_cast<double>(report_.sent[kind].messages) / report_.node_seconds(), 3)},
                 {fixed(static_cast<double>(report_.sent[kind].bytes) / report_.node_seconds(), 1)},
                 {help_of(kind), Style::dim}});
    }
    terminal_.out(kinds.render(terminal_));
  }

  void print_simulation() {
    const SimCost& cost = run_.cost;
    title("simulation");
    Table table({});
    table.add({{"  messages"},
               {std::to_string(report_.messages) + ", " +
                fixed(static_cast<double>(report_.messages) / std::max(cost.wall_s, 1e-6) / 1e6, 2) +
                " million per second"}});
    table.add({{"  joining took"}, {fixed(cost.settle_wall_s, 1) + " s of wall time"}});
    if (cost.measured_wall_s > 0) {
      table.add({{"  speed after that"},
                 {fixed(seconds_of(report_.measured) / cost.measured_wall_s, 0) + " times real time"}});
    }
    table.add({{"  memory"}, {fixed(cost.memory_mib, 0) + " MiB"}});
    table.add({{"  trace"}, {hash_text(report_.trace_hash) + "  (seed " + std::to_string(run_.plan.seed) + ")"}});
    terminal_.out(table.render(terminal_));
  }

  const ClusterRun& run_;
  const sim::ClusterReport& report_;
  Terminal& terminal_;
};

}  // namespace

void print_cluster(const ClusterRun& run, Terminal& terminal) { TextPage(run, terminal).print(); }

}  // namespace hearsay::cli
