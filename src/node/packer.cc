#include "node/packer.h"

namespace hearsay::node {

namespace {
constexpr std::size_t kCompoundBytes = 2;  // type and count
constexpr std::size_t kPartBytes = 2;      // the length of each part
constexpr std::size_t kCrcBytes = 5;
// Below this a packet rarely becomes smaller by compression, and trying costs more than the rest of its way.
constexpr std::size_t kCompressedMin = 192;
}  // namespace

std::size_t rumor_bytes_max(const wire::Envelope& envelope, std::size_t packet_bytes) {
  return envelope.datagram_room(packet_bytes) - kCrcBytes - kCompoundBytes - kPartBytes;
}

ByteView Packer::pack(const room::Outbox& out, const room::Outbox::Datagram& datagram, unsigned transmits,
                      Buffers& buffers) {
  parts_.clear();
  std::size_t used = kCompoundBytes + (datagram.peer.crc ? kCrcBytes : 0);
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
  if (!wire::seal_datagram(*envelope_, parts_, compress, datagram.peer.crc, scratch_, packet)) {
    counters_->add(Count::send_failures);
    return {};
  }
  counters_->add(Count::datagrams_out);
  counters_->add(Count::datagram_bytes_out, packet.size());
  return packet;
}

}  // namespace hearsay::node
