// What the patterns of communication share: who is dead, what is lost, and who had how much to do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/spread/draw.h"
#include "sim/spread/patterns.h"

namespace hearsay::sim::spread {

class Traffic {
 public:
  Traffic(const Comparison& comparison, Pattern pattern, Trouble trouble, Draw& draw)
      : draw_(draw),
        loss_(trouble == Trouble::loss ? loss_threshold(comparison.loss) : 0),
        dead_(comparison.nodes),
        messages_(comparison.nodes),
        bytes_(comparison.nodes) {
    if (trouble == Trouble::key && has_key(pattern)) {
      dead_[0] = true;
      living_ = comparison.nodes - 1;
      return;
    }
    living_ = comparison.nodes - deaths_of(comparison.nodes, trouble);
    for (std::uint32_t left = comparison.nodes - living_; left > 0;) {
      const std::uint32_t node = draw_.below(comparison.nodes);
      if (dead_[node]) continue;
      dead_[node] = true;
      --left;
    }
  }

  std::uint32_t nodes() const { return static_cast<std::uint32_t>(dead_.size()); }
  std::uint32_t living() const { return living_; }
  bool lives(std::uint32_t node) const { return !dead_[node]; }
  std::uint32_t any_living() {
    for (;;) {
      const std::uint32_t node = draw_.below(nodes());
      if (lives(node)) return node;
    }
  }

  // True: it arrives. REQUIRES: lives(from).
  bool send(std::uint32_t from, std::uint32_t to, std::uint64_t content_bytes) {
    const std::uint64_t bytes = content_bytes + kHeaderBytes;
    ++sum_.messages;
    sum_.bytes += bytes;
    ++messages_[from];
    bytes_[from] += bytes;
    if (!draw_.arrives(loss_) || !lives(to)) return false;
    ++messages_[to];
    bytes_[to] += bytes;
    return true;
  }

  PatternTrial result(double rounds, double share) {
    sum_.busiest_messages = *std::ranges::max_element(messages_);
    sum_.busiest_bytes = *std::ranges::max_element(bytes_);
    sum_.rounds = rounds;
    sum_.share = share;
    return sum_;
  }

 private:
  // At least one, and at least two live.
  static std::uint32_t deaths_of(std::uint32_t nodes, Trouble trouble) {
    const auto one_in = [&](std::uint32_t n) { return std::max(1u, (nodes + n / 2) / n); };
    std::uint32_t deaths = 0;
    if (trouble == Trouble::key || trouble == Trouble::one) deaths = 1;
    if (trouble == Trouble::one_in_100) deaths = one_in(100);
    if (trouble == Trouble::one_in_20) deaths = one_in(20);
    if (trouble == Trouble::one_in_10) deaths = one_in(10);
    return deaths;
  }

  Draw& draw_;
  std::uint32_t loss_;
  std::vector<bool> dead_;
  std::uint32_t living_ = 0;
  std::vector<std::uint64_t> messages_;
  std::vector<std::uint64_t> bytes_;
  PatternTrial sum_;
};

PatternTrial run_update(const Comparison& comparison, Pattern pattern, Traffic& traffic, Draw& draw);
PatternTrial run_heartbeats(const Comparison& comparison, Pattern pattern, Traffic& traffic, Draw& draw);

}  // namespace hearsay::sim::spread
