// A 64-bit hash that is the same on every machine and compiler. For state hashes and seeds; not for secrets.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "hearsay/bytes.h"

namespace hearsay::base {

// Feeds values one after another; the order and the boundaries of what was fed count.
class Hasher {
 public:
  void add(std::uint64_t value) {
    state_ ^= mix(value + 0x9e3779b97f4a7c15u);
    state_ *= 0xff51afd7ed558ccdu;
    state_ ^= state_ >> 32;
  }
  void add(ByteView bytes) {  // in big-endian words
    add(bytes.size());
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), 8);
      if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
      add(word);
    }
    if (bytes.empty()) return;
    std::uint64_t rest = 0;
    for (const std::uint8_t byte : bytes) rest = rest << 8 | byte;
    add(rest);
  }
  void add(std::string_view text) { add(as_bytes(text)); }
  void add(std::span<const std::uint64_t> words) {
    for (const auto word : words) add(word);
  }
  std::uint64_t value() const { return mix(state_); }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_ = 0x243f6a8885a308d3u;
};

}  // namespace hearsay::base
