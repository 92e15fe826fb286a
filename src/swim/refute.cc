#include "swim/refute.h"

#include <algorithm>

namespace hearsay::swim {

using room::Outcome;
using room::Step;

Incarnation refuting(Incarnation own, Incarnation accused) { return {std::max(own.value, accused.value) + 1}; }

void Refute::announce(Step& step, Incarnation incarnation) {
  const Config& config = step.config;
  members::Claim claim{members::AliveClaim{config.name, incarnation, config.advertise.ip_view(),
                                           config.advertise.port, meta_, step.members.our_versions()},
                       {}};
  claim.own = true;
  claim.evidence.source = Evidence::Source::self;
  step.submit(std::move(claim));
}

void Refute::start(Step& step, Bytes meta) {
  meta_ = std::move(meta);
  announce(step, step.config.first_incarnation);
}

void Refute::set_meta(Step& step, Bytes meta) {
  meta_ = std::move(meta);
  announce(step, Incarnation{step.members.self_row().incarnation + 1});
}

void Refute::come_back(Step& step) {
  const auto& self = step.members.self_row();
  if (!members::is_up(self.verdict)) announce(step, Incarnation{self.incarnation + 1});
}

void Refute::on_outcome(Step& step, const Outcome& outcome) {
  if (outcome.kind != Outcome::Kind::about_self) return;
  const auto& self = step.members.self_row();
  if (!members::is_up(self.verdict)) return;
  Incarnation accused;
  if (const auto* alive = std::get_if<members::AliveClaim>(&outcome.claim->body))
    accused = alive->incarnation;
  else if (const auto* suspect = std::get_if<members::SuspectClaim>(&outcome.claim->body))
    accused = suspect->incarnation;
  else if (const auto* dead = std::get_if<members::DeadClaim>(&outcome.claim->body))
    accused = dead->incarnation;
  else
    return;                                      // an intent: the Serf layer answers it
  if (accused.value < self.incarnation) return;  // answered already, by the same input
  step.counters.add(Count::refutations);
  health_->add(1);
  announce(step, refuting(Incarnation{self.incarnation}, accused));
}

}  // namespace hearsay::swim
