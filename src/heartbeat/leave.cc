#include "heartbeat/leave.h"

#include <algorithm>

namespace hearsay::heartbeat {

using room::Step;

namespace {
constexpr std::size_t kWaitingMax = 64;  // commands that may wait for one leave
}  // namespace

void Leave::on_command(Step& step, CommandId command) {
  if (waiting_.size() >= kWaitingMax) {
    step.out.notify(
        {step.now, CommandDone{command, 0, Error{Errc::wrong_state, "this node is leaving already", ""}}});
    return;
  }
  waiting_.push_back(command);
  if (running()) return;
  next_ = step.now.steady;
  rounds_left_ = 1;
  if (!members::is_up(step.members.self_row().verdict)) return;
  ledger_->beat(step);  // the last one: news of the leave is newer than all others
  members::Claim claim{
      members::DeadClaim{step.config.name, Incarnation{step.members.self_row().incarnation}, step.config.name}, {}};
  claim.own = true;
  claim.evidence.source = Evidence::Source::command;
  step.submit(std::move(claim));
  rounds_left_ = step.members.up() > 0 ? kLeaveRounds : 1;
}

void Leave::on_time(Step& step) {
  if (step.now.steady < next_) return;
  const bool alone = step.members.up() == 0;
  if (!alone) {
    cycle_.pick(step.members, rng_, std::max<std::size_t>(kLeaveFanoutMin, step.config.heartbeat.fanout), picked_);
    for (const MemberId id : picked_) {
      wire::Heartbeat& last = ledger_->begin(step, wire::HearsayType::beats);
      last.entries.push_back(ledger_->entry(step, step.members.self(), false));
      step.out.send(room::Peer{step.members.address(id), true, spread::Audience::hearsay}, last);
    }
  }
  if (--rounds_left_ > 0) {
    next_ = step.after(std::min<Duration>(step.config.heartbeat.interval, std::chrono::milliseconds(200)));
    return;
  }
  next_ = kNever;
  for (const CommandId command : waiting_) step.out.notify({step.now, CommandDone{command, 0, {}}});
  waiting_.clear();
}

}  // namespace hearsay::heartbeat
