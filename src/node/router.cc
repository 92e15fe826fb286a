#include "node/router.h"

#include <algorithm>

#include "base/archive.h"
#include "base/check.h"
#include "base/scratch.h"
#include "contact/pause_guard.h"
#include "node/heartbeat_family.h"
#include "node/swim_family.h"
#include "wire/memberlist.h"
#include "wire/serf.h"

namespace hearsay::node {

namespace {

// What we advertise: memberlist 1 to 5, speaking 2; Serf 2 to 5, speaking 5 (as a Serf agent does).
constexpr Versions kVersions{1, 5, 2, 2, 5, 5};

// Outcomes of one input: of a whole table of ours, and what follows from it. A table that a peer invents may be
// longer.
std::size_t outcomes_max(const Config& config) { return config.limits.members_max + std::size_t{4096}; }

wire::Envelope make_envelope(const Config& config, const Resources& resources) {
  wire::Envelope envelope;
  envelope.label = config.label;
  for (const auto& key : config.crypto.keys) envelope.keyring.add(key);
  envelope.aead = resources.aead;
  envelope.nonces = resources.nonces;
  envelope.verify_incoming = config.crypto.verify_incoming;
  envelope.verify_outgoing = config.crypto.verify_outgoing;
  envelope.compression = config.compression;
  envelope.inflated_bytes_max = config.limits.inflated_bytes_max;
  envelope.stream_bytes_max = config.limits.stream_bytes_max;
  return envelope;
}

spread::RumorQueue::Limits rumor_limits(const Config& config, const wire::Envelope& envelope) {
  return {config.limits.rumors_max, config.limits.rumor_bytes_max, rumor_bytes_max(envelope, config.packet_bytes)};
}

std::unique_ptr<Family> make_family(const Shared& shared, const Resources& resources) {
  if (shared.config.family == hearsay::Family::swim) return std::make_unique<SwimFamily>(shared, resources);
  return std::make_unique<HeartbeatFamily>(shared, resources);
}

}  // namespace

Router::Router(const Config& config, const Resources& resources, Now now)
    : config_(config),
      interner_(resources.interner ? resources.interner : std::make_shared<base::Interner>()),
      envelope_(make_envelope(config, resources)),
      members_(*interner_, config_, kVersions),
      rumors_(*interner_, rumor_limits(config, envelope_), counters_),
      out_(counters_),
      outcomes_(outcomes_max(config)),
      notices_(config.limits.history_bytes_max),
      packer_(config_, envelope_, rumors_, counters_),
      memo_(*interner_),
      streams_(config_, envelope_, memo_, counters_),
      states_(base::Rng(resources.seed).fork("state"), config_),
      family_(make_family({config_, counters_, envelope_, members_, out_, notices_, states_, memo_}, resources)) {
  input(now, [&](Step& step) {
    family_->start(step);
    recall(step, resources.known);
  });
}

template <class Handle>
void Router::input(Now now, Handle handle) {
  base::recycle(actions_);
  buffers_.recycle();
  base::recycle(scratch_.packed);
  out_.clear();
  if (!defunct_.empty()) return;
  try {
    CHECK(now.steady >= latest_);
    latest_ = now.steady;
    Step step{now, config_, members_, rumors_, out_, outcomes_, counters_, family_->extension(), &admission_};
    handle(step);
    drain(step);
    if (out_.wants_joins()) reconnect(step);
    pack();
    family_->on_input_end(step);
    next_ = std::min({streams_.next_deadline(), family_->next_deadline(), states_.next_deadline()});
    if (auto why = family_->must_stop(); !why.empty()) turn_defunct(now, std::move(why));
  } catch (const base::CheckFailed& fault) {
    turn_defunct(now, std::string(fault.expression) + " at " + fault.file + ":" + std::to_string(fault.line));
  }
}

void Router::reconnect(Step& step) {
  for (const auto& join : out_.take_joins()) {
    counters_.add(Count::reconnects);
    if (family_->accepts(step, join)) family_->join(step, join, true);
  }
}

void Router::turn_defunct(Now now, std::string why) {
  defunct_ = std::move(why);
  next_ = kNever;
  outcomes_.clear();
  actions_.clear();
  actions_.push_back(Notify{{now, Defunct{defunct_}}});
}

void Router::drain(Step& step) {
  if (!outcomes_.idle()) offer(step);
}

void Router::offer(Step& step) {
  while (!outcomes_.empty()) {
    auto entry = outcomes_.take();
    entry.outcome.claim = &entry.claim;
    notices_.on_outcome(step, entry.outcome);
    offer_to_rooms(step, entry.outcome);
  }
  if (const auto report = outcomes_.take_report()) family_->on_probe(step, *report);
}

void Router::offer_to_rooms(Step& step, const room::Outcome& outcome) {
  family_->on_outcome(step, outcome);
  states_.on_outcome(step, outcome);
}

void Router::recall(Step& step, std::span<const Member> known) {
  if (known.empty()) return;
  drain(step);
  members_.reserve(known.size());
  for (const Member& member : known) {
    if (member.name == config_.name) continue;
    const Bytes meta = wire::encode_tags(member.tags);
    members::Claim claim{members::AliveClaim{member.name, member.incarnation, member.address.ip_view(),
                                             member.address.port, meta, members_.our_versions()},
                         {}};
    claim.known = true;
    const auto outcome = step.submit(std::move(claim));
    while (!outcomes_.empty()) {
      auto entry = outcomes_.take();
      entry.outcome.claim = &entry.claim;
      offer_to_rooms(step, entry.outcome);
    }
    if (!outcome.accepted()) continue;
    members_.heard_extension(outcome.member, true, true);
    family_->on_known(step, outcome.member);
  }
  rumors_.clear();
}

// ---- inputs ----

void Router::on_datagram(Now now, const Address& from, ByteView bytes) {
  input(now, [&](Step& step) {
    counters_.add(Count::datagrams_in);
    counters_.add(Count::datagram_bytes_in, bytes.size());
    if (const auto opened = wire::open_datagram(envelope_, bytes, opened_); !opened) {
      counters_.add(wire::counter_of(opened.error()));
      return;
    }
    counters_.add(Count::dropped_malformed, opened_.faulty_parts);
    Origin origin{from, {}, opened_.sealed, {}};
    for (const ByteView message : opened_.messages) {
      family_->on_message(step, origin, message);
      drain(step);
    }
    family_->on_packet(step, from);
  });
}

void Router::on_stream(Now now, const StreamInput& input_) {
  input(now, [&](Step& step) {
    if (const auto event = streams_.on_input(now, input_, actions_)) route_stream(step, *event);
  });
}

void Router::on_time(Now now) {
  input(now, [&](Step& step) {
    guard_pause(step);
    while (const auto event = streams_.take_expired(now, actions_)) end_stream(step, event->stream, event->why);
    family_->on_time(step, [&] { drain(step); });
    states_.on_time(step);
    drain(step);
  });
}

void Router::guard_pause(Step& step) {
  const Duration length = contact::pause_length(next_, step.now.steady, config_.contact.pause_min);
  if (length == Duration::zero()) return;
  counters_.add(Count::pauses);
  streams_.on_pause(length);
  family_->on_pause(step, length);
}

void Router::on_command(Now now, const Command& command_) {
  input(now, [&](Step& step) { std::visit([&](const auto& body) { command(step, body); }, command_); });
  if (defunct_.empty()) return;
  const CommandId id = std::visit([](const auto& body) { return body.id; }, command_);
  actions_.push_back(Notify{{now, CommandDone{id, 0,
                                              Error{Errc::defunct, "this node has stopped: " + defunct_,
                                                    "restart it, and report what it said when it stopped"}}}});
}

void Router::on_reply(Now now, CallId call, const Reply& reply) {
  input(now, [&](Step& step) { family_->on_reply(step, call, reply); });
}

void Router::on_send_failed(Now now, const Address& /*to*/) {
  input(now, [&](Step&) { counters_.add(Count::send_failures); });
}

// ---- streams ----

void Router::route_stream(Step& step, const Streams::Event& event) {
  if (event.ended) return end_stream(step, event.stream, event.why);
  const bool ours = event.stream.value % 2 == 0;
  const Origin origin{event.peer, event.stream, event.sealed, {}};
  if (event.remembered && family_->on_remembered(step, origin, event.message)) {
    counters_.add(Count::messages_in);
    if (ours) close_answered(event.stream);
    return;
  }
  const auto& limits = config_.limits;
  const auto decoded = wire::decode_stream_message(event.message, limits.pushed_nodes_max, limits.stream_bytes_max);
  if (decoded && !decoded->has_value()) return;  // more bytes are needed
  if (!decoded) {
    counters_.add(wire::counter_of(decoded.error()));
    actions_.push_back(CloseStream{event.stream, true});
    streams_.finish(event.stream);
    if (ours) {
      end_stream(step, event.stream, std::string("its answer cannot be read: ") + wire::name_of(decoded.error()));
    }
    return;
  }
  counters_.add(Count::messages_in);
  if (ours) {
    if (const auto fault = family_->on_answer(step, origin, **decoded)) end_stream(step, event.stream, *fault);
    drain(step);  // while the views of the message are valid
    close_answered(event.stream);
    return;
  }
  const bool answered = family_->on_request(step, origin, **decoded);
  drain(step);
  if (!answered) out_.close(event.stream);
}

void Router::end_stream(Step& step, StreamId stream, const std::string& why) {
  states_.on_stream_end(step, stream);
  family_->on_stream_end(step, stream, why);
}

void Router::close_answered(StreamId stream) {
  actions_.push_back(CloseStream{stream});
  streams_.finish(stream);
}

// ---- actions ----

void Router::pack() {
  const unsigned transmits = room::transmit_limit(config_, members_);
  for (const auto& item : out_.items()) {
    if (const auto* datagram = std::get_if<room::Outbox::Datagram>(&item)) {
      const ByteView packet = packer_.pack(out_, *datagram, transmits, buffers_);
      if (!packet.empty()) actions_.push_back(SendDatagram{datagram->peer.to, packet});
    } else if (const auto* request = std::get_if<room::Outbox::Request>(&item)) {
      pack_request(*request);
    } else if (const auto* answer = std::get_if<room::Outbox::Answer>(&item)) {
      pack_answer(*answer);
    } else if (const auto* close = std::get_if<room::Outbox::Close>(&item)) {
      if (streams_.finish(close->stream))
        actions_.push_back(CloseStream{close->stream, close->stream.value % 2 == 0});
    } else if (const auto* resolve = std::get_if<room::Outbox::Resolve>(&item)) {
      actions_.push_back(ResolveName{resolve->call, resolve->host, resolve->port});
    } else if (const auto* save = std::get_if<SaveKeys>(&item)) {
      actions_.push_back(*save);
    } else if (const auto* notice = std::get_if<Notice>(&item)) {
      actions_.push_back(Notify{*notice});
    }
  }
}

void Router::pack_request(const room::Outbox::Request& request) {
  Bytes& frame = buffers_.next();
  if (!wire::seal_stream(envelope_, out_.message(request.message), true, scratch_, frame, &memo_)) {
    // Nobody will answer: the room hears so with the next tick.
    streams_.open(request.stream, request.to, latest_, {});
    return;
  }
  packer_.count(out_.message(request.message));
  streams_.open(request.stream, request.to, request.deadline, frame);
  actions_.push_back(OpenStream{request.stream, request.to, request.deadline});
}

void Router::pack_answer(const room::Outbox::Answer& answer) {
  if (!streams_.knows(answer.stream)) return;
  Bytes& frame = buffers_.next();
  const bool sealed = wire::seal_stream(envelope_, out_.message(answer.message), false, scratch_, frame, &memo_);
  if (sealed) {
    packer_.count(out_.message(answer.message));
    counters_.add(Count::stream_bytes_out, frame.size());
    actions_.push_back(WriteStream{answer.stream, frame});
  } else {
    counters_.add(Count::stream_failures);
  }
  actions_.push_back(CloseStream{answer.stream, !sealed});
  streams_.finish(answer.stream);
}

// ---- reading ----

std::vector<Member> Router::members() const {
  std::vector<Member> all;
  all.reserve(members_.size());
  for (const MemberId id : members_.order()) all.push_back(describe(members_, id));
  return all;
}

std::optional<NodeState> Router::state(std::string_view member) const {
  const auto* owner = states_.store().find(member);
  if (owner == nullptr || owner->state.empty()) return std::nullopt;
  return states_.store().read(*owner, latest_);
}

std::vector<NodeState> Router::states() const {
  std::vector<NodeState> all;
  for (const MemberId id : members_.order()) {  // by name
    if (auto known = state(members_.name(id))) all.push_back(*std::move(known));
  }
  return all;
}

NodeInfo Router::info() const {
  NodeInfo info;
  info.self = describe(members_, members_.self());
  for (std::size_t status = 0; status < std::size(info.members); ++status) {
    info.members[status] = members_.count(static_cast<Status>(status));
  }
  info.rumors_queued = static_cast<std::uint32_t>(rumors_.size());
  info.rumor_bytes_queued = static_cast<std::uint32_t>(rumors_.bytes());
  info.streams_open = static_cast<std::uint32_t>(streams_.size());
  info.conflicts = notices_.conflicts(latest_);
  info.refusals = admission_.latest();
  info.encrypted = !envelope_.keyring.empty();
  info.has_left = !members::is_up(members_.self_row().verdict);
  info.defunct = !defunct_.empty();
  info.counters = counters_;
  const auto& store = states_.store();
  info.generation = store.own().epoch().generation;
  info.state_version = store.own().version();
  info.states_known = static_cast<std::uint32_t>(store.owners().size() - (store.own().empty() ? 1 : 0));
  info.state_bytes = store.bytes();
  info.state_watches = states_.watches();
  family_->fill(info);
  return info;
}

std::uint64_t Router::state_hash() {
  base::HashArchive archive;
  archive(members_, rumors_, out_, admission_, streams_, states_);
  family_->hash(archive);
  archive(counters_.values);
  return archive.value();
}

}  // namespace hearsay::node
