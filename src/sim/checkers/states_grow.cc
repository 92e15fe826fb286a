#include <map>
#include <tuple>

#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class StatesGrow final : public Checker {
 public:
  const char* name() const override { return "a state never goes back"; }

  void on_start(Place place) override { known_[place].clear(); }

  std::string on_change(Place observer, const MemberChange& change) override {
    if (change.what == MemberChange::What::forgotten) known_[observer].erase(change.member.name);
    return {};
  }

  std::string on_state(Place observer, const NodeState& state) override {
    auto& before = known_[observer][state.member];
    const auto [generation, life, version] = before;
    const Known now{state.generation, state.life, state.version};
    if (now < before) {
      return state.member + " was known at version " + std::to_string(version) + " of generation " +
             std::to_string(generation) + ", life " + std::to_string(life) + ", and now at " +
             std::to_string(state.version) + " of " + std::to_string(state.generation) + ", " +
             std::to_string(state.life);
    }
    before = now;
    return {};
  }

 private:
  using Known = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;
  std::map<Place, std::map<std::string, Known>> known_;
};

}  // namespace

std::unique_ptr<Checker> states_grow() { return std::make_unique<StatesGrow>(); }

}  // namespace hearsay::sim
