#include "cli/expect.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/run_figures.h"

namespace hearsay::cli {
namespace {

using agent::Given;
using Compare = Expectation::Compare;
using Bound = Expectation::Bound;

constexpr std::string_view kPrefix = "expect.";
constexpr std::string_view kLimitKind =
    "a limit, such as \"<= 15\", \">= 1, < 100\", 0 or true; the unit is in the figure's name";

struct Sign {
  std::string_view text;
  Compare compare;
};
constexpr Sign kSigns[] = {{"<=", Compare::at_most},
                           {">=", Compare::at_least},
                           {"<", Compare::below},
                           {">", Compare::above},
                           {"=", Compare::equal}};

// "<= 15"; without a sign, exactly. True and false are 1 and 0.
std::optional<Bound> read_bound(std::string text) {
  Bound bound;
  for (const Sign& sign : kSigns) {
    if (!text.starts_with(sign.text)) continue;
    bound.compare = sign.compare;
    text = trimmed(text.substr(sign.text.size()));
    break;
  }
  const bool yes = text == "true";
  if (yes || text == "false") {
    bound.value = yes ? 1 : 0;
    return bound;
  }
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, bound.value);
  const bool whole = error == std::errc() && stop == end;
  return whole && std::isfinite(bound.value) ? std::optional(bound) : std::nullopt;
}

bool holds_one(const Bound& bound, double value) {
  switch (bound.compare) {
    case Compare::at_most:
      return value <= bound.value;
    case Compare::at_least:
      return value >= bound.value;
    case Compare::below:
      return value < bound.value;
    case Compare::above:
      return value > bound.value;
    case Compare::equal:
      return value == bound.value;
  }
  return false;
}

bool holds_all(const std::vector<Bound>& bounds, double value) {
  return std::ranges::all_of(bounds, [&](const Bound& bound) { return holds_one(bound, value); });
}

// Some figure could keep to it. Where a set of bounds leaves anything, it leaves one of these.
bool is_possible(const std::vector<Bound>& bounds, double figure_max) {
  std::vector<double> candidates{0, figure_max};
  for (const Bound& one : bounds) {
    candidates.push_back(one.value);
    candidates.push_back(std::nextafter(one.value, -std::numeric_limits<double>::infinity()));
    candidates.push_back(std::nextafter(one.value, std::numeric_limits<double>::infinity()));
  }
  return std::ranges::any_of(
      candidates, [&](double value) { return value >= 0 && value <= figure_max && holds_all(bounds, value); });
}

bool is_share(const std::string& figure) {
  return std::ranges::count(run_shares(), figure) > 0 || figure.ends_with(".query_accuracy");
}

}  // namespace

bool Expectation::holds(const std::optional<double>& value) const {
  return value && holds_all(bounds, rounded_figure(*value));
}

Complaint read_expectation(const Given& given, Expectation& into) {
  Expectation read;
  read.figure = given.key.substr(kPrefix.size());
  read.where = given.where;
  if (auto wrong = complaint_about_figure(read.figure)) return wrong;
  const auto* text = std::get_if<std::string>(&given.value);
  read.limit = text != nullptr ? trimmed(*text) : value_text(given);
  if (read.limit.find_first_of("<>=") != 0) read.limit.insert(0, "= ");
  for (const auto& part : split(read.limit, ',')) {
    const auto bound = read_bound(part);
    if (!bound) return not_a(given, kLimitKind);
    read.bounds.push_back(*bound);
  }
  const bool share = is_share(read.figure);
  if (!is_possible(read.bounds, share ? 1 : std::numeric_limits<double>::max())) {
    return agent::Complaint{"no run can keep to " + value_text(given),
                            share ? "this figure is 0 to 1" : "no figure is negative, and all limits must hold"};
  }
  into = std::move(read);
  return std::nullopt;
}

Complaint complaint_about_plan(const Expectation& expectation, const sim::ClusterPlan& plan) {
  using What = sim::Fault::What;
  const std::string& figure = expectation.figure;
  const auto has = [&](auto... kinds) {
    return std::ranges::any_of(plan.faults, [&](const sim::Fault& f) { return ((f.what == kinds) || ...); });
  };
  const auto none = [](const char* what, const char* cure) {
    return agent::Complaint{std::string("it has no value in this plan: nobody ") + what, cure};
  };
  if (!figure.ends_with("_s")) return std::nullopt;
  if ((figure.starts_with("detection.") || figure.starts_with("suspicion.")) && !has(What::crash)) {
    return none("crashes for ever", "add a fault with what = \"crash\", or leave it out");
  }
  if (figure.starts_with("dissemination.") &&
      !has(What::tags, What::leave, What::restart, What::wipe, What::mass_restart)) {
    return none("changes", "add a fault with what = \"tags\", \"leave\" or \"restart\", or leave it out");
  }
  return std::nullopt;
}

std::vector<Verdict> judge(const std::vector<Expectation>& expectations, const sim::ClusterReport& report) {
  std::vector<Verdict> verdicts;
  if (expectations.empty()) return verdicts;
  const auto figures = run_figures(report);
  for (const Expectation& one : expectations) {
    const auto found = std::ranges::find(figures, one.figure, &sim::Figure::name);
    verdicts.push_back({one, found->value, one.holds(found->value)});
  }
  return verdicts;
}

bool all_met(const std::vector<Verdict>& verdicts) { return std::ranges::all_of(verdicts, &Verdict::met); }

std::string describe(const Verdict& verdict) {
  const auto& [figure, limit, bounds, where] = verdict.expectation;
  return agent::describe({where, std::string(kPrefix) + figure,
                          "it " + (verdict.value ? "is " + printed_figure(verdict.value) : "has no value") +
                              ", and " + limit + " was expected",
                          ""});
}

}  // namespace hearsay::cli
