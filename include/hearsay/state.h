// What nodes say about themselves: each node owns keys and values that only it writes and everybody reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hearsay/result.h"
#include "hearsay/time.h"

namespace hearsay {

inline constexpr std::size_t kStateKeyBytesMax = 128;
inline constexpr std::size_t kStateValueBytesMax = std::size_t{256} << 10;
// What an entry counts for beside its key and value, when a node's state is measured.
inline constexpr std::size_t kStateEntryBytes = 16;
// The first generation to start with is not higher: it can be outbid for a lifetime.
inline constexpr std::uint32_t kFirstGenerationMax = 0xf000'0000u;

// Keys with a meaning that everybody agrees on; any other key is the application's own.
namespace state_keys {
inline constexpr std::string_view kDc = "dc", kRack = "rack", kZone = "zone", kLoad = "load", kTokens = "tokens",
                                  kSchema = "schema", kHealth = "health", kSeverity = "severity",
                                  kServices = "services", kRelease = "release", kStatus = "status",
                                  kAddresses = "addresses";
}  // namespace state_keys

// One change of this node's own state.
struct StateWrite {
  // 1 .. 128 bytes of UTF-8 without spaces, control characters and '='.
  std::string key;
  // At most 256 KiB of any bytes. None: the key is deleted.
  std::optional<std::string> value;
  // After this long without another write the key is deleted; 0: never. 1 ms .. 49 days.
  Duration ttl{};
  // Only if this is the key's version; 0: only if there is no such key.
  std::optional<std::uint64_t> if_version;
};

// One key of somebody's state.
struct StateItem {
  std::string key;
  std::string value;
  std::uint64_t version = 0;  // rises with every write of its owner, over all keys
  Duration ttl{};             // how long it will live unless it is written again; 0: until it is deleted
};

// What this node knows of one member's state.
struct NodeState {
  std::string member;
  std::uint32_t generation = 0;  // rises when its owner starts
  std::uint64_t version = 0;     // of its latest change
  std::vector<StateItem> items;  // by key
  std::uint32_t life = 0;        // at random: tells lives apart that began with the same generation
};

// How many members shall hold a version: a percentage of them, or a number.
struct Holders {
  bool percent = true;
  std::uint32_t value = 100;  // 1 .. 100 percent; 1 .. 2^32 - 1 members
  bool operator==(const Holders&) const = default;
};
// "95%", "all" or "7". Errors: invalid_argument.
Result<Holders> parse_holders(std::string_view text);
// So many of these members.
std::uint32_t needed(const Holders& holders, std::uint32_t members);

// Watches of one node at the same time.
inline constexpr std::size_t kStateWatchesMax = 8;
inline constexpr Duration kStateWatchMax = std::chrono::minutes(10);

// May a key be called so?
bool is_state_key(std::string_view key);
// A fault of one write, whatever else is in the state: its key, value or time to live.
std::optional<Error> fault_of(const StateWrite& write);

}  // namespace hearsay
