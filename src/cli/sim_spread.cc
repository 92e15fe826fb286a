// `hearsay sim spread`: the mathematics of gossip. Monte Carlo on all cores, the exact Markov chain beside it where
// there is one, and what the closed forms say.
#include "cli/sim_spread.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdio>
#include <optional>

#include "cli/interrupts.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/trials.h"
#include "cli/workers.h"
#include "http/json.h"
#include "sim/spread/summary.h"
#include "sim/spread/theory.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;
namespace spread = sim::spread;
using spread::Figures;
using spread::Settings;

using Findings = SpreadFindings;

Findings find_out(const Settings& settings, Terminal& terminal) {
  Findings found{settings, {}, {}, {}, {}, {}};
  const Interrupts interrupts;
  Progress progress(terminal);
  found.run = run_trials(settings, threads_here(), [&](double share) {
    progress.show("trials", share);
    return !interrupts.wait(0);
  });
  found.summary = summarise(settings, found.run.trials, found.run.arrivals);
  if (spread::chain_applies(settings)) found.chain = run_chain(settings);
  found.theory = informed_formula(settings, found.curve().size());
  return found;
}

json::object figures_json(const Figures& figures) {
  return {{"mean", figures.mean},
          {"sd", figures.sd},
          {"p50", figures.p50},
          {"p99", figures.p99},
          {"p999", figures.p999}};
}

json::value formula_json(const std::optional<spread::Formula>& formula) {
  if (!formula) return nullptr;
  return json::object{{"formula", formula->text}, {"value", formula->value}};
}

json::object findings_json(const Findings& found) {
  const Settings& s = found.settings;
  const auto& summary = found.summary;
  const bool uses_copies = s.stop != spread::Stop::forever && s.stop != spread::Stop::die;
  json::object out{{"nodes", s.nodes},
                   {"fanout", s.fanout},
                   {"mode", name_of(s.mode)},
                   {"timing", name_of(s.timing)},
                   {"loss", s.loss},
                   {"stop", name_of(s.stop)},
                   {"copies", uses_copies ? json::value(copies_of(s)) : json::value(nullptr)},
                   {"feedback", s.feedback},
                   {"digest_first", s.digest_first},
                   {"seed", s.seed},
                   {"method", found.chain ? "exact" : "monte-carlo"},
                   {"trials", summary.trials},
                   {"trials_cut_off", summary.cut_off},
                   {"partial", found.run.interrupted},
                   {"rounds", figures_json(found.rounds())}};
  json::object messages = figures_json(summary.messages_per_node);
  json::object payloads = figures_json(summary.payloads_per_node);
  if (found.chain) {
    messages["mean"] = found.chain->messages_per_node;
    payloads["mean"] = found.chain->payloads_per_node;
  }
  out["messages_per_node"] = std::move(messages);
  out["payloads_per_node"] = std::move(payloads);
  out["coverage"] = json::object{{"mean", summary.coverage_mean}, {"residue", 1 - summary.coverage_mean}};
  out["complete"] = summary.complete;
  out["quiet_rounds"] = json::object{{"mean", summary.quiet_mean}};
  if (found.chain) {
    const auto agreement = compare(summary, *found.chain);
    out["monte_carlo"] = json::object{{"rounds", figures_json(summary.rounds)},
                                      {"messages_per_node", figures_json(summary.messages_per_node)},
                                      {"difference", agreement.difference},
                                      {"allowed", agreement.allowed},
                                      {"agrees", agreement.holds()}};
  }
  out["theory"] = json::object{{"rounds", formula_json(rounds_formula(s))},
                               {"residue", formula_json(residue_formula(s))},
                               {"complete", formula_json(complete_formula(s))}};
  json::array curve;
  const auto& informed = found.curve();
  for (std::size_t i = 0; i < informed.size(); ++i) {
    json::object point{{"round", static_cast<double>(i) * summary.step}, {"informed", informed[i]}};
    if (found.chain) point["complete"] = found.chain->done[i];
    if (i < found.theory.size()) point["theory"] = found.theory[i];
    curve.push_back(std::move(point));
  }
  out["curve"] = std::move(curve);
  out["threads"] = found.run.threads;
  out["seconds"] = found.run.seconds;
  out["contacts_per_second"] = std::round(found.contacts_per_second());
  return out;
}

std::vector<Cell> figures_row(const char* what, const Figures& figures, bool whole, const std::string& from) {
  const int decimals = whole ? 0 : 2;
  return {{what},
          {fixed_text(figures.mean, 3)},
          {fixed_text(figures.sd, 2)},
          {fixed_text(figures.p50, decimals)},
          {fixed_text(figures.p99, decimals)},
          {fixed_text(figures.p999, decimals)},
          {from}};
}

void print_figures(const Findings& found, Terminal& terminal) {
  const Settings& s = found.settings;
  const auto& summary = found.summary;
  const std::string trials = grouped(summary.trials) + (summary.trials == 1 ? " trial" : " trials");
  const bool whole = s.timing == spread::Timing::sync;
  Table table({"", "Mean", "SD", "p50", "p99", "p99.9", ""});
  if (found.chain) table.add(figures_row("rounds", found.rounds(), whole, "exact: Markov chain"));
  table.add(figures_row(whole ? "rounds" : "periods", summary.rounds, whole, trials));
  if (const auto formula = rounds_formula(s)) {
    table.add({{""}, {fixed_text(formula->value, 3)}, {""}, {""}, {""}, {""}, {formula->text}});
  }
  table.add(figures_row("messages per node", summary.messages_per_node, false, trials));
  table.add(figures_row("payloads per node", summary.payloads_per_node, false, trials));
  terminal.out(table.render(terminal));
  if (found.chain && summary.trials > 0) {
    const auto agreement = compare(summary, *found.chain);
    terminal.out("The means differ by " + fixed_text(agreement.difference, 3) +
                 "; 4 standard errors + 0.02 = " + fixed_text(agreement.allowed, 3) + " are allowed: " +
                 (agreement.holds() ? terminal.paint(Style::good, "they agree")
                                    : terminal.paint(Style::bad, "they do not agree")) +
                 ".\n");
  }
  if (s.stop != spread::Stop::forever) {
    const auto share = [](double value, int decimals, const std::optional<spread::Formula>& formula) {
      const std::string text = fixed_text(value * 100, decimals) + " %";
      return formula
                 ? text + " (theory " + fixed_text(formula->value * 100, decimals) + " %: " + formula->text + ")"
                 : text;
    };
    terminal.out("nodes never informed: " + share(1 - summary.coverage_mean, 4, residue_formula(s)) +
                 "\ntrials with all informed: " + share(summary.complete, 2, complete_formula(s)) +
                 "\nnobody tells any more after " + fixed_text(summary.quiet_mean, 2) +
                 (whole ? " rounds" : " periods") + " on average\n");
  }
}

void print_curve(const Findings& found, Terminal& terminal) {
  constexpr std::size_t kCurveRowsMax = 32;
  constexpr double kBarColumns = 40;
  const auto& informed = found.curve();
  const std::size_t stride = (informed.size() + kCurveRowsMax - 1) / kCurveRowsMax;
  std::vector<std::string> head{found.settings.timing == spread::Timing::sync ? "Round" : "Period", "Informed"};
  if (!found.theory.empty()) head.push_back("Theory");
  head.push_back("");
  Table table(std::move(head));
  const double nodes = found.settings.nodes;
  const int decimals = nodes < 10'000 ? 1 : 0;
  for (std::size_t i = 0; i < informed.size(); i += stride) {
    std::vector<Cell> row{{fixed_text(static_cast<double>(i) * found.summary.step, found.summary.step < 1 ? 1 : 0)},
                          {fixed_text(informed[i], decimals)}};
    if (!found.theory.empty()) row.push_back({fixed_text(found.theory[i], decimals)});
    row.push_back(
        {std::string(static_cast<std::size_t>(informed[i] / nodes * kBarColumns + 0.5), '#'), Style::dim});
    table.add(std::move(row));
    // The rest of an exact curve is the same figure again and again.
    if (static_cast<double>(i) * found.summary.step > found.rounds().p999) break;
  }
  terminal.out(table.render(terminal));
}

void print_findings(const Findings& found, Terminal& terminal) {
  terminal.out(terminal.paint(Style::bold, spread_title(found.settings)) + "\n");
  print_figures(found, terminal);
  print_curve(found, terminal);
  terminal.out(grouped(found.summary.contacts) + " contacts in " + fixed_text(found.run.seconds, 2) + " s, " +
               fixed_text(found.contacts_per_second() / 1e6, 1) + " million a second on " +
               std::to_string(found.run.threads) + (found.run.threads == 1 ? " core" : " cores") + "; seed " +
               std::to_string(found.settings.seed) + "\n");
  if (found.summary.cut_off > 0) {
    terminal.out(terminal.paint(Style::warn, grouped(found.summary.cut_off) + " trials were not over after " +
                                                 grouped(spread::kRoundsMax) + " rounds and do not count") +
                 "\n");
  }
  if (found.run.interrupted) {
    terminal.out(terminal.paint(Style::warn, "partial: interrupted after " + grouped(found.run.trials.size()) +
                                                 " of " + grouped(trials_of(found.settings)) + " trials") +
                 "\n");
  }
}

}  // namespace

std::string spread_title(const Settings& s) {
  std::string text =
      std::string(name_of(s.mode)) + ", fanout " + std::to_string(s.fanout) + ", " + grouped(s.nodes) + " nodes, ";
  text += s.timing == spread::Timing::sync     ? "synchronous rounds"
          : s.timing == spread::Timing::unsync ? "timers with random phases"
                                               : "Poisson clocks";
  if (s.loss > 0) text += ", " + fixed_text(s.loss * 100, s.loss < 0.01 ? 2 : 1) + " % loss";
  const std::string copies = std::to_string(copies_of(s));
  const std::string rounds = s.feedback ? " useless rounds" : " rounds";
  switch (s.stop) {
    case spread::Stop::forever:
      text += "; everybody tells for ever";
      break;
    case spread::Stop::die:
      text += "; a node tells for one round";
      break;
    case spread::Stop::counter:
      text += "; a node stops after " + copies + rounds + (s.feedback ? " in a row" : "");
      break;
    case spread::Stop::coin:
      text +=
          "; a node stops with probability 1/" + copies + " after each " + (s.feedback ? "useless " : "") + "round";
      break;
    case spread::Stop::budget:
      text += "; a node transmits " + copies + " times";
      break;
    case spread::Stop::median:
      text += "; median counter up to " + copies;
      break;
  }
  return text + (s.digest_first ? "; digest first" : "");
}

std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string fixed_text(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

int run_sim_spread(const Arguments& arguments, Terminal& terminal) {
  const auto complain = [&](const Error& error, int status = kFailed) {
    terminal.err("hearsay sim spread: " + printable(error.cause) + "\n  " + printable(error.cure) + "\n");
    return status;
  };
  const SimSpreadArguments& words = arguments.sim_spread;
  if ((words.compare || words.table) && !words.report_file.empty()) {
    return complain({Errc::invalid_argument, "--report is of one epidemic",
                     "leave out " + std::string(words.compare ? "--compare" : "--table") + ", or take --csv"},
                    kUsage);
  }
  if (!words.report_file.empty() && words.report_file == words.csv_file) {
    return complain({Errc::invalid_argument, "--report and --csv name the same file", "name two files"});
  }
  const Settings& settings = words.settings;
  if (!words.compare) {  // which has its own
    const auto faults = validate(settings);
    for (const auto& fault : faults) complain(fault);
    if (!faults.empty()) return kUsage;
  }
  // What cannot be written must be known before the work begins.
  std::vector<OutputFile> files;
  for (const auto& path : {words.report_file, words.csv_file}) {
    if (path.empty()) continue;
    auto file = OutputFile::create(path);
    if (!file) return complain(file.error());
    files.push_back(std::move(*file));
  }
  std::string csv;
  std::string page;
  int status = kDone;
  if (words.compare) {
    status = run_spread_compare(arguments, terminal, csv);
  } else if (words.table) {
    status = run_spread_table(arguments, terminal, csv);
  } else {
    Findings found = find_out(settings, terminal);
    found.command = arguments.command;
    csv = curve_csv(found);
    if (!words.report_file.empty()) page = spread_html(found);
    if (arguments.csv) {
      terminal.out(spread_csv(found));
    } else if (arguments.json) {
      terminal.out(http::pretty(findings_json(found)) + "\n");
    } else {
      print_findings(found, terminal);
    }
    status = found.run.interrupted ? kFailed : kDone;
  }
  for (auto& file : files) {
    const auto& text = file.path() == words.report_file ? page : csv;
    if (text.empty()) continue;
    if (const auto done = file.commit(text); !done) return complain(done.error());
  }
  return status;
}

}  // namespace hearsay::cli
