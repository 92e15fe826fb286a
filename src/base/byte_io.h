// Reading and writing bytes, big-endian, bounded.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "hearsay/bytes.h"

namespace hearsay::base {

// Appends to a Bytes that it does not own.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(&out) {}

  void u8(std::uint8_t value) { out_->push_back(value); }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value >> 8));
    u8(static_cast<std::uint8_t>(value));
  }
  void u32(std::uint32_t value) {
    u16(static_cast<std::uint16_t>(value >> 16));
    u16(static_cast<std::uint16_t>(value));
  }
  void u64(std::uint64_t value) {
    u32(static_cast<std::uint32_t>(value >> 32));
    u32(static_cast<std::uint32_t>(value));
  }
  void raw(ByteView bytes) { out_->insert(out_->end(), bytes.begin(), bytes.end()); }
  void raw(std::string_view text) { raw(as_bytes(text)); }
  // Bytes written so far, including what stood there before.
  std::size_t size() const { return out_->size(); }
  Bytes& out() { return *out_; }

 private:
  Bytes* out_;
};

// Reads from a view; every read says whether there was enough.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  std::size_t left() const { return rest_.size(); }
  bool empty() const { return rest_.empty(); }
  ByteView rest() const { return rest_; }

  std::optional<std::uint8_t> u8() {
    if (rest_.empty()) return std::nullopt;
    const std::uint8_t value = rest_[0];
    rest_ = rest_.subspan(1);
    return value;
  }
  std::optional<std::uint16_t> u16() { return number<std::uint16_t>(); }
  std::optional<std::uint32_t> u32() { return number<std::uint32_t>(); }
  std::optional<std::uint64_t> u64() { return number<std::uint64_t>(); }
  std::optional<ByteView> raw(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

 private:
  template <class T>
  std::optional<T> number() {
    if (rest_.size() < sizeof(T)) return std::nullopt;
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8 | rest_[i]);
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  ByteView rest_;
};

}  // namespace hearsay::base
