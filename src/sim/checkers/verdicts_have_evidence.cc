#include <map>
#include <set>

#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class VerdictsHaveEvidence final : public Checker {
 public:
  const char* name() const override { return "no verdict without evidence"; }

  void on_start(Place place) override { suspected_[place].clear(); }

  std::string on_change(Place observer, const MemberChange& change) override {
    using What = MemberChange::What;
    auto& suspected = suspected_[observer];
    const auto& name = change.member.name;
    const bool was_suspected = suspected.contains(name);
    if (change.what == What::suspected)
      suspected.insert(name);
    else if (change.what != What::updated && change.what != What::leaving && change.what != What::confirmed)
      suspected.erase(name);
    if (change.what != What::suspected && change.what != What::failed && change.what != What::confirmed) return {};
    const Evidence& evidence = change.evidence;
    switch (evidence.source) {
      case Evidence::Source::own_probe:
        return evidence.direct_probes > 0 ? "" : "accused by our own probes, but none was sent";
      case Evidence::Source::own_timer:
        return was_suspected ? "" : "our suspicion ran out, but there was none";
      case Evidence::Source::gossip:
      case Evidence::Source::push_pull:
        return evidence.accuser.empty() ? "heard from others, but nobody accuses" : "";
      case Evidence::Source::silence:
        return evidence.silent_for > Duration::zero() && !evidence.accuser.empty() ? "" : "accused of no silence";
      default:
        return std::string("a verdict cannot come from ") + name_of(evidence.source);
    }
  }

 private:
  std::map<Place, std::set<std::string>> suspected_;
};

}  // namespace

std::unique_ptr<Checker> verdicts_have_evidence() { return std::make_unique<VerdictsHaveEvidence>(); }

}  // namespace hearsay::sim
