#include "cli/sweep_table.h"

#include <algorithm>

#include "agent/text.h"
#include "cli/plan_file.h"
#include "cli/plan_read.h"

namespace hearsay::cli {
namespace {

using agent::Given;

constexpr std::string_view kTable = "sweep.";
constexpr std::string_view kVary = "sweep.vary.";
constexpr std::string_view kListKind = "a list, such as [1, 2, 4]";

Complaint read_list(const Given& given, std::vector<std::string>& into) {
  const auto* list = std::get_if<std::vector<std::string>>(&given.value);
  if (list == nullptr) return not_a(given, kListKind);
  if (list->empty()) return agent::Complaint{"the list is empty", "leave it out, or name some"};
  into = *list;
  return std::nullopt;
}

Complaint read_of(const Given& given, std::string& into) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr || (*text != "cluster" && *text != "spread")) {
    return agent::Complaint{value_text(given) + " is no experiment", R"(choose "cluster" or "spread")"};
  }
  into = *text;
  return std::nullopt;
}

// What the file says.
struct SweepTable {
  std::optional<std::string> of;
  std::optional<std::uint64_t> seeds;
  std::vector<std::string> figures;
  std::string figures_where;
  std::vector<SweepAxis> axes;

  Complaint read(const Given& given) {
    if (given.key.starts_with(kVary)) {
      axes.push_back({given.where, plan_key(given.key.substr(kVary.size())), {}});
      return read_list(given, axes.back().values);
    }
    if (given.key == "sweep.of") return read_of(given, of.emplace());
    if (given.key == "sweep.seeds") {
      if (auto wrong = read_count(given, seeds.emplace())) return wrong;
      return *seeds > 0 ? std::nullopt : not_a(given, "a number of runs, 1 or more");
    }
    if (given.key == "sweep.figures") {
      figures_where = given.where;
      return read_list(given, figures);
    }
    const auto near = agent::closest(
        given.key, std::vector<std::string_view>{"sweep.of", "sweep.seeds", "sweep.figures", "sweep.vary"});
    return agent::Complaint{"there is no such key",
                            near.empty() ? "[sweep] has of, seeds and figures, [sweep.vary] the knobs"
                                         : "did you mean " + std::string(near) + "?"};
  }
};

// Faults and links add up; every other key has one value.
bool adds_up(const std::string& key) { return key == "fault" || key == "link"; }

}  // namespace

std::vector<agent::Fault> take_sweep_table(std::vector<Given>& values, const std::vector<Given>& flags,
                                           SweepWords& words) {
  std::vector<agent::Fault> faults;
  SweepTable table;
  std::erase_if(values, [&](const Given& given) {
    if (!given.key.starts_with(kTable) && given.key != "sweep") return false;
    if (auto wrong = table.read(given)) {
      faults.push_back({given.where, given.key, std::move(wrong->cause), std::move(wrong->cure)});
    }
    return true;
  });
  if (!words.of) words.of = table.of;
  if (!words.seeds) words.seeds = table.seeds;
  const bool clusters = words.of.value_or("cluster") == "cluster";
  for (const Given& given : values) {
    if (given.key != "measure.figures" || !clusters || !table.figures.empty()) continue;
    if (!read_list(given, table.figures)) table.figures_where = given.where;
  }
  if (words.figures.empty()) {
    words.figures = std::move(table.figures);
    words.figures_where = std::move(table.figures_where);
  }
  if (!words.points.empty()) return faults;
  for (SweepAxis& axis : table.axes) {
    const bool set = !adds_up(axis.key) &&
                     std::ranges::any_of(flags, [&](const Given& flag) { return plan_key(flag.key) == axis.key; });
    if (!set) words.axes.push_back(std::move(axis));
  }
  return faults;
}

}  // namespace hearsay::cli
