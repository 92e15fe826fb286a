#include <algorithm>
#include <map>

#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class IncarnationGrows final : public Checker {
 public:
  const char* name() const override { return "an incarnation never goes back"; }

  void on_start(Place place) override { std::ranges::fill(seen_[place], 0u); }

  std::string on_change(Place observer, const MemberChange& change) override {
    auto& seen = seen_[observer];
    const std::size_t subject = subjects_.try_emplace(change.member.name, subjects_.size()).first->second;
    if (seen.size() <= subject) seen.resize(subject + 1);
    const std::uint32_t before = seen[subject];
    if (change.what == MemberChange::What::forgotten) {
      seen[subject] = 0;
      return {};
    }
    seen[subject] = change.member.incarnation.value;
    return seen[subject] >= before ? "" : "it was " + std::to_string(before);
  }

 private:
  std::map<std::string, std::size_t> subjects_;
  std::map<Place, std::vector<std::uint32_t>> seen_;  // by subject; 0: not seen. All know all: it must be small.
};

}  // namespace

std::unique_ptr<Checker> incarnation_grows() { return std::make_unique<IncarnationGrows>(); }

}  // namespace hearsay::sim
