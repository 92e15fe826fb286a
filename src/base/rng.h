// Our own small generator (xoshiro256**, Blackman and Vigna) with our own distributions, because those of the
// standard library differ between libraries. Not for secrets: nonces come from a NonceSource.
//
// Draw once per statement: GCC and clang evaluate arguments in opposite orders.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "hearsay/time.h"

namespace hearsay::base {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  // A stream of its own for a named user. Forking does not advance this generator, so that adding a user does
  // not change what the others draw.
  Rng fork(std::string_view name) const;

  std::uint64_t next() {  // here, because simulations draw a hundred million times a second
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  // 0 .. bound - 1, without bias (Lemire). REQUIRES: bound > 0.
  std::uint64_t bounded(std::uint64_t bound);
  // 0 <= x < 1, 53 bits.
  double unit();
  // True with this probability.
  bool chance(double probability) { return unit() < probability; }
  // 0 <= x < limit; 0 when limit <= 0.
  Duration within(Duration limit);

  // Fisher-Yates.
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      const std::size_t other = bounded(left);
      std::swap(items[left - 1], items[other]);
    }
  }

  template <class Archive>
  void fields(Archive& archive) {
    archive(state_);
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace hearsay::base
