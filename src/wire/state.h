// Per-node state between hearsay nodes: hashes, digests, deltas, and who holds what. Messages of the extension
// (extension.h): user messages whose payload begins with kHearsayUserType and the type.
//
// A state belongs to one owner, who alone writes it. An epoch names one life of the owner: its generation and a
// random number that tells two lives apart that use the same generation. Every write has the next version. Digests
// name the owner by the hash of its name.
#pragma once

#include <compare>
#include <string_view>
#include <vector>

#include "base/byte_io.h"
#include "wire/fault.h"

namespace hearsay::wire {

using base::ByteWriter;

struct Epoch {
  std::uint32_t generation = 0;
  std::uint32_t life = 0;
  constexpr auto operator<=>(const Epoch&) const = default;
};

// How much somebody knows of one state: everything up to `version`, but for what was deleted up to `floor`, which
// its owner has forgotten. owner u64, generation u32, life u32, version u64, floor u64.
struct StateDigest {
  std::uint64_t owner = 0;
  Epoch epoch;
  std::uint64_t version = 0;
  std::uint64_t floor = 0;
};
inline constexpr std::size_t kStateDigestBytes = 32;

// Names are cut into so many ranges of equal width by the first bits of their hash.
inline constexpr std::size_t kStateBuckets = 32;
constexpr std::size_t state_bucket(std::uint64_t owner) { return owner >> 59; }

// 4: "this is the hash of all states that I know". sender (length u8, name), hash u64, count u8 (0 or 32), then
// as many hashes u64, of the states in each range. An empty list says: answer if yours differs.
struct StateHash {
  std::string_view sender;
  std::uint64_t hash = 0;
  std::vector<std::uint64_t> buckets;
};

// 5: "this is what I know of the states with names in this range". sender, first u64, last u64, ask u8 (1: tell me
// what you know better, and ask for what I know better; 0: tell me what is newer than these), count u32, digests in
// rising order of owners.
struct StateDigests {
  std::string_view sender;
  std::uint64_t first = 0;
  std::uint64_t last = UINT64_MAX;
  bool ask = false;
  std::vector<StateDigest> digests;
};

// version u64, flags u8 (1 deleted, 2 lives for a while), key (length u8), ms u32 if it lives for a while, and if
// it is not deleted its value (length u32).
struct StateEntry {
  std::string_view key;
  std::string_view value;
  std::uint64_t version = 0;
  bool deleted = false;
  std::uint32_t ttl_ms = 0;  // from now on; 0: until it is deleted
};
// A delta without entries and a name of one byte.
inline constexpr std::size_t kStateDeltaBytes = 1 + 8 + 3 * 8 + 4;
constexpr std::size_t encoded_bytes(const StateEntry& entry) {
  return 10 + entry.key.size() + (entry.ttl_ms > 0 ? 4 : 0) + (entry.deleted ? 0 : 4 + entry.value.size());
}

// What changed in one state after `from`, up to and with `to`: the latest write of each key in the order of
// versions, so that a cut delta is a good one with a lower `to`. owner (length u8, name), generation u32, life u32,
// from u64, to u64, floor u64, count u32, entries. floor <= to.
struct StateDelta {
  std::string_view owner;
  Epoch epoch;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint64_t floor = 0;
  std::vector<StateEntry> entries;
};

std::size_t encoded_bytes(const StateDelta& delta);

// 6: deltas. flags u8 (1: there is more than fits, ask again over a stream; 2: fresh, tell it on), count u16.
struct StateDeltas {
  bool more = false;
  std::vector<StateDelta> deltas;
  bool fresh = false;
};

// 7: "who holds this version of my state, or a later one?" A rumor. owner (length u8, name), generation u32, life
// u32, version u64, number u32 (grows with each question of a life), ms u32 (so long, each later version is to be
// answered, too), count u16, then as many bytes: a bit for each that is asked, or none: all are.
struct StateQuestion {
  std::string_view owner;
  Epoch epoch;
  std::uint64_t version = 0;
  std::uint32_t number = 0;
  std::uint32_t for_ms = 0;
  ByteView asked;
};
inline constexpr std::size_t kAskedBytesMax = 256;
// The place of a member's bit. Several members may share it; with another number others do.
std::size_t asked_bit(std::string_view member, std::uint32_t number, std::size_t bits);
bool is_asked(const StateQuestion& question, std::string_view member);

// 8: "I hold your state up to here". sender (length u8, name), generation u32, life u32, version u64.
struct StateHeld {
  std::string_view sender;
  Epoch epoch;
  std::uint64_t version = 0;
};

// What a user message holds, sent on a stream.
struct OnStream {
  ByteView payload;
};

// Writes the whole user message, memberlist's type byte included. REQUIRES: names and keys of at most 128 bytes.
void encode(ByteWriter& out, const StateHash& message);
void encode(ByteWriter& out, const StateDigests& message);
void encode(ByteWriter& out, const StateDeltas& message);
void encode(ByteWriter& out, const StateQuestion& message);
void encode(ByteWriter& out, const StateHeld& message);
void encode(ByteWriter& out, const OnStream& message);
// The payload without kHearsayUserType and HearsayType. No allocation is larger than a multiple of the bytes given.
// What later versions append is ignored. Errors: truncated; malformed (an order, a bound or a key that no owner
// writes).
Decoded<StateHash> decode_state_hash(ByteView body);
Decoded<StateDigests> decode_state_digests(ByteView body);
Decoded<StateDeltas> decode_state_deltas(ByteView body);
Decoded<StateQuestion> decode_state_question(ByteView body);
Decoded<StateHeld> decode_state_held(ByteView body);

}  // namespace hearsay::wire
