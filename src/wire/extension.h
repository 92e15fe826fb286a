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
  std::uint8_t features = 0;    // none are defined yet
  std::uint32_t run_id = 0;     // differs between two lives of one node
  std::uint64_t view_hash = 0;  // over all members that are up: name and incarnation
};
inline constexpr std::size_t kExtensionBytes = 14;
void encode(ByteWriter& out, const Extension& extension);
// Versions above ours are read as ours. Errors: truncated.
Decoded<Extension> decode_extension(ByteView bytes);

// First byte of the payload of a user message between hearsay nodes; Serf's types end at 9.
inline constexpr std::uint8_t kHearsayUserType = 0xe0;
enum class HearsayType : std::uint8_t { view_pull = 1 };

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

// Writes the whole user message, memberlist's type byte included.
void encode(ByteWriter& out, const ViewPull& message);
// The payload of a user message, kHearsayUserType and HearsayType removed.
Decoded<ViewPull> decode_view_pull(ByteView body);

}  // namespace hearsay::wire
