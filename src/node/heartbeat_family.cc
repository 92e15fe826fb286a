#include "node/heartbeat_family.h"

#include <algorithm>

#include "base/archive.h"
#include "node/packer.h"
#include "room/errors.h"
#include "wire/serf.h"

namespace hearsay::node {

using wire::HearsayType;

namespace {
constexpr Duration kWarningPause = std::chrono::minutes(1);
}  // namespace

HeartbeatFamily::HeartbeatFamily(const Shared& shared, const Resources& resources)
    : shared_(shared),
      ledger_(base::Rng(resources.seed).fork("ledger"), shared.config,
              rumor_bytes_max(shared.envelope, shared.config.packet_bytes)),
      exchange_(base::Rng(resources.seed).fork("exchange"), ledger_, opinions_),
      verdicts_(base::Rng(resources.seed).fork("verdicts"), ledger_, opinions_),
      leave_(base::Rng(resources.seed).fork("leave"), ledger_),
      look_(ledger_),
      join_(look_),
      reconnect_(base::Rng(resources.seed).fork("reconnect")) {}

void HeartbeatFamily::start(Step& step) {
  ledger_.set_meta(wire::encode_tags(step.config.tags));
  ledger_.announce(step, step.config.first_incarnation);
  exchange_.start(step);
  verdicts_.start(step);
  reconnect_.start(step);
}

const wire::Heartbeat* HeartbeatFamily::read(Step& step, const Origin& origin, ByteView payload, bool& answered) {
  answered = false;
  const auto type = payload.size() < 2 ? HearsayType{} : static_cast<HearsayType>(payload[1]);
  if (!payload.empty() && payload[0] == wire::kHearsayUserType && payload.size() >= 2 &&
      route_service(shared_, step, origin, type, payload.subspan(2), answered)) {
    return nullptr;
  }
  if (payload.empty() || payload[0] != wire::kHearsayUserType || !wire::is_heartbeat(type)) {
    step.counters.add(Count::dropped_user_message);
    return nullptr;
  }
  message_.type = type;
  if (const auto decoded = wire::decode_heartbeat(payload.subspan(2), message_); !decoded) {
    step.counters.add(wire::counter_of(decoded.error()));
    return nullptr;
  }
  return &message_;
}

bool HeartbeatFamily::is_welcome(Step& step, const Origin& origin, const wire::Heartbeat& message) {
  const bool known = room::vouches(step, origin) || ledger_.is_answer(origin, message);
  if (!known && message.type == HearsayType::echo) exchange_.on_stranger(step, origin, message);
  if (!known || message.sender == step.config.name) {
    if (message.type != HearsayType::echo) step.counters.add(Count::dropped_unexpected);
    return false;
  }
  const MemberId sender = step.members.find(message.sender);
  if (!sender.valid()) return true;
  const auto& row = step.members.row(sender);
  const bool here = same_place(step.members.address(sender), origin.from);
  // A life that we do not know yet does not move the window: it would be closed to the present one.
  const bool next_life = message.generation.value > row.incarnation;
  const bool fresh =
      next_life || heartbeat::take_sequence(ledger_.at(sender), message.generation, message.sequence);
  // It was down, and asks without a word of itself, or counts its messages anew: it may not know that it lived
  // before.
  if (here && !members::is_up(row.verdict) && (!fresh || message.entries.empty())) {
    if (next_life) {
      ledger_.ask(step, sender, origin.from);
    } else {
      ledger_.tell_owner(step, sender, origin.from);
    }
  }
  if (!fresh) {
    step.counters.add(Count::dropped_replays);
    return false;
  }
  if (here) {
    step.members.heard_extension(sender, false, true);
    step.members.heard_from(sender, step.now.steady);
  }
  return true;
}

void HeartbeatFamily::on_message(Step& step, Origin& origin, ByteView message) {
  const auto decoded = wire::decode_datagram_message(message);
  if (!decoded) return step.counters.add(wire::counter_of(decoded.error()));
  step.counters.add(Count::messages_in);
  origin.verbatim = message;
  const auto* user = std::get_if<wire::User>(&*decoded);
  if (user == nullptr) return step.counters.add(Count::dropped_unexpected);  // of the swim family
  bool answered = false;
  const wire::Heartbeat* heard = read(step, origin, user->payload, answered);
  if (heard == nullptr || !is_welcome(step, origin, *heard)) return;
  switch (heard->type) {
    case HearsayType::look:
    case HearsayType::look_reply:
      return step.counters.add(Count::dropped_unexpected);
    case HearsayType::refused:
      return on_refused(step, *heard);
    default:
      return exchange_.on_message(step, origin, *heard);
  }
}

void HeartbeatFamily::on_refused(Step& step, const wire::Heartbeat& message) {
  if (warned_ != Time{} && step.now.steady - warned_ < kWarningPause) return;
  warned_ = step.now.steady;
  std::string text = std::string(message.sender) + " does not believe this node: ";
  for (const char c : message.reason) text += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  step.out.notify({step.now, Warning{std::move(text)}});
}

bool HeartbeatFamily::on_request(Step& step, const Origin& origin, const wire::StreamMessage& message) {
  const auto* user = std::get_if<wire::User>(&message);
  if (user == nullptr) {
    step.counters.add(Count::dropped_unexpected);
    step.out.answer(origin.stream,
                    wire::ErrorReply{"this cluster runs the heartbeat family; set family = \"heartbeat\""});
    return true;
  }
  bool answered = false;
  const wire::Heartbeat* heard = read(step, origin, user->payload, answered);
  if (heard == nullptr) return answered;
  if (heard->type != HearsayType::look) {
    step.counters.add(Count::dropped_unexpected);
    return false;
  }
  look_.on_request(step, origin, *heard);
  return true;
}

std::optional<std::string> HeartbeatFamily::on_answer(Step& step, const Origin& origin,
                                                      const wire::StreamMessage& message) {
  if (const auto* error = std::get_if<wire::ErrorReply>(&message)) {
    step.counters.add(Count::stream_failures);
    return "the peer refused: " + std::string(error->error);
  }
  const auto* user = std::get_if<wire::User>(&message);
  bool answered = false;
  // States that came in bulk have been taken; whoever asked and got no answer of its own hears so.
  const wire::Heartbeat* heard = user == nullptr ? nullptr : read(step, origin, user->payload, answered);
  if (heard == nullptr || heard->type != HearsayType::look_reply) return "the peer answered with another message";
  join_.on_answer(step, origin.stream);
  look_.on_answer(step, origin, *heard);
  step.counters.add(Count::push_pulls);
  return std::nullopt;
}

void HeartbeatFamily::on_reply(Step& step, CallId call, const Reply& reply) {
  if (const auto* resolved = std::get_if<Resolved>(&reply)) join_.on_reply(step, call, *resolved);
}

void HeartbeatFamily::on_time(Step& step, const Drain& drain) {
  if (const std::uint64_t hash = shared_.states.store().hash(); hash != states_hash_) {
    states_hash_ = hash;
    exchange_.hurry(step);
  }
  each_timed(*this, [&](auto& room) {
    room.on_time(step);
    if (!step.outcomes.idle()) drain();
  });
}

Time HeartbeatFamily::next_deadline() const {
  Time next = kNever;
  each_timed(*this, [&](const auto& room) { next = std::min(next, room.next_deadline()); });
  return next;
}

Result<void> HeartbeatFamily::come_back(Step& step) {
  const auto& self = step.members.self_row();
  if (members::is_up(self.verdict)) return {};
  if (self.incarnation >= members::kIncarnationMax - 1) {
    return fail(Errc::wrong_state,
                "this node's generation is " + std::to_string(self.incarnation) + ": others believe no higher one",
                "restart it under another name, and with another data directory");
  }
  ledger_.announce(step, Incarnation{self.incarnation + 1});
  return {};
}

Result<void> HeartbeatFamily::set_meta(Step& step, Bytes meta) {
  ledger_.set_meta(std::move(meta));
  ledger_.announce(step, Incarnation{step.members.self_row().incarnation});
  return {};
}

void HeartbeatFamily::manage_keys(Step& step, const hearsay::ManageKeys& command) {
  step.out.notify(
      {step.now, CommandDone{command.id, 0,
                             Error{Errc::wrong_state, "key rounds are Serf queries: the heartbeat family has none",
                                   "change the keyring file of each node and reload"}}});
}

void HeartbeatFamily::why(Step& step, const hearsay::Why& command) {
  const MemberId id = step.members.find(command.member);
  if (!id.valid()) {
    step.out.notify({step.now, CommandDone{command.id, 0, room::no_member(command.member)}});
    return;
  }
  Explanation explanation;
  explanation.id = command.id;
  explanation.member = command.member;
  explanation.heartbeat = verdicts_.view(step, id);
  step.out.notify({step.now, std::move(explanation)});
  step.out.notify({step.now, CommandDone{command.id, 0, {}}});
}

std::optional<Error> HeartbeatFamily::force_leave(Step& step, std::string_view name, bool prune) {
  if (auto fault = room::not_forced(step.members, name)) return fault;
  const MemberId id = step.members.find(name);
  const auto& row = step.members.row(id);
  if (members::is_up(row.verdict)) {
    return Error{Errc::wrong_state,
                 room::quoted(name) + " is " + name_of(members::status_of(row)) + ": it would come back",
                 "make it leave itself with `hearsay leave` there, or end its agent first"};
  }
  members::Claim claim{
      members::DeadClaim{step.members.name(id), Incarnation{row.incarnation}, step.members.name(id)}, {}};
  claim.evidence.source = Evidence::Source::command;
  step.submit(std::move(claim));  // told on with the table, for a while
  if (prune) {
    members::Claim forget{members::ForgetClaim{std::string(name)}, {}};
    forget.evidence.source = Evidence::Source::command;
    step.submit(std::move(forget));
  }
  return std::nullopt;
}

void HeartbeatFamily::fill(NodeInfo& info) const {
  HeartbeatInfo& heartbeat = info.heartbeat.emplace();
  heartbeat.heartbeat = ledger_.heartbeat();
  heartbeat.age_of_news = age_of_news(shared_.config.heartbeat, shared_.members.up(), shared_.config.packet_bytes);
  heartbeat.highest_phi = verdicts_.highest_phi();
  heartbeat.highest_phi_member = verdicts_.highest_phi_member();
  info.suspicions_running = shared_.members.count(Status::suspect);
  info.lamport = shared_.config.first_lamport;  // nobody's clock runs here; the next life keeps what it had
}

void HeartbeatFamily::hash(base::HashArchive& archive) {
  archive(ledger_, opinions_, exchange_, verdicts_, leave_, join_, reap_, reconnect_, warned_, states_hash_);
}

}  // namespace hearsay::node
