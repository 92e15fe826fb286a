#include "wire/msgpack.h"

namespace hearsay::wire {

using Kind = MsgpackHead::Kind;

void MsgpackWriter::headed(std::uint8_t head, std::uint64_t number, unsigned width) {
  make_room(1 + width);
  collected_[used_++] = head;
  while (width-- > 0) collected_[used_++] = static_cast<std::uint8_t>(number >> 8 * width);
}

void MsgpackWriter::long_whole(std::uint64_t value) {
  if (value <= UINT8_MAX) return headed(0xcc, value, 1);
  if (value <= UINT16_MAX) return headed(0xcd, value, 2);
  if (value <= UINT32_MAX) return headed(0xce, value, 4);
  headed(0xcf, value, 8);
}

void MsgpackWriter::integer(std::int64_t value) {
  if (value >= 0) return whole(static_cast<std::uint64_t>(value));
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= -32) return byte(static_cast<std::uint8_t>(value));
  if (value >= INT8_MIN) return headed(0xd0, bits, 1);
  if (value >= INT16_MIN) return headed(0xd1, bits, 2);
  if (value >= INT32_MIN) return headed(0xd2, bits, 4);
  headed(0xd3, bits, 8);
}

void MsgpackWriter::real(double value) { headed(0xcb, std::bit_cast<std::uint64_t>(value), 8); }

void MsgpackWriter::family_head(std::size_t size, std::size_t short_limit, std::uint8_t short_head,
                                std::uint8_t head16, std::uint8_t head32) {
  if (size < short_limit) return byte(static_cast<std::uint8_t>(short_head | size));
  if (size <= UINT16_MAX) return headed(head16, size, 2);
  headed(head32, size, 4);
}

void MsgpackWriter::raw_head(std::size_t size) { family_head(size, kShortRaw, 0xa0, 0xda, 0xdb); }
void MsgpackWriter::array(std::size_t items) { family_head(items, 16, 0x90, 0xdc, 0xdd); }
void MsgpackWriter::map(std::size_t pairs) { family_head(pairs, 16, 0x80, 0xde, 0xdf); }

namespace {
// Most heads are this one byte. REQUIRES: byte < 0xc0.
MsgpackHead short_head(std::uint8_t byte) {
  if (byte < 0x80) return {Kind::whole, 1, byte};
  if (byte < 0x90) return {Kind::map, 1, byte & 0x0fu};
  if (byte < 0xa0) return {Kind::array, 1, byte & 0x0fu};
  return {Kind::raw, 1, byte & 0x1fu};
}
}  // namespace

Decoded<MsgpackHead> read_head(ByteView at) {
  base::ByteReader in(at);
  const auto first = in.u8();
  if (!first) return tl::unexpected(Fault::truncated);
  const std::uint8_t byte = *first;
  const auto small = [&](Kind kind, std::uint64_t number) { return MsgpackHead{kind, 1, number}; };
  // A number of `width` bytes after the first byte.
  const auto wide = [&](Kind kind, std::uint8_t width) -> Decoded<MsgpackHead> {
    const auto bytes = in.raw(width);
    if (!bytes) return tl::unexpected(Fault::truncated);
    std::uint64_t number = 0;
    for (const std::uint8_t part : *bytes) number = number << 8 | part;
    return MsgpackHead{kind, static_cast<std::uint8_t>(1 + width), number};
  };
  const auto with_sign = [&](std::uint8_t width) {
    auto head = wide(Kind::whole, width);
    if (head) {
      const unsigned unused_bits = 64u - 8u * width;
      const auto value = static_cast<std::int64_t>(head->number << unused_bits) >> unused_bits;
      head->number = static_cast<std::uint64_t>(value);
      if (value < 0) head->kind = Kind::negative;
    }
    return head;
  };

  if (byte < 0xc0) return short_head(byte);
  if (byte >= 0xe0) return small(Kind::negative, UINT64_MAX - (0xffu - byte));
  switch (byte) {
    case 0xc0:
      return small(Kind::nil, 0);
    case 0xc2:
      return small(Kind::boolean, 0);
    case 0xc3:
      return small(Kind::boolean, 1);
    case 0xc4:
    case 0xd9:
      return wide(Kind::raw, 1);
    case 0xc5:
    case 0xda:
      return wide(Kind::raw, 2);
    case 0xc6:
    case 0xdb:
      return wide(Kind::raw, 4);
    case 0xc7:
    case 0xc8:
    case 0xc9: {
      auto head = wide(Kind::ext, static_cast<std::uint8_t>(1u << (byte - 0xc7u)));
      if (head) head->number += 1;  // the type byte
      return head;
    }
    case 0xca: {
      auto head = wide(Kind::real, 4);
      if (head) {
        const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(head->number));
        head->number = std::bit_cast<std::uint64_t>(static_cast<double>(value));
      }
      return head;
    }
    case 0xcb:
      return wide(Kind::real, 8);
    case 0xcc:
      return wide(Kind::whole, 1);
    case 0xcd:
      return wide(Kind::whole, 2);
    case 0xce:
      return wide(Kind::whole, 4);
    case 0xcf:
      return wide(Kind::whole, 8);
    case 0xd0:
      return with_sign(1);
    case 0xd1:
      return with_sign(2);
    case 0xd2:
      return with_sign(4);
    case 0xd3:
      return with_sign(8);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return small(Kind::ext, 1 + (1u << (byte - 0xd4u)));
    case 0xdc:
      return wide(Kind::array, 2);
    case 0xdd:
      return wide(Kind::array, 4);
    case 0xde:
      return wide(Kind::map, 2);
    case 0xdf:
      return wide(Kind::map, 4);
    default:
      return tl::unexpected(Fault::malformed);  // 0xc1, which is nothing
  }
}

Decoded<bool> MsgpackScan::advance(ByteView bytes) {
  while (pending_ > 0) {
    const auto head = read_head(bytes.subspan(offset_));
    if (!head) {
      if (head.error() == Fault::truncated) return false;
      return tl::unexpected(head.error());
    }
    std::uint64_t size = head->head_bytes;
    std::uint64_t inner = 0;
    switch (head->kind) {
      case Kind::raw:
      case Kind::ext:
        size += head->number;
        break;
      case Kind::array:
        inner = head->number;
        break;
      case Kind::map:
        inner = 2 * head->number;
        break;
      default:
        break;
    }
    // A value that has only begun is looked at again from its head: that is cheap, for a head is short.
    if (size > bytes.size() - offset_) return false;
    offset_ += static_cast<std::size_t>(size);
    pending_ += inner;
    --pending_;
  }
  return true;
}

std::optional<MsgpackHead> MsgpackReader::take_head() {
  if (!ok()) return std::nullopt;
  if (!rest_.empty() && rest_[0] < 0xc0) {
    const MsgpackHead head = short_head(rest_[0]);
    rest_ = rest_.subspan(1);
    return head;
  }
  const auto head = read_head(rest_);
  if (!head) {
    fail(head.error());
    return std::nullopt;
  }
  rest_ = rest_.subspan(head->head_bytes);
  return *head;
}

void MsgpackReader::read(bool& value) {
  const auto head = take_head();
  if (!head) return;
  const bool fits = head->kind == Kind::nil || head->kind == Kind::boolean || head->kind == Kind::whole;
  if (!fits || head->number > 1) return fail(Fault::malformed);
  value = head->number == 1;
}

void MsgpackReader::read(std::int64_t& value) {
  const auto head = take_head();
  if (!head) return;
  const bool positive = head->kind == Kind::nil || (head->kind == Kind::whole && head->number <= INT64_MAX);
  if (!positive && head->kind != Kind::negative) return fail(Fault::malformed);
  value = static_cast<std::int64_t>(head->number);
}

void MsgpackReader::read(double& value) {
  const auto head = take_head();
  if (!head) return;
  switch (head->kind) {
    case Kind::nil:
      value = 0;
      break;
    case Kind::real:
      value = std::bit_cast<double>(head->number);
      break;
    case Kind::whole:
      value = static_cast<double>(head->number);
      break;
    case Kind::negative:
      value = static_cast<double>(static_cast<std::int64_t>(head->number));
      break;
    default:
      fail(Fault::malformed);
  }
}

void MsgpackReader::read_bytes(ByteView& value) {
  const auto head = take_head();
  if (!head) return;
  if (head->kind == Kind::nil) {
    value = {};
    return;
  }
  if (head->kind != Kind::raw && head->kind != Kind::array) return fail(Fault::malformed);
  if (head->number > rest_.size()) return fail(Fault::truncated);
  const ByteView bytes = rest_.first(static_cast<std::size_t>(head->number));
  if (head->kind == Kind::array) {
    for (const std::uint8_t byte : bytes) {
      if (byte >= 0x80) return fail(Fault::malformed);
    }
  }
  value = bytes;
  rest_ = rest_.subspan(bytes.size());
}

void MsgpackReader::read_whole(std::uint64_t& value, std::uint64_t max) {
  const auto head = take_head();
  if (!head) return;
  if ((head->kind != Kind::whole && head->kind != Kind::nil) || head->number > max) return fail(Fault::malformed);
  value = head->number;
}

void MsgpackReader::read_key(ByteView& key) {
  const auto head = take_head();
  if (!head) return;
  if (head->kind != Kind::raw) return fail(Fault::malformed);
  if (head->number > rest_.size()) return fail(Fault::truncated);
  key = rest_.first(static_cast<std::size_t>(head->number));
  rest_ = rest_.subspan(key.size());
}

std::uint64_t MsgpackReader::array() {
  const auto head = take_head();
  if (!head || head->kind == Kind::nil) return 0;
  if (head->kind == Kind::array) return head->number;
  fail(Fault::malformed);
  return 0;
}

std::uint64_t MsgpackReader::map() {
  const auto head = take_head();
  if (!head || head->kind == Kind::nil) return 0;
  if (head->kind == Kind::map) return head->number;
  fail(Fault::malformed);
  return 0;
}

void MsgpackReader::skip() {
  if (!ok()) return;
  MsgpackScan scan;
  scan.expect(1);
  const auto done = scan.advance(rest_);
  if (!done) return fail(done.error());
  if (!*done) return fail(Fault::truncated);
  rest_ = rest_.subspan(scan.offset());
}

bool MsgpackReader::maybe_nil() {
  if (!ok() || rest_.empty() || rest_[0] != 0xc0) return false;
  rest_ = rest_.subspan(1);
  return true;
}

}  // namespace hearsay::wire
