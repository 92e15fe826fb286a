// Which members to talk to: distinct, at random, never ourselves.
//
// Small clusters are shuffled, so that every eligible member is found. Large ones are sampled by random draws,
// whose number is bounded: nothing that runs every tick walks all members.
#pragma once

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "members/member_table.h"

namespace hearsay::spread {

// Up to this many members are shuffled as a whole.
inline constexpr std::size_t kShuffledMax = 32;
// Draws per member wanted in larger clusters.
inline constexpr std::size_t kDrawsPerPick = 64;

// Replaces `out` by up to `count` members for which eligible(MemberId, const Row&) holds.
template <class Eligible>
void pick_peers(const members::MemberTable& members, base::Rng& rng, std::size_t count, Eligible eligible,
                std::vector<MemberId>& out) {
  out.clear();
  const auto order = members.order();
  const auto suits = [&](MemberId id) { return !members.is_self(id) && eligible(id, members.row(id)); };
  if (order.size() <= kShuffledMax) {
    for (const MemberId id : order) {
      if (suits(id)) out.push_back(id);
    }
    rng.shuffle(std::span<MemberId>(out));
    if (out.size() > count) out.resize(count);
    return;
  }
  for (std::size_t draws = count * kDrawsPerPick; draws > 0 && out.size() < count; --draws) {
    const MemberId id = order[rng.bounded(order.size())];
    if (suits(id) && std::ranges::find(out, id) == out.end()) out.push_back(id);
  }
}

}  // namespace hearsay::spread
