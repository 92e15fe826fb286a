#include "serf/answers.h"

#include <algorithm>

#include "spread/peer_picker.h"

namespace hearsay::serf {

using room::Origin;
using room::Step;

namespace {

constexpr std::int64_t kTimeoutMax = 3'600'000'000'000;  // ns; no honest query waits longer
constexpr std::uint8_t kRelayProtocol = 5;               // memberlist's pmax of members that hand answers on

Bytes encoded(const Step& step, const Asker& asker, std::uint32_t flags, ByteView payload) {
  Bytes bytes;
  base::ByteWriter writer(bytes);
  wire::encode(writer, wire::QueryResponse{asker.time, asker.id, step.config.name, flags, payload});
  return bytes;
}

// Serf sends these apart from gossip, to an address: without checksum.
room::Peer bare(const Step& step, MemberId id) {
  room::Peer peer = room::peer_of(step.members, id);
  peer.crc = false;
  return peer;
}

}  // namespace

std::optional<Asker> Answers::asker_of(Step& step, const Origin& origin, const wire::Query& query) const {
  const MemberId id = step.members.find(query.source_node);
  const Address named = Address::from_ip(query.addr, query.port);
  const bool known = id.valid() && !step.members.is_self(id) && step.members.address(id) == named;
  const bool doubled = query.name == kConflictQuery && id.valid() && same_place(named, origin.from);
  if (!known && !doubled) {
    step.counters.add(Count::dropped_unexpected);
    return std::nullopt;
  }
  const Duration timeout{std::clamp<std::int64_t>(query.timeout_ns, 0, kTimeoutMax)};
  room::Peer peer = known ? bare(step, id) : room::Peer{named};
  peer.crc = false;
  return Asker{peer, std::string(query.source_node), query.time, query.id, query.relay_factor, step.after(timeout)};
}

bool Answers::fits(const Step& step, const Asker& asker, ByteView payload) {
  return encoded(step, asker, 0, payload).size() <= kAnswerBytesMax;
}

void Answers::send(Step& step, const Asker& asker, std::uint32_t flags, ByteView payload) {
  const Bytes answer = encoded(step, asker, flags, payload);
  step.out.send_bare(asker.peer, wire::User{answer});
  if (asker.relays == 0 || step.members.up() < asker.relays + 1u) return;
  Bytes relayed;
  base::ByteWriter writer(relayed);
  wire::encode(writer, wire::RelayedMessage{asker.peer.to.ip_view(), asker.peer.to.port, asker.name, answer});
  if (relayed.size() > kAnswerBytesMax) return;  // a peer would refuse it
  const auto suits = [&](MemberId id, const members::Row& row) {
    const Status status = members::status_of(row);
    return (status == Status::alive || status == Status::suspect) && row.versions[1] >= kRelayProtocol &&
           step.members.name(id) != asker.name;
  };
  spread::pick_peers(step.members, rng_, asker.relays, suits, picked_);
  for (const MemberId id : picked_) step.out.send_bare(bare(step, id), wire::User{relayed});
}

std::optional<ByteView> Answers::on_message(Step& step, const Origin& origin, const wire::RelayedMessage& relayed) {
  const MemberId id = step.members.find(relayed.name);
  const bool is_answer = !relayed.message.empty() && relayed.message.size() <= kAnswerBytesMax &&
                         relayed.message[0] == static_cast<std::uint8_t>(wire::SerfType::query_response);
  const Address to = Address::from_ip(relayed.ip, relayed.port);
  if (!is_answer || origin.is_stream() || !id.valid() || step.members.address(id) != to) {
    step.counters.add(Count::dropped_unexpected);
    return std::nullopt;
  }
  if (step.members.is_self(id)) return relayed.message;
  if (step.now.steady - second_ >= std::chrono::seconds(1)) {
    second_ = step.now.steady;
    relayed_ = 0;
  }
  if (relayed_ == kRelayedPerSecond) {
    step.counters.add(Count::dropped_relay_limit);
    return std::nullopt;
  }
  ++relayed_;
  step.counters.add(Count::query_relays);
  step.out.send_bare(bare(step, id), wire::User{relayed.message});
  return std::nullopt;
}

}  // namespace hearsay::serf
