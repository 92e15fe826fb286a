#include "wire/lzw.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace hearsay::wire {

namespace {

constexpr std::uint32_t kClear = 256;
constexpr std::uint32_t kEnd = 257;
constexpr std::uint32_t kCodeMax = 4095;
constexpr unsigned kWidthMin = 9;
constexpr unsigned kWidthMax = 12;

// Writes where there is room enough.
class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* to) : to_(to) {}
  void put(std::uint32_t code, unsigned width) {
    bits_ |= std::uint64_t{code} << count_;
    count_ += width;
    if (count_ < 32) return;
    for (int i = 0; i < 4; ++i, bits_ >>= 8) *to_++ = static_cast<std::uint8_t>(bits_);
    count_ -= 32;
  }
  std::uint8_t* finish() {
    for (; count_ > 8; count_ -= 8, bits_ >>= 8) *to_++ = static_cast<std::uint8_t>(bits_);
    if (count_ > 0) *to_++ = static_cast<std::uint8_t>(bits_);
    return to_;
  }

 private:
  std::uint8_t* to_;
  std::uint64_t bits_ = 0;
  unsigned count_ = 0;
};

// The numbering that encoder and decoder keep in step.
struct Numbering {
  unsigned width = kWidthMin;
  std::uint32_t last = kEnd;  // the highest code given to a string (Go: hi)
  std::uint32_t limit() const { return 1u << width; }
};

// Twice the strings that 12 bits can name, and more.
constexpr std::size_t kSlotsMax = 8192;

// A string of the decoder's table stands in the output already, where it was first met.
struct String {
  std::uint32_t offset;
  std::uint32_t bytes;
};

Decoded<void> run(ByteView packed, std::size_t plain_bytes_max, Bytes& out);

}  // namespace

void compress_lzw(ByteView plain, Bytes& out) {
  const std::size_t begin = out.size();
  // A code for each byte, clears among them, in the widest form.
  out.resize(begin + (plain.size() + plain.size() / 2048 + 4) * 3 / 2 + 1);
  BitWriter bits(out.data() + begin);
  // Open addressing: a string (20 bits: prefix code, byte) above its code (12 bits); 0 is a free slot. A short
  // packet uses the beginning of it, because clearing costs as much as a lookup in each slot.
  std::array<std::uint32_t, kSlotsMax> table;
  const std::size_t slots = std::clamp(std::bit_ceil(2 * plain.size()), std::size_t{256}, kSlotsMax);
  const auto shift = static_cast<unsigned>(32 - std::countr_zero(slots));
  const auto forget_strings = [&] { std::fill_n(table.begin(), slots, 0u); };
  forget_strings();
  Numbering codes;
  bits.put(kClear, codes.width);
  // Counts a written code. False: the codes were used up, so the table was cleared.
  const auto count_code = [&] {
    ++codes.last;
    if (codes.last == codes.limit()) ++codes.width;
    if (codes.last < kCodeMax) return true;
    bits.put(kClear, codes.width);
    codes = {};
    forget_strings();
    return false;
  };
  if (!plain.empty()) {
    std::uint32_t code = plain[0];
    for (const std::uint8_t byte : plain.subspan(1)) {
      const std::uint32_t string = code << 8 | byte;
      std::size_t at = (string * 0x9e3779b1u) >> shift;
      while (table[at] != 0 && table[at] >> 12 != string) at = (at + 1) & (slots - 1);
      if (table[at] != 0) {
        code = table[at] & 0xfff;
        continue;
      }
      bits.put(code, codes.width);
      if (count_code()) table[at] = string << 12 | codes.last;
      code = byte;
    }
    bits.put(code, codes.width);
    count_code();
  }
  bits.put(kEnd, codes.width);
  out.resize(static_cast<std::size_t>(bits.finish() - out.data()));
}

Decoded<void> inflate_lzw(ByteView packed, std::size_t plain_bytes_max, Bytes& out) {
  const std::size_t before = out.size();
  auto result = run(packed, plain_bytes_max, out);
  if (!result) out.resize(before);
  return result;
}

namespace {

Decoded<void> run(ByteView packed, std::size_t plain_bytes_max, Bytes& out) {
  // Short strings are copied as a whole word or two: there is always room for that behind what is written.
  constexpr std::size_t kWord = 16;
  std::array<String, kCodeMax + 1> strings;  // each is set before it is read
  const std::size_t begin = out.size();
  plain_bytes_max = std::min<std::size_t>(plain_bytes_max, UINT32_MAX);
  Numbering codes;
  String previous{0, 0};  // no bytes: none
  std::uint64_t bits = 0;
  unsigned count = 0;
  std::uint32_t here = 0;
  std::size_t room = 0;  // bytes of `out` from `begin` on; what was written ends before
  std::uint8_t* plain = nullptr;
  const auto finish = [&](Decoded<void> result) {
    out.resize(begin + here);
    return result;
  };
  for (const std::uint8_t byte : packed) {
    bits |= std::uint64_t{byte} << count;
    count += 8;
    if (count < codes.width) continue;
    const auto code = static_cast<std::uint32_t>(bits & (codes.limit() - 1));
    bits >>= codes.width;
    count -= codes.width;

    if (code == kEnd) return finish({});
    if (code == kClear) {
      codes = {};
      previous.bytes = 0;
      continue;
    }
    if (code > codes.last) return tl::unexpected(Fault::malformed);
    // The previous string and the byte after it, which comes first in this one, get the next code; this may be
    // the very code that is read now. Both stand in the output one after the other.
    if (previous.bytes != 0) strings[codes.last] = {previous.offset, previous.bytes + 1};
    const String string = code < kClear ? String{here, 1} : strings[code];
    if (string.bytes > plain_bytes_max - here) return tl::unexpected(Fault::too_large);
    if (room < here + string.bytes + kWord) {
      // Twice what there is, but no more memory than what may come: a code of 9 bits or more stands for a string.
      room = std::max<std::size_t>(here + string.bytes + kWord, 2 * here + 4 * packed.size());
      room = std::min(room, plain_bytes_max + kWord);
      out.resize(begin + room);
      plain = out.data() + begin;
    }
    std::uint8_t* const to = plain + here;
    if (code < kClear) {
      *to = static_cast<std::uint8_t>(code);
    } else {
      // Byte by byte in effect: the string that is read now may reach one byte into what is being written.
      const std::uint8_t* const from = plain + string.offset;
      const std::size_t known = std::min<std::size_t>(string.bytes, here - string.offset);
      if (known <= kWord) {
        std::array<std::uint8_t, kWord> word{};
        std::memcpy(word.data(), from, kWord);
        std::memcpy(to, word.data(), kWord);
      } else {
        std::memcpy(to, from, known);
      }
      if (known < string.bytes) to[known] = *to;
    }
    previous = {here, string.bytes};
    here += string.bytes;

    ++codes.last;
    if (codes.last == codes.limit()) {
      if (codes.width < kWidthMax) {
        ++codes.width;
      } else {  // the table is full and stays as it is until a clear
        --codes.last;
        previous.bytes = 0;
      }
    }
  }
  return tl::unexpected(Fault::truncated);
}

}  // namespace

}  // namespace hearsay::wire
