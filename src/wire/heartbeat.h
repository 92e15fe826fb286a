// The messages of the heartbeat family. They travel like all of ours: as user messages between hearsay nodes,
// packed, compressed and sealed with the label as associated data.
//
// All have one layout: version u8, sender (length u8, name), generation u32, sequence u64, then sections, each a
// kind u8, a length u32 and so many bytes. Sections of an unknown kind are skipped: a later minor version adds
// sections and changes none. A message says by its type what is asked; which sections it may hold is below.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hearsay/ids.h"
#include "wire/extension.h"

namespace hearsay::wire {

inline constexpr std::uint8_t kHeartbeatVersion = 1;
const char* name_of(HearsayType type);  // of this family; else "extension"

// What is known of one member. Layout: flags u8 (1: facts follow, 2: it left), name (length u8), generation u32,
// heartbeat u64, facts version u32; with facts: address (length u8: 4 or 16), port u16, versions 6 bytes, meta
// (length u16).
struct HeartbeatEntry {
  std::string_view name;
  Incarnation generation;
  std::uint64_t heartbeat = 0;
  std::uint32_t facts = 0;  // raised by its owner with every change of tags
  bool left = false;
  bool has_facts = false;  // what follows is set
  ByteView addr{};
  std::uint16_t port = 0;
  ByteView vsn{};
  ByteView meta{};
};
std::size_t encoded_bytes(const HeartbeatEntry& entry);

// `observer` suspected `subject` when its own heartbeat stood there; settled: it had it as failed or left. Layout:
// two names (length u8 each), generation of the subject u32, heartbeat of the observer u64.
struct Opinion {
  std::string_view observer;
  std::string_view subject;
  Incarnation generation;
  std::uint64_t heartbeat = 0;
  bool settled = false;
};
inline std::size_t encoded_bytes(const Opinion& opinion) {
  return 1 + opinion.observer.size() + 1 + opinion.subject.size() + 4 + 8;
}

struct Heartbeat {
  HearsayType type = HearsayType::beats;
  std::uint8_t version = kHeartbeatVersion;
  std::string_view sender;
  Incarnation generation;      // of the sender
  std::uint64_t sequence = 0;  // rises with every message of the sender: a window drops old ones
  // Section 1: what the sender knows. beats, syn, ack: counters; echo_reply: of itself, with facts; look: likewise;
  // look_reply: all, with facts.
  std::vector<HeartbeatEntry> entries{};
  // Section 2: names whose facts are asked for (ack, want).
  std::vector<std::string_view> wants{};
  // Section 3: suspicions; section 7: likewise, settled (beats, syn, ack).
  std::vector<Opinion> opinions{};
  // Section 4: why the receiver is not believed (refused).
  std::string_view reason{};
  // Section 5: milliseconds between the slowest rounds u32, 0: not said (look).
  std::uint32_t interval_ms = 0;
  // Section 6: the number of the echo that this answers, 0: not said (echo, echo_reply).
  std::uint64_t number = 0;
};
inline constexpr std::size_t kHeartbeatFrameBytes = 3 + 1 + 1 + 4 + 8;  // types and header, without the name
inline constexpr std::size_t kHeartbeatSectionBytes = 5;
inline constexpr std::size_t kHeartbeatReasonMax = 512;

// Writes the whole user message, memberlist's type byte included.
void encode(ByteWriter& out, const Heartbeat& message);
// The same for streams.
struct HeartbeatOnStream {
  const Heartbeat& message;
};
void encode(ByteWriter& out, const HeartbeatOnStream& message);

// The payload of a user message, kHearsayUserType and HearsayType removed. Replaces all of `into` but its type;
// its vectors keep their capacity. Errors: truncated, malformed, too_large.
Decoded<void> decode_heartbeat(ByteView body, Heartbeat& into);

}  // namespace hearsay::wire
