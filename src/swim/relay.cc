#include "swim/relay.h"

namespace hearsay::swim {

using room::Origin;
using room::Step;

// A random start, odd: the numbers of our own probes are even.
Relay::Relay(base::Rng rng) : seq_{static_cast<std::uint32_t>(rng.next()) | 1u} {}

bool Relay::within_rates(Time now, const Address& from) {
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    relayed_ = 0;
    askers_.clear();
  }
  if (relayed_ >= kRelaysPerSecond) return false;
  auto asker = std::ranges::find_if(askers_, [&](const Asker& known) { return same_ip(known.from, from); });
  if (asker == askers_.end()) asker = askers_.insert(askers_.end(), Asker{from.machine(), 0});
  if (asker->relayed >= kRelaysPerAsker) return false;
  ++asker->relayed;
  ++relayed_;
  return true;
}

void Relay::on_message(Step& step, const Origin& origin, const wire::IndirectPing& asked) {
  const MemberId target = step.members.find(asked.node);
  const Address address = Address::from_ip(asked.target, asked.port);
  const bool known = target.valid() && !step.members.is_self(target) && step.members.address(target) == address;
  if (!known || pending_.size() >= kRelaysMax) {
    step.counters.add(known ? Count::dropped_ping_relays : Count::dropped_unexpected);
    // We at least are fine, and the asker should know.
    if (asked.nack) step.out.send_bare({origin.from}, wire::Nack{asked.seq});
    return;
  }
  if (!within_rates(step.now.steady, origin.from)) {  // no nack: a flood gets no answers
    step.counters.add(Count::dropped_ping_relays);
    return;
  }
  step.counters.add(Count::relays);
  seq_.value += 2;
  pending_[seq_] = {target, address,
                    room::reply_to(step.members, origin.from, asked.source_addr, asked.source_port), asked.seq,
                    asked.nack};
  const Duration patience = step.config.swim.probe_timeout;
  due_.set(seq_, step.after(asked.nack ? nack_after(patience) : patience));
  const MemberId self = step.members.self();
  step.out.send({address}, wire::Ping{seq_, step.members.name(target), step.members.addr(self),
                                      step.members.self_row().port, step.members.name(self)});
}

bool Relay::on_message(Step& step, const Origin& origin, const wire::Ack& ack) {
  const auto found = pending_.find(ack.seq);
  if (found == pending_.end() || origin.is_stream()) return false;
  const Pending& pending = found->second;
  if (!same_ip(origin.from, pending.target_address)) return false;
  step.members.heard_from(pending.target, step.now.steady);
  step.out.reply(pending.asker, wire::Ack{pending.asked_seq, {}});
  due_.cancel(found->first);
  pending_.erase(found);
  return true;
}

void Relay::on_pause() {
  for (const auto& [seq, pending] : pending_) due_.cancel(seq);
  pending_.clear();
}

void Relay::on_time(Step& step) {
  while (const auto due = due_.take_due(step.now.steady)) {
    const auto found = pending_.find(*due);
    Pending& pending = found->second;
    if (!pending.nack) {
      pending_.erase(found);
      continue;
    }
    step.out.reply(pending.asker, wire::Nack{pending.asked_seq});
    pending.nack = false;
    const Duration patience = step.config.swim.probe_timeout;
    due_.set(*due, step.after(patience - nack_after(patience)));
  }
}

}  // namespace hearsay::swim
