// msgpack as memberlist and Serf speak it.
//
// The writer produces what go-msgpack v0.5 produces: strings and bytes alike in the old raw family (never str8,
// bin or ext), integers in the smallest unsigned form, nil for missing bytes. The reader takes what any go-msgpack
// takes: both raw families, integers of any width and sign family, nil as zero, records as maps in any order with
// unknown keys skipped, or as arrays in declaration order (docs/protocol/memberlist.md, "msgpack").
//
// Invariants: nothing is allocated for what a length or count promises; skipping takes no stack, however deep the
// skipped value is nested; values are views into what was read.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/byte_io.h"
#include "hearsay/bytes.h"
#include "hearsay/ids.h"
#include "wire/fault.h"

namespace hearsay::wire {

// Collects small values and hands them on together: what it has written is in `out` after flush(), and when it
// ends.
class MsgpackWriter {
 public:
  explicit MsgpackWriter(base::ByteWriter& out) : out_(&out) {}
  ~MsgpackWriter() { flush(); }
  MsgpackWriter(const MsgpackWriter&) = delete;
  MsgpackWriter& operator=(const MsgpackWriter&) = delete;

  void nil() { byte(0xc0); }
  void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }
  void whole(std::uint64_t value) {
    if (value < 0x80) return byte(static_cast<std::uint8_t>(value));
    long_whole(value);
  }
  void integer(std::int64_t value);
  void real(double value);
  void text(std::string_view value) { raw(as_bytes(value)); }
  // A literal, most often a key.
  template <std::size_t N>
  void text(const char (&literal)[N]) {
    constexpr std::size_t kSize = N - 1;
    static_assert(kSize < kShortRaw);
    make_room(1 + kSize);
    collected_[used_++] = static_cast<std::uint8_t>(0xa0 | kSize);
    std::memcpy(collected_.data() + used_, literal, kSize);
    used_ += kSize;
  }
  // nil when empty, as Go writes a nil slice.
  void bytes(ByteView value) { value.empty() ? nil() : raw(value); }
  void array(std::size_t items);
  void map(std::size_t pairs);
  // What stands before `size` raw bytes that the caller writes.
  void raw_head(std::size_t size);

  // A byte that is no value: the type of a message.
  void byte(std::uint8_t value) {
    make_room(1);
    collected_[used_++] = value;
  }
  void flush() {
    if (used_ == 0) return;
    out_->raw(ByteView(collected_.data(), used_));
    used_ = 0;
  }

 private:
  void make_room(std::size_t size) {
    if (kCollected - used_ < size) flush();
  }
  void raw(ByteView value) {
    if (value.size() >= kShortRaw) {
      raw_head(value.size());
      flush();
      return out_->raw(value);
    }
    make_room(1 + value.size());
    collected_[used_++] = static_cast<std::uint8_t>(0xa0 | value.size());
    if (!value.empty()) std::memcpy(collected_.data() + used_, value.data(), value.size());
    used_ += value.size();
  }
  // A head and a number of `width` bytes.
  void headed(std::uint8_t head, std::uint64_t number, unsigned width);
  // The head of a family that has a short form below `short_limit` and then one of 16 and one of 32 bits.
  void family_head(std::size_t size, std::size_t short_limit, std::uint8_t short_head, std::uint8_t head16,
                   std::uint8_t head32);
  void long_whole(std::uint64_t value);

  static constexpr std::size_t kShortRaw = 32;  // shorter ones have a head of one byte
  static constexpr std::size_t kCollected = 192;
  base::ByteWriter* out_;
  std::size_t used_ = 0;
  std::array<std::uint8_t, kCollected> collected_{};
};

// A message of Serf or memberlist: its type byte, then values.
template <class Type>
MsgpackWriter begin_message(base::ByteWriter& out, Type type) {
  out.u8(static_cast<std::uint8_t>(type));
  return MsgpackWriter(out);
}

// What stands at the beginning of a value.
struct MsgpackHead {
  enum class Kind : std::uint8_t { nil, boolean, whole, negative, real, raw, array, map, ext };
  Kind kind = Kind::nil;
  std::uint8_t head_bytes = 1;
  // boolean: 0 or 1; whole, negative: the value (two's complement); real: the bits of a double;
  // raw, ext: how many bytes follow the head; array: items; map: pairs.
  std::uint64_t number = 0;
};
Decoded<MsgpackHead> read_head(ByteView at);

// Finds where values end, in time linear in the bytes, in whatever pieces these arrive.
class MsgpackScan {
 public:
  // Values still to be passed over, from the present offset on.
  void expect(std::uint64_t values) { pending_ += values; }
  // `bytes`: from the same beginning each time. True: all expected values are there and end at offset().
  Decoded<bool> advance(ByteView bytes);
  std::size_t offset() const { return offset_; }
  void seek(std::size_t offset) { offset_ = offset; }

 private:
  std::size_t offset_ = 0;
  std::uint64_t pending_ = 0;
};

// Reads values one after another. The first fault sticks: later reads leave their targets alone, so callers look
// at ok() once, and in loops.
class MsgpackReader {
 public:
  explicit MsgpackReader(ByteView bytes) : rest_(bytes) {}

  bool ok() const { return !fault_; }
  // REQUIRES: !ok().
  Fault fault() const { return *fault_; }
  ByteView rest() const { return rest_; }
  void fail(Fault fault) {
    if (ok()) fault_ = fault;
  }

  // Each takes nil as zero. Numbers that the target cannot hold are malformed.
  void read(bool& value);
  void read(std::int64_t& value);
  void read(double& value);
  void read(std::string_view& value) {
    ByteView bytes = as_bytes(value);
    read(bytes);
    value = as_text(bytes);
  }
  // Also from an array of integers below 128, which are the bytes themselves; an array with larger ones would
  // need memory, and no peer writes one.
  void read(ByteView& value) {
    if (!take_short_raw(value)) read_bytes(value);
  }
  template <class T>
  requires(std::is_unsigned_v<T> && !std::is_same_v<T, bool>) void read(T& value) {
    if (ok() && !rest_.empty() && rest_[0] < 0x80) {
      value = rest_[0];
      rest_ = rest_.subspan(1);
      return;
    }
    std::uint64_t wide = value;
    read_whole(wide, std::numeric_limits<T>::max());
    value = static_cast<T>(wide);
  }
  template <class Tag, class Rep>
  void read(Strong<Tag, Rep>& value) {
    read(value.value);
  }

  // How many items or pairs follow; nil is none. Not to be trusted: loop while ok().
  std::uint64_t array();
  std::uint64_t map();
  void skip();
  // True, and passed over, when nil comes next.
  bool maybe_nil();

  // A record: each field is `field(name, target)`, in declaration order. The target is a value as above, or a
  // callable that reads the value.
  template <class... Fields>
  void record(Fields... fields) {
    const auto head = take_head();
    if (!head) return;
    if (head->kind == MsgpackHead::Kind::map) {
      for (std::uint64_t i = 0; i < head->number && ok(); ++i) {
        ByteView key;
        if (!take_short_raw(key)) read_key(key);
        if (ok() && !(maybe_field(key, fields) || ...)) skip();
      }
    } else if (head->kind == MsgpackHead::Kind::array) {
      std::uint64_t left = head->number;
      ((left > 0 && ok() ? (--left, fields.read_from(*this)) : void()), ...);
      for (; left > 0 && ok(); --left) skip();
    } else if (head->kind != MsgpackHead::Kind::nil) {
      fail(Fault::malformed);
    }
  }

 private:
  std::optional<MsgpackHead> take_head();
  void read_whole(std::uint64_t& value, std::uint64_t max);
  void read_bytes(ByteView& value);
  void read_key(ByteView& key);
  // Most texts are short and whole. False: this one is not, and nothing was taken.
  bool take_short_raw(ByteView& value) {
    if (!ok() || rest_.empty() || (rest_[0] & 0xe0u) != 0xa0) return false;
    const std::size_t size = rest_[0] & 0x1fu;
    if (size >= rest_.size()) return false;
    value = rest_.subspan(1, size);
    rest_ = rest_.subspan(1 + size);
    return true;
  }
  template <class F>
  bool maybe_field(ByteView key, F& field) {
    if (key.size() != F::kNameBytes || std::memcmp(key.data(), field.name, F::kNameBytes) != 0) return false;
    field.read_from(*this);
    return true;
  }

  ByteView rest_;
  std::optional<Fault> fault_;
};

template <std::size_t N, class Target>
struct MsgpackField {
  static constexpr std::size_t kNameBytes = N - 1;
  static_assert(kNameBytes > 0);
  const char* name;
  Target target;
  void read_from(MsgpackReader& in) {
    if constexpr (std::is_invocable_v<Target, MsgpackReader&>) {
      target(in);
    } else {
      in.read(*target);
    }
  }
};
template <std::size_t N, class Target>
auto field(const char (&name)[N], Target&& target) {
  if constexpr (std::is_invocable_v<Target, MsgpackReader&>) {
    return MsgpackField<N, std::remove_reference_t<Target>>{name, target};
  } else {
    return MsgpackField<N, std::remove_reference_t<Target>*>{name, &target};
  }
}

}  // namespace hearsay::wire
