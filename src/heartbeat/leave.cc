#include "heartbeat/leave.h"

#include <algorithm>

#include "room/own_facts.h"

namespace hearsay::heartbeat {

using room::Step;

void Leave::on_command(Step& step, CommandId command) {
  if (!leavers_.add(step, command) || running()) return;
  next_ = step.now.steady;
  rounds_left_ = 1;
  if (!members::is_up(step.members.self_row().verdict)) return;
  ledger_->beat(step);  // the last one: news of the leave is newer than all others
  room::announce_departure(step);
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
  leavers_.tell(step);
}

}  // namespace hearsay::heartbeat
