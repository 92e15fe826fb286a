#include <map>

#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class RefutationWins final : public Checker {
 public:
  const char* name() const override { return "a refutation wins over older accusations"; }

  void on_start(Place place) override { refuted_[place].clear(); }

  std::string on_change(Place observer, const MemberChange& change) override {
    using What = MemberChange::What;
    auto& refuted = refuted_[observer];
    const auto& name = change.member.name;
    if (change.what == What::forgotten) {
      refuted.erase(name);
      return {};
    }
    if (change.what == What::refuted) {
      refuted[name] = change.member.incarnation;
      return {};
    }
    const auto found = refuted.find(name);
    if (found == refuted.end()) return {};
    const bool accused =
        change.what == What::suspected || change.what == What::confirmed || change.what == What::failed;
    if (!accused || change.member.incarnation >= found->second) return {};
    return "it was refuted at " + std::to_string(found->second.value) + ", and is accused at " +
           std::to_string(change.member.incarnation.value);
  }

 private:
  std::map<Place, std::map<std::string, Incarnation>> refuted_;
};

}  // namespace

std::unique_ptr<Checker> refutation_wins() { return std::make_unique<RefutationWins>(); }

}  // namespace hearsay::sim
