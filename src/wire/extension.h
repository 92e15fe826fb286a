// What hearsay nodes tell each other beyond memberlist's protocol, without a real Serf or memberlist peer noticing.
//
// Pings and acks carry one extra key, "Hs", whose value other decoders skip silently. It says, first-hand, that the
// sender is a hearsay node, and a hash of what it believes. Only nodes known that way are ever sent hearsay's own
// messages, which travel as user messages of a type that Serf does not use.
#pragma once

#include <string_view>
#include <vector>

#include "base/byte_io.h"
#include "hearsay/ids.h"
#include "wire/fault.h"

namespace hearsay::wire {

using base::ByteWriter;

inline constexpr std::uint8_t kExtensionVersion = 1;

// The value of "Hs": version u8, features u8, run id u32, view hash u64. Append only: more bytes are ignored.
struct Extension {
  std::uint8_t version = kExtensionVersion;
  std::uint8_t features = 0;    // what its sender understands beyond view pulls
  std::uint32_t run_id = 0;     // differs between two lives of one node
  std::uint64_t view_hash = 0;  // over all members that are up: name and incarnation
};
inline constexpr std::size_t kExtensionBytes = 14;
inline constexpr std::uint8_t kTellsEvidence = 1;  // feature: answers evidence requests
inline constexpr std::uint8_t kKeepsState = 2;     // feature: keeps the states of nodes and exchanges them
void encode(ByteWriter& out, const Extension& extension);
// Versions above ours are read as ours. Errors: truncated.
Decoded<Extension> decode_extension(ByteView bytes);

// First byte of the payload of a user message between hearsay nodes; Serf's types end at 9.
inline constexpr std::uint8_t kHearsayUserType = 0xe0;
enum class HearsayType : std::uint8_t {
  view_pull = 1,
  evidence_request = 2,
  evidence = 3,
  state_hash = 4,  // these five: state.h
  state_digests = 5,
  state_deltas = 6,
  state_question = 7,
  state_held = 8,
  // The heartbeat family (heartbeat.h).
  beats = 16,       // counters, and suspicions
  pull = 17,        // tell me yours
  syn = 18,         // a slice of what I know
  ack = 19,         // what I know better of it, and whose facts I lack; answered with beats
  want = 20,        // tell me the facts of these
  echo = 21,        // are you there?
  echo_reply = 22,  // yes, this is me
  look = 23,        // on a stream: this is me, may I join?
  look_reply = 24,  // on a stream: yes, this is everybody
  refused = 25,     // why you are not believed
};
inline constexpr bool is_heartbeat(HearsayType type) {
  return type >= HearsayType::beats && type <= HearsayType::refused;
}

// 1: "our views differ; this is what I have learned lately; tell me what you have learned that is newer".
// name length u8, name of the sender, count u16, then for each: name hash u32, incarnation u32, verdict u8.
struct ViewPull {
  struct Entry {
    std::uint32_t name_hash = 0;
    Incarnation incarnation;
    std::uint8_t verdict = 0;  // 0 alive, 1 suspect, 2 dead or left
  };
  std::string_view sender;
  std::vector<Entry> entries;
};
inline constexpr std::size_t kViewEntriesMax = 128;

// 2: "you accused this member, or told me of it: why?" number u32, then two names, length u8 first: the sender's,
// the member's. Only for peers with the feature kTellsEvidence.
struct EvidenceRequest {
  std::uint32_t number = 0;  // given back in the answer
  std::string_view sender;
  std::string_view subject;
};

// 3: what its sender knows. number u32, sender (length u8, name), what u8; nothing follows when it is none. Then
// source u8, incarnation u32, age in ms u32, direct probes u8, helpers asked u8, nacks u8, TCP ping failed u8 (0 or
// 1), local health u8, silent for ms u32, accuser (length u8, name), count u8 and names of helpers. Append only.
struct EvidenceAnswer {
  enum class What : std::uint8_t { none = 0, suspected = 1, confirmed = 2, failed = 3 };
  enum class Source : std::uint8_t { own_probe = 0, own_timer = 1, gossip = 2, push_pull = 3 };
  std::uint32_t number = 0;
  std::string_view sender;
  What what = What::none;
  Source source = Source::own_probe;
  Incarnation incarnation;
  std::uint32_t age_ms = 0;
  std::uint8_t direct_probes = 0;
  std::uint8_t indirect_probes = 0;
  std::uint8_t nacks = 0;
  bool stream_probe_failed = false;
  std::uint8_t local_health = 0;
  std::uint32_t silent_ms = 0;
  std::string_view accuser;
  std::vector<std::string_view> helpers;  // not more than kHelpersToldMax, so that every answer fits a datagram
};
inline constexpr std::size_t kHelpersToldMax = 3;

// The beginning of a user message between hearsay nodes, and a text behind its length in a byte.
void begin_hearsay(ByteWriter& out, HearsayType type);
void write_name(ByteWriter& out, std::string_view text);

// Writes the whole user message, memberlist's type byte included. REQUIRES: names of at most kNameBytesMax.
void encode(ByteWriter& out, const ViewPull& message);
void encode(ByteWriter& out, const EvidenceRequest& message);
void encode(ByteWriter& out, const EvidenceAnswer& message);
// The payload of a user message, kHearsayUserType and HearsayType removed. What later versions append is ignored.
Decoded<ViewPull> decode_view_pull(ByteView body);
Decoded<EvidenceRequest> decode_evidence_request(ByteView body);
Decoded<EvidenceAnswer> decode_evidence(ByteView body);

}  // namespace hearsay::wire
