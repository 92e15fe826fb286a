// `hearsay sim spread --compare`: gossip beside the other ways to bring news to everybody.
#include <algorithm>
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
#include "sim/spread/patterns.h"
#include "sim/spread/summary.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;
namespace spread = sim::spread;
using spread::Job;
using spread::Pattern;
using spread::Trouble;

// One pattern in one trouble: means over the trials.
struct PatternCell {
  Job job;
  Pattern pattern;
  Trouble trouble;
  std::vector<spread::PatternTrial> trials;

  template <class Value>
  double mean(Value value) const {
    double sum = 0;
    for (const auto& trial : trials) sum += static_cast<double>(value(trial));
    return sum / static_cast<double>(trials.size());
  }
  double share() const {
    return mean([](const auto& t) { return t.share; });
  }
  double rounds_p99() const {
    std::vector<double> rounds;
    for (const auto& trial : trials) rounds.push_back(trial.rounds);
    std::ranges::sort(rounds);
    return spread::quantile_of(rounds, 0.99);
  }
};

spread::Comparison comparison_of(const SimSpreadArguments& words) {
  const spread::Settings& s = words.settings;
  spread::Comparison comparison;
  comparison.nodes = s.nodes;
  comparison.fanout = s.fanout;
  comparison.degree = words.degree;
  comparison.bytes = words.bytes;
  spread::Settings budget = s;
  budget.stop = spread::Stop::budget;
  comparison.copies = copies_of(budget);
  if (s.loss != 0) comparison.loss = s.loss;
  comparison.seed = s.seed;
  return comparison;
}

// As many as keep the command within seconds.
std::uint32_t trials_of(const spread::Settings& s, Job job) {
  if (s.trials) return *s.trials;
  const bool update = job == Job::update;
  const std::uint64_t work = update ? s.nodes : std::uint64_t{s.nodes} * s.nodes;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>((update ? 1'000'000 : 50'000'000) / work, 10, 1000));
}

std::vector<PatternCell> cells_of(const spread::Settings& settings) {
  std::vector<PatternCell> cells;
  for (const Job job : {Job::update, Job::heartbeats}) {
    if (job == Job::heartbeats && settings.nodes > spread::kHeartbeatNodesMax) continue;
    for (const Pattern pattern : spread::kPatterns) {
      if (!does(pattern, job)) continue;
      for (const Trouble trouble : spread::kTroubles) {
        if (trouble == Trouble::key && !has_key(pattern)) continue;  // there, the same as `one`
        cells.push_back({job, pattern, trouble, {}});
        cells.back().trials.resize(trials_of(settings, job));
      }
    }
  }
  return cells;
}

const char* title_of(Pattern pattern, Job job) {
  switch (pattern) {
    case Pattern::direct:
      return job == Job::update ? "direct, to all" : "all-to-all";
    case Pattern::hub:
      return "central hub";
    case Pattern::tree:
      return "tree";
    case Pattern::tree_repair:
      return "tree with repair";
    case Pattern::push:
      return "gossip, push";
    case Pattern::pull:
      return "gossip, pull";
    case Pattern::push_pull:
      return "gossip, push-pull";
  }
  return "";
}

// The cells of one pattern stand together, beginning with that where nothing goes wrong.
json::array rows_json(const std::vector<PatternCell>& cells, Job job, std::uint32_t nodes) {
  json::array rows;
  for (const PatternCell& cell : cells) {
    if (cell.job != job) continue;
    if (cell.trouble == Trouble::none) {
      const double messages = cell.mean([](const auto& t) { return t.messages; });
      const double bytes = cell.mean([](const auto& t) { return t.bytes; });
      rows.push_back(json::object{
          {"pattern", name_of(cell.pattern)},
          {"trials", cell.trials.size()},
          {"messages", messages},
          {"messages_per_node", messages / nodes},
          {"bytes", bytes},
          {"bytes_per_node", bytes / nodes},
          {"busiest", json::object{{"messages", cell.mean([](const auto& t) { return t.busiest_messages; })},
                                   {"bytes", cell.mean([](const auto& t) { return t.busiest_bytes; })}}},
          {"rounds",
           json::object{{"mean", cell.mean([](const auto& t) { return t.rounds; })}, {"p99", cell.rounds_p99()}}},
          {"informed", json::object{}},
          {"rounds_in_trouble", json::object{}}});
    }
    auto& row = rows.back().as_object();
    row["informed"].as_object()[name_of(cell.trouble)] = cell.share();
    row["rounds_in_trouble"].as_object()[name_of(cell.trouble)] = cell.mean([](const auto& t) { return t.rounds; });
  }
  return rows;
}

// A line for each pattern in each trouble, with the names of the JSON.
std::string comparison_csv(const std::vector<PatternCell>& cells, const spread::Comparison& c) {
  std::string out =
      "nodes,fanout,copies,degree,loss,seed,job,pattern,trouble,trials,messages,messages_per_node,bytes,"
      "bytes_per_node,busiest.messages,busiest.bytes,rounds.mean,rounds.p99,informed\n";
  const auto counts = {c.nodes, c.fanout, c.copies, c.degree};
  for (const PatternCell& cell : cells) {
    for (const auto count : counts) out += std::to_string(count) + ",";
    out += number_text(c.loss) + "," + std::to_string(c.seed) + "," + std::string(name_of(cell.job)) + "," +
           std::string(name_of(cell.pattern)) + "," + std::string(name_of(cell.trouble)) + "," +
           std::to_string(cell.trials.size());
    const double messages = cell.mean([](const auto& t) { return t.messages; });
    const double bytes = cell.mean([](const auto& t) { return t.bytes; });
    for (const double value :
         {messages, messages / c.nodes, bytes, bytes / c.nodes,
          cell.mean([](const auto& t) { return t.busiest_messages; }),
          cell.mean([](const auto& t) { return t.busiest_bytes; }),
          cell.mean([](const auto& t) { return t.rounds; }), cell.rounds_p99(), cell.share()}) {
      out += "," + number_text(value);
    }
    out += "\n";
  }
  return out;
}

// "100", "99.998", "> 99.999": never a rounding that hides that somebody was missed.
std::string percent(double share) {
  if (share == 1) return "100";
  const double value = share * 100;
  for (int decimals = 1; decimals <= 3; ++decimals) {
    const std::string text = fixed_text(value, decimals);
    if (text.compare(0, 3, "100") != 0) return text;
  }
  return "> 99.999";
}

std::string bytes_text(double bytes) {
  if (bytes < 10'000) return grouped(static_cast<std::uint64_t>(std::llround(bytes))) + " ";
  return bytes < 1e6 ? fixed_text(bytes / 1e3, 0) + " k" : fixed_text(bytes / 1e6, 1) + " M";
}

void print_costs(const std::vector<PatternCell>& cells, Job job, std::uint32_t nodes, Terminal& terminal) {
  Table table({"", "Messages", "per node", "Bytes per node", "Busiest node", "Rounds (p99)"});
  const auto whole = [](double value) { return grouped(static_cast<std::uint64_t>(std::llround(value))); };
  for (const PatternCell& cell : cells) {
    if (cell.job != job || cell.trouble != Trouble::none) continue;
    const double messages = cell.mean([](const auto& t) { return t.messages; });
    table.add({{title_of(cell.pattern, job)},
               {whole(messages)},
               {fixed_text(messages / nodes, 1)},
               {bytes_text(cell.mean([](const auto& t) { return t.bytes; }) / nodes) + "B"},
               {whole(cell.mean([](const auto& t) { return t.busiest_messages; })) + ", " +
                bytes_text(cell.mean([](const auto& t) { return t.busiest_bytes; })) + "B"},
               {fixed_text(cell.mean([](const auto& t) { return t.rounds; }), 1) + " (" +
                fixed_text(cell.rounds_p99(), 0) + ")"}});
  }
  terminal.out(table.render(terminal));
}

void print_survival(const std::vector<PatternCell>& cells, Job job, const spread::Comparison& c,
                    Terminal& terminal) {
  Table table({"", "No fault", fixed_text(c.loss * 100, c.loss < 0.01 ? 2 : 0) + " % loss", "Hub or root dead",
               "One dead", "1 % dead", "5 % dead", "10 % dead"});
  std::vector<Cell> row;
  for (const PatternCell& cell : cells) {
    if (cell.job != job) continue;
    if (cell.trouble == Trouble::none) {
      if (!row.empty()) table.add(std::move(row));
      row = {{title_of(cell.pattern, job)}};
    }
    if (cell.trouble == Trouble::one && !has_key(cell.pattern)) row.push_back({"-", Style::dim});
    row.push_back({percent(cell.share()), cell.share() > 0.9999 ? Style::good
                                          : cell.share() > 0.9  ? Style::plain
                                                                : Style::bad});
  }
  table.add(std::move(row));
  terminal.out(table.render(terminal));
}

void print_job(const std::vector<PatternCell>& cells, Job job, const spread::Comparison& c, Terminal& terminal) {
  const bool update = job == Job::update;
  const auto head = [&](const std::string& text) { terminal.out(terminal.paint(Style::bold, text) + "\n"); };
  head(update ? "one update of " + std::to_string(c.bytes) + " bytes: what it costs"
              : "heartbeats, one of " + std::to_string(spread::kEntryBytes) +
                    " bytes from everybody to everybody: what a period costs");
  print_costs(cells, job, c.nodes, terminal);
  head(update ? "per cent of the living nodes that learn it"
              : "per cent of the pairs of living nodes in which one hears of the other");
  print_survival(cells, job, c, terminal);
}

void print_comparison(const std::vector<PatternCell>& cells, const spread::Comparison& c, Terminal& terminal) {
  terminal.out(grouped(c.nodes) + " nodes; gossip with fanout " + std::to_string(c.fanout) + ", push with " +
               std::to_string(c.copies) + " copies; a tree of degree " + std::to_string(c.degree) +
               ".\nNothing is sent again, and of the dead nobody knows yet.\n");
  print_job(cells, Job::update, c, terminal);
  if (c.nodes <= spread::kHeartbeatNodesMax) {
    print_job(cells, Job::heartbeats, c, terminal);
  } else {
    terminal.out("Heartbeats are compared for up to " + grouped(spread::kHeartbeatNodesMax) + " nodes.\n");
  }
}

}  // namespace

int run_spread_compare(const Arguments& arguments, Terminal& terminal, std::string& csv) {
  const spread::Comparison comparison = comparison_of(arguments.sim_spread);
  auto faults = validate(comparison);
  if (const auto trials = arguments.sim_spread.settings.trials; trials && (*trials < 1 || *trials > 100'000)) {
    faults.push_back({Errc::invalid_argument, "--trials is " + std::to_string(*trials), "give 1 to 100000"});
  }
  for (const auto& fault : faults) {
    terminal.err("hearsay sim spread: " + fault.cause + "\n  " + fault.cure + "\n");
  }
  if (!faults.empty()) return kUsage;

  std::vector<PatternCell> cells = cells_of(arguments.sim_spread.settings);
  std::vector<std::pair<std::size_t, std::size_t>> places;  // (cell, trial)
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    for (std::size_t trial = 0; trial < cells[cell].trials.size(); ++trial) places.emplace_back(cell, trial);
  }
  bool complete = false;
  {
    const Interrupts interrupts;
    Progress progress(terminal);
    complete = run_workers(
        places.size(), threads_here(),
        [&](std::size_t i) {
          PatternCell& cell = cells[places[i].first];
          cell.trials[places[i].second] =
              run_pattern(comparison, cell.job, cell.pattern, cell.trouble, places[i].second);
        },
        [&](double share) {
          progress.show("patterns", share);
          return !interrupts.wait(0);
        });
  }
  if (!complete) {
    terminal.err(
        "hearsay sim spread: interrupted; half a comparison would compare nothing\n  give fewer --trials\n");
    return kFailed;
  }
  csv = comparison_csv(cells, comparison);
  if (arguments.csv) {
    terminal.out(csv);
    return kDone;
  }
  if (!arguments.json) {
    print_comparison(cells, comparison, terminal);
    return kDone;
  }
  json::object out{{"nodes", comparison.nodes},   {"fanout", comparison.fanout},
                   {"copies", comparison.copies}, {"degree", comparison.degree},
                   {"bytes", comparison.bytes},   {"loss", comparison.loss},
                   {"seed", comparison.seed},     {"update", rows_json(cells, Job::update, comparison.nodes)}};
  const bool heartbeats = comparison.nodes <= spread::kHeartbeatNodesMax;
  out["heartbeats"] =
      heartbeats ? json::value(rows_json(cells, Job::heartbeats, comparison.nodes)) : json::value(nullptr);
  terminal.out(http::pretty(out) + "\n");
  return kDone;
}

}  // namespace hearsay::cli
