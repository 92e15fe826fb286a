#include "node/notices.h"

#include "swim/suspicion.h"
#include "wire/serf.h"

namespace hearsay::node {

using room::Outcome;
using room::Step;

namespace {
// A conflict repeats with every packet of both; people hear of it once in a while.
constexpr Duration kConflictPause = std::chrono::seconds(30);
constexpr Duration kConflictShown = std::chrono::minutes(5);
constexpr std::size_t kConflictsMax = 256;
}  // namespace

Member describe(const members::MemberTable& members, MemberId id) {
  Member member = members.describe(id);
  member.tags = wire::decode_tags(member.meta);
  return member;
}

void Notices::on_outcome(Step& step, const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::conflict) tell_conflict(step, outcome);
  // Accusers beyond those that shorten the suspicion change nothing.
  const bool confirms =
      outcome.kind == Outcome::Kind::confirmed &&
      outcome.accusers - 1u <= swim::suspicion_bounds(step.config.swim, step.members.up()).confirmations;
  if (!confirms && (!outcome.accepted() || !outcome.what)) return;
  MemberChange change;
  change.what = confirms ? MemberChange::What::confirmed : *outcome.what;
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
  const Time now = step.now.steady;
  auto found = conflicts_.find(alive.name);
  if (found == conflicts_.end()) {
    if (conflicts_.size() >= kConflictsMax)
      std::erase_if(conflicts_, [&](const auto& entry) { return now - entry.second.seen > kConflictShown; });
    if (conflicts_.size() >= kConflictsMax) conflicts_.clear();
    found = conflicts_.emplace(std::string(alive.name), Seen{}).first;
  }
  Seen& seen = found->second;
  const bool again = seen.told != Time{} && now - seen.told < kConflictPause;
  // A refusal is news even when the conflict is not.
  const bool refusal = outcome.claim->join_refused && !seen.conflict.join_refused;
  seen.seen = now;
  seen.conflict = {std::string(alive.name), step.members.address(outcome.member),
                   Address::from_ip(alive.addr, alive.port), step.members.is_self(outcome.member),
                   outcome.claim->join_refused || (again && seen.conflict.join_refused)};
  if (again && !refusal) return;
  seen.told = now;
  step.out.notify({step.now, seen.conflict});
}

std::vector<NameConflict> Notices::conflicts(Time now) const {
  std::vector<NameConflict> recent;
  for (const auto& [name, seen] : conflicts_) {
    if (now - seen.seen <= kConflictShown) recent.push_back(seen.conflict);
  }
  return recent;
}

}  // namespace hearsay::node
