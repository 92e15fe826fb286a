// Random targets, fast: the only thing that an epidemic does a hundred million times a second. Two draws of 32 bits
// from each 64 of the generator, bounded without bias by Lemire's method.
#pragma once

#include <cstdint>

#include "base/rng.h"

namespace hearsay::sim::spread {

class Draw {
 public:
  explicit Draw(const base::Rng& rng) : rng_(rng) {}

  // 0 .. bound - 1. REQUIRES: bound > 0.
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = std::uint64_t{half()} * bound;
    if (static_cast<std::uint32_t>(product) < bound) [[unlikely]] {
      const std::uint32_t threshold = (0 - bound) % bound;
      while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{half()} * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }
  // Uniform among the others. REQUIRES: nodes > 1.
  std::uint32_t other_than(std::uint32_t self, std::uint32_t nodes) {
    const std::uint32_t other = below(nodes - 1);
    return other + (other >= self ? 1 : 0);
  }
  // `fanout` distinct others. REQUIRES: fanout < nodes.
  void others_than(std::uint32_t self, std::uint32_t nodes, std::uint32_t fanout, std::uint32_t* targets) {
    for (std::uint32_t i = 0; i < fanout;) {
      const std::uint32_t target = other_than(self, nodes);
      bool fresh = true;
      for (std::uint32_t j = 0; j < i; ++j) fresh = fresh && targets[j] != target;
      targets[i] = target;
      i += fresh ? 1 : 0;
    }
  }
  // A datagram arrives: the threshold is the loss in units of 2^-32.
  bool arrives(std::uint32_t loss) { return loss == 0 || half() >= loss; }
  // 0 < x <= 1.
  double unit() { return (static_cast<double>(rng_.next() >> 11) + 1) * 0x1.0p-53; }

 private:
  std::uint32_t half() {
    if (has_spare_) {
      has_spare_ = false;
      return static_cast<std::uint32_t>(spare_);
    }
    spare_ = rng_.next();
    has_spare_ = true;
    return static_cast<std::uint32_t>(spare_ >> 32);
  }

  base::Rng rng_;
  std::uint64_t spare_ = 0;
  bool has_spare_ = false;
};

// A probability of loss in units of 2^-32, for Draw::arrives.
inline std::uint32_t loss_threshold(double loss) { return static_cast<std::uint32_t>(loss * 0x1.0p32); }

}  // namespace hearsay::sim::spread
