// `hearsay sim spread --table`: rounds and messages for many sizes, fanouts and modes, beside the figure that texts
// on gossip usually give, log2 N rounds.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "cli/fault_words.h"
#include "cli/interrupts.h"
#include "cli/progress.h"
#include "cli/sim_spread.h"
#include "cli/trials.h"
#include "cli/workers.h"
#include "http/json.h"
#include "sim/spread/summary.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;
namespace spread = sim::spread;

constexpr std::array<std::uint32_t, 6> kSizes{10, 100, 1000, 10'000, 100'000, 1'000'000};
constexpr std::array<spread::Mode, 3> kModes{spread::Mode::push, spread::Mode::pull, spread::Mode::push_pull};
constexpr std::uint32_t kFanoutMax = 3;

struct Line {
  spread::Settings settings;
  bool exact = false;
  double mean = 0;
  double error = 0;  // standard error of the mean; 0: exact
  double p99 = 0;
  double messages = 0;
  std::uint32_t claimed = 0;  // rounds
};

// "Everybody knows after log2 N rounds", rounded up: 4, 7, 10, 14, 17.
std::uint32_t claimed_rounds(std::uint32_t nodes) {
  std::uint32_t rounds = 0;
  while ((std::uint64_t{1} << rounds) < nodes) ++rounds;
  return rounds;
}

std::optional<Line> find_line(const spread::Settings& settings, const std::function<bool(double)>& go_on) {
  Line line;
  line.settings = settings;
  line.claimed = claimed_rounds(settings.nodes);
  if (spread::chain_applies(settings)) {
    if (!go_on(0)) return std::nullopt;
    const auto chain = run_chain(settings);
    line.exact = true;
    line.mean = chain.mean;
    line.p99 = chain.quantile(0.99);
    line.messages = chain.messages_per_node;
    return line;
  }
  const TrialRun run = run_trials(settings, threads_here(), go_on);
  if (run.interrupted) return std::nullopt;
  const auto summary = summarise(settings, run.trials, run.arrivals);
  line.mean = summary.rounds.mean;
  line.error = summary.rounds.sd / std::sqrt(std::max(1u, summary.trials));
  line.p99 = summary.rounds.p99;
  line.messages = summary.messages_per_node.mean;
  return line;
}

json::object line_json(const Line& line) {
  return {{"nodes", line.settings.nodes},
          {"fanout", line.settings.fanout},
          {"mode", name_of(line.settings.mode)},
          {"method", line.exact ? "exact" : "monte-carlo"},
          {"rounds", json::object{{"mean", line.mean}, {"standard_error", line.error}, {"p99", line.p99}}},
          {"messages_per_node", json::object{{"mean", line.messages}}},
          {"claimed_rounds", line.claimed}};
}

std::string table_csv(const std::vector<Line>& lines) {
  std::string out =
      "nodes,fanout,mode,method,rounds.mean,rounds.standard_error,rounds.p99,messages_per_node.mean,claimed_"
      "rounds\n";
  for (const Line& line : lines) {
    out += std::to_string(line.settings.nodes) + "," + std::to_string(line.settings.fanout) + "," +
           std::string(name_of(line.settings.mode)) + (line.exact ? ",exact," : ",monte-carlo,") +
           number_text(line.mean) + "," + number_text(line.error) + "," + number_text(line.p99) + "," +
           number_text(line.messages) + "," + std::to_string(line.claimed) + "\n";
  }
  return out;
}

std::string cell(const Line& line) {
  return fixed_text(line.mean, 2) + " (" + fixed_text(line.p99, 0) + ") " + fixed_text(line.messages, 2);
}

}  // namespace

int run_spread_table(const Arguments& arguments, Terminal& terminal, std::string& csv) {
  std::vector<Line> lines;
  const double all = static_cast<double>(kSizes.size() * kFanoutMax * kModes.size());
  bool interrupted = false;
  {
    const Interrupts interrupts;
    Progress progress(terminal);
    for (std::uint32_t fanout = 1; fanout <= kFanoutMax && !interrupted; ++fanout) {
      for (const std::uint32_t nodes : kSizes) {
        for (const spread::Mode mode : kModes) {
          spread::Settings settings = arguments.sim_spread.settings;
          settings.nodes = nodes;
          settings.fanout = fanout;
          settings.mode = mode;
          const auto line = find_line(settings, [&](double share) {
            progress.show("table", (static_cast<double>(lines.size()) + share) / all);
            return !interrupts.wait(0);
          });
          if (!line) {
            interrupted = true;
            break;
          }
          lines.push_back(*line);
        }
        if (interrupted) break;
      }
    }
  }
  csv = table_csv(lines);
  if (arguments.csv) {
    terminal.out(csv);
    return interrupted ? kFailed : kDone;
  }
  if (arguments.json) {
    json::array rows;
    for (const Line& line : lines) rows.push_back(line_json(line));
    terminal.out(http::pretty(json::object{{"partial", interrupted}, {"rows", std::move(rows)}}) + "\n");
    return interrupted ? kFailed : kDone;
  }
  terminal.out(
      "Synchronous rounds until all are informed: mean (p99), then messages per node. Up to 2,000 nodes exact, "
      "above\n"
      "it Monte Carlo. \"Claimed\" is log2 N rounded up, as texts on gossip give it without naming mode or "
      "fanout.\n");
  for (std::uint32_t fanout = 1; fanout <= kFanoutMax; ++fanout) {
    Table table({"Nodes", "Claimed", "push", "pull", "push-pull"});
    for (std::size_t i = 0; i + kModes.size() <= lines.size(); i += kModes.size()) {
      if (lines[i].settings.fanout != fanout) continue;
      table.add({{grouped(lines[i].settings.nodes)},
                 {std::to_string(lines[i].claimed)},
                 {cell(lines[i])},
                 {cell(lines[i + 1])},
                 {cell(lines[i + 2])}});
    }
    terminal.out(terminal.paint(Style::bold, "fanout " + std::to_string(fanout)) + "\n" + table.render(terminal));
  }
  if (interrupted) {
    terminal.out(terminal.paint(Style::warn, "partial: interrupted after " + std::to_string(lines.size()) + " of " +
                                                 fixed_text(all, 0) + " cells") +
                 "\n");
  }
  return interrupted ? kFailed : kDone;
}

}  // namespace hearsay::cli
