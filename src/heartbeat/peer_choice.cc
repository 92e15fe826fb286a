#include "heartbeat/peer_choice.h"

#include <algorithm>

namespace hearsay::heartbeat {

double failed_chance(std::uint32_t failed, std::uint32_t live) {
  return std::min(1.0, static_cast<double>(failed) / (live + 1.0));
}

double seed_chance(std::size_t seeds, std::uint32_t live, std::uint32_t failed) {
  if (live == 0) return seeds > 0 ? 1 : 0;
  return std::min(1.0, static_cast<double>(seeds) / (static_cast<double>(live) + failed));
}

void PeerCycle::pick(const members::MemberTable& members, base::Rng& rng, std::size_t count,
                     std::vector<MemberId>& out) {
  out.clear();
  for (int cycles = 0; out.size() < count;) {
    if (next_ == cycle_.size()) {
      if (++cycles > 2) return;  // fewer peers than wanted
      cycle_.clear();
      next_ = 0;
      for (const MemberId id : members.order()) {
        if (!members.is_self(id) && members::is_up(members.row(id).verdict)) cycle_.push_back(id);
      }
      rng.shuffle(std::span<MemberId>(cycle_));
      if (cycle_.empty()) return;
    }
    const MemberId id = cycle_[next_++];
    if (members.contains(id) && members::is_up(members.row(id).verdict) &&
        std::ranges::find(out, id) == out.end()) {
      out.push_back(id);
    }
  }
}

void PeerCycle::add(base::Rng& rng, MemberId newcomer) {
  const auto rest = cycle_.begin() + static_cast<std::ptrdiff_t>(next_);
  if (rest == cycle_.end() || std::find(rest, cycle_.end(), newcomer) != cycle_.end()) return;
  const std::size_t place = next_ + rng.bounded(cycle_.size() - next_ + 1);
  cycle_.insert(cycle_.begin() + static_cast<std::ptrdiff_t>(place), newcomer);
}

}  // namespace hearsay::heartbeat
