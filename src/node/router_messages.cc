// What becomes of a message: which room hears it.
#include <variant>

#include "node/router.h"
#include "wire/memberlist.h"
#include "wire/serf.h"

namespace hearsay::node {

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

void Router::route_stream(Step& step, const Streams::Event& event) {
  if (event.ended) {
    end_stream(step, event.stream, event.why);
    return;
  }
  const bool ours = event.stream.value % 2 == 0;
  const Origin origin{event.peer, event.stream, event.sealed, {}};
  if (event.remembered && push_pull_.is_our_own(step, event.message)) {
    counters_.add(Count::messages_in);
    push_pull_.on_our_own(step, origin, ours ? swim::PushPull::Role::answer : swim::PushPull::Role::request);
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
    if (ours)
      end_stream(step, event.stream, std::string("its answer cannot be read: ") + wire::name_of(decoded.error()));
    return;
  }
  counters_.add(Count::messages_in);
  if (ours) {
    route_answer(step, origin, **decoded);
    drain(step);  // while the views of the message are valid
    close_answered(event.stream);
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

void Router::close_answered(StreamId stream) {
  actions_.push_back(CloseStream{stream});
  streams_.finish(stream);
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

}  // namespace hearsay::node
