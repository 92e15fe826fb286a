#include "node/router.h"

#include <algorithm>

#include "base/archive.h"
#include "base/check.h"
#include "contact/pause_guard.h"
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
      streams_(config_, envelope_, counters_),
      health_(config.swim.health_max),
      clock_(config.first_lamport),
      event_clock_(LamportTime{1}),
      query_clock_(LamportTime{1}),
      intents_(clock_),
      sync_(clock_, event_clock_, query_clock_, intents_),
      leave_(intents_),
      answers_(base::Rng(resources.seed).fork("answers")),
      keys_(envelope_, answers_),
      pass_through_(event_clock_, query_clock_, answers_, keys_),
      key_rounds_(base::Rng(resources.seed).fork("key_rounds"), pass_through_, keys_),
      refute_(health_),
      probe_(base::Rng(resources.seed).fork("probe"), health_),
      relay_(base::Rng(resources.seed).fork("relay")),
      vet_(base::Rng(resources.seed).fork("vet")),
      suspicion_(health_),
      gossip_round_(base::Rng(resources.seed).fork("gossip")),
      push_pull_(base::Rng(resources.seed).fork("push_pull"), sync_),
      join_(sync_),
      repair_(base::Rng(resources.seed).fork("repair")),
      reconnect_(base::Rng(resources.seed).fork("reconnect")),
      reachability_(base::Rng(resources.seed).fork("reachability")),
      inquiry_(notices_.history()),
      name_vote_(base::Rng(resources.seed).fork("name_vote"), pass_through_) {
  input(now, [&](Step& step) {
    refute_.start(step, wire::encode_tags(config_.tags));
    probe_.start(step);
    gossip_round_.start(step);
    push_pull_.start(step);
    reconnect_.start(step);
  });
}

template <class Handle>
void Router::input(Now now, Handle handle) {
  actions_.clear();
  buffers_.recycle();
  out_.clear();
  if (!defunct_.empty()) return;
  try {
    CHECK(now.steady >= latest_);
    latest_ = now.steady;
    Step step{now,        config_, members_, rumors_, out_, outcomes_, counters_, repair_.extension(members_),
              &admission_};
    handle(step);
    drain(step);
    for (const auto& join : out_.take_joins()) {
      counters_.add(Count::reconnects);
      if (join_.accepts(step, join)) join_.on_command(step, join, config_.advertise.port, true);
    }
    pack();
    gossip_round_.maybe_wake(step);
    if (!name_vote_.lost().empty()) turn_defunct(now, name_vote_.lost());
  } catch (const base::CheckFailed& fault) {
    turn_defunct(now, std::string(fault.expression) + " at " + fault.file + ":" + std::to_string(fault.line));
  }
}

void Router::turn_defunct(Now now, std::string why) {
  defunct_ = std::move(why);
  outcomes_.clear();
  actions_.clear();
  actions_.push_back(Notify{{now, Defunct{defunct_}}});
}

void Router::drain(Step& step) {
  while (!outcomes_.empty()) {
    auto entry = outcomes_.take();
    entry.outcome.claim = &entry.claim;
    const auto& outcome = entry.outcome;
    notices_.on_outcome(step, outcome);
    intents_.on_outcome(step, outcome);
    refute_.on_outcome(step, outcome);
    probe_.on_outcome(step, outcome);
    vet_.on_outcome(step, outcome);
    suspicion_.on_outcome(step, outcome);
    gossip_round_.on_outcome(step, outcome);
    correct_.on_outcome(step, outcome);
    reap_.on_outcome(step, outcome);
    repair_.on_outcome(step, outcome);
    reachability_.on_outcome(step, outcome);
    name_vote_.on_outcome(step, outcome);
  }
  if (const auto report = outcomes_.take_report()) {
    reachability_.on_probe(step, *report);
    inquiry_.on_probe(*report);
  }
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
      route(step, origin, message);
      drain(step);
    }
    reachability_.on_packet(step, from);
  });
}

void Router::route(Step& step, Origin& origin, ByteView message) {
  const auto decoded = wire::decode_datagram_message(message);
  if (!decoded) {
    counters_.add(wire::counter_of(decoded.error()));
    return;
  }
  counters_.add(Count::messages_in);
  origin.verbatim = message;
  struct Switch {
    Router& router;
    Step& step;
    const Origin& origin;

    void hear(MemberId sender, ByteView extension) const {
      if (sender.valid() && !extension.empty()) router.repair_.on_extension(step, sender, extension);
    }
    void operator()(const wire::Ping& ping) const {
      router.probe_.on_message(step, origin, ping);
      hear(router.sender_at(origin.from, ping.source_node), ping.extension);
    }
    void operator()(const wire::IndirectPing& asked) const { router.relay_.on_message(step, origin, asked); }
    void operator()(const wire::Ack& ack) const {
      hear(router.probe_.sender_of(origin, ack), ack.extension);
      if (router.probe_.on_message(step, origin, ack) || router.relay_.on_message(step, origin, ack) ||
          router.vet_.on_message(step, origin, ack) || router.reachability_.on_message(step, origin, ack)) {
        return;
      }
      step.counters.add(Count::dropped_unknown_ack);
    }
    void operator()(const wire::Nack& nack) const {
      if (!router.probe_.on_message(step, origin, nack)) step.counters.add(Count::dropped_unknown_ack);
    }
    void operator()(const wire::Suspect& suspect) const { router.gossip_round_.on_message(step, origin, suspect); }
    void operator()(const wire::Alive& alive) const { router.gossip_round_.on_message(step, origin, alive); }
    void operator()(const wire::Dead& dead) const { router.gossip_round_.on_message(step, origin, dead); }
    void operator()(const wire::User& user) const { router.route_user(step, origin, user.payload); }
  };
  std::visit(Switch{*this, step, origin}, *decoded);
}

MemberId Router::sender_at(const Address& from, std::string_view name) const {
  const MemberId id = members_.find(name);
  return id.valid() && !members_.is_self(id) && same_place(members_.address(id), from) ? id : MemberId{};
}

void Router::route_hearsay(Step& step, const Origin& origin, ByteView payload) {
  const auto hand_to = [&](auto& room, const auto& message) {
    if (!message) {
      counters_.add(wire::counter_of(message.error()));
    } else if (const MemberId sender = sender_at(origin.from, message->sender); sender.valid()) {
      room.on_message(step, sender, *message);
    } else {
      counters_.add(Count::dropped_unexpected);
    }
  };
  const ByteView body = payload.empty() ? payload : payload.subspan(1);
  switch (payload.empty() ? wire::HearsayType{} : static_cast<wire::HearsayType>(payload[0])) {
    case wire::HearsayType::view_pull:
      return hand_to(repair_, wire::decode_view_pull(body));
    case wire::HearsayType::evidence_request:
      return hand_to(inquiry_, wire::decode_evidence_request(body));
    case wire::HearsayType::evidence:
      return hand_to(inquiry_, wire::decode_evidence(body));
  }
  counters_.add(Count::dropped_user_message);  // of a later version
}

void Router::route_user(Step& step, const Origin& origin, ByteView payload) {
  if (!payload.empty() && payload[0] == wire::kHearsayUserType) {
    route_hearsay(step, origin, payload.subspan(1));
    return;
  }
  const auto decoded = wire::decode_serf(payload);
  if (!decoded) {
    counters_.add(decoded.error() == wire::Fault::unexpected ? Count::dropped_user_message
                                                             : wire::counter_of(decoded.error()));
    return;
  }
  if (const auto* join = std::get_if<wire::JoinIntent>(&*decoded)) {
    intents_.on_message(step, origin, *join);
  } else if (const auto* leave = std::get_if<wire::LeaveIntent>(&*decoded)) {
    intents_.on_message(step, origin, *leave);
  } else if (const auto* event = std::get_if<wire::UserEvent>(&*decoded)) {
    pass_through_.on_message(step, origin, *event);
  } else if (const auto* query = std::get_if<wire::Query>(&*decoded)) {
    pass_through_.on_message(step, origin, *query);
  } else if (const auto* response = std::get_if<wire::QueryResponse>(&*decoded)) {
    if (!name_vote_.on_message(step, origin, *response)) key_rounds_.on_message(step, origin, *response);
  } else if (const auto* relayed = std::get_if<wire::RelayedMessage>(&*decoded)) {
    route_relayed(step, origin, *relayed);
  } else {
    counters_.add(Count::dropped_user_message);
  }
}

// What is for ourselves is an answer, and an answer only: nothing is nested deeper.
void Router::route_relayed(Step& step, const Origin& origin, const wire::RelayedMessage& relayed) {
  const auto message = answers_.on_message(step, origin, relayed);
  if (!message) return;
  const auto decoded = wire::decode_serf(*message);
  if (decoded) {
    key_rounds_.on_message(step, origin, std::get<wire::QueryResponse>(*decoded));
  } else {
    counters_.add(wire::counter_of(decoded.error()));
  }
}

void Router::on_stream(Now now, const StreamInput& input_) {
  input(now, [&](Step& step) {
    if (const auto event = streams_.on_input(now, input_, actions_)) route_stream(step, *event);
  });
}

void Router::route_stream(Step& step, const Streams::Event& event) {
  if (event.ended) {
    end_stream(step, event.stream, event.why);
    return;
  }
  const auto& limits = config_.limits;
  const auto decoded = wire::decode_stream_message(event.message, limits.pushed_nodes_max, limits.stream_bytes_max);
  if (decoded && !decoded->has_value()) return;  // more bytes are needed
  const bool ours = event.stream.value % 2 == 0;
  if (!decoded) {
    counters_.add(wire::counter_of(decoded.error()));
    actions_.push_back(CloseStream{event.stream, true});
    streams_.finish(event.stream);
    if (ours)
      end_stream(step, event.stream, std::string("its answer cannot be read: ") + wire::name_of(decoded.error()));
    return;
  }
  counters_.add(Count::messages_in);
  const Origin origin{event.peer, event.stream, event.sealed, {}};
  if (ours) {
    route_answer(step, origin, **decoded);
    drain(step);  // while the views of the message are valid
    actions_.push_back(CloseStream{event.stream});
    streams_.finish(event.stream);
    return;
  }
  bool answered = false;
  if (const auto* ping = std::get_if<wire::Ping>(&**decoded)) {
    probe_.on_message(step, origin, *ping);
    answered = true;
  } else if (const auto* table = std::get_if<wire::PushPull>(&**decoded)) {
    push_pull_.on_message(step, origin, *table, swim::PushPull::Role::request);
    answered = true;
  } else if (const auto* user = std::get_if<wire::User>(&**decoded)) {
    route_user(step, origin, user->payload);
  } else {
    counters_.add(Count::dropped_unexpected);
  }
  drain(step);
  if (!answered) out_.close(event.stream);
}

void Router::route_answer(Step& step, const Origin& origin, const wire::StreamMessage& message) {
  if (const auto* ack = std::get_if<wire::Ack>(&message)) {
    if (probe_.on_message(step, origin, *ack) || vet_.on_message(step, origin, *ack)) return;
    counters_.add(Count::dropped_unknown_ack);
    end_stream(step, origin.stream, "the peer answered with another message");
  } else if (const auto* table = std::get_if<wire::PushPull>(&message)) {
    const bool joined = join_.on_answer(step, origin.stream);
    push_pull_.on_message(step, origin, *table,
                          joined ? swim::PushPull::Role::join_answer : swim::PushPull::Role::answer);
  } else if (const auto* error = std::get_if<wire::ErrorReply>(&message)) {
    counters_.add(Count::stream_failures);
    end_stream(step, origin.stream, "the peer refused: " + std::string(error->error));
  } else {
    counters_.add(Count::dropped_unexpected);
    end_stream(step, origin.stream, "the peer answered with another message");
  }
}

void Router::end_stream(Step& step, StreamId stream, const std::string& why) {
  probe_.on_stream_end(step, stream);
  vet_.on_stream_end(step, stream);
  push_pull_.on_stream_end(step, stream);
  join_.on_stream_end(step, stream, why);
}

void Router::on_time(Now now) {
  input(now, [&](Step& step) {
    guard_pause(step);
    while (const auto event = streams_.take_expired(now, actions_)) end_stream(step, event->stream, event->why);
    each_timed(*this, [&](auto& room) {
      room.on_time(step);
      drain(step);
    });
  });
}

void Router::guard_pause(Step& step) {
  const Duration length = contact::pause_length(next_deadline(), step.now.steady, config_.contact.pause_min);
  if (length == Duration::zero()) return;
  counters_.add(Count::pauses);
  streams_.on_pause(length);
  probe_.on_pause(step, length);
  relay_.on_pause();
  suspicion_.on_pause(length);
}

void Router::on_command(Now now, const Command& command_) {
  input(now, [&](Step& step) { std::visit([&](const auto& body) { command(step, body); }, command_); });
  if (defunct_.empty()) return;
  const CommandId id = std::visit([](const auto& body) { return body.id; }, command_);
  actions_.push_back(Notify{{now, CommandDone{id, 0,
                                              Error{Errc::defunct, "this node has stopped: " + defunct_,
                                                    "restart it, and report what it said when it stopped"}}}});
}

void Router::command(Step& step, const hearsay::Join& join) {
  if (leave_.running()) {
    out_.notify({step.now, CommandDone{join.id, 0,
                                       Error{Errc::wrong_state, "this node is leaving",
                                             "wait until it has left, then join again"}}});
    return;
  }
  if (!join_.accepts(step, join)) return;
  if (const auto back = refute_.come_back(step); !back) {
    out_.notify({step.now, CommandDone{join.id, 0, back.error()}});
    return;
  }
  drain(step);
  join_.on_command(step, join, config_.advertise.port, false);
}

void Router::command(Step& step, const hearsay::Leave& leave) { leave_.on_command(step, leave.id); }

void Router::command(Step& step, const hearsay::SetTags& set_tags) {
  Bytes meta = wire::encode_tags(set_tags.tags);
  if (meta.size() > kMetaBytesMax) {
    out_.notify({step.now, CommandDone{set_tags.id, 0,
                                       Error{Errc::too_large, tags_complaint(set_tags.tags),
                                             "use at most " + std::to_string(kMetaBytesMax) + " bytes"}}});
    return;
  }
  if (leave_.running() || !members::is_up(members_.self_row().verdict)) {
    out_.notify(
        {step.now, CommandDone{set_tags.id, 0,
                               Error{Errc::wrong_state, "this node is leaving or has left", "join again first"}}});
    return;
  }
  const auto set = refute_.set_meta(step, std::move(meta));
  drain(step);
  out_.notify({step.now, CommandDone{set_tags.id, 0, set ? std::nullopt : std::optional(set.error())}});
}

void Router::command(Step& step, const hearsay::Why& why) {
  auto links = reachability_.links(members_);
  std::erase_if(links, [&](const Link& link) { return link.member != why.member; });
  inquiry_.on_command(step, why, std::move(links));
}

void Router::command(Step& step, const hearsay::ManageKeys& manage_keys) {
  key_rounds_.on_command(step, manage_keys);
}

void Router::command(Step& step, const hearsay::ForceLeave& force_leave) {
  const bool gone = leave_.running() || !members::is_up(members_.self_row().verdict);
  auto error = gone ? std::optional(Error{Errc::wrong_state, "this node is leaving or has left",
                                          "ask an agent that is a member of the cluster"})
                    : intents_.force_leave(step, force_leave.name, force_leave.prune);
  drain(step);
  out_.notify({step.now, CommandDone{force_leave.id, 0, std::move(error)}});
}

void Router::command(Step& step, const hearsay::Reconfigure& wanted) {
  auto error = reconfigure(step, wanted.config);
  drain(step);
  out_.notify({step.now, CommandDone{wanted.id, 0, std::move(error)}});
}

std::optional<Error> Router::reconfigure(Step& step, const Config& wanted) {
  const auto take = [&wanted](Config& config) {
    config.tags = wanted.tags;
    config.swim = wanted.swim;
    config.serf = wanted.serf;
    config.contact = wanted.contact;
    config.admission = wanted.admission;
    config.limits.members_max = wanted.limits.members_max;
  };
  Config next = config_;
  take(next);
  Error faults{Errc::invalid_config, {}, {}};
  for (const auto& fault : validate(next)) {
    faults.cause += (faults.cause.empty() ? "" : "; ") + fault.key + ": " + fault.cause;
    faults.cure += (faults.cure.empty() ? "" : "; ") + fault.key + ": " + fault.cure;
  }
  if (!faults.cause.empty()) return faults;
  Bytes meta = wire::encode_tags(wanted.tags);
  const bool other_tags = !std::ranges::equal(meta, members_.meta(members_.self()));
  if (other_tags && (leave_.running() || !members::is_up(members_.self_row().verdict))) {
    return Error{Errc::wrong_state, "this node is leaving or has left: its tags cannot change", "join again first"};
  }
  take(config_);  // in place: views of the name stay valid
  members_.configure(config_);
  health_.set_max(config_.swim.health_max);
  push_pull_.on_reconfigured(step);
  if (other_tags) refute_.set_meta(step, std::move(meta));
  forget_refused(step);
  return std::nullopt;
}

void Router::forget_refused(Step& step) {
  const auto& policy = config_.admission;
  if (policy.admits_all()) return;
  for (const MemberId id : members_.order()) {
    if (members_.is_self(id)) continue;
    const Member member = describe(members_, id);
    auto reason = refuses(policy, member.name, member.address, member.tags);
    if (!reason) continue;
    const auto& row = members_.row(id);
    admission_.refused(step.now, out_, {members_.name(id), {row.incarnation}, members_.addr(id), row.port, {}, {}},
                       {}, *std::move(reason));
    refused_.push_back(member.name);
  }
  for (auto& name : refused_) {
    members::Claim forget{members::ForgetClaim{std::move(name)}, {}};
    forget.evidence.source = Evidence::Source::command;
    step.submit(std::move(forget));
  }
  refused_.clear();
}

void Router::on_reply(Now now, CallId call, const Reply& reply) {
  input(now, [&](Step& step) {
    if (const auto* resolved = std::get_if<Resolved>(&reply)) return join_.on_reply(step, call, *resolved);
    keys_.on_reply(step, call, std::get<Saved>(reply).fault);
    key_rounds_.on_own_keys(step);
  });
}

void Router::on_send_failed(Now now, const Address& /*to*/) {
  input(now, [&](Step&) { counters_.add(Count::send_failures); });
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
  if (!wire::seal_stream(envelope_, out_.message(request.message), true, scratch_, frame)) {
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
  const bool sealed = wire::seal_stream(envelope_, out_.message(answer.message), false, scratch_, frame);
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

Time Router::next_deadline() const {
  if (!defunct_.empty()) return kNever;
  Time next = streams_.next_deadline();
  each_timed(*this, [&](const auto& room) { next = std::min(next, room.next_deadline()); });
  return next;
}

std::vector<Member> Router::members() const {
  std::vector<Member> all;
  all.reserve(members_.size());
  for (const MemberId id : members_.order()) all.push_back(describe(members_, id));
  return all;
}

NodeInfo Router::info() const {
  NodeInfo info;
  info.self = describe(members_, members_.self());
  for (std::size_t status = 0; status < std::size(info.members); ++status) {
    info.members[status] = members_.count(static_cast<Status>(status));
  }
  info.local_health = health_.score();
  info.lamport = clock_.reading();
  info.rumors_queued = static_cast<std::uint32_t>(rumors_.size());
  info.rumor_bytes_queued = static_cast<std::uint32_t>(rumors_.bytes());
  info.suspicions_running = static_cast<std::uint32_t>(suspicion_.running());
  info.streams_open = static_cast<std::uint32_t>(streams_.size());
  info.links = reachability_.links(members_);
  info.conflicts = notices_.conflicts(latest_);
  info.relays_pending = static_cast<std::uint32_t>(relay_.pending());
  info.intents_kept = static_cast<std::uint32_t>(intents_.kept());
  info.refusals = admission_.latest();
  info.encrypted = !envelope_.keyring.empty();
  info.has_left = !members::is_up(members_.self_row().verdict);
  info.defunct = !defunct_.empty();
  info.counters = counters_;
  return info;
}

std::uint64_t Router::state_hash() {
  base::HashArchive archive;
  archive(members_, rumors_, out_, admission_, streams_, health_, clock_, event_clock_, query_clock_, intents_,
          leave_, answers_, keys_, pass_through_, key_rounds_, refute_, probe_, relay_, vet_, suspicion_,
          gossip_round_, push_pull_, join_, correct_, reap_, repair_, reconnect_, reachability_, inquiry_,
          name_vote_, counters_.values);
  return archive.value();
}

}  // namespace hearsay::node
