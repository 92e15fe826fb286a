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

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/byte_io.h"
#include "hearsay/bytes.h"
#include "hearsay/ids.h"
#include "wire/fault.h"

namespace hearsay::wire {

class MsgpackWriter {
 public:
  explicit MsgpackWriter(base::ByteWriter& out) : out_(&out) {}

  void nil() { out_->u8(0xc0); }
  void boolean(bool value) { out_->u8(value ? 0xc3 : 0xc2); }
  void whole(std::uint64_t value) {
    if (value < 0x80) return out_->u8(static_cast<std::uint8_t>(value));
    long_whole(value);
  }
  void integer(std::int64_t value);
  void real(double value);
  void text(std::string_view value) { raw(as_bytes(value)); }
  // nil when empty, as Go writes a nil slice.
  void bytes(ByteView value) { value.empty() ? nil() : raw(value); }
  void array(std::size_t items);
  void map(std::size_t pairs);
  // What stands before `size` raw bytes that the caller writes.
  void raw_head(std::size_t size);

  base::ByteWriter& out() { return *out_; }

 private:
  void raw(ByteView value) {
    if (value.size() < kShortRaw) return out_->headed(static_cast<std::uint8_t>(0xa0 | value.size()), value);
    raw_head(value.size());
    out_->raw(value);
  }
  void long_whole(std::uint64_t value);

  static constexpr std::size_t kShortRaw = 32;  // shorter ones have a head of one byte
  base::ByteWriter* out_;
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
  void read(ByteView& value);
  template <class T>
  requires(std::is_unsigned_v<T> && !std::is_same_v<T, bool>) void read(T& value) {
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
        std::string_view key;
        read_key(key);
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
  void read_key(std::string_view& key);
  template <class F>
  bool maybe_field(std::string_view key, F& field) {
    // The names are literals: most are told apart by their length or first letter.
    if (key.size() != field.name.size() || key[0] != field.name[0] || key != field.name) return false;
    field.read_from(*this);
    return true;
  }

  ByteView rest_;
  std::optional<Fault> fault_;
};

template <class Target>
struct MsgpackField {
  std::string_view name;
  Target target;
  void read_from(MsgpackReader& in) {
    if constexpr (std::is_invocable_v<Target, MsgpackReader&>) {
      target(in);
    } else {
      in.read(*target);
    }
  }
};
template <class Target>
auto field(std::string_view name, Target&& target) {
  if constexpr (std::is_invocable_v<Target, MsgpackReader&>) {
    return MsgpackField<std::remove_reference_t<Target>>{name, target};
  } else {
    return MsgpackField<std::remove_reference_t<Target>*>{name, &target};
  }
}

}  // namespace hearsay::wire
