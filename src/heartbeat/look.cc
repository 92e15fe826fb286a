#include "heartbeat/look.h"

#include <algorithm>

namespace hearsay::heartbeat {

using room::Origin;
using room::Step;
using std::chrono::milliseconds;

namespace {

std::uint32_t interval_ms(const Config& config) {
  return static_cast<std::uint32_t>(slowest_interval(config.heartbeat) / milliseconds(1));
}

}  // namespace

StreamId Look::introduce(Step& step, const Address& peer) {
  wire::Heartbeat& look = ledger_->begin(step, wire::HearsayType::look);
  look.entries.push_back(ledger_->entry(step, step.members.self(), true));
  look.interval_ms = interval_ms(step.config);
  return step.out.request(peer, step.after(step.config.swim.stream_timeout), wire::HeartbeatOnStream{look});
}

std::string Look::objection(Step& step, const Origin& origin, const wire::Heartbeat& look) const {
  if (look.entries.size() != 1 || !look.entries[0].has_facts || look.entries[0].name != look.sender)
    return "a look tells of its sender, and of nobody else";
  const auto& entry = look.entries[0];
  const Address address = Address::from_ip(entry.addr, entry.port);
  const std::string name(entry.name);
  const members::AliveClaim alive{entry.name, entry.generation, entry.addr, entry.port, entry.meta, entry.vsn};
  if (step.admission != nullptr) {
    if (auto why = step.admission->refuses(step.config.admission, step.members, alive)) {
      step.counters.add(Count::dropped_admission);
      step.admission->refused(step.now, step.out, alive, origin.from, *why);
      return step.config.name + " does not admit " + name + " at " + to_string(address) + ": " + *why;
    }
  }
  const auto ours = interval_ms(step.config);
  const auto theirs = look.interval_ms;
  if (theirs != 0 && std::max(ours, theirs) > kIntervalRatioMax * std::uint64_t{std::min(ours, theirs)}) {
    return "its heartbeat.interval is " + std::to_string(theirs) + "ms, that of " + step.config.name + " " +
           std::to_string(ours) + "ms; give all nodes of a cluster the same";
  }
  const MemberId holder = step.members.find(entry.name);
  const bool is_us = entry.name == step.config.name;
  if (is_us || (holder.valid() && members::is_up(step.members.row(holder).verdict) &&
                step.members.address(holder) != address)) {
    step.counters.add(Count::dropped_name_conflict);
    members::Claim claim{alive, {}};
    claim.evidence.heard_from = origin.from;
    claim.join_refused = true;
    step.submit(std::move(claim));  // the table finds the conflict, and it is told
    return "name conflict: " + name + " is " + to_string(step.members.address(holder)) +
           "; give this node another name";
  }
  if (holder.valid() && !members::believable(entry.generation, Incarnation{step.members.row(holder).incarnation})) {
    step.counters.add(Count::dropped_incarnation);
    return "generation " + std::to_string(entry.generation.value) + " of " + name + " is more than 2^20 above " +
           std::to_string(step.members.row(holder).incarnation) +
           ", the highest known; run `hearsay repair-generation DIR` with its data directory, and start it again";
  }
  if (address == step.config.advertise || step.members.is_known_address(address)) {
    for (const MemberId id : step.members.order()) {
      if (step.members.name(id) == entry.name || step.members.row(id).verdict != members::Verdict::alive) continue;
      if (step.members.address(id) != address) continue;
      // Whoever was there a moment ago may have been given another name; then its heartbeat stands still.
      const Duration silent = step.now.steady - ledger_->at(id).last;
      if (!step.members.is_self(id) && silent > 2 * slowest_interval(step.config.heartbeat)) continue;
      return "address conflict: " + to_string(address) + " is " + std::string(step.members.name(id)) +
             "; stop that one, wait until its heartbeat stands still, and join again";
    }
  }
  return {};
}

void Look::on_request(Step& step, const Origin& origin, const wire::Heartbeat& look) {
  if (const std::string why = objection(step, origin, look); !why.empty())
    return step.out.answer(origin.stream, wire::ErrorReply{why});
  const MemberId newcomer = step.members.find(look.sender);
  wire::Heartbeat& reply = ledger_->begin(step, wire::HearsayType::look_reply);
  for (const MemberId id : step.members.order()) {
    if (Ledger::is_told(step, id) || id == newcomer) reply.entries.push_back(ledger_->entry(step, id, true));
  }
  step.out.answer(origin.stream, wire::HeartbeatOnStream{reply});
  if (newcomer.valid() || origin.sealed) {
    ledger_->hear(step, origin, look);
  } else {
    ledger_->vet(step, look.entries[0]);
  }
}

void Look::on_answer(Step& step, const Origin& origin, const wire::Heartbeat& reply) {
  ledger_->hear(step, origin, reply);
}

}  // namespace hearsay::heartbeat
