// LZW as Go's compress/lzw does it with 8-bit literals, low bits first; memberlist compresses with it.
//
// Codes 0..255 are bytes, 256 clears the table, 257 ends; further codes name strings met before, each a known
// string and one byte more. Codes grow from 9 to 12 bits as the table fills (docs/protocol/memberlist.md).
//
// Invariants: the encoder's bytes equal Go's; the decoder takes every stream that Go's takes, with or without
// early clears, and never writes more than it was told to. Both objects are tables to be reused: no call allocates
// but for the output.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hearsay/bytes.h"
#include "wire/fault.h"

namespace hearsay::wire {

class LzwEncoder {
 public:
  // Appends the compressed form of `plain` to `out`.
  void compress(ByteView plain, Bytes& out);

 private:
  static constexpr std::size_t kSlots = 8192;  // more than twice the strings that 12 bits can name

  std::uint32_t& slot_of(std::uint32_t string);
  void forget_strings();

  // Open addressing: a string (20 bits: prefix code, byte) above its code (12 bits); 0 is a free slot.
  std::array<std::uint32_t, kSlots> slots_{};
  // Which slots are taken, because clearing these costs less than clearing all for a short packet.
  std::array<std::uint16_t, 4096> taken_{};
  std::size_t taken_count_ = 0;
};

class LzwDecoder {
 public:
  // Appends the plain form of `packed` to `out`. Errors leave `out` as it was: malformed for a code that cannot be,
  // truncated when the end code is missing, too_large when the plain form exceeds `plain_bytes_max`.
  Decoded<void> inflate(ByteView packed, std::size_t plain_bytes_max, Bytes& out);

 private:
  // Each string of the table stands in the output already, where it was first met.
  struct String {
    std::uint32_t offset;
    std::uint32_t bytes;
  };
  Decoded<void> run(ByteView packed, std::size_t plain_bytes_max, Bytes& out);

  std::array<String, 4096> strings_{};
};

}  // namespace hearsay::wire
