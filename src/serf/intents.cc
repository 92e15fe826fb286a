#include "serf/intents.h"

#include <utility>

#include "room/errors.h"

namespace hearsay::serf {

using members::Intent;
using members::IntentClaim;
using room::Origin;
using room::Outcome;
using room::Step;

namespace {

// Queues an intent as the user message that carries it.
template <class Message>
void tell(Step& step, const Message& message) {
  Bytes payload;
  base::ByteWriter inner(payload);
  wire::encode(inner, message);
  Bytes packed;
  base::ByteWriter outer(packed);
  wire::encode(outer, wire::User{payload});
  step.rumors.push(spread::RumorClass::intent, spread::Audience::all, message.node, packed);
}

void tell_on(Step& step, const Origin& origin, std::string_view subject) {
  if (origin.verbatim.empty()) return;
  step.rumors.push(spread::RumorClass::intent, spread::Audience::all, subject, origin.verbatim);
}

}  // namespace

void Intents::on_message(Step& step, const Origin& origin, const wire::JoinIntent& intent) {
  if (take(step, origin, {intent.node, intent.time, Intent::joining})) tell_on(step, origin, intent.node);
}

void Intents::on_message(Step& step, const Origin& origin, const wire::LeaveIntent& intent) {
  const IntentClaim claim{intent.node, intent.time, Intent::leaving, intent.prune};
  if (take(step, origin, claim)) tell_on(step, origin, intent.node);
}

LamportTime time_of_leave(LamportTime told, LamportTime held, Intent intent, bool up) {
  const bool counts = intent == Intent::joining || (intent == Intent::none && !up);
  return told == held && counts ? LamportTime{told.value + 1} : told;
}

void Intents::on_left(Step& step, const Origin& origin, std::string_view name, LamportTime told) {
  const MemberId id = step.members.find(name);
  LamportTime time = told;
  if (id.valid()) {
    const auto& row = step.members.row(id);
    time = time_of_leave(told, row.intent_time, row.intent, members::is_up(row.verdict));
  }
  take(step, origin, {name, time, Intent::leaving});
}

bool Intents::take(Step& step, const Origin& origin, const IntentClaim& intent) {
  if (intent.name.empty() || intent.name.size() > kNameBytesMax || !clock_->believes(intent.time)) {
    step.counters.add(Count::dropped_malformed);
    return false;
  }
  clock_->witness(intent.time);
  members::Claim claim{intent, {}};
  claim.evidence.source = origin.is_stream() ? Evidence::Source::push_pull : Evidence::Source::gossip;
  claim.evidence.heard_from = origin.from;
  const Outcome outcome = step.submit(claim);
  switch (outcome.kind) {
    case Outcome::Kind::accepted:
      return true;
    case Outcome::Kind::refused:
      return keep(step, intent);
    case Outcome::Kind::about_self:
      announce_join(step);
      return false;
    default:
      return false;
  }
}

bool Intents::keep(Step& step, const IntentClaim& intent) {
  const auto found = kept_.find(intent.name);
  if (found != kept_.end() && !(intent.time > found->second.time)) return false;
  if (found == kept_.end() && kept_.size() >= kBufferedMax) {
    step.counters.add(Count::dropped_intent_limit);
    return false;
  }
  const std::string name(intent.name);
  kept_[name] = {intent.time, intent.intent};
  expire_.set(name, step.after(step.config.serf.recent_intent_timeout));
  return true;
}

void Intents::announce_join(Step& step) {
  LamportTime time = clock_->reading();
  if (!std::exchange(has_joined_, true)) time.value += kFirstJoinGap;
  clock_->witness(time);
  members::Claim claim{IntentClaim{step.config.name, time, Intent::joining}, {}};
  claim.own = true;
  step.submit(std::move(claim));
  tell(step, wire::JoinIntent{time, step.config.name});
}

void Intents::announce_leave(Step& step) {
  const LamportTime time = clock_->tick();
  members::Claim claim{IntentClaim{step.config.name, time, Intent::leaving}, {}};
  claim.own = true;
  claim.evidence.source = Evidence::Source::command;
  step.submit(std::move(claim));
  tell(step, wire::LeaveIntent{time, step.config.name, false});
}

std::optional<Error> Intents::force_leave(Step& step, std::string_view name, bool prune) {
  if (auto fault = room::not_forced(step.members, name)) return fault;
  const MemberId id = step.members.find(name);
  const Status status = members::status_of(step.members.row(id));
  if (status == Status::alive || status == Status::suspect) {
    return Error{Errc::wrong_state,
                 room::quoted(name) + " is " + name_of(status) + ": it would refute that it left, and stay",
                 status == Status::alive ? "make it leave itself with `hearsay leave` there, or end its agent first"
                                         : "wait until it has refuted or failed"};
  }
  const LamportTime time = clock_->tick();
  members::Claim claim{IntentClaim{step.members.name(id), time, Intent::leaving, prune}, {}};
  claim.evidence.source = Evidence::Source::command;
  step.submit(std::move(claim));
  tell(step, wire::LeaveIntent{time, name, prune});
  return std::nullopt;
}

void Intents::on_outcome(Step& step, const Outcome& outcome) {
  if (!outcome.accepted()) return;
  if (const auto* intent = std::get_if<IntentClaim>(&outcome.claim->body)) {
    if (intent->prune && !step.members.is_self(outcome.member)) prune(step, outcome);
    return;
  }
  if (!outcome.appeared) return;
  const auto found = kept_.find(std::get<members::AliveClaim>(outcome.claim->body).name);
  if (found == kept_.end()) return;
  const auto kept = kept_.extract(found);
  expire_.cancel(kept.key());
  members::Claim claim{IntentClaim{step.members.name(outcome.member), kept.mapped().time, kept.mapped().intent},
                       {}};
  claim.evidence.source = Evidence::Source::gossip;
  step.submit(std::move(claim));
}

// Serf erases a pruned member whatever it is; one that is up would come back with its next word, so it stays until
// it is down.
void Intents::prune(Step& step, const Outcome& outcome) {
  if (outcome.after != Status::left) return;
  members::Claim forget{members::ForgetClaim{std::string(step.members.name(outcome.member))}, {}};
  forget.evidence = outcome.claim->evidence;
  step.submit(std::move(forget));
}

void Intents::on_time(Step& step) {
  while (const auto due = expire_.take_due(step.now.steady)) kept_.erase(*due);
}

}  // namespace hearsay::serf
