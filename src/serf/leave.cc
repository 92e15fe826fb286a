#include "serf/leave.h"

#include <algorithm>

namespace hearsay::serf {

using room::Step;

namespace {
// Leave commands that may wait for one leave; more are told that it runs.
constexpr std::size_t kWaitingMax = 64;
}  // namespace

void Leave::on_command(Step& step, CommandId command) {
  if (waiting_.size() >= kWaitingMax) {
    step.out.notify(
        {step.now, CommandDone{command, 0, Error{Errc::wrong_state, "this node is leaving already", ""}}});
    return;
  }
  waiting_.push_back(command);
  if (running()) return;
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
      members::Claim claim{
          members::DeadClaim{step.config.name, Incarnation{step.members.self_row().incarnation}, step.config.name},
          {}};
      claim.own = true;
      claim.evidence.source = Evidence::Source::command;
      step.submit(std::move(claim));
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
  for (const CommandId command : waiting_) step.out.notify({step.now, CommandDone{command, 0, {}}});
  waiting_.clear();
}

}  // namespace hearsay::serf
