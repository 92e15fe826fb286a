#include "heartbeat/ledger.h"

#include <algorithm>

#include "room/own_facts.h"

namespace hearsay::heartbeat {

using members::Verdict;
using room::Origin;
using room::Step;

namespace {

// Two nodes of one name would outbid each other for ever.
constexpr Duration kRenewPause = std::chrono::seconds(2);

room::Peer peer_at(const Address& address) { return {address, true, spread::Audience::hearsay}; }

}  // namespace

Ruling rule(const Told& told, const Held& held) {
  const bool down = !members::is_up(held.verdict);
  if (told.first_hand && !told.left) {
    const bool over = told.generation == held.generation &&
                      (held.verdict == Verdict::left || (down && told.heartbeat < held.heartbeat));
    if (over || told.generation < held.generation) return Ruling::tell_it;
  }
  if (told.generation < held.generation) return Ruling::stale;
  const bool new_life = told.generation > held.generation;
  if (told.left) {
    const bool news = new_life || (held.verdict != Verdict::left && told.heartbeat >= held.heartbeat);
    return news ? Ruling::left : Ruling::stale;
  }
  if (!new_life && held.verdict == Verdict::left) return Ruling::stale;
  const bool newer_facts = new_life || told.facts > held.facts;
  if (!newer_facts && told.heartbeat <= held.heartbeat) return Ruling::stale;
  if (down && !told.first_hand) return new_life && !told.has_facts ? Ruling::want_facts : Ruling::ask_first;
  if (newer_facts) return told.has_facts ? Ruling::facts : Ruling::want_facts;
  return Ruling::counter;
}

bool take_sequence(Beat& beat, Incarnation life, std::uint64_t sequence) {
  if (life.value < beat.window_life) return false;
  if (life.value > beat.window_life) {
    beat.window_life = life.value;
    beat.window_top = sequence;
    beat.window_before = 0;
    return true;
  }
  if (sequence > beat.window_top) {
    const std::uint64_t ahead = sequence - beat.window_top;
    // Bit k stands for the sequence k + 1 below the top; the old top becomes one of them.
    beat.window_before = ahead > 64 ? 0 : (ahead == 64 ? 0 : beat.window_before << ahead) | 1ull << (ahead - 1);
    beat.window_top = sequence;
    return true;
  }
  const std::uint64_t behind = beat.window_top - sequence;
  if (behind == 0 || behind > 64) return false;
  const std::uint64_t bit = 1ull << (behind - 1);
  if ((beat.window_before & bit) != 0) return false;
  beat.window_before |= bit;
  return true;
}

void Ledger::announce(Step& step, Incarnation generation) { room::announce(step, generation, meta_); }

void Ledger::beat(Step& step) {
  ++heartbeat_;
  echoes_ = 0;
  step.members.heard_from(step.members.self(), step.now.steady);
  std::erase_if(newcomers_, [&](const Newcomer& newcomer) {
    if (newcomer.tries < kNewcomerTries) return false;
    step.counters.add(Count::dropped_newcomers);
    return true;
  });
  for (Newcomer& newcomer : newcomers_) ask_newcomer(step, newcomer);
}

void Ledger::vet(Step& step, const wire::HeartbeatEntry& entry) {
  const Address address = Address::from_ip(entry.addr, entry.port);
  if (!address.valid() || address.port == 0) return;
  if (std::ranges::any_of(newcomers_, [&](const Newcomer& one) { return one.address == address; })) return;
  if (newcomers_.size() >= kNewcomersMax) {
    step.counters.add(Count::dropped_newcomers);
    return;
  }
  ask_newcomer(step, newcomers_.emplace_back(Newcomer{address, std::string(entry.name), rng_.next() | 1, 0}));
}

void Ledger::ask_newcomer(Step& step, Newcomer& newcomer) {
  ++newcomer.tries;
  wire::Heartbeat& echo = begin(step, wire::HearsayType::echo);
  echo.number = newcomer.number;
  step.out.send_bare(peer_at(newcomer.address), echo);
}

bool Ledger::is_answer(const Origin& origin, const wire::Heartbeat& message) {
  if (message.type != wire::HearsayType::echo_reply) return false;
  return std::erase_if(newcomers_, [&](const Newcomer& one) {
           return one.address == origin.from && one.name == message.sender && one.number == message.number;
         }) > 0;
}

Beat& Ledger::at(MemberId id) {
  if (id.index >= beats_.size()) {
    beats_.resize(id.index + 1);
    reuse_.resize(id.index + 1, UINT32_MAX);
  }
  if (reuse_[id.index] != id.reuse) {
    beats_[id.index] = {};
    reuse_[id.index] = id.reuse;
  }
  return beats_[id.index];
}

void Ledger::on_pause(Duration length) {
  for (Beat& beat : beats_) beat.last += length;
}

wire::Heartbeat& Ledger::begin(const Step& step, wire::HearsayType type) {
  message_.type = type;
  message_.sender = step.config.name;
  message_.generation = Incarnation{step.members.self_row().incarnation};
  message_.sequence = ++sequence_;
  message_.entries.clear();
  message_.wants.clear();
  message_.opinions.clear();
  message_.reason = {};
  message_.interval_ms = 0;
  message_.number = 0;
  return message_;
}

wire::HeartbeatEntry Ledger::entry(const Step& step, MemberId id, bool with_facts) {
  const auto& members = step.members;
  const auto& row = members.row(id);
  wire::HeartbeatEntry entry;
  entry.name = members.name(id);
  entry.generation = Incarnation{row.incarnation};
  entry.heartbeat = members.is_self(id) ? heartbeat_ : at(id).heartbeat;
  entry.facts = members.is_self(id) ? facts_ : at(id).facts;
  entry.left = row.verdict == Verdict::left;
  if (!with_facts) return entry;
  entry.has_facts = true;
  entry.addr = members.addr(id);
  entry.port = row.port;
  entry.vsn = row.versions;
  entry.meta = members.meta(id);
  return entry;
}

bool Ledger::is_told(const Step& step, MemberId id) {
  const auto& row = step.members.row(id);
  if (members::is_up(row.verdict)) return true;
  return row.verdict == Verdict::left && step.now.steady - row.verdict_since <= step.config.swim.gossip_to_the_dead;
}

std::size_t Ledger::room_in(const wire::Heartbeat& message) const {
  const std::size_t used = wire::kHeartbeatFrameBytes + message.sender.size() + 4 * wire::kHeartbeatSectionBytes;
  return message_bytes_max_ > used ? message_bytes_max_ - used : 0;
}

void Ledger::hear(Step& step, const Origin& origin, const wire::Heartbeat& message) {
  wants_.clear();
  for (const auto& entry : message.entries) hear_one(step, origin, message, entry);
}

void Ledger::hear_one(Step& step, const Origin& origin, const wire::Heartbeat& message,
                      const wire::HeartbeatEntry& entry) {
  if (entry.name == step.config.name) return hear_of_self(step, origin, entry);
  const MemberId id = step.members.find(entry.name);
  members::Claim claim;
  claim.evidence.heard_from = origin.from;
  claim.evidence.source = origin.is_stream() ? Evidence::Source::push_pull : Evidence::Source::gossip;
  if (!id.valid()) {
    if (entry.left || entry.generation.value == 0) return;
    if (!entry.has_facts) {
      wants_.push_back(entry.name);
      return;
    }
    if (entry.name == message.sender && Address::from_ip(entry.addr, entry.port) == origin.from)
      claim.evidence.source = Evidence::Source::first_hand;
    return appear(step, std::move(claim), entry);
  }
  const auto& row = step.members.row(id);
  const Beat& held = at(id);
  const Address there = entry.has_facts ? Address::from_ip(entry.addr, entry.port) : step.members.address(id);
  const bool first_hand =
      entry.name == message.sender && (origin.is_stream() ? same_ip(there, origin.from) : there == origin.from);
  if (first_hand) claim.evidence.source = Evidence::Source::first_hand;
  if (!members::believable(entry.generation, Incarnation{row.incarnation})) {
    step.counters.add(Count::dropped_incarnation);
    if (first_hand || entry.name == message.sender) refuse(step, origin, id, entry.generation);
    return;
  }
  const Ruling ruling =
      rule({entry.generation, entry.heartbeat, entry.facts, entry.left, entry.has_facts, first_hand},
           {Incarnation{row.incarnation}, held.heartbeat, held.facts, row.verdict});
  const bool same_life = entry.generation.value == row.incarnation;
  if (first_hand) step.members.heard_from(id, step.now.steady);
  switch (ruling) {
    case Ruling::stale:
      return;
    case Ruling::left:
      claim.body = members::DeadClaim{entry.name, entry.generation, entry.name};
      step.submit(std::move(claim));
      at(id).heartbeat = std::max(same_life ? at(id).heartbeat : 0, entry.heartbeat);
      return;
    case Ruling::ask_first:
      return ask(step, id, there);
    case Ruling::tell_it:
      return tell_owner(step, id, there);
    case Ruling::want_facts:
      wants_.push_back(entry.name);
      if (same_life && members::is_up(row.verdict)) take_counter(step, id, entry, std::move(claim));
      return;
    case Ruling::facts:
      return take_facts(step, origin, id, entry, std::move(claim));
    case Ruling::counter:
      return take_counter(step, id, entry, std::move(claim));
  }
}

void Ledger::appear(Step& step, members::Claim claim, const wire::HeartbeatEntry& entry) {
  claim.body = members::AliveClaim{entry.name, entry.generation, entry.addr, entry.port, entry.meta, entry.vsn};
  const auto outcome = step.submit(std::move(claim));
  if (!outcome.accepted()) return;
  Beat& beat = at(outcome.member);
  beat.heartbeat = entry.heartbeat;
  beat.facts = entry.facts;
  beat.last = step.now.steady;
}

void Ledger::take_counter(Step& step, MemberId id, const wire::HeartbeatEntry& entry, members::Claim claim) {
  Beat& beat = at(id);
  const auto& row = step.members.row(id);
  if (entry.heartbeat > beat.heartbeat) {
    step.counters.add(Count::beats);
    if (members::is_up(row.verdict))
      add_arrival(beat.arrivals, step.now.steady - beat.last, step.config.heartbeat.phi_window);
    beat.heartbeat = entry.heartbeat;
    beat.last = step.now.steady;
  }
  if (row.verdict == Verdict::alive) return;
  claim.body = members::AliveClaim{step.members.name(id), Incarnation{row.incarnation},
                                   step.members.addr(id), row.port,
                                   step.members.meta(id), row.versions};
  step.submit(std::move(claim));
}

void Ledger::take_facts(Step& step, const Origin& origin, MemberId id, const wire::HeartbeatEntry& entry,
                        members::Claim claim) {
  const bool new_life = entry.generation.value > step.members.row(id).incarnation;
  claim.body = members::AliveClaim{entry.name, entry.generation, entry.addr, entry.port, entry.meta, entry.vsn};
  const auto outcome = step.submit(std::move(claim));
  if (outcome.absurd) refuse(step, origin, id, entry.generation);
  if (!outcome.accepted()) return;
  Beat& beat = at(id);
  if (new_life) {
    // What was learned of the former life says nothing of this one.
    beat.arrivals = {};
    beat.heartbeat = entry.heartbeat;
    beat.last = step.now.steady;
  } else if (entry.heartbeat > beat.heartbeat) {
    step.counters.add(Count::beats);
    add_arrival(beat.arrivals, step.now.steady - beat.last, step.config.heartbeat.phi_window);
    beat.heartbeat = entry.heartbeat;
    beat.last = step.now.steady;
  }
  beat.facts = entry.facts;
}

void Ledger::hear_of_self(Step& step, const Origin& origin, const wire::HeartbeatEntry& entry) {
  const auto& self = step.members.self_row();
  const bool elsewhere =
      entry.has_facts && Address::from_ip(entry.addr, entry.port) != step.members.address(step.members.self());
  if (elsewhere && !entry.left) {
    members::Claim claim{
        members::AliveClaim{entry.name, entry.generation, entry.addr, entry.port, entry.meta, entry.vsn}, {}};
    claim.evidence.heard_from = origin.from;
    step.submit(std::move(claim));  // the table finds the conflict, and it is told
    return;
  }
  if (!members::is_up(self.verdict)) return;
  const Incarnation own{self.incarnation};
  const bool former_life =
      entry.generation > own ||
      (entry.generation == own && (entry.heartbeat > heartbeat_ || entry.facts > facts_ || entry.left));
  if (!former_life) return;
  if (!members::believable(entry.generation, own)) {
    step.counters.add(Count::dropped_incarnation);
    return;
  }
  if (renewed_ != Time{} && step.now.steady - renewed_ < kRenewPause) return;
  renewed_ = step.now.steady;
  step.counters.add(Count::generations_raised);
  announce(step, Incarnation{entry.generation.value + 1});
}

bool Ledger::may_ask(Step& step, MemberId id) {
  Beat& beat = at(id);
  if (beat.asked != Time{} && step.now.steady - beat.asked < step.config.heartbeat.interval) return false;
  if (++echoes_ > kEchoesMax) {
    step.counters.add(Count::dropped_echoes);
    return false;
  }
  beat.asked = step.now.steady;
  return true;
}

void Ledger::tell_owner(Step& step, MemberId id, const Address& there) {
  if (!may_ask(step, id)) return;
  wire::Heartbeat& beats = begin(step, wire::HearsayType::beats);
  beats.entries.push_back(entry(step, id, false));
  step.out.send(peer_at(there), beats);
}

void Ledger::ask(Step& step, MemberId id, const Address& there) {
  if (!may_ask(step, id)) return;
  step.counters.add(Count::echoes);
  if (there.valid() && there.port != 0) step.out.send(peer_at(there), begin(step, wire::HearsayType::echo));
}

void Ledger::refuse(Step& step, const Origin& origin, MemberId id, Incarnation generation) {
  Beat& beat = at(id);
  if (beat.asked != Time{} && step.now.steady - beat.asked < step.config.heartbeat.interval) return;
  beat.asked = step.now.steady;
  const std::uint32_t known = step.members.row(id).incarnation;
  const std::string reason = "generation " + std::to_string(generation.value) + " is more than 2^20 above " +
                             std::to_string(known) +
                             ", the highest known; stop it, run `hearsay repair-generation DIR` " +
                             "with its data directory, and start it again";
  wire::Heartbeat& message = begin(step, wire::HearsayType::refused);
  message.reason = reason;
  step.out.send(peer_at(origin.from), message);
  message.reason = {};
}

}  // namespace hearsay::heartbeat
