#include <map>

#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class IncarnationGrows final : public Checker {
 public:
  const char* name() const override { return "an incarnation never goes back"; }

  void on_start(Place place) override { seen_[place].clear(); }

  std::string on_change(Place observer, const MemberChange& change) override {
    auto& seen = seen_[observer];
    if (change.what == MemberChange::What::forgotten) {
      seen.erase(change.member.name);
      return {};
    }
    const auto [at, fresh] = seen.try_emplace(change.member.name, change.member.incarnation);
    const Incarnation before = at->second;
    at->second = change.member.incarnation;
    if (fresh || change.member.incarnation >= before) return {};
    return "it was " + std::to_string(before.value);
  }

 private:
  std::map<Place, std::map<std::string, Incarnation>> seen_;
};

}  // namespace

std::unique_ptr<Checker> incarnation_grows() { return std::make_unique<IncarnationGrows>(); }

}  // namespace hearsay::sim
