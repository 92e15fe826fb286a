#include "sim/spread/settings.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace hearsay::sim::spread {
namespace {

template <class Enum, std::size_t kCount>
using Names = std::array<std::pair<Enum, std::string_view>, kCount>;

constexpr Names<Mode, 3> kModes{{{Mode::push, "push"}, {Mode::pull, "pull"}, {Mode::push_pull, "push-pull"}}};
constexpr Names<Timing, 3> kTimings{
    {{Timing::sync, "sync"}, {Timing::unsync, "unsync"}, {Timing::poisson, "poisson"}}};
constexpr Names<Stop, 6> kStops{{{Stop::forever, "forever"},
                                 {Stop::die, "die"},
                                 {Stop::counter, "counter"},
                                 {Stop::coin, "coin"},
                                 {Stop::budget, "budget"},
                                 {Stop::median, "median"}}};

template <class Enum, std::size_t kCount>
std::string_view name_in(const Names<Enum, kCount>& names, Enum value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return {};
}

template <class Enum, std::size_t kCount>
std::optional<Enum> find_in(const Names<Enum, kCount>& names, std::string_view text) {
  for (const auto& [known, name] : names) {
    if (name == text) return known;
  }
  return {};
}

}  // namespace

std::string_view name_of(Mode mode) { return name_in(kModes, mode); }
std::string_view name_of(Timing timing) { return name_in(kTimings, timing); }
std::string_view name_of(Stop stop) { return name_in(kStops, stop); }
std::optional<Mode> parse_mode(std::string_view text) { return find_in(kModes, text); }
std::optional<Timing> parse_timing(std::string_view text) { return find_in(kTimings, text); }
std::optional<Stop> parse_stop(std::string_view text) { return find_in(kStops, text); }

std::vector<Error> validate(const Settings& settings) {
  std::vector<Error> faults;
  const auto fault = [&](std::string cause, std::string cure) {
    faults.push_back({Errc::invalid_argument, std::move(cause), std::move(cure)});
  };
  const auto outside = [&](const char* what, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
    if (value >= low && value <= high) return false;
    fault(std::string(what) + " is " + std::to_string(value),
          "give " + std::to_string(low) + " to " + std::to_string(high));
    return true;
  };
  const bool nodes_wrong = outside("--nodes", settings.nodes, 2, kNodesMax);
  if (!outside("--fanout", settings.fanout, 1, kFanoutMax) && !nodes_wrong &&
      settings.fanout > settings.nodes - 1) {
    fault("--fanout is " + std::to_string(settings.fanout) + ", but each of " + std::to_string(settings.nodes) +
              " nodes has only " + std::to_string(settings.nodes - 1) + " others to call",
          "give a smaller --fanout or more --nodes");
  }
  if (!(settings.loss >= 0 && settings.loss <= kLossMax)) {
    fault("--loss is out of range", "give a probability from 0 to 0.9; at 1 nothing would ever arrive");
  }
  if (settings.copies) outside("--copies", *settings.copies, 1, kCopiesMax);
  if (settings.trials) outside("--trials", *settings.trials, 1, kTrialsMax);
  if (settings.copies && (settings.stop == Stop::forever || settings.stop == Stop::die)) {
    fault("--copies means nothing with --stop " + std::string(name_of(settings.stop)),
          "leave it out, or choose --stop counter, coin, budget or median");
  }
  if (!settings.feedback && settings.stop != Stop::counter && settings.stop != Stop::coin) {
    fault("--blind means nothing with --stop " + std::string(name_of(settings.stop)),
          "leave it out, or choose --stop counter or coin");
  }
  if (settings.stop == Stop::median && settings.mode != Mode::push_pull) {
    fault("--stop median is a rule for push-pull only", "add --mode push-pull");
  }
  return faults;
}

std::uint32_t copies_of(const Settings& settings) {
  if (settings.copies) return *settings.copies;
  if (settings.stop == Stop::budget) {
    std::uint32_t digits = 0;  // ceil(log10(nodes + 1)): how many digits `nodes` has
    for (std::uint32_t left = settings.nodes; left > 0; left /= 10) ++digits;
    return 4 * digits;
  }
  return settings.stop == Stop::median ? 2 : 3;
}

std::uint32_t trials_of(const Settings& settings) {
  return settings.trials.value_or(std::clamp<std::uint32_t>(20'000'000 / settings.nodes, 4, 10'000));
}

std::uint64_t trial_bytes(const Settings& settings) {
  if (settings.stop == Stop::forever && settings.timing == Timing::sync && !settings.digest_first) {
    return settings.nodes / 4 + 1024;  // two bits for each node
  }
  return std::uint64_t{settings.nodes} * 32;
}

}  // namespace hearsay::sim::spread
