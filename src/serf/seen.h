// Which user events and queries this node has seen lately (Serf's event and query buffers): a ring of slots, one
// Lamport time each. What is older than the ring is taken for seen, so nothing is told for ever.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "hearsay/ids.h"

namespace hearsay::serf {

inline constexpr std::size_t kSeenSlots = 512;       // Serf's EventBuffer and QueryBuffer
inline constexpr std::size_t kSeenPerSlotMax = 256;  // different messages of one Lamport time

class Seen {
 public:
  // True the first time that a message of this time and identity comes, as long as it is not too old for a clock
  // that reads `clock`.
  bool is_new(LamportTime time, std::uint64_t identity, LamportTime clock) {
    if (clock.value > kSeenSlots && time.value < clock.value - kSeenSlots) return false;
    Slot& slot = slots_[time.value % kSeenSlots];
    if (slot.time != time) {
      if (time < slot.time) return false;
      slot.time = time;
      slot.identities.clear();
    }
    if (std::ranges::find(slot.identities, identity) != slot.identities.end()) return false;
    if (slot.identities.size() >= kSeenPerSlotMax) return false;
    slot.identities.push_back(identity);
    return true;
  }

  template <class Archive>
  void fields(Archive& archive) {
    archive(slots_);
  }

 private:
  struct Slot {
    LamportTime time;
    std::vector<std::uint64_t> identities;
    template <class Archive>
    void fields(Archive& archive) {
      archive(time, identities);
    }
  };
  std::array<Slot, kSeenSlots> slots_{};
};

}  // namespace hearsay::serf
