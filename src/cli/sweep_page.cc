#include "cli/sweep_page.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "agent/text.h"
#include "cli/page.h"
#include "cli/svg.h"
#include "cli/sweep_experiments.h"

namespace hearsay::cli {
namespace {

constexpr std::size_t kColours = 6;
constexpr std::size_t kPanelsMax = 200;

constexpr const char* kSweepStyle = R"css(<style>
.whisker { fill: none; stroke-width: 1.4; } .dot { stroke: none; }
.line.s0, .whisker.s0 { stroke: var(--probes); } .dot.s0, svg .label.s0 { fill: var(--probes); }
.line.s1, .whisker.s1 { stroke: var(--failed); } .dot.s1, svg .label.s1 { fill: var(--failed); }
.line.s2, .whisker.s2 { stroke: var(--known); } .dot.s2, svg .label.s2 { fill: var(--known); }
.line.s3, .whisker.s3 { stroke: var(--user); } .dot.s3, svg .label.s3 { fill: var(--user); }
.line.s4, .whisker.s4 { stroke: var(--suspect-text); } .dot.s4, svg .label.s4 { fill: var(--suspect-text); }
.line.s5, .whisker.s5 { stroke: var(--soft); } .dot.s5, svg .label.s5 { fill: var(--soft); }
</style>
)css";

// "0.05", "500ms": where it stands on an axis.
std::optional<double> number_of(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (!text.empty() && *end == '\0') return value;
  const auto time = agent::parse_duration(text);
  if (!time) return std::nullopt;
  return std::chrono::duration<double>(*time).count();
}

class SweepPage {
 public:
  SweepPage(const Sweep& sweep, const SweepSummary& summary, std::size_t runs_done)
      : sweep_(sweep), summary_(summary), runs_done_(runs_done) {
    place_on_axis();
    for (std::size_t point = 0; point < sweep.points.size(); ++point) {
      const auto& values = sweep.points[point];
      const std::string line = sweep.grid && values.size() > 1 ? sweep.keys[1] + " " + values[1] : "";
      std::string facet;
      for (std::size_t i = 2; sweep.grid && i < values.size(); ++i) {
        facet += (facet.empty() ? "" : ", ") + sweep.keys[i] + " " + values[i];
      }
      auto& lines = facets_[find_or_add(facet_names_, facet)];
      lines[find_or_add(line_names_, line)].push_back(point);
    }
  }

  std::string render() {
    std::string body = kSweepStyle;
    const std::string title = "Sweep of " + sweep_.of;
    body += "<h1>" + html_text(title) + "</h1>\n<p>" + std::to_string(sweep_.points.size()) + " points, " +
            std::to_string(sweep_.seeds) + " seeds from " + std::to_string(sweep_.first_seed) +
            " at each. Whiskers: 95 % intervals of the mean over seeds (Student's t), of shares by Wilson.</p>\n";
    if (runs_done_ < sweep_.runs()) {
      body += "<p class=\"bad\">Partial: " + std::to_string(runs_done_) + " of " + std::to_string(sweep_.runs()) +
              " runs.</p>\n";
    }
    std::size_t panels = 0;
    for (std::size_t figure = 0; figure < sweep_.figures.size(); ++figure) {
      body += "<h2>" + html_text(sweep_.figures[figure]) + "</h2>\n";
      const double top = top_of(figure);
      for (std::size_t facet = 0; facet < facet_names_.size() && panels < kPanelsMax; ++facet, ++panels) {
        if (!facet_names_[facet].empty()) body += "<h3>" + html_text(facet_names_[facet]) + "</h3>\n";
        body += "<div class=\"plot\">" + panel(figure, facet, top) + "</div>\n";
      }
    }
    if (panels == kPanelsMax) body += "<p class=\"note\">More panels than these would not be read.</p>\n";
    body += "<h2>Figures</h2>\n" + table() + "<h2>What was repeated</h2>\n<pre>" + html_text(sweep_.description) +
            "</pre>\n";
    return make_page(title, body);
  }

 private:
  static std::size_t find_or_add(std::vector<std::string>& names, const std::string& name) {
    const auto at = std::ranges::find(names, name);
    const auto place = static_cast<std::size_t>(at - names.begin());
    if (at == names.end()) names.push_back(name);
    return place;
  }

  // Numbers where they belong; anything else side by side.
  void place_on_axis() {
    std::vector<std::string> values;
    is_number_ = sweep_.grid && !sweep_.keys.empty();
    for (const auto& point : sweep_.points) {
      const std::string value = sweep_.grid ? (point.empty() ? "" : point[0]) : std::to_string(at_.size());
      if (!number_of(value)) is_number_ = false;
      at_.push_back(static_cast<double>(find_or_add(values, value)));
    }
    if (is_number_) {
      for (std::size_t i = 0; i < at_.size(); ++i) at_[i] = *number_of(sweep_.points[i][0]);
    }
    categories_ = std::move(values);
    const auto [low, high] = std::ranges::minmax(at_);
    const double room = high > low ? (high - low) * 0.03 : 0.5;
    x_ = {.low = low - room, .high = high + room, .label = "", .percent = false, .numbers = is_number_};
    x_.label = !sweep_.grid ? "point" : sweep_.keys.empty() ? "" : sweep_.keys[0];
  }

  double top_of(std::size_t figure) const {
    if (sweep_.is_share(figure)) return 1;
    double top = 0;
    for (const auto& point : summary_) {
      const FigureSummary& s = point[figure];
      if (s.runs > 0) top = std::max(top, s.interval ? s.interval->high : s.mean);
    }
    return top > 0 ? top * 1.05 : 1;
  }

  std::string panel(std::size_t figure, std::size_t facet, double top) {
    Chart chart(130, x_, {.low = 0, .high = top, .label = "", .percent = sweep_.is_share(figure)},
                sweep_.figures[figure] + " over " + x_.label);
    std::vector<std::pair<double, std::size_t>> ends;  // where the lines end, for their labels
    for (const auto& [line, points] : facets_[facet]) {
      const std::string css = "s" + std::to_string(line % kColours);
      std::vector<std::size_t> sorted = points;
      std::ranges::stable_sort(sorted, {}, [&](std::size_t point) { return at_[point]; });
      std::vector<Point> means;
      for (const std::size_t point : sorted) {
        const FigureSummary& s = summary_[point][figure];
        if (s.runs == 0) continue;
        means.push_back({at_[point], s.mean});
        // Beside each other where lines meet.
        const double x = chart.x(at_[point]) + (static_cast<double>(line % kColours) - 1) * 2;
        const std::string tip = tip_of(point, figure);
        if (s.interval) {
          chart.path("M" + short_number(x, 1) + " " + short_number(chart.y(std::max(0.0, s.interval->low)), 1) +
                         "V" + short_number(chart.y(s.interval->high), 1),
                     "whisker " + css, tip);
        }
        const std::string y = short_number(chart.y(s.mean) - 3, 1);
        chart.path("M" + short_number(x - 3, 1) + " " + y + "h6v6h-6Z", "dot " + css, tip);
      }
      if (is_number_) chart.line(means, "line " + css, line_names_[line]);
      if (!means.empty()) ends.emplace_back(means.back().y, line);
    }
    std::ranges::stable_sort(ends, std::greater(), [](const auto& end) { return end.first; });
    for (const auto& [at, line] : ends) {
      if (!line_names_[line].empty()) {
        chart.label(at, line_names_[line], "label s" + std::to_string(line % kColours));
      }
    }
    if (!is_number_) {
      for (std::size_t i = 0; i < categories_.size(); ++i) chart.mark(static_cast<double>(i), categories_[i]);
    }
    return chart.render();
  }

  std::string tip_of(std::size_t point, std::size_t figure) const {
    std::string tip;
    for (std::size_t i = 0; i < sweep_.keys.size(); ++i) {
      tip += (tip.empty() ? "" : ", ") + sweep_.keys[i] + " " + sweep_.points[point][i];
    }
    return tip + ": " + figure_text(summary_[point][figure], sweep_.is_share(figure));
  }

  std::string table() const {
    std::string out = "<div class=\"wide\"><table><tr>";
    for (const auto& key : sweep_.keys) out += "<th>" + html_text(key) + "</th>";
    for (const auto& figure : sweep_.figures) out += "<th class=\"n\">" + html_text(figure) + "</th>";
    out += "</tr>\n";
    for (std::size_t point = 0; point < sweep_.points.size(); ++point) {
      out += "<tr>";
      for (const auto& value : sweep_.points[point]) out += "<td>" + html_text(value) + "</td>";
      for (std::size_t figure = 0; figure < sweep_.figures.size(); ++figure) {
        out +=
            "<td class=\"n\">" + html_text(figure_text(summary_[point][figure], sweep_.is_share(figure))) + "</td>";
      }
      out += "</tr>\n";
    }
    return out + "</table></div>\n";
  }

  const Sweep& sweep_;
  const SweepSummary& summary_;
  std::size_t runs_done_;
  std::vector<double> at_;  // of each point on the axis
  std::vector<std::string> categories_;
  bool is_number_ = false;
  Axis x_;
  std::vector<std::string> facet_names_;
  std::vector<std::string> line_names_;
  std::map<std::size_t, std::map<std::size_t, std::vector<std::size_t>>> facets_;  // facet, line: points
};

}  // namespace

std::string sweep_page(const Sweep& sweep, const SweepSummary& summary, std::size_t runs_done) {
  return SweepPage(sweep, summary, runs_done).render();
}

}  // namespace hearsay::cli
