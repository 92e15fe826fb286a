#include "sim/faults.h"

#include <array>

#include "base/check.h"

namespace hearsay::sim {

namespace {

using Subject = FaultKind::Subject;
using Lasts = FaultKind::Lasts;
using Extra = FaultKind::Extra;

// In the order of Fault::What.
constexpr std::array<FaultKind, kFaultKinds> kKinds{{
    {"crash", Subject::node, Lasts::no},           {"restart", Subject::node, Lasts::must},
    {"wipe", Subject::node, Lasts::must},          {"pause", Subject::node, Lasts::must},
    {"cut", Subject::group, Lasts::must},          {"one-way", Subject::link, Lasts::must},
    {"leave", Subject::node, Lasts::no},           {"tags", Subject::node, Lasts::no},
    {"loss", Subject::share, Lasts::must},         {"flap", Subject::group, Lasts::must, Extra::period},
    {"swizzle", Subject::group, Lasts::must},      {"slow", Subject::node, Lasts::must, Extra::takes},
    {"jump", Subject::node, Lasts::no, Extra::by}, {"drift", Subject::node, Lasts::must, Extra::ppm},
    {"corrupt", Subject::share, Lasts::must},      {"mass-restart", Subject::share, Lasts::must, Extra::window},
    {"join-storm", Subject::count, Lasts::no},     {"lose-disk", Subject::node, Lasts::no},
    {"write", Subject::node, Lasts::no},
}};

constexpr std::size_t kTurnsMax = 100'000;  // of one flapping cut
constexpr std::size_t kLinksMax = 250'000;  // that one swizzle cuts
constexpr std::size_t kNewcomersMax = 10'000;
constexpr std::int64_t kDriftMax = 100'000;  // millionths: ten per cent, far beyond any quartz

std::string text(Duration duration) { return std::to_string(duration / std::chrono::seconds(1)) + " s"; }

}  // namespace

const FaultKind& kind_of(Fault::What what) {
  const auto index = static_cast<std::size_t>(what);
  CHECK(index < kKinds.size());
  return kKinds[index];
}

std::optional<Fault::What> fault_named(std::string_view name) {
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    if (name == kKinds[i].name) return static_cast<Fault::What>(i);
  }
  return std::nullopt;
}

std::vector<FaultComplaint> complaints_of(const Fault& fault, std::size_t nodes, Duration duration) {
  std::vector<FaultComplaint> complaints;
  const FaultKind& kind = kind_of(fault.what);
  const auto complain = [&](const char* key, const std::string& cause, std::string cure) {
    complaints.push_back({key, std::string(kind.name) + ": " + cause, std::move(cure)});
  };
  const auto check_node = [&](const char* key, Place place) {
    if (place < nodes) return;
    complain(key, "there is no node " + std::to_string(place),
             "with " + std::to_string(nodes) + " nodes the last one is " + std::to_string(nodes - 1));
  };
  switch (kind.subject) {
    case Subject::node:
      check_node("node", fault.place);
      break;
    case Subject::group:
      check_node("nodes", fault.place);
      if (fault.other > fault.place) complain("nodes", "the last node stands before the first", "swap them");
      break;
    case Subject::link:
      check_node("from", fault.place);
      check_node("to", fault.other);
      if (fault.place == fault.other) complain("to", "a node has no link to itself", "choose another node");
      break;
    case Subject::share:
      if (!(fault.share >= 0 && fault.share <= 1)) complain("share", "it is not in 0 .. 1", "0.1 means 10 %");
      break;
    case Subject::count:
      if (fault.count < 1 || fault.count > kNewcomersMax) {
        complain("count", std::to_string(fault.count) + " new nodes",
                 "choose 1 to " + std::to_string(kNewcomersMax));
      }
      break;
  }
  if (fault.at < Duration{} || fault.at >= duration) {
    complain("at", "it happens at " + text(fault.at), "the run ends after " + text(duration));
  }
  if (kind.lasts == Lasts::must && fault.lasts <= Duration{}) {
    complain("lasts", "it does not say for how long", "give a time, such as 5s");
  }
  switch (kind.extra) {
    case Extra::none:
      break;
    case Extra::period:
      if (fault.amount < std::chrono::milliseconds(1)) {
        complain("period", "it does not say how long a turn is", "give a time, such as 5s");
      } else if (fault.lasts / fault.amount > static_cast<std::int64_t>(kTurnsMax)) {
        complain("period", "these are over " + std::to_string(kTurnsMax) + " turns", "choose longer ones");
      }
      break;
    case Extra::takes:
      if (fault.amount <= Duration{} || fault.amount > std::chrono::minutes(1)) {
        complain("takes", "that is no time for one input", "choose up to 1m, such as 20ms");
      }
      break;
    case Extra::by:
      if (fault.amount == Duration{} || fault.amount > std::chrono::hours(24 * 365) ||
          fault.amount < -std::chrono::hours(24 * 365)) {
        complain("by", "the clock is not set to another time", "choose up to a year, such as 1h or -1h");
      }
      break;
    case Extra::window:
      if (fault.amount < Duration{}) complain("window", "it is negative", "0s means all at once");
      break;
    case Extra::ppm:
      if (fault.ppm == 0 || fault.ppm > kDriftMax || fault.ppm < -kDriftMax) {
        complain("ppm", std::to_string(fault.ppm) + " millionths", "choose up to 100000 either way, such as 200");
      }
      break;
  }
  if (fault.what == Fault::What::swizzle && fault.place < nodes && fault.other <= fault.place) {
    const std::size_t inside = fault.place - fault.other + 1;
    if (inside * (nodes - inside) > kLinksMax) complain("nodes", "these are too many links", "choose fewer nodes");
  }
  return complaints;
}

}  // namespace hearsay::sim
