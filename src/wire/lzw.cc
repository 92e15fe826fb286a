#include "wire/lzw.h"

#include <algorithm>
#include <cstring>

namespace hearsay::wire {

namespace {

constexpr std::uint32_t kClear = 256;
constexpr std::uint32_t kEnd = 257;
constexpr std::uint32_t kCodeMax = 4095;
constexpr unsigned kWidthMin = 9;
constexpr unsigned kWidthMax = 12;

class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(&out) {}
  void put(std::uint32_t code, unsigned width) {
    bits_ |= code << count_;
    count_ += width;
    for (; count_ >= 8; count_ -= 8, bits_ >>= 8) out_->push_back(static_cast<std::uint8_t>(bits_));
  }
  void finish() {
    if (count_ > 0) out_->push_back(static_cast<std::uint8_t>(bits_));
  }

 private:
  Bytes* out_;
  std::uint32_t bits_ = 0;
  unsigned count_ = 0;
};

// The numbering that encoder and decoder keep in step.
struct Numbering {
  unsigned width = kWidthMin;
  std::uint32_t last = kEnd;  // the highest code given to a string (Go: hi)
  std::uint32_t limit() const { return 1u << width; }
};

}  // namespace

std::uint32_t& LzwEncoder::slot_of(std::uint32_t string) {
  std::size_t at = (string * 0x9e3779b1u) >> 19;
  while (slots_[at] != 0 && slots_[at] >> 12 != string) at = (at + 1) % kSlots;
  return slots_[at];
}

void LzwEncoder::forget_strings() {
  for (std::size_t i = 0; i < taken_count_; ++i) slots_[taken_[i]] = 0;
  taken_count_ = 0;
}

void LzwEncoder::compress(ByteView plain, Bytes& out) {
  forget_strings();
  BitWriter bits(out);
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
      std::uint32_t& slot = slot_of(string);
      if (slot != 0) {
        code = slot & 0xfff;
        continue;
      }
      bits.put(code, codes.width);
      if (count_code()) {
        slot = string << 12 | codes.last;
        taken_[taken_count_++] = static_cast<std::uint16_t>(&slot - slots_.data());
      }
      code = byte;
    }
    bits.put(code, codes.width);
    count_code();
  }
  bits.put(kEnd, codes.width);
  bits.finish();
}

Decoded<void> LzwDecoder::inflate(ByteView packed, std::size_t plain_bytes_max, Bytes& out) {
  const std::size_t before = out.size();
  auto result = run(packed, plain_bytes_max, out);
  if (!result) out.resize(before);
  return result;
}

Decoded<void> LzwDecoder::run(ByteView packed, std::size_t plain_bytes_max, Bytes& out) {
  const std::size_t begin = out.size();
  plain_bytes_max = std::min<std::size_t>(plain_bytes_max, UINT32_MAX);
  Numbering codes;
  String previous{0, 0};  // no bytes: none
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : packed) {
    bits |= std::uint32_t{byte} << count;
    count += 8;
    if (count < codes.width) continue;
    const std::uint32_t code = bits & (codes.limit() - 1);
    bits >>= codes.width;
    count -= codes.width;

    if (code == kEnd) return {};
    if (code == kClear) {
      codes = {};
      previous.bytes = 0;
      continue;
    }
    if (code > codes.last) return tl::unexpected(Fault::malformed);
    // The previous string and the byte after it, which comes first in this one, get the next code; this may be
    // the very code that is read now. Both stand in the output one after the other.
    if (previous.bytes != 0) strings_[codes.last] = {previous.offset, previous.bytes + 1};
    const auto here = static_cast<std::uint32_t>(out.size() - begin);
    const String string = code < kClear ? String{here, 1} : strings_[code];
    if (string.bytes > plain_bytes_max - here) return tl::unexpected(Fault::too_large);
    out.resize(out.size() + string.bytes);
    std::uint8_t* const to = out.data() + begin + here;
    if (code < kClear) {
      *to = static_cast<std::uint8_t>(code);
    } else {
      // Byte by byte in effect: the string that is read now may reach one byte into what is being written.
      const std::uint8_t* const from = out.data() + begin + string.offset;
      const std::size_t known = std::min<std::size_t>(string.bytes, here - string.offset);
      std::memcpy(to, from, known);
      if (known < string.bytes) to[known] = *to;
    }
    previous = {here, string.bytes};

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

}  // namespace hearsay::wire
