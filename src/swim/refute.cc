#include "swim/refute.h"

#include <algorithm>

#include "members/precedence.h"
#include "room/own_facts.h"

namespace hearsay::swim {

using room::Outcome;
using room::Step;

namespace {

// The same liar repeats itself with every packet.
constexpr Duration kWarningPause = std::chrono::minutes(1);

// The incarnation that a claim speaks of; an intent has none and is for the Serf layer.
std::optional<Incarnation> accused_at(const members::Claim& claim) {
  if (const auto* alive = std::get_if<members::AliveClaim>(&claim.body)) return alive->incarnation;
  if (const auto* suspect = std::get_if<members::SuspectClaim>(&claim.body)) return suspect->incarnation;
  if (const auto* dead = std::get_if<members::DeadClaim>(&claim.body)) return dead->incarnation;
  return std::nullopt;
}

tl::unexpected<Error> worn_out(Incarnation own) {
  return fail(Errc::wrong_state,
              "this node's incarnation is " + std::to_string(own.value) + ": others believe no higher one",
              "restart it under another name, and with another data directory");
}

}  // namespace

std::optional<Incarnation> refuting(Incarnation own, Incarnation accused) {
  const std::uint32_t highest = std::max(own.value, accused.value);
  if (highest >= members::kIncarnationMax - 1) return std::nullopt;
  return Incarnation{highest + 1};
}

void Refute::announce(Step& step, Incarnation incarnation) { room::announce(step, incarnation, meta_); }

void Refute::start(Step& step, Bytes meta) {
  meta_ = std::move(meta);
  announce(step, step.config.first_incarnation);
}

Result<void> Refute::set_meta(Step& step, Bytes meta) {
  const Incarnation own{step.members.self_row().incarnation};
  const auto next = refuting(own, own);
  if (!next) return worn_out(own);
  meta_ = std::move(meta);
  announce(step, *next);
  return {};
}

Result<void> Refute::come_back(Step& step) {
  const auto& self = step.members.self_row();
  if (members::is_up(self.verdict)) return {};
  const Incarnation own{self.incarnation};
  const auto next = refuting(own, own);
  if (!next) return worn_out(own);
  announce(step, *next);
  return {};
}

void Refute::on_outcome(Step& step, const Outcome& outcome) {
  const bool absurd = outcome.absurd && step.members.is_self(outcome.member);
  if (outcome.kind != Outcome::Kind::about_self && !absurd) return;
  const auto& self = step.members.self_row();
  if (!members::is_up(self.verdict)) return;
  const auto claimed = accused_at(*outcome.claim);
  if (!claimed) return;
  const Incarnation accused = *claimed;
  if (accused.value < self.incarnation) return;  // answered already, by the same input
  const auto next = refuting(Incarnation{self.incarnation}, accused);
  if (absurd || !next) {
    if (!absurd) step.counters.add(Count::dropped_incarnation);
    refuse(step, outcome, accused);
    return;
  }
  step.counters.add(Count::refutations);
  health_->add(1);
  announce(step, *next);
}

// Whoever believes it cannot be convinced: peers take no incarnation that is so far above the one they hold.
void Refute::refuse(Step& step, const Outcome& outcome, Incarnation accused) {
  if (warned_ != Time{} && step.now.steady - warned_ < kWarningPause) return;
  warned_ = step.now.steady;
  const auto& evidence = outcome.claim->evidence;
  std::string who = evidence.accuser.empty() ? "somebody" : evidence.accuser;
  if (evidence.heard_from.valid()) who += " (told by " + to_string(evidence.heard_from) + ")";
  step.out.notify(
      {step.now, Warning{who + " claims of this node an incarnation of " + std::to_string(accused.value) +
                         ", ours is " + std::to_string(step.members.self_row().incarnation) +
                         ": refused, not answered; if others believe it, restart this node under another name"}});
}

}  // namespace hearsay::swim
