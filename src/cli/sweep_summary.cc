#include "cli/sweep_summary.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdio>

#include "cli/fault_words.h"
#include "cli/sweep_experiments.h"
#include "http/json.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

FigureSummary summarise_figure(const std::vector<double>& values, std::size_t missing, bool share) {
  FigureSummary s;
  s.runs = values.size();
  s.missing = missing;
  if (values.empty()) return s;
  const auto count = static_cast<double>(values.size());
  for (const double v : values) s.mean += v;
  s.mean /= count;
  double squares = 0;
  for (const double v : values) squares += (v - s.mean) * (v - s.mean);
  s.sd = values.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
  const auto [min, max] = std::ranges::minmax_element(values);
  s.min = *min;
  s.max = *max;
  if (share) {
    s.interval = wilson_interval(static_cast<std::size_t>(std::llround(s.mean * count)), values.size());
  } else if (values.size() > 1) {
    s.interval = student_interval(s.mean, s.sd, values.size());
  }
  return s;
}

}  // namespace

Interval student_interval(double mean, double sd, std::size_t count) {
  const boost::math::students_t distribution(static_cast<double>(count - 1));
  const double half = boost::math::quantile(distribution, 0.975) * sd / std::sqrt(static_cast<double>(count));
  return {mean - half, mean + half};
}

Interval wilson_interval(std::size_t yes, std::size_t count) {
  constexpr double kZ = 1.959963984540054;  // the normal distribution's 0.975 quantile
  const auto n = static_cast<double>(count);
  const double p = static_cast<double>(yes) / n;
  const double middle = p + kZ * kZ / (2 * n);
  const double half = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {yes == 0 ? 0 : (middle - half) / scale, yes == count ? 1 : (middle + half) / scale};
}

SweepSummary summarise(const Sweep& sweep, const Rows& rows) {
  SweepSummary summary;
  for (std::size_t point = 0; point < sweep.points.size(); ++point) {
    auto& all = summary.emplace_back();
    const auto first = rows.lower_bound(point * sweep.seeds);
    const auto end = rows.lower_bound((point + 1) * sweep.seeds);
    for (std::size_t figure = 0; figure < sweep.figures.size(); ++figure) {
      std::vector<double> values;
      std::size_t missing = 0;
      for (auto at = first; at != end; ++at) {
        if (const auto value = at->second[figure])
          values.push_back(*value);
        else
          ++missing;
      }
      all.push_back(summarise_figure(values, missing, sweep.is_share(figure)));
    }
  }
  return summary;
}

std::string figure_text(const FigureSummary& s, bool share) {
  if (s.runs == 0) return "none";
  std::string text;
  if (share) {
    text = short_text(s.mean * 100) + " %";
    if (s.interval) {
      text += " (" + short_text(s.interval->low * 100) + " to " + short_text(s.interval->high * 100) + ")";
    }
  } else {
    text = short_text(s.mean);
    if (s.interval && s.sd > 0) text += " ± " + short_text(s.interval->high - s.mean);
  }
  if (s.missing > 0)
    text += ", " + std::to_string(s.missing) + " of " + std::to_string(s.runs + s.missing) + " none";
  return text;
}

std::string summary_table(const Sweep& sweep, const SweepSummary& summary, const Terminal& terminal) {
  // What nobody asked for and nobody needs to see.
  const auto is_dull = [&](std::size_t figure) {
    const auto& name = sweep.figures[figure];
    const double good = sweep.is_share(figure) ? 1 : 0;
    return std::ranges::count(figure_names(sweep.of).always, name) > 0 &&
           std::ranges::all_of(
               summary, [&](const auto& point) { return point[figure].runs == 0 || point[figure].mean == good; });
  };
  std::vector<std::string> head = sweep.keys;
  std::vector<std::size_t> shown;
  for (std::size_t figure = 0; figure < sweep.figures.size(); ++figure) {
    if (is_dull(figure)) continue;
    shown.push_back(figure);
    head.push_back(sweep.figures[figure]);
  }
  Table table(std::move(head));
  for (std::size_t point = 0; point < sweep.points.size(); ++point) {
    std::vector<Cell> row;
    for (const auto& value : sweep.points[point]) row.push_back({value, Style::bold});
    for (const std::size_t figure : shown) {
      const FigureSummary& s = summary[point][figure];
      row.push_back({figure_text(s, sweep.is_share(figure)), s.missing > 0 ? Style::warn : Style::plain});
    }
    table.add(std::move(row));
  }
  return table.render(terminal);
}

std::string summary_csv(const Sweep& sweep, const SweepSummary& summary) {
  std::string out = "point";
  for (const auto& key : sweep.keys) out += "," + csv_text(key);
  out += ",figure,runs,missing,mean,sd,low,high,min,max\n";
  for (std::size_t point = 0; point < sweep.points.size(); ++point) {
    for (std::size_t figure = 0; figure < sweep.figures.size(); ++figure) {
      const FigureSummary& s = summary[point][figure];
      out += std::to_string(point);
      for (const auto& value : sweep.points[point]) out += "," + csv_text(value);
      out += "," + sweep.figures[figure] + "," + std::to_string(s.runs) + "," + std::to_string(s.missing);
      const auto add = [&](bool known, double value) { out += "," + (known ? number_text(value) : std::string()); };
      add(s.runs > 0, s.mean);
      add(s.runs > 1, s.sd);
      add(s.interval.has_value(), s.interval.value_or(Interval{}).low);
      add(s.interval.has_value(), s.interval.value_or(Interval{}).high);
      add(s.runs > 0, s.min);
      add(s.runs > 0, s.max);
      out += "\n";
    }
  }
  return out;
}

std::string summary_json(const Sweep& sweep, const SweepSummary& summary, std::size_t runs_done) {
  json::array points;
  for (std::size_t point = 0; point < sweep.points.size(); ++point) {
    json::object values;
    for (std::size_t i = 0; i < sweep.keys.size(); ++i) values[sweep.keys[i]] = sweep.points[point][i];
    json::object figures;
    for (std::size_t figure = 0; figure < sweep.figures.size(); ++figure) {
      const FigureSummary& s = summary[point][figure];
      json::object one{{"runs", s.runs}, {"missing", s.missing}, {"share", sweep.is_share(figure)}};
      const auto add = [&](const char* name, bool known, double value) {
        one[name] = known ? json::value(value) : json::value(nullptr);
      };
      add("mean", s.runs > 0, s.mean);
      add("sd", s.runs > 1, s.sd);
      add("low", s.interval.has_value(), s.interval.value_or(Interval{}).low);
      add("high", s.interval.has_value(), s.interval.value_or(Interval{}).high);
      add("min", s.runs > 0, s.min);
      add("max", s.runs > 0, s.max);
      figures[sweep.figures[figure]] = std::move(one);
    }
    points.push_back(json::object{{"values", std::move(values)}, {"figures", std::move(figures)}});
  }
  return http::pretty(json::object{{"of", sweep.of},
                                   {"keys", json::array(sweep.keys.begin(), sweep.keys.end())},
                                   {"first_seed", sweep.first_seed},
                                   {"seeds", sweep.seeds},
                                   {"runs", sweep.runs()},
                                   {"runs_done", runs_done},
                                   {"complete", runs_done == sweep.runs()},
                                   {"points", std::move(points)}}) +
         "\n";
}

std::string short_text(double value) {
  if (value == 0) return "0";
  char text[32];
  const double size = std::abs(value);
  const int decimals = std::clamp(2 - static_cast<int>(std::floor(std::log10(size))), 0, 6);
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string out = text;
  if (out.find('.') != std::string::npos) {  // 4.00 is 4
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return out;
}

}  // namespace hearsay::cli
