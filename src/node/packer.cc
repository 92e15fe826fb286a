#include "node/packer.h"

#include <algorithm>

#include "wire/extension.h"

namespace hearsay::node {

namespace {
constexpr std::size_t kCompoundBytes = 2;  // type and count
constexpr std::size_t kPartBytes = 2;      // the length of each part
constexpr std::size_t kCrcBytes = 5;
// Below this a packet rarely becomes smaller by compression, and trying costs more than the rest of its way.
constexpr std::size_t kCompressedMin = 192;

MessageKind kind_of_user(ByteView message) {
  if (message[1] != wire::kHearsayUserType) return MessageKind::user;
  const auto type = static_cast<wire::HearsayType>(message[2]);
  if (type == wire::HearsayType::syn || type == wire::HearsayType::ack) return MessageKind::digest;
  return wire::is_heartbeat(type) ? MessageKind::heartbeat : MessageKind::extension;
}

MessageKind kind_of(ByteView message) {
  if (message.empty()) return MessageKind::user;
  switch (static_cast<wire::Type>(message[0])) {
    case wire::Type::ping:
      return MessageKind::ping;
    case wire::Type::indirect_ping:
      return MessageKind::indirect_ping;
    case wire::Type::ack:
      return MessageKind::ack;
    case wire::Type::nack:
      return MessageKind::nack;
    case wire::Type::suspect:
      return MessageKind::suspect;
    case wire::Type::alive:
      return MessageKind::alive;
    case wire::Type::dead:
      return MessageKind::dead;
    case wire::Type::push_pull:
      return MessageKind::push_pull;
    case wire::Type::error:
      return MessageKind::error;
    default:
      return message.size() > 2 ? kind_of_user(message) : MessageKind::user;
  }
}
bool is_ours(ByteView message) {
  return message.size() > 1 && message[0] == static_cast<std::uint8_t>(wire::Type::user) &&
         message[1] == wire::kHearsayUserType;
}
}  // namespace

std::size_t rumor_bytes_max(const wire::Envelope& envelope, std::size_t packet_bytes) {
  return envelope.datagram_room(packet_bytes) - kCrcBytes - kCompoundBytes - kPartBytes;
}

ByteView Packer::pack(const room::Outbox& out, const room::Outbox::Datagram& datagram, unsigned transmits,
                      Buffers& buffers) {
  parts_.clear();
  const bool may_crc = datagram.peer.crc || datagram.peer.audience == spread::Audience::hearsay;
  std::size_t used = kCompoundBytes + (may_crc ? kCrcBytes : 0);
  for (std::size_t i = 0; i < datagram.parts; ++i) {
    parts_.push_back(out.message(out.part(datagram.first_part + i)));
    used += parts_.back().size() + kPartBytes;
  }
  const std::size_t room = envelope_->datagram_room(config_->packet_bytes);
  if (datagram.rumors && used < room) {
    rumors_->fill(datagram.peer.audience, transmits, room - used, kPartBytes,
                  wire::kCompoundPartsMax - parts_.size(), parts_);
  }
  if (parts_.empty()) return {};
  std::size_t payload = 0;
  for (const ByteView part : parts_) payload += part.size();
  Bytes& packet = buffers.next();
  const bool compress = config_->compression && payload >= kCompressedMin;
  // What only hearsay nodes hear goes with a checksum even in a ping, which has none in memberlist.
  const bool crc = datagram.peer.crc || (may_crc && std::ranges::any_of(parts_, is_ours));
  if (!wire::seal_datagram(*envelope_, parts_, compress, crc, scratch_, packet)) {
    counters_->add(Count::send_failures);
    return {};
  }
  for (const ByteView part : parts_) count(part);
  if (parts_.size() > 1) sent_.add(MessageKind::compound, kCompoundBytes + kPartBytes * parts_.size());
  counters_->add(Count::datagrams_out);
  counters_->add(Count::datagram_bytes_out, packet.size());
  return packet;
}

void Packer::count(ByteView message) { sent_.add(kind_of(message), message.size()); }

}  // namespace hearsay::node
