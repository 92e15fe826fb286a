#include "swim/vet.h"

#include <algorithm>

#include "base/hash.h"

namespace hearsay::swim {

using room::Origin;
using room::Outcome;
using room::Step;

namespace {

constexpr Duration kWarnPause = std::chrono::seconds(10);

}  // namespace

Vet::Vet(base::Rng rng) : seq_{static_cast<std::uint32_t>(rng.next())} {}

void Vet::on_outcome(Step& step, const Outcome& outcome) {
  const auto* alive = std::get_if<members::AliveClaim>(&outcome.claim->body);
  if (alive == nullptr) return;
  if (outcome.appeared) {  // somebody else has vouched for it meanwhile
    if (!names_.contains(alive->name)) return;
    const auto found =
        std::ranges::find_if(waiting_, [&](const auto& entry) { return entry.second.name == alive->name; });
    if (found->second.stream.value != 0) step.out.close(found->second.stream);
    return forget(found);
  }
  if (outcome.kind != Outcome::Kind::unvetted || names_.contains(alive->name)) return;
  const members::Claim& claim = *outcome.claim;
  if (!spend(step, claim.evidence.heard_from)) {
    step.counters.add(Count::dropped_newcomers);
    return;
  }
  if (waiting_.size() >= kVettedMax) give_up(step, waiting_.begin());
  ++seq_.value;
  Newcomer& newcomer = waiting_[seq_];
  newcomer.name = alive->name;
  newcomer.address = Address::from_ip(alive->addr, alive->port);
  newcomer.verbatim = !claim.verbatim.empty();
  newcomer.source = claim.evidence.source;
  newcomer.heard_from = claim.evidence.heard_from;
  if (newcomer.verbatim) {
    newcomer.alive = to_bytes(claim.verbatim);
  } else {
    base::ByteWriter writer(newcomer.alive);
    wire::encode(writer,
                 wire::Alive{alive->incarnation, alive->name, alive->addr, alive->port, alive->meta, alive->vsn});
  }
  names_.insert(newcomer.name);
  patience_.set(seq_, step.after(step.config.swim.probe_timeout));
  ask(step, seq_, newcomer);
}

bool Vet::spend(Step& step, const Address& source) {
  base::Hasher hash;
  hash.add(as_text(source.ip_view()));
  Budget& budget = budgets_[hash.value() % kVetSources];
  constexpr auto kEach = Duration(std::chrono::seconds(1)) / kVetRate;
  const auto earned = static_cast<std::uint64_t>((step.now.steady - budget.since) / kEach);
  if (earned > 0) {
    budget.left = static_cast<unsigned>(std::min<std::uint64_t>(kVetBurst, budget.left + earned));
    budget.since = step.now.steady;
  }
  if (budget.left == 0) return false;
  --budget.left;
  return true;
}

// Without rumors, and no larger than what made us send it.
void Vet::ask(Step& step, SeqNo seq, const Newcomer& newcomer) {
  const MemberId self = step.members.self();
  step.out.send_bare({newcomer.address}, wire::Ping{seq, newcomer.name, step.members.addr(self),
                                                    step.members.self_row().port, step.members.name(self)});
}

void Vet::ask_by_stream(Step& step, SeqNo seq, Newcomer& newcomer) {
  if (!newcomer.dialled_us() || !step.config.swim.stream_probe || streams_.size() >= kVettedByStreamMax) return;
  const MemberId self = step.members.self();
  const wire::Ping ping{seq, newcomer.name, step.members.addr(self), step.members.self_row().port,
                        step.members.name(self)};
  newcomer.stream = step.out.request(newcomer.address, step.after(step.config.swim.probe_interval), ping);
  streams_[newcomer.stream] = seq;
}

bool Vet::on_message(Step& step, const Origin& origin, const wire::Ack& ack) {
  const auto found = waiting_.find(ack.seq);
  if (found == waiting_.end()) return false;
  const Newcomer& newcomer = found->second;
  const bool its_own =
      origin.is_stream() ? origin.stream == newcomer.stream : same_ip(origin.from, newcomer.address);
  if (!its_own) return false;
  admit(step, found);
  return true;
}

void Vet::admit(Step& step, Waiting::iterator found) {
  admitted_ = found->second;
  if (admitted_.stream.value != 0) step.out.close(admitted_.stream);
  forget(found);
  const auto message = wire::decode_datagram_message(admitted_.alive);
  if (!message) return;
  const auto& alive = std::get<wire::Alive>(*message);
  members::Claim claim;
  claim.body = members::AliveClaim{alive.node, alive.incarnation, alive.addr, room::port_or_own(step, alive.port),
                                   alive.meta, alive.vsn};
  claim.evidence.source = admitted_.source;
  claim.evidence.heard_from = admitted_.heard_from;
  if (admitted_.verbatim) claim.verbatim = admitted_.alive;
  const Outcome outcome = step.submit(std::move(claim));
  if (outcome.accepted()) step.members.heard_from(outcome.member, step.now.steady);
}

void Vet::on_stream_end(Step& step, StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  const auto newcomer = waiting_.find(found->second);
  newcomer->second.stream = {};
  streams_.erase(found);
  if (newcomer->second.asked_twice && !patience_.is_set(newcomer->first)) give_up(step, newcomer);
}

void Vet::on_time(Step& step) {
  while (const auto due = patience_.take_due(step.now.steady)) {
    const auto found = waiting_.find(*due);
    Newcomer& newcomer = found->second;
    if (!newcomer.asked_twice) {
      newcomer.asked_twice = true;
      patience_.set(*due, step.after(step.config.swim.probe_timeout));
      ask(step, *due, newcomer);
      ask_by_stream(step, *due, newcomer);
    } else if (newcomer.stream.value == 0) {  // else its end decides
      give_up(step, found);
    }
  }
}

void Vet::give_up(Step& step, Waiting::iterator found) {
  step.counters.add(Count::dropped_newcomers);
  const Newcomer& newcomer = found->second;
  if (newcomer.dialled_us() && newcomer.asked_twice &&
      (warned_at_ == Time{} || step.now.steady - warned_at_ >= kWarnPause)) {
    warned_at_ = step.now.steady;
    step.out.notify(
        {step.now, Warning{newcomer.name + " wants to join but does not answer at " + to_string(newcomer.address) +
                           ", neither over UDP nor over TCP: it is not taken as a member; check its "
                           "advertised address and the firewalls"}});
  }
  if (newcomer.stream.value != 0) step.out.close(newcomer.stream);
  forget(found);
}

void Vet::forget(Waiting::iterator found) {
  patience_.cancel(found->first);
  streams_.erase(found->second.stream);
  names_.erase(found->second.name);
  waiting_.erase(found);
}

}  // namespace hearsay::swim
