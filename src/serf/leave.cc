#include "serf/leave.h"

#include <algorithm>

#include "room/own_facts.h"

namespace hearsay::serf {

using room::Step;

void Leave::on_command(Step& step, CommandId command) {
  if (!leavers_.add(step, command) || running()) return;
  if (!members::is_up(step.members.self_row().verdict)) {
    finish(step);
    return;
  }
  intents_->announce_leave(step);
  enter(step, Phase::intent);
}

void Leave::enter(Step& step, Phase phase) {
  phase_ = phase;
  const auto& serf = step.config.serf;
  deadline_ = step.after(phase == Phase::settle ? serf.leave_propagate_delay : serf.broadcast_timeout);
  next_ = phase == Phase::settle ? deadline_ : std::min(deadline_, step.after(step.config.swim.gossip_interval));
}

// With nobody else up there is nobody to tell.
bool Leave::told(const Step& step) const {
  if (step.members.up() <= (members::is_up(step.members.self_row().verdict) ? 1u : 0u)) return true;
  const auto rumor_class = phase_ == Phase::intent ? spread::RumorClass::intent : spread::RumorClass::membership;
  return !step.rumors.pending(rumor_class, step.config.name);
}

void Leave::on_time(Step& step) {
  if (step.now.steady < next_) return;
  if (phase_ != Phase::settle && step.now.steady < deadline_ && !told(step)) {
    next_ = std::min(deadline_, step.after(step.config.swim.gossip_interval));
    return;
  }
  switch (phase_) {
    case Phase::none:
      break;
    case Phase::intent: {
      room::announce_departure(step);
      enter(step, Phase::dead);
      break;
    }
    case Phase::dead:
      enter(step, Phase::settle);
      break;
    case Phase::settle:
      finish(step);
      break;
  }
}

void Leave::finish(Step& step) {
  phase_ = Phase::none;
  next_ = deadline_ = kNever;
  leavers_.tell(step);
}

}  // namespace hearsay::serf
