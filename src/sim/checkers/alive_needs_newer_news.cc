#include <map>

#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class AliveNeedsNewerNews final : public Checker {
 public:
  explicit AliveNeedsNewerNews(Family family) : family_(family) {}
  const char* name() const override { return "alive again only at a higher incarnation"; }

  void on_start(Place place) override { accused_[place].clear(); }

  std::string on_change(Place observer, const MemberChange& change) override {
    auto& accused = accused_[observer];
    const auto& name = change.member.name;
    if (change.what == MemberChange::What::forgotten) {
      accused.erase(name);
      return {};
    }
    if (change.member.status == Status::leaving) return {};  // an intent, whatever the verdict
    if (change.member.status != Status::alive) {
      // Opinions of a heartbeat node change within one generation; a leave ends it.
      if (family_ == Family::heartbeat && change.member.status != Status::left) return {};
      accused[name] = change.member.incarnation;
      return {};
    }
    const auto found = accused.find(name);
    if (found == accused.end()) return {};
    const Incarnation at = found->second;
    accused.erase(found);
    if (change.member.incarnation > at) return {};
    return "it was accused at " + std::to_string(at.value);
  }

 private:
  Family family_;
  std::map<Place, std::map<std::string, Incarnation>> accused_;
};

}  // namespace

std::unique_ptr<Checker> alive_needs_newer_news(Family family) {
  return std::make_unique<AliveNeedsNewerNews>(family);
}

}  // namespace hearsay::sim
