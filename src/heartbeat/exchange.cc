#include "heartbeat/exchange.h"

#include <algorithm>

#include "spread/peer_picker.h"

namespace hearsay::heartbeat {

using members::Verdict;
using room::Origin;
using room::Step;
using wire::HearsayType;

void Exchange::start(Step& step) {
  pause_ = step.config.heartbeat.interval;
  round_ = step.after(rng_.within(pause_));
  slice_ = rng_.bounded(1u << 20);
}

void Exchange::on_outcome(Step& step, const room::Outcome& outcome) {
  if (!outcome.accepted()) return;
  hurry(step);
  if (outcome.what != MemberChange::What::joined || step.members.is_self(outcome.member)) return;
  cycle_.add(rng_, outcome.member);
}

void Exchange::on_time(Step& step) {
  if (step.now.steady < round_) return;
  const auto& config = step.config.heartbeat;
  round_ = step.after(pause_);
  pause_ = std::clamp(2 * pause_, config.interval, slowest_interval(config));
  if (members::is_up(step.members.self_row().verdict)) round(step);
}

void Exchange::hurry(const Step& step) {
  const Duration interval = step.config.heartbeat.interval;
  if (pause_ <= interval) return;
  pause_ = interval;
  round_ = std::min(round_, step.after(interval));
}

void Exchange::round(Step& step) {
  const auto& config = step.config.heartbeat;
  ledger_->beat(step);
  strangers_ = 0;
  if (config.verdict == VerdictRule::majority) {
    opinions_->forget_old(step, *ledger_);
    opinions_->say_own(step, *ledger_);
  }
  cycle_.pick(step.members, rng_, config.fanout, picked_);
  for (const MemberId id : picked_) contact(step, step.members.address(id));
  const std::uint32_t failed = step.members.count(Status::failed);
  if (failed > 0 && rng_.chance(failed_chance(failed, step.members.up() - 1))) {
    spread::pick_peers(
        step.members, rng_, 1, [](MemberId, const members::Row& row) { return row.verdict == Verdict::dead; },
        picked_);
    if (!picked_.empty()) contact(step, step.members.address(picked_[0]));
  }
  maybe_contact_seed(step);
}

// Seeds that are names are left to contact/reconnect, which resolves them.
void Exchange::maybe_contact_seed(Step& step) {
  const auto& seeds = step.config.contact.seeds;
  if (seeds.empty()) return;
  const double chance = seed_chance(seeds.size(), step.members.up() - 1, step.members.count(Status::failed));
  if (!rng_.chance(chance)) return;
  const std::string& seed = seeds[rng_.bounded(seeds.size())];
  const auto address = parse_address(seed, step.config.advertise.port);
  if (address && *address != step.config.advertise && step.members.is_known_address(*address))
    contact(step, *address);
}

void Exchange::contact(Step& step, const Address& peer) {
  step.counters.add(Count::exchanges);
  const ExchangeMode mode = step.config.heartbeat.mode;
  if (mode == ExchangeMode::digest) {
    wire::Heartbeat& syn = ledger_->begin(step, HearsayType::syn);
    add_slice(step, add_opinions(step, syn), syn);
    return send(step, peer, syn);
  }
  if (mode != ExchangeMode::pull) tell_table(step, peer);
  if (mode != ExchangeMode::push) send(step, peer, ledger_->begin(step, HearsayType::pull));
}

std::size_t Exchange::add_opinions(Step& step, wire::Heartbeat& message) {
  std::size_t room_bytes = ledger_->room_in(message);
  if (step.config.heartbeat.verdict != VerdictRule::majority) return room_bytes;
  opinions_->tell(step, *ledger_, room_bytes / 2, message);
  for (const auto& opinion : message.opinions) room_bytes -= encoded_bytes(opinion);
  return room_bytes;
}

std::size_t Exchange::add_slice(Step& step, std::size_t room_bytes, wire::Heartbeat& message) {
  const auto order = step.members.order();
  const MemberId self = step.members.self();
  message.entries.push_back(ledger_->entry(step, self, false));
  std::size_t used = encoded_bytes(message.entries.back());
  for (std::size_t looked = 0; looked < order.size(); ++looked) {
    const MemberId id = order[slice_ % order.size()];
    if (id != self && Ledger::is_told(step, id)) {
      message.entries.push_back(ledger_->entry(step, id, false));
      used += encoded_bytes(message.entries.back());
      if (used > room_bytes) {
        message.entries.pop_back();
        return looked;
      }
    }
    slice_ = slice_ % order.size() + 1;
  }
  return order.size();
}

void Exchange::tell_table(Step& step, const Address& peer) {
  const std::size_t bytes_max = step.config.heartbeat.exchange_bytes_max;
  std::size_t bytes = 0;
  for (std::size_t told = 0; told < step.members.size();) {
    wire::Heartbeat& beats = ledger_->begin(step, HearsayType::beats);
    const std::size_t room_bytes = told == 0 ? add_opinions(step, beats) : ledger_->room_in(beats);
    const std::size_t rows = add_slice(step, room_bytes, beats);
    told += std::max<std::size_t>(1, rows);
    bytes += step.config.packet_bytes;
    if (told >= step.members.size() || bytes + step.config.packet_bytes > bytes_max) {
      // Rumors of others ride in what the last one leaves free.
      return send(step, peer, beats);
    }
    step.out.send_bare(room::Peer{peer, true, spread::Audience::hearsay}, beats);
  }
}

void Exchange::tell_facts(Step& step, const Address& peer, std::span<const std::string_view> names) {
  const std::size_t bytes_max = step.config.heartbeat.mode == ExchangeMode::digest
                                    ? step.config.packet_bytes
                                    : step.config.heartbeat.exchange_bytes_max;
  std::size_t bytes = 0;
  // One packet in any case, or small budgets would keep newcomers out for ever.
  for (std::size_t next = 0;
       next < names.size() && (bytes == 0 || bytes + step.config.packet_bytes <= bytes_max);) {
    wire::Heartbeat& beats = ledger_->begin(step, HearsayType::beats);
    const std::size_t room_bytes = ledger_->room_in(beats);
    std::size_t used = 0;
    for (; next < names.size(); ++next) {
      const MemberId id = step.members.find(names[next]);
      if (!id.valid() || !Ledger::is_told(step, id)) continue;
      const auto entry = ledger_->entry(step, id, true);
      used += encoded_bytes(entry);
      if (used > room_bytes && !beats.entries.empty()) break;
      beats.entries.push_back(entry);
    }
    if (beats.entries.empty()) return;
    bytes += step.config.packet_bytes;
    send(step, peer, beats);
  }
}

void Exchange::ask_wanted(Step& step, const Address& peer) {
  const auto& wants = ledger_->wants();
  if (wants.empty()) return;
  wire::Heartbeat& want = ledger_->begin(step, HearsayType::want);
  std::size_t room_bytes = ledger_->room_in(want);
  for (const auto name : wants) {
    if (room_bytes < name.size() + 1) break;  // the rest when it is told of again
    room_bytes -= name.size() + 1;
    want.wants.push_back(name);
  }
  send(step, peer, want);
}

void Exchange::answer_syn(Step& step, const Origin& origin, const wire::Heartbeat& syn) {
  wire::Heartbeat& ack = ledger_->begin(step, HearsayType::ack);
  std::size_t room_bytes = add_opinions(step, ack);
  for (const auto name : ledger_->wants()) {
    if (room_bytes < 2 * (name.size() + 1)) break;
    room_bytes -= name.size() + 1;
    ack.wants.push_back(name);
  }
  // What we know better of its slice, then a slice of ours.
  for (const auto& told : syn.entries) {
    const MemberId id = step.members.find(told.name);
    if (!id.valid() || !Ledger::is_told(step, id)) continue;
    const auto entry = ledger_->entry(step, id, false);
    const bool better = entry.generation > told.generation ||
                        (entry.generation == told.generation && entry.heartbeat > told.heartbeat);
    if (!better || encoded_bytes(entry) > room_bytes) continue;
    room_bytes -= encoded_bytes(entry);
    ack.entries.push_back(entry);
  }
  if (room_bytes > 64) add_slice(step, room_bytes, ack);
  send(step, origin.from, ack);
}

void Exchange::answer_echo(Step& step, const Origin& origin, const wire::Heartbeat& echo) {
  if (!members::is_up(step.members.self_row().verdict)) return;
  wire::Heartbeat& reply = ledger_->begin(step, HearsayType::echo_reply);
  reply.number = echo.number;
  reply.entries.push_back(ledger_->entry(step, step.members.self(), true));
  send(step, origin.from, reply);
}

void Exchange::on_stranger(Step& step, const Origin& origin, const wire::Heartbeat& echo) {
  if (++strangers_ > kStrangersAnswered) return step.counters.add(Count::dropped_echoes);
  answer_echo(step, origin, echo);
}

void Exchange::on_message(Step& step, const Origin& origin, const wire::Heartbeat& message) {
  ledger_->hear(step, origin, message);
  if (!message.opinions.empty()) opinions_->hear(step, *ledger_, message);
  switch (message.type) {
    case HearsayType::pull:
      return tell_table(step, origin.from);
    case HearsayType::syn:
      return answer_syn(step, origin, message);
    case HearsayType::ack:
      // ACK2: the facts that it asked for. Ours to ask for come with the next round's exchange, or now.
      lack_.assign(message.wants.begin(), message.wants.end());
      ask_wanted(step, origin.from);
      return tell_facts(step, origin.from, lack_);
    case HearsayType::want:
      return tell_facts(step, origin.from, message.wants);
    case HearsayType::echo:
      return answer_echo(step, origin, message);
    default:
      return ask_wanted(step, origin.from);
  }
}

}  // namespace hearsay::heartbeat
