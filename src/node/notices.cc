#include "node/notices.h"

#include "wire/serf.h"

namespace hearsay::node {

using room::Outcome;
using room::Step;

namespace {
// A conflict repeats with every packet of both; people hear of it once in a while.
constexpr Duration kConflictPause = std::chrono::seconds(30);
constexpr std::size_t kConflictsMax = 256;
}  // namespace

Member describe(const members::MemberTable& members, MemberId id) {
  Member member = members.describe(id);
  member.tags = wire::decode_tags(member.meta);
  return member;
}

void Notices::on_outcome(Step& step, const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::conflict) tell_conflict(step, outcome);
  if (!outcome.accepted() || !outcome.what) return;
  MemberChange change;
  change.what = *outcome.what;
  change.evidence = outcome.claim->evidence;
  if (step.members.contains(outcome.member)) {
    change.member = describe(step.members, outcome.member);
  } else if (const auto* forget = std::get_if<members::ForgetClaim>(&outcome.claim->body)) {
    change.member.name = forget->name;
    change.member.status = outcome.before;
    change.member.incarnation = outcome.held;
  } else {
    return;  // forgotten by the same input; that is told
  }
  history_.add(step.now, change);
  step.out.notify({step.now, std::move(change)});
}

void Notices::tell_conflict(Step& step, const Outcome& outcome) {
  const auto& alive = std::get<members::AliveClaim>(outcome.claim->body);
  const auto told = conflicts_.find(alive.name);
  if (told != conflicts_.end() && step.now.steady - told->second < kConflictPause) return;
  if (told == conflicts_.end() && conflicts_.size() >= kConflictsMax) conflicts_.clear();
  conflicts_[std::string(alive.name)] = step.now.steady;
  step.out.notify({step.now, NameConflict{std::string(alive.name), step.members.address(outcome.member),
                                          Address::from_ip(alive.addr, alive.port)}});
}

}  // namespace hearsay::node
