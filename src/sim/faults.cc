#include "sim/faults.h"

#include <array>

#include "base/check.h"

namespace hearsay::sim {

namespace {

using Subject = FaultKind::Subject;
using Lasts = FaultKind::Lasts;

// In the order of Fault::What.
constexpr std::array<FaultKind, kFaultKinds> kKinds{{
    {"crash", Subject::node, Lasts::no},
    {"restart", Subject::node, Lasts::must},
    {"wipe", Subject::node, Lasts::must},
    {"pause", Subject::node, Lasts::must},
    {"cut", Subject::group, Lasts::must},
    {"one-way", Subject::link, Lasts::must},
    {"leave", Subject::node, Lasts::no},
    {"tags", Subject::node, Lasts::no},
    {"loss", Subject::share, Lasts::must},
}};

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
  }
  if (fault.at < Duration{} || fault.at >= duration) {
    complain("at", "it happens at " + text(fault.at), "the run ends after " + text(duration));
  }
  if (kind.lasts == Lasts::must && fault.lasts <= Duration{}) {
    complain("lasts", "it does not say for how long", "give a time, such as 5s");
  }
  return complaints;
}

}  // namespace hearsay::sim
