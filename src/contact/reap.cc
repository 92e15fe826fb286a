#include "contact/reap.h"

namespace hearsay::contact {

using room::Outcome;
using room::Step;

void Reap::on_outcome(Step& step, const Outcome& outcome) {
  if (!outcome.accepted()) return;
  if (!step.members.contains(outcome.member) || members::is_up(outcome.verdict)) {
    forget_.cancel(outcome.member);
    return;
  }
  if (step.members.is_self(outcome.member) || outcome.before == outcome.after) return;
  const auto& serf = step.config.serf;
  forget_.set(outcome.member,
              step.after(outcome.after == Status::left ? serf.tombstone_timeout : serf.forget_after));
}

void Reap::on_time(Step& step) {
  while (const auto due = forget_.take_due(step.now.steady)) {
    if (!step.members.contains(*due)) continue;
    members::Claim claim{members::ForgetClaim{std::string(step.members.name(*due))}, {}};
    claim.evidence.source = Evidence::Source::own_timer;
    step.submit(std::move(claim));
  }
}

}  // namespace hearsay::contact
