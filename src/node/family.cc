#include "node/family.h"

#include "wire/state.h"

namespace hearsay::node {

MemberId sender_at(const members::MemberTable& members, const Address& from, std::string_view name) {
  const MemberId id = members.find(name);
  return id.valid() && !members.is_self(id) && same_place(members.address(id), from) ? id : MemberId{};
}

bool route_service(const Shared& shared, room::Step& step, const room::Origin& origin, wire::HearsayType type,
                   ByteView body, bool& answered) {
  answered = false;
  const auto hand_over = [&](const auto& message) {
    if (!message) {
      step.counters.add(wire::counter_of(message.error()));
    } else if (const MemberId sender = sender_at(step.members, origin.from, message->sender); sender.valid()) {
      shared.states.on_message(step, sender, *message);
    } else {
      step.counters.add(Count::dropped_unexpected);
    }
  };
  switch (type) {
    case wire::HearsayType::state_hash:
      hand_over(wire::decode_state_hash(body));
      return true;
    case wire::HearsayType::state_digests: {
      const auto digests = wire::decode_state_digests(body);
      if (!digests || !origin.is_stream()) {
        hand_over(digests);
      } else {
        answered = shared.states.on_request(step, origin, *digests);
      }
      return true;
    }
    case wire::HearsayType::state_deltas: {
      const auto deltas = wire::decode_state_deltas(body);
      if (deltas) {
        shared.states.on_message(step, origin, *deltas);
      } else {
        step.counters.add(wire::counter_of(deltas.error()));
      }
      return true;
    }
    case wire::HearsayType::state_question: {
      const auto question = wire::decode_state_question(body);
      if (question) {
        shared.states.on_message(step, origin, *question);
      } else {
        step.counters.add(wire::counter_of(question.error()));
      }
      return true;
    }
    case wire::HearsayType::state_held:
      hand_over(wire::decode_state_held(body));
      return true;
    default:
      return false;
  }
}

}  // namespace hearsay::node
