// What becomes of a message of the swim family: which room hears it.
#include <variant>

#include "node/swim_family.h"
#include "wire/memberlist.h"
#include "wire/serf.h"

namespace hearsay::node {

void SwimFamily::on_message(Step& step, Origin& origin, ByteView message) {
  const auto decoded = wire::decode_datagram_message(message);
  if (!decoded) {
    step.counters.add(wire::counter_of(decoded.error()));
    return;
  }
  step.counters.add(Count::messages_in);
  origin.verbatim = message;
  struct Switch {
    SwimFamily& family;
    Step& step;
    const Origin& origin;

    void hear(MemberId sender, ByteView extension) const {
      if (sender.valid() && !extension.empty()) family.repair_.on_extension(step, sender, extension);
    }
    void operator()(const wire::Ping& ping) const {
      family.probe_.on_message(step, origin, ping);
      hear(sender_at(step.members, origin.from, ping.source_node), ping.extension);
    }
    void operator()(const wire::IndirectPing& asked) const { family.relay_.on_message(step, origin, asked); }
    void operator()(const wire::Ack& ack) const {
      const MemberId sender = family.probe_.sender_of(origin, ack);
      hear(sender, ack.extension);
      // Pings for others come without; an answer of a hearsay node never does.
      if (sender.valid() && ack.extension.empty()) step.members.heard_no_extension(sender);
      if (family.probe_.on_message(step, origin, ack) || family.relay_.on_message(step, origin, ack) ||
          family.vet_.on_message(step, origin, ack) || family.reachability_.on_message(step, origin, ack)) {
        return;
      }
      step.counters.add(Count::dropped_unknown_ack);
    }
    void operator()(const wire::Nack& nack) const {
      if (!family.probe_.on_message(step, origin, nack)) step.counters.add(Count::dropped_unknown_ack);
    }
    void operator()(const wire::Suspect& suspect) const { family.gossip_round_.on_message(step, origin, suspect); }
    void operator()(const wire::Alive& alive) const { family.gossip_round_.on_message(step, origin, alive); }
    void operator()(const wire::Dead& dead) const { family.gossip_round_.on_message(step, origin, dead); }
    void operator()(const wire::User& user) const { family.route_user(step, origin, user.payload); }
  };
  std::visit(Switch{*this, step, origin}, *decoded);
}

bool SwimFamily::route_hearsay(Step& step, const Origin& origin, ByteView payload) {
  const auto hand_to = [&](auto& room, const auto& message) {
    if (!message) {
      step.counters.add(wire::counter_of(message.error()));
    } else if (const MemberId sender = sender_at(step.members, origin.from, message->sender); sender.valid()) {
      room.on_message(step, sender, *message);
    } else {
      step.counters.add(Count::dropped_unexpected);
    }
    return false;
  };
  const ByteView body = payload.empty() ? payload : payload.subspan(1);
  const auto type = payload.empty() ? wire::HearsayType{} : static_cast<wire::HearsayType>(payload[0]);
  bool answered = false;
  if (route_service(shared_, step, origin, type, body, answered)) return answered;
  switch (type) {
    case wire::HearsayType::view_pull:
      return hand_to(repair_, wire::decode_view_pull(body));
    case wire::HearsayType::evidence_request:
      return hand_to(inquiry_, wire::decode_evidence_request(body));
    case wire::HearsayType::evidence:
      return hand_to(inquiry_, wire::decode_evidence(body));
    default:
      break;
  }
  step.counters.add(Count::dropped_user_message);  // of a later version, or of the other family
  return false;
}

bool SwimFamily::route_user(Step& step, const Origin& origin, ByteView payload) {
  if (!payload.empty() && payload[0] == wire::kHearsayUserType)
    return route_hearsay(step, origin, payload.subspan(1));
  const auto decoded = wire::decode_serf(payload);
  if (!decoded) {
    step.counters.add(decoded.error() == wire::Fault::unexpected ? Count::dropped_user_message
                                                                 : wire::counter_of(decoded.error()));
    return false;
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
    step.counters.add(Count::dropped_user_message);
  }
  return false;
}

// What is for ourselves is an answer, and an answer only: nothing is nested deeper.
void SwimFamily::route_relayed(Step& step, const Origin& origin, const wire::RelayedMessage& relayed) {
  const auto message = answers_.on_message(step, origin, relayed);
  if (!message) return;
  const auto decoded = wire::decode_serf(*message);
  if (decoded) {
    key_rounds_.on_message(step, origin, std::get<wire::QueryResponse>(*decoded));
  } else {
    step.counters.add(wire::counter_of(decoded.error()));
  }
}

bool SwimFamily::on_remembered(Step& step, const Origin& origin, ByteView message) {
  if (!push_pull_.is_our_own(step, message)) return false;
  const bool ours = origin.stream.value % 2 == 0;
  push_pull_.on_our_own(step, origin, ours ? swim::PushPull::Role::answer : swim::PushPull::Role::request);
  return true;
}

bool SwimFamily::on_request(Step& step, const Origin& origin, const wire::StreamMessage& message) {
  if (const auto* ping = std::get_if<wire::Ping>(&message)) {
    probe_.on_message(step, origin, *ping);
    return true;
  }
  if (const auto* table = std::get_if<wire::PushPull>(&message)) {
    push_pull_.on_message(step, origin, *table, swim::PushPull::Role::request);
    return true;
  }
  if (const auto* user = std::get_if<wire::User>(&message)) return route_user(step, origin, user->payload);
  step.counters.add(Count::dropped_unexpected);
  return false;
}

std::optional<std::string> SwimFamily::on_answer(Step& step, const Origin& origin,
                                                 const wire::StreamMessage& message) {
  if (const auto* ack = std::get_if<wire::Ack>(&message)) {
    if (probe_.on_message(step, origin, *ack) || vet_.on_message(step, origin, *ack)) return std::nullopt;
    step.counters.add(Count::dropped_unknown_ack);
  } else if (const auto* table = std::get_if<wire::PushPull>(&message)) {
    const bool joined = join_.on_answer(step, origin.stream);
    push_pull_.on_message(step, origin, *table,
                          joined ? swim::PushPull::Role::join_answer : swim::PushPull::Role::answer);
    return std::nullopt;
  } else if (const auto* user = std::get_if<wire::User>(&message)) {
    route_user(step, origin, user->payload);
    // Whoever asked and got no answer hears so; the states have been taken.
    return "the peer answered with another message";
  } else if (const auto* error = std::get_if<wire::ErrorReply>(&message)) {
    step.counters.add(Count::stream_failures);
    return "the peer refused: " + std::string(error->error);
  } else {
    step.counters.add(Count::dropped_unexpected);
  }
  return "the peer answered with another message";
}

void SwimFamily::on_stream_end(Step& step, StreamId stream, const std::string& why) {
  probe_.on_stream_end(step, stream);
  vet_.on_stream_end(step, stream);
  push_pull_.on_stream_end(step, stream);
  join_.on_stream_end(step, stream, why);
}

}  // namespace hearsay::node
