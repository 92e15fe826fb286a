#include "wire/envelope.h"

#include <zlib.h>

#include <algorithm>

#include "base/check.h"
#include "wire/sealing.h"

namespace hearsay::wire {

namespace {

constexpr std::size_t kCrcHeadBytes = 5;  // type, checksum

std::uint32_t checksum(ByteView bytes) {
  return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

// Takes compounds and compressed messages apart, however they are nested.
class Unwrapper {
 public:
  Unwrapper(const Envelope& envelope, OpenedDatagram& out)
      : out_(&out), inflated_left_(std::min<std::size_t>(envelope.inflated_bytes_max, kDatagramInflatedMax)) {}

  Decoded<void> unwrap(ByteView message, unsigned depth) {
    if (message.empty()) return tl::unexpected(Fault::truncated);
    const auto type = static_cast<Type>(message[0]);
    if (type != Type::compound && type != Type::compressed) {
      if (out_->messages.size() == kCompoundPartsMax) return tl::unexpected(Fault::too_large);
      out_->messages.push_back(message);
      return {};
    }
    if (depth == kNestingMax) return tl::unexpected(Fault::too_deep);
    return type == Type::compound ? open_compound(message.subspan(1), depth) : inflate(message.subspan(1), depth);
  }

  // The first fault of a part.
  const std::optional<Fault>& part_fault() const { return part_fault_; }

 private:
  Decoded<void> inflate(ByteView body, unsigned depth) {
    if (out_->inflated_used == out_->inflated.size()) out_->inflated.emplace_back();
    Bytes& plain = out_->inflated[out_->inflated_used++];
    plain.clear();
    auto result = inflate_message(body, inflated_left_, plain);
    if (!result) return result;
    inflated_left_ -= plain.size();
    return unwrap(plain, depth + 1);
  }

  // A short table of lengths refuses the compound; a short body loses the parts that are not whole, as in
  // memberlist's decodeCompoundMessage.
  Decoded<void> open_compound(ByteView body, unsigned depth) {
    base::ByteReader lengths(body);
    const auto count = lengths.u8();
    if (!count) return tl::unexpected(Fault::truncated);
    const auto table = lengths.raw(std::size_t{2} * *count);
    if (!table) return tl::unexpected(Fault::truncated);
    base::ByteReader parts(lengths.rest());
    base::ByteReader sizes(*table);
    for (unsigned i = 0; i < *count; ++i) {
      const auto part = parts.raw(*sizes.u16());
      if (!part) {
        lose(*count - i, Fault::truncated);
        return {};
      }
      if (const auto result = unwrap(*part, depth + 1); !result) lose(1, result.error());
    }
    return {};
  }

  void lose(unsigned parts, Fault fault) {
    out_->faulty_parts += parts;
    if (!part_fault_) part_fault_ = fault;
  }

  OpenedDatagram* out_;
  std::size_t inflated_left_;
  std::optional<Fault> part_fault_;
};

Decoded<void> open_packet(const Envelope& envelope, ByteView datagram, OpenedDatagram& out) {
  const auto label = check_label(envelope, datagram);
  if (!label) return tl::unexpected(label.error());
  if (!label->whole) return tl::unexpected(Fault::truncated);
  ByteView packet = datagram.subspan(label->bytes);
  if (packet.empty()) return tl::unexpected(Fault::truncated);

  if (!envelope.keyring.empty()) {
    const auto opened = open_sealed(envelope, packet, as_bytes(envelope.label), out.plain);
    if (opened) {
      out.sealed = true;
      packet = out.plain;
    } else if (envelope.verify_incoming) {
      return tl::unexpected(looks_sealed(packet) ? opened.error() : Fault::plaintext);
    }
  }

  // A checksum is legal here only: one further in is passed on as a message, and refused as such.
  if (packet.size() >= kCrcHeadBytes && packet[0] == static_cast<std::uint8_t>(Type::crc)) {
    base::ByteReader head(packet.subspan(1));
    const auto expected = head.u32();
    packet = head.rest();
    if (checksum(packet) != *expected) return tl::unexpected(Fault::bad_crc);
  }
  Unwrapper unwrapper(envelope, out);
  auto result = unwrapper.unwrap(packet, 0);
  if (result && out.messages.empty() && unwrapper.part_fault()) return tl::unexpected(*unwrapper.part_fault());
  return result;
}

ByteView make_compound(std::span<const ByteView> messages, Bytes& out) {
  out.clear();
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(Type::compound));
  writer.u8(static_cast<std::uint8_t>(messages.size()));
  for (const ByteView message : messages) {
    CHECK(message.size() <= UINT16_MAX);
    writer.u16(static_cast<std::uint16_t>(message.size()));
  }
  for (const ByteView message : messages) writer.raw(message);
  return out;
}

}  // namespace

std::size_t Envelope::datagram_room(std::size_t packet_bytes) const {
  const std::size_t taken = (label.empty() ? 0 : 2 + label.size()) + (seals() ? kSealBytes : 0);
  return packet_bytes - std::min(packet_bytes, taken);
}

Decoded<void> open_datagram(const Envelope& envelope, ByteView datagram, OpenedDatagram& out) {
  out.messages.clear();
  out.sealed = false;
  out.faulty_parts = 0;
  out.inflated_used = 0;
  auto result = open_packet(envelope, datagram, out);
  if (!result) out.messages.clear();
  return result;
}

bool seal_datagram(const Envelope& envelope, std::span<const ByteView> messages, bool compress, bool with_crc,
                   SealScratch& scratch, Bytes& out) {
  CHECK(!messages.empty() && messages.size() <= kCompoundPartsMax);
  ByteView payload = messages.size() == 1 ? messages[0] : make_compound(messages, scratch.compound);
  if (compress) {
    const ByteView packed = compress_message(payload, scratch);
    if (packed.size() < payload.size()) payload = packed;
  }

  const std::size_t before = out.size();
  write_label(envelope, out);
  const std::size_t begin = out.size();
  if (envelope.seals()) begin_seal(envelope, out);
  ByteWriter writer(out);
  if (with_crc) {
    writer.u8(static_cast<std::uint8_t>(Type::crc));
    writer.u32(checksum(payload));
  }
  writer.raw(payload);
  if (envelope.seals() && !finish_seal(envelope, begin, as_bytes(envelope.label), out)) {
    out.resize(before);
    return false;
  }
  return true;
}

}  // namespace hearsay::wire
