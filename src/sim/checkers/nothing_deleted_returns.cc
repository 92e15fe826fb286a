#include <algorithm>
#include <map>

#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class NothingDeletedReturns final : public Checker {
 public:
  const char* name() const override { return "nothing deleted comes back"; }

  void on_start(Place place) override { known_[place].clear(); }

  std::string on_change(Place observer, const MemberChange& change) override {
    if (change.what == MemberChange::What::forgotten) known_[observer].erase(change.member.name);
    return {};
  }

  std::string on_state(Place observer, const NodeState& state) override {
    NodeState& before = known_[observer][state.member];
    std::string wrong;
    if (state.generation == before.generation && state.life == before.life) {
      for (const StateItem& item : state.items) {
        // Its end by time may be seen a little earlier here than by whoever tells of it.
        if (item.ttl != Duration{} || item.version > before.version || has(before, item.key)) continue;
        wrong = item.key + " of " + state.member + ", written at version " + std::to_string(item.version) +
                ", was gone at " + std::to_string(before.version);
      }
    }
    before = state;
    return wrong;
  }

 private:
  static bool has(const NodeState& state, const std::string& key) {
    return std::ranges::find(state.items, key, &StateItem::key) != state.items.end();
  }

  std::map<Place, std::map<std::string, NodeState>> known_;
};

}  // namespace

std::unique_ptr<Checker> nothing_deleted_returns() { return std::make_unique<NothingDeletedReturns>(); }

}  // namespace hearsay::sim
