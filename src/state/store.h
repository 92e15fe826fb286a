// The states of all owners that this node knows, its own one included.
//
// By the hash of the owner's name, so that ranges of owners are compared by their hashes: two stores that know the
// same of all counted owners have the same hash, in whatever order they learned it. Counted are the owners that are
// up: of others, nodes know different things for good reasons.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/timers.h"
#include "hearsay/result.h"
#include "hearsay/state.h"
#include "state/owner_state.h"

namespace hearsay::state {

std::uint64_t owner_hash(std::string_view name);

struct Limits {
  std::size_t own_bytes_max = std::size_t{1} << 20;
  std::size_t total_bytes_max = std::size_t{256} << 20;
};
// Of one other owner, whatever its limits are; twice the largest that a node can be allowed for itself.
inline constexpr std::size_t kOwnerBytesMax = std::size_t{8} << 20;

class Store {
 public:
  struct Owner {
    std::string name;
    bool counted = false;
    OwnerState state;
    template <class Archive>
    void fields(Archive& archive) {
      archive(name, counted, state);
    }
  };
  using Owners = std::map<std::uint64_t, Owner>;

  Store(std::string_view self, Epoch epoch, const Limits& limits);

  // ---- our own state ----
  std::uint64_t self() const { return self_; }
  const OwnerState& own() const { return owners_.at(self_).state; }
  // All or nothing. A write that changes nothing has no version. Errors: what fault_of() says; too_large (the state
  // as a whole), not_found (deletion of a key that is not there), wrong_state (another version than expected).
  Result<void> write(Time now, std::span<const StateWrite> writes);
  // Deletes what has lived long enough; true when something has.
  bool expire(Time now);
  // Forgets tombstones older than `age`, some younger ones with them, and what is more than kTombstonesMax.
  // True when the floor rose.
  bool collect(Time now, Duration age);
  // When expire() or collect() has something to do.
  Time next_deadline(Duration age) const;
  // Somebody knows this of us. When it is of another life of ours that others would believe more than this one,
  // this life begins again with a higher generation. Nothing is done about a generation out of all proportion.
  enum class Former : std::uint8_t { none, outbid, absurd };
  Former outbid(Time now, const wire::StateDigest& known);

  // ---- the states of others ----
  enum class Taken : std::uint8_t { news, stale, gap, absurd, too_large };
  // A delta of another owner than ourselves. `counted`: is it up?
  Taken apply(Time now, const wire::StateDelta& delta, bool counted, std::vector<std::string>& changed);
  void count(std::string_view owner, bool counted);
  void forget(std::string_view owner);

  // ---- reading ----
  const Owner* find(std::uint64_t owner) const;
  const Owner* find(std::string_view name) const;
  // What is alive in a state, by key.
  NodeState read(const Owner& owner, Time now) const;
  // Those with something to say; our own one may have nothing.
  const Owners& owners() const { return owners_; }
  bool empty() const { return owners_.size() == 1 && own().empty(); }
  std::size_t bytes() const { return bytes_; }
  // Of all counted owners, and of those in each range.
  std::uint64_t hash() const { return hash_; }
  const std::array<std::uint64_t, wire::kStateBuckets>& buckets() const { return buckets_; }
  // How many owners are counted and have something to say.
  std::size_t counted() const { return counted_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(owners_, expiries_, hash_);
  }

 private:
  // Takes the owner out of hashes and sums, lets `change` change it, and puts it in again.
  template <class Change>
  void update(Owners::iterator owner, Change change);
  void add_shares(const Owners::value_type& owner, bool in);

  Limits limits_;
  std::uint64_t self_;
  Owners owners_;
  std::uint64_t hash_ = 0;
  std::array<std::uint64_t, wire::kStateBuckets> buckets_{};
  std::size_t counted_ = 0;
  std::size_t bytes_ = 0;
  base::Timers<std::string> expiries_;  // of our own keys
  struct Grave {
    std::uint64_t version;
    Time since;
  };
  std::deque<Grave> graves_;  // our own tombstones, and keys that were written again since
};
// Tombstones kept at most; a node that writes and deletes without end raises its floor early.
inline constexpr std::size_t kTombstonesMax = 1024;

}  // namespace hearsay::state
