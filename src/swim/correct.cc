#include "swim/correct.h"

#include <algorithm>

namespace hearsay::swim {

using room::Outcome;
using room::Step;

void Correct::on_outcome(Step& step, const Outcome& outcome) {
  if (outcome.kind != Outcome::Kind::stale || members::is_up(outcome.verdict)) return;
  const auto* alive = std::get_if<members::AliveClaim>(&outcome.claim->body);
  if (alive == nullptr || step.members.is_self(outcome.member)) return;
  const auto& row = step.members.row(outcome.member);
  const Duration interval = step.config.swim.probe_interval;
  // Echoes of the time before the death are still about for a moment.
  if (step.now.steady - row.verdict_since < interval) return;
  const bool told = std::ranges::any_of(told_, [&](const Told& entry) {
    return entry.member == outcome.member && step.now.steady - entry.at < interval;
  });
  // All places taken within one interval: the rest hears of it with the next alive.
  if (told || (told_[next_].member.valid() && step.now.steady - told_[next_].at < interval)) return;
  told_[next_] = {outcome.member, step.now.steady};
  next_ = (next_ + 1) % told_.size();
  step.out.send_bare({Address::from_ip(alive->addr, alive->port)},
                     wire::Suspect{Incarnation{row.incarnation}, step.members.name(outcome.member),
                                   step.members.name(step.members.self())});
}

}  // namespace hearsay::swim
