#include <map>
#include <set>

#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class NothingForgottenReturns final : public Checker {
 public:
  const char* name() const override { return "nothing forgotten comes back"; }

  void on_start(Place place) override {
    forgotten_[place].clear();
    up_.insert("n" + std::to_string(place));
  }
  void on_end(Place place) override { up_.erase("n" + std::to_string(place)); }

  std::string on_change(Place observer, const MemberChange& change) override {
    auto& forgotten = forgotten_[observer];
    const auto& name = change.member.name;
    if (up_.contains(name)) {  // it may speak for itself
      forgotten.erase(name);
      return {};
    }
    if (change.what == MemberChange::What::forgotten) {
      forgotten.insert(name);
      return {};
    }
    return forgotten.contains(name) ? "it was forgotten, and no process of that name has run since" : "";
  }

 private:
  std::map<Place, std::set<std::string>> forgotten_;
  std::set<std::string> up_;
};

}  // namespace

std::unique_ptr<Checker> nothing_forgotten_returns() { return std::make_unique<NothingForgottenReturns>(); }

}  // namespace hearsay::sim
