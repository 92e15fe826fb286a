#include "swim/gossip_round.h"

#include "spread/peer_picker.h"
#include "swim/suspicion.h"

namespace hearsay::swim {

using members::Verdict;
using room::Origin;
using room::Outcome;
using room::Step;

namespace {

members::Claim heard(const Step& step, const Origin& origin, std::string_view accuser) {
  members::Claim claim;
  claim.evidence.source = Evidence::Source::gossip;
  claim.evidence.accuser = accuser;
  claim.evidence.heard_from = origin.from;
  claim.verbatim = origin.verbatim;
  claim.vouched = room::vouches(step, origin);
  return claim;
}

// An accusation without an accuser is a damaged one: every implementation names itself. It would be a verdict
// without evidence, here and wherever it is told on.
bool is_nobodys(Step& step, std::string_view accuser) {
  if (accuser.empty()) step.counters.add(Count::dropped_malformed);
  return accuser.empty();
}

}  // namespace

void GossipRound::start(Step& step) { tick_ = step.after(rng_.within(step.config.swim.gossip_interval)); }

void GossipRound::on_message(Step& step, const Origin& origin, const wire::Alive& alive) {
  const members::AliveClaim body{alive.node, alive.incarnation, alive.addr, room::port_or_own(step, alive.port),
                                 alive.meta, alive.vsn};
  if (step.members.is_echo(body)) return;
  auto claim = heard(step, origin, {});
  claim.body = body;
  step.submit(std::move(claim));
}

void GossipRound::on_message(Step& step, const Origin& origin, const wire::Suspect& suspect) {
  if (is_nobodys(step, suspect.from)) return;
  auto claim = heard(step, origin, suspect.from);
  claim.body = members::SuspectClaim{suspect.node, suspect.incarnation, suspect.from};
  step.submit(std::move(claim));
}

void GossipRound::on_message(Step& step, const Origin& origin, const wire::Dead& dead) {
  if (is_nobodys(step, dead.from)) return;
  auto claim = heard(step, origin, dead.from == dead.node ? std::string_view{} : dead.from);
  claim.body = members::DeadClaim{dead.node, dead.incarnation, dead.from};
  step.submit(std::move(claim));
}

void GossipRound::push(Step& step, std::string_view subject, ByteView message) {
  step.rumors.push(spread::RumorClass::membership, spread::Audience::all, subject, message);
}

void GossipRound::on_outcome(Step& step, const Outcome& outcome) {
  const bool confirms =
      outcome.kind == Outcome::Kind::confirmed &&
      outcome.accusers - 1u <= suspicion_bounds(step.config.swim, step.members.up()).confirmations;
  if ((!outcome.accepted() && !confirms) || outcome.claim->known) return;
  const auto& claim = *outcome.claim;
  encoded_.clear();
  base::ByteWriter writer(encoded_);
  std::string_view subject;
  if (const auto* alive = std::get_if<members::AliveClaim>(&claim.body)) {
    subject = alive->name;
    // From the row, not from the claim: our own facts may have been in memory that is gone.
    const auto& row = step.members.row(outcome.member);
    wire::encode(writer, wire::Alive{Incarnation{row.incarnation}, subject, step.members.addr(outcome.member),
                                     row.port, step.members.meta(outcome.member), row.versions});
  } else if (const auto* suspect = std::get_if<members::SuspectClaim>(&claim.body)) {
    subject = suspect->name;
    wire::encode(writer, wire::Suspect{suspect->incarnation, suspect->name, suspect->from});
  } else if (const auto* dead = std::get_if<members::DeadClaim>(&claim.body)) {
    subject = dead->name;
    wire::encode(writer, wire::Dead{dead->incarnation, dead->name, dead->from});
  } else {
    return;
  }
  push(step, subject, claim.verbatim.empty() ? ByteView(encoded_) : claim.verbatim);
}

void GossipRound::maybe_wake(const Step& step) {
  if (!asleep_ || step.rumors.empty()) return;
  asleep_ = false;
  const Duration interval = step.config.swim.gossip_interval;
  if (tick_ < step.now.steady) tick_ += (step.now.steady - tick_ + interval - Duration(1)) / interval * interval;
}

void GossipRound::on_time(Step& step) {
  if (asleep_ || step.now.steady < tick_) return;
  tick_ = step.after(step.config.swim.gossip_interval);
  asleep_ = step.rumors.empty();
  if (asleep_) return;
  spread::pick_peers(
      step.members, rng_, step.config.swim.gossip_fanout,
      [&](MemberId, const members::Row& row) {
        if (members::is_up(row.verdict)) return true;
        return row.verdict == Verdict::dead &&
               step.now.steady - row.verdict_since <= step.config.swim.gossip_to_the_dead;
      },
      picked_);
  for (const MemberId peer : picked_) step.out.send_rumors(room::peer_of(step.members, peer));
}

}  // namespace hearsay::swim
