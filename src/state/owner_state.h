// One node's state as somebody knows it: the latest write of each key, in the order of versions.
//
// Only the owner writes. Whoever knows everything up to version v knows what "since v" means, so a delta is the
// list of entries after v, and any prefix of it is a good delta too (scuttlebutt; chitchat). A deleted key stays as
// a tombstone, or somebody who missed the deletion would bring the key back. The owner alone forgets tombstones: it
// raises the floor, the version up to which they are gone. Who knows less than the floor cannot be told the
// difference any more; it takes the whole state anew. So nothing that was deleted returns, however long somebody
// was away.
//
// Invariant: floor <= version. What is known is complete up to the version, but for tombstones up to the floor.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hearsay/state.h"
#include "hearsay/time.h"
#include "wire/state.h"

namespace hearsay::state {

using wire::Epoch;

struct Entry {
  std::string key;
  std::string value;
  std::uint64_t version = 0;
  bool deleted = false;
  Time expires = kNever;

  bool is_alive(Time now) const { return !deleted && now < expires; }
  template <class Archive>
  void fields(Archive& archive) {
    archive(key, value, version, deleted, expires);
  }
};
std::size_t bytes_of(const Entry& entry);
std::size_t bytes_of(const wire::StateEntry& entry);

// The best that a peer is asked for, or told: does `mine` say more than `theirs`?
bool is_newer(const wire::StateDigest& mine, const wire::StateDigest& theirs);

// A generation that is so much higher than the one known is a lie or a fault.
inline constexpr std::uint32_t kGenerationJumpMax = 1u << 20;

enum class Applied : std::uint8_t {
  news,   // taken
  stale,  // nothing that was not known
  gap,    // what comes before is missing, and it does not begin at 0
  absurd  // a generation out of all proportion
};

class OwnerState {
 public:
  Epoch epoch() const { return epoch_; }
  std::uint64_t version() const { return version_; }
  std::uint64_t floor() const { return floor_; }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return version_ == 0; }
  wire::StateDigest digest(std::uint64_t owner) const { return {owner, epoch_, version_, floor_}; }

  // The latest write of a key, also a deletion; null: none is known.
  const Entry* find(std::string_view key) const;
  const std::map<std::uint64_t, Entry>& entries() const { return entries_; }

  // ---- its owner ----
  void start(Epoch epoch) { epoch_ = epoch; }
  // The next version of the key.
  void put(std::string_view key, std::string_view value, Time expires);
  void erase(std::string_view key);
  // Forgets the tombstones up to this version. REQUIRES: floor <= version()
  void raise_floor(std::uint64_t floor);
  // A new life that says the same: what is alive now in the same order, nothing deleted.
  void begin_again(Epoch epoch, Time now);
  // There is a state, if only an empty one.
  void say_something() { version_ = version_ == 0 ? 1 : version_; }

  // ---- everybody ----
  // What apply() would do; changes nothing.
  Applied judge(const wire::StateDelta& delta) const;
  // Takes a delta. Keys whose value changed are appended to `changed`.
  Applied apply(Time now, const wire::StateDelta& delta, std::vector<std::string>& changed);

  // What somebody who knows `theirs` lacks: as much as `bytes_max` of encoded bytes hold. False when not even the
  // least good delta fits; `out` is then without use. REQUIRES: is_newer(digest, theirs). Views into this object.
  bool make_delta(std::string_view owner, const wire::StateDigest& theirs, Time now, std::size_t bytes_max,
                  wire::StateDelta& out) const;

  template <class Archive>
  void fields(Archive& archive) {
    archive(epoch_.generation, epoch_.life, version_, floor_, entries_);
  }

 private:
  void set(Entry entry);
  void drop_tombstones();
  void wipe(std::vector<std::string>& changed);

  Epoch epoch_;
  std::uint64_t version_ = 0;
  std::uint64_t floor_ = 0;
  std::size_t bytes_ = 0;
  std::map<std::uint64_t, Entry> entries_;  // by version
  std::map<std::string, std::uint64_t, std::less<>> by_key_;
};

}  // namespace hearsay::state
