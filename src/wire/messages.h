// Every message, one struct and one comment each. Wire structs are append only.
//
// Views point into the decoded packet or into the sender's memory; they are valid for the call in which they
// were handed over. Field names are the wire's (memberlist net.go, Serf messages.go) in our spelling; the
// table `wire name` in each comment gives the key of the msgpack map. Maps are written with keys in ascending
// byte order and read in any order (docs/protocol/memberlist.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "hearsay/bytes.h"
#include "hearsay/ids.h"
#include "hearsay/member.h"

namespace hearsay::wire {

// First byte of a memberlist message, after all wrappers.
enum class Type : std::uint8_t {
  ping = 0,
  indirect_ping = 1,
  ack = 2,
  suspect = 3,
  alive = 4,
  dead = 5,
  push_pull = 6,
  compound = 7,
  user = 8,
  compressed = 9,
  encrypted = 10,
  nack = 11,
  crc = 12,
  error = 13,
  label = 244,
};

// State of an entry in a push/pull (memberlist `NodeStateType`). A value beyond these four is handed over as it
// came; such an entry is to be skipped.
enum class NodeState : std::uint8_t { alive = 0, suspect = 1, dead = 2, left = 3 };

// 0: are you there? Ignored by a receiver whose name differs from a non-empty `node`.
// SeqNo, Node; SourceAddr, SourcePort, SourceNode are left out when empty.
struct Ping {
  SeqNo seq;
  std::string_view node;
  ByteView source_addr;
  std::uint16_t source_port = 0;
  std::string_view source_node;
  ByteView extension{};  // Hs: what hearsay nodes tell each other (extension.h); left out when empty
};

// 1: please ping the target for me, and answer with my sequence number.
// SeqNo, Target, Port, Node, Nack; SourceAddr, SourcePort, SourceNode are left out when empty.
struct IndirectPing {
  SeqNo seq;
  ByteView target;
  std::uint16_t port = 0;
  std::string_view node;
  bool nack = false;  // the sender understands a nack
  ByteView source_addr;
  std::uint16_t source_port = 0;
  std::string_view source_node;
};

// 2: yes. SeqNo, Payload (nil when empty; Serf puts network coordinates there).
struct Ack {
  SeqNo seq;
  ByteView payload{};
  ByteView extension{};  // Hs, as in a ping
};

// 11: the target that you asked me to ping did not answer me in time. SeqNo.
struct Nack {
  SeqNo seq;
};

// 13, streams only: why your request was not served. Error.
struct ErrorReply {
  std::string_view error;
};

// 3: `from` suspects `node` at this incarnation. Incarnation, Node, From.
struct Suspect {
  Incarnation incarnation;
  std::string_view node;
  std::string_view from;
};

// 4: the owner's facts. Incarnation, Node, Addr, Port, Meta (nil when empty), Vsn.
struct Alive {
  Incarnation incarnation;
  std::string_view node;
  ByteView addr;  // 4 or 16 bytes, verbatim as its owner sent them
  std::uint16_t port = 0;
  ByteView meta;
  ByteView vsn;  // 6 bytes
};

// 5: `from` declares `node` dead; when from == node, it left on purpose. Incarnation, Node, From.
struct Dead {
  Incarnation incarnation;
  std::string_view node;
  std::string_view from;
};

// 6, streams only: header, then `nodes` entries, then `user_state_bytes` raw bytes.
// Nodes, UserStateLen, Join.
struct PushPullHeader {
  std::uint32_t nodes = 0;
  std::uint32_t user_state_bytes = 0;
  bool join = false;
};

// One row of a push/pull. Name, Addr, Port, Meta, Incarnation, State, Vsn.
struct PushNode {
  std::string_view name;
  ByteView addr;
  std::uint16_t port = 0;
  ByteView meta;
  Incarnation incarnation;
  NodeState state = NodeState::alive;
  ByteView vsn;
};

// 6 decoded as a whole.
struct PushPull {
  bool join = false;
  std::vector<PushNode> nodes;
  ByteView user_state;
};

// 8: bytes for the application; in the swim family's Serf dialect a Serf message. On a stream a header
// {UserMsgLen} stands before the bytes.
struct User {
  ByteView payload;
};

// ---- Serf messages: the payload of User, one type byte and a map ----

enum class SerfType : std::uint8_t {
  leave_intent = 0,
  join_intent = 1,
  push_pull = 2,
  user_event = 3,
  query = 4,
  query_response = 5,
  conflict_response = 6,
  key_request = 7,
  key_response = 8,
  relay = 9,
};

// 0: `node` will leave (or is forced out by an operator). LTime, Node, Prune.
struct LeaveIntent {
  LamportTime time;
  std::string_view node;
  bool prune = false;
};

// 1: `node` has joined. LTime, Node.
struct JoinIntent {
  LamportTime time;
  std::string_view node;
};

// One past user event inside a Serf push/pull. Name, Payload.
struct SerfUserEvent {
  std::string_view name;
  ByteView payload;
};
struct SerfEvents {  // LTime, Events; `present` is false for the nil slots that Serf sends
  LamportTime time;
  std::vector<SerfUserEvent> events;
};
struct StatusTime {
  std::string_view name;
  LamportTime time;
};

// 2: the user state of a push/pull. LTime, StatusLTimes, LeftMembers, EventLTime, Events, QueryLTime.
struct SerfPushPull {
  LamportTime time;
  std::vector<StatusTime> status_times;
  std::vector<std::string_view> left_members;
  LamportTime event_time;
  std::vector<SerfEvents> events;  // the nil slots are left out
  LamportTime query_time;
};

// 3: a user event. LTime, Name, Payload, CC.
struct UserEvent {
  LamportTime time;
  std::string_view name;
  ByteView payload;
  bool coalesce = false;
};

// 4: a query. LTime, ID, Addr, Port, SourceNode, Filters, Flags, RelayFactor, Timeout, Name, Payload.
struct Query {
  LamportTime time;
  std::uint32_t id = 0;
  ByteView addr;
  std::uint16_t port = 0;
  std::string_view source_node;
  std::vector<ByteView> filters;
  std::uint32_t flags = 0;  // bit 0: acks wanted; bit 1: kDoNotTellOn
  std::uint8_t relay_factor = 0;
  std::int64_t timeout_ns = 0;
  std::string_view name;
  ByteView payload;
};
inline constexpr std::uint32_t kDoNotTellOn = 2;  // the receiver keeps the query to itself

// 5: an answer or ack to a query. LTime, ID, From, Flags, Payload.
struct QueryResponse {
  LamportTime time;
  std::uint32_t id = 0;
  std::string_view from;
  std::uint32_t flags = 0;  // bit 0: this is an ack
  ByteView payload;
};

// 9: a whole Serf message that the receiver is asked to hand on to `name` at this address.
// DestAddr {IP, Port, Zone}, DestName; then the message, type byte first.
struct RelayedMessage {
  ByteView ip;
  std::uint16_t port = 0;
  std::string_view name;
  ByteView message;
};

}  // namespace hearsay::wire
