#include "cli/sim_timeline.h"

#include <algorithm>
#include <array>

#include "cli/fault_words.h"
#include "cli/svg.h"

namespace hearsay::cli {
namespace {

constexpr std::size_t kBandsMax = 100;
constexpr std::size_t kNamedMax = 30;  // rows with the name of their node
constexpr double kNamedHeight = 14;
constexpr double kRowHeight = 3;
// No change that is shorter than this share of the plot can be seen.
constexpr std::size_t kColumns = 400;

enum Shade : std::uint8_t { unknown, alive, left, suspect, failed };
constexpr std::size_t kShades = 5;
constexpr std::array<const char*, kShades> kNames{"unknown", "alive", "left", "suspect", "failed"};

Shade shade_of(std::uint8_t shows) {
  switch (static_cast<Status>(shows)) {
    case Status::alive:
      return alive;
    case Status::suspect:
      return suspect;
    case Status::leaving:
    case Status::left:
      return left;
    case Status::failed:
      return failed;
  }
  return unknown;
}

struct TimelineRow {
  sim::Place place = 0;
  std::array<Shade, kColumns> shades{};
  std::size_t rank = 0;  // the first column that shows it failed; else suspect or left, behind all failed
};

class Timeline {
 public:
  Timeline(const sim::Story& story, const ClusterRun& run) : story_(story), run_(run) {
    const double end = seconds_of(run.report.measured);
    const double from = seconds_of(story.from);
    double last = from;
    for (const auto& turn : story.turns) {
      if (turn.shows != sim::Story::kUnknown) last = seconds_of(turn.at);  // else the observer stopped
    }
    const double span = std::max(last - from, 1.0);
    low_ = std::max(0.0, from - span * 0.08);
    high_ = std::min(std::max(end, low_ + 0.1), last + span * 0.12);
  }

  std::string html() {
    const auto rows = bands(rows_of());
    const bool named = rows.size() == nodes() - 1 && rows.size() <= kNamedMax;
    const std::string who = "n" + std::to_string(story_.place);
    const double height = (named ? kNamedHeight : kRowHeight) * static_cast<double>(rows.size());
    Chart chart(height, {.low = low_, .high = high_, .label = "seconds of the plan's clock"},
                {.low = 0,
                 .high = static_cast<double>(rows.size()),
                 .label = named ? "" : "nodes",
                 .percent = false,
                 .numbers = false},
                "how each node showed " + who + " over time", 46);
    std::array<std::string, kShades> commands;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double top = chart.y(static_cast<double>(rows.size() - i));
      const double high = height / static_cast<double>(rows.size());
      draw(chart, rows[i], top, high > 6 ? high - 1 : high, commands);
    }
    for (std::size_t shade = 0; shade < kShades; ++shade) {
      chart.path(commands[shade], std::string("shows ") + kNames[shade], kNames[shade]);
    }
    for (const auto& fault : run_.plan.faults) {
      if (!concerns(fault)) continue;
      chart.mark(seconds_of(fault.at), std::string(name_of(fault.what)) + " " + fault_text(fault));
      if (fault.lasts > Duration{}) {
        chart.mark(seconds_of(fault.at + fault.lasts), std::string("end of ") + name_of(fault.what));
      }
    }
    for (std::size_t i = 0; named && i < rows.size(); ++i) {
      chart.label(static_cast<double>(rows.size() - i) - 0.55, "n" + std::to_string(rows[i].place), "tick");
    }
    std::string out = "<h3>" + who + ", as the others showed it</h3>\n" + chart.render();
    if (rows.size() < nodes() - 1) {
      out += "<p class=\"note\">Each row is a band of " + std::to_string(band_) +
             " nodes and shows the one in its middle; who came to know first stands on top.</p>\n";
    }
    return out;
  }

 private:
  // Happens to this member, or to the network.
  bool concerns(const sim::Fault& fault) const {
    switch (kind_of(fault.what).subject) {
      case sim::FaultKind::Subject::node:
        return fault.place == story_.place;
      case sim::FaultKind::Subject::link:
        return fault.place == story_.place || fault.other == story_.place;
      default:
        return true;
    }
  }

  std::size_t nodes() const { return story_.shown.size(); }

  std::vector<TimelineRow> rows_of() const {
    std::vector<TimelineRow> rows(nodes());
    std::vector<std::vector<const sim::Story::Turn*>> turns(nodes());
    for (const auto& turn : story_.turns) turns[turn.observer].push_back(&turn);
    for (sim::Place place = 0; place < nodes(); ++place) {
      TimelineRow& row = rows[place];
      row.place = place;
      fill(row, turns[place]);
    }
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(story_.place));
    std::ranges::stable_sort(rows, {}, &TimelineRow::rank);
    return rows;
  }

  // The last view in a column counts, but a worse one that was there for a moment is not hidden.
  void fill(TimelineRow& row, const std::vector<const sim::Story::Turn*>& turns) const {
    Shade now = shade_of(story_.shown[row.place]);
    std::size_t turn = 0;
    row.rank = 3 * kColumns;
    for (std::size_t column = 0; column < kColumns; ++column) {
      const double end = low_ + (high_ - low_) * static_cast<double>(column + 1) / kColumns;
      Shade worst = unknown;
      for (; turn < turns.size() && seconds_of(turns[turn]->at) < end; ++turn) {
        worst = std::max(worst, now);
        now = shade_of(turns[turn]->shows);
      }
      row.shades[column] = std::max(now, worst == failed || worst == suspect ? worst : unknown);
      const Shade shade = row.shades[column];
      if (shade == failed) row.rank = std::min(row.rank, column);
      if (shade == suspect || shade == left) row.rank = std::min(row.rank, kColumns + column);
    }
  }

  // The one in the middle of each band stands for it: they are in the order in which they came to know.
  std::vector<TimelineRow> bands(std::vector<TimelineRow> rows) {
    band_ = (rows.size() + kBandsMax - 1) / kBandsMax;
    if (band_ <= 1) return rows;
    std::vector<TimelineRow> out;
    for (std::size_t i = 0; i < rows.size(); i += band_) {
      out.push_back(rows[std::min(i + band_ / 2, rows.size() - 1)]);
    }
    return out;
  }

  void draw(const Chart& chart, const TimelineRow& row, double top, double high,
            std::array<std::string, kShades>& commands) const {
    for (std::size_t column = 0; column < kColumns;) {
      std::size_t end = column;
      while (end < kColumns && row.shades[end] == row.shades[column]) ++end;
      const auto at = [&](std::size_t place) {
        return chart.x(low_ + (high_ - low_) * static_cast<double>(place) / kColumns);
      };
      commands[row.shades[column]] += "M" + short_number(at(column), 1) + " " + short_number(top, 1) + "H" +
                                      short_number(at(end), 1) + "v" + short_number(high, 1) + "H" +
                                      short_number(at(column), 1) + "z";
      column = end;
    }
  }

  const sim::Story& story_;
  const ClusterRun& run_;
  double low_ = 0;
  double high_ = 1;
  std::size_t band_ = 1;
};

}  // namespace

std::string timeline_html(const sim::Story& story, const ClusterRun& run) { return Timeline(story, run).html(); }

}  // namespace hearsay::cli
