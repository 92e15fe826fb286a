// CSV and the page of `hearsay sim spread`.
#include <algorithm>

#include "agent/version.h"
#include "cli/fault_words.h"
#include "cli/page.h"
#include "cli/sim_spread.h"
#include "cli/svg.h"
#include "sim/spread/theory.h"

namespace hearsay::cli {
namespace {

namespace spread = sim::spread;

class Columns {
 public:
  void add(const std::string& name, const std::string& value) {
    names_ += (names_.empty() ? "" : ",") + name;
    values_ += (values_.empty() ? "" : ",") + value;
  }
  void add(const std::string& name, double value) { add(name, number_text(value)); }
  void add(const std::string& name, const spread::Figures& figures) {
    add(name + ".mean", figures.mean);
    add(name + ".sd", figures.sd);
    add(name + ".p50", figures.p50);
    add(name + ".p99", figures.p99);
    add(name + ".p999", figures.p999);
  }
  std::string text() const { return names_ + "\n" + values_ + "\n"; }

 private:
  std::string names_;
  std::string values_;
};

// Where the chain knows the means exactly, they stand in the place of the trials'.
spread::Figures messages_of(const SpreadFindings& found) {
  auto figures = found.summary.messages_per_node;
  if (found.chain) figures.mean = found.chain->messages_per_node;
  return figures;
}

spread::Figures payloads_of(const SpreadFindings& found) {
  auto figures = found.summary.payloads_per_node;
  if (found.chain) figures.mean = found.chain->payloads_per_node;
  return figures;
}

std::string curve_of(const SpreadFindings& found) {
  const auto& informed = found.curve();
  const double nodes = found.settings.nodes;
  const bool whole = found.settings.timing == spread::Timing::sync;
  // The rest of an exact curve is the same figure again and again.
  const double until = std::max(1.0, found.rounds().p999 * 1.05);
  std::vector<Point> known;
  std::vector<Point> theory;
  std::vector<Point> all;
  for (std::size_t i = 0; i < informed.size(); ++i) {
    const double at = static_cast<double>(i) * found.summary.step;
    if (at > until) break;
    known.push_back({at, informed[i] / nodes});
    if (i < found.theory.size()) theory.push_back({at, found.theory[i] / nodes});
    if (found.chain) all.push_back({at, found.chain->done[i]});
  }
  Chart chart(280, {.low = 0, .high = until, .label = whole ? "rounds" : "periods"},
              {.low = 0, .high = 1, .label = "share of the nodes", .percent = true},
              "share of the nodes that know the rumor, over time");
  chart.line(known, "line known", found.chain ? "expected, exact" : "mean of all trials");
  chart.line(theory, "line theory over", "closed form");
  chart.line(all, "line suspect", "probability that everybody knows it");
  chart.label(1, "nodes that know it", "label known");
  if (!theory.empty()) chart.label(1, whole ? "theory: mean field" : "theory: logistic", "label theory");
  if (!all.empty()) chart.label(1, "chance that all know", "label suspect");
  return chart.render();
}

std::string table_of(const SpreadFindings& found) {
  std::string out =
      "<div class=\"wide\"><table><tr><th></th><th class=\"n\">mean</th><th class=\"n\">SD</th><th "
      "class=\"n\">p50</th>"
      "<th class=\"n\">p99</th><th class=\"n\">p99.9</th><th>from</th></tr>\n";
  const auto row = [&](const std::string& what, const spread::Figures& figures, const std::string& from) {
    out += "<tr><td>" + what + "</td>";
    for (const double value : {figures.mean, figures.sd, figures.p50, figures.p99, figures.p999}) {
      out += "<td class=\"n\">" + short_number(value, 3) + "</td>";
    }
    out += "<td>" + html_text(from) + "</td></tr>\n";
  };
  const std::string unit = found.settings.timing == spread::Timing::sync ? "rounds" : "periods";
  const std::string trials = grouped(found.summary.trials) + (found.summary.trials == 1 ? " trial" : " trials");
  if (found.chain) row(unit, found.rounds(), "exact: Markov chain");
  row(unit, found.summary.rounds, trials);
  if (const auto formula = rounds_formula(found.settings)) {
    out += "<tr><td>" + unit + "</td><td class=\"n\">" + short_number(formula->value, 3) +
           "</td><td></td><td></td><td></td><td></td><td>" + html_text(formula->text) + "</td></tr>\n";
  }
  row("messages per node", found.summary.messages_per_node, trials);
  row("payloads per node", found.summary.payloads_per_node, trials);
  return out + "</table></div>\n";
}

}  // namespace

std::string curve_csv(const SpreadFindings& found) {
  const auto& informed = found.curve();
  std::string out = "round,informed,theory,complete\n";
  for (std::size_t i = 0; i < informed.size(); ++i) {
    out += number_text(static_cast<double>(i) * found.summary.step) + "," + number_text(informed[i]) + "," +
           (i < found.theory.size() ? number_text(found.theory[i]) : "") + "," +
           (found.chain ? number_text(found.chain->done[i]) : "") + "\n";
  }
  return out;
}

std::string spread_csv(const SpreadFindings& found) {
  const auto& s = found.settings;
  Columns columns;
  columns.add("nodes", s.nodes);
  columns.add("fanout", s.fanout);
  columns.add("mode", std::string(name_of(s.mode)));
  columns.add("timing", std::string(name_of(s.timing)));
  columns.add("loss", s.loss);
  columns.add("stop", std::string(name_of(s.stop)));
  columns.add("seed", std::to_string(s.seed));
  columns.add("method", std::string(found.chain ? "exact" : "monte-carlo"));
  columns.add("trials", found.summary.trials);
  columns.add("trials_cut_off", found.summary.cut_off);
  columns.add("partial", found.run.interrupted ? 1 : 0);
  columns.add("rounds", found.rounds());
  columns.add("messages_per_node", messages_of(found));
  columns.add("payloads_per_node", payloads_of(found));
  columns.add("coverage.mean", found.summary.coverage_mean);
  columns.add("complete", found.summary.complete);
  columns.add("quiet_rounds.mean", found.summary.quiet_mean);
  columns.add("contacts_per_second", found.contacts_per_second());
  return columns.text();
}

std::string spread_html(const SpreadFindings& found) {
  const bool whole = found.settings.timing == spread::Timing::sync;
  std::string body = "<h1>hearsay sim spread: " + grouped(found.settings.nodes) + " nodes</h1>\n<p>" +
                     html_text(spread_title(found.settings)) +
                     ". This is the mathematical model of one rumor; no protocol runs in it.</p>\n";
  if (found.run.interrupted) {
    body += "<p class=\"verdicts\"><span class=\"bad\">✗ interrupted: this is partial</span></p>\n";
  }
  body += "<p>This repeats it:</p>\n<pre>" + html_text(found.command) + "</pre>\n<div class=\"tiles\">\n";
  const auto tile = [&](const std::string& value, const std::string& what) {
    body += "<div><b>" + html_text(value) + "</b><span>" + html_text(what) + "</span></div>\n";
  };
  const std::string unit = whole ? "rounds" : "periods";
  tile(short_number(found.rounds().mean, 2), unit + " until the last one knows, mean");
  tile(short_number(found.rounds().p99, 2), unit + " in 99 of 100 cases");
  tile(short_number(messages_of(found).mean, 2), "messages per node, mean");
  tile(short_number(found.summary.coverage_mean * 100, 4) + " %", "of the nodes are informed in the end, mean");
  tile(found.chain ? "exact" : "Monte Carlo", "method");
  body += "</div>\n<h2>How it spreads</h2>\n";
  if (!found.chain) body += "<p>The mean over " + grouped(found.summary.trials) + " trials.</p>\n";
  body += curve_of(found) + "<h2>Figures</h2>\n" + table_of(found);
  if (found.chain && found.summary.trials > 0) {
    const auto agreement = compare(found.summary, *found.chain);
    body += "<p>The means of the chain and of the trials differ by " + short_number(agreement.difference, 3) +
            "; " + short_number(agreement.allowed, 3) +
            " are allowed (4 standard errors + 0.02): " + (agreement.holds() ? "they agree" : "they do not agree") +
            ".</p>\n";
  }
  body += "<p class=\"note\">" + grouped(found.summary.contacts) + " contacts in " +
          short_number(found.run.seconds, 2) + " s; seed " + std::to_string(found.settings.seed) + ". hearsay " +
          html_text(agent::version()) + ".</p>\n";
  return make_page("hearsay sim spread: " + grouped(found.settings.nodes) + " nodes", body);
}

}  // namespace hearsay::cli
