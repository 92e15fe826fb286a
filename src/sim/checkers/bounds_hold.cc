#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class BoundsHold final : public Checker {
 public:
  const char* name() const override { return "bounds hold"; }

  std::string on_change(Place, const MemberChange&) override { return {}; }

  std::string look(const World& world, Place place) override {
    return broken_bound(world.node(place).info(), world.config(place).limits);
  }
};

}  // namespace

std::string broken_bound(const NodeInfo& info, const Limits& limits) {
  std::uint64_t members = 0;
  for (const auto count : info.members) members += count;
  if (members > limits.members_max) return std::to_string(members) + " members";
  if (info.rumors_queued > limits.rumors_max) return std::to_string(info.rumors_queued) + " rumors";
  if (info.rumor_bytes_queued > limits.rumor_bytes_max) return std::to_string(info.rumor_bytes_queued) + " bytes";
  // What the node opens itself is bounded by its rooms; a few of them at a time.
  constexpr std::uint32_t kOwnStreams = 300;
  if (info.streams_open > limits.streams_max + kOwnStreams) return std::to_string(info.streams_open) + " streams";
  return {};
}

std::unique_ptr<Checker> bounds_hold() { return std::make_unique<BoundsHold>(); }

std::vector<std::unique_ptr<Checker>> all_checkers(Family family) {
  std::vector<std::unique_ptr<Checker>> all;
  all.push_back(incarnation_grows());
  all.push_back(alive_needs_newer_news(family));
  all.push_back(verdicts_have_evidence());
  all.push_back(nobody_accuses_itself());
  all.push_back(bounds_hold());
  all.push_back(refutation_wins());
  all.push_back(nothing_forgotten_returns());
  all.push_back(states_grow());
  all.push_back(nothing_deleted_returns());
  return all;
}

}  // namespace hearsay::sim
