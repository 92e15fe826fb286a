#include "wire/sealing.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "wire/lzw.h"

namespace hearsay::wire {

namespace {

constexpr std::uint8_t kPaddedVersion = 0;  // plaintext padded to blocks, as PKCS#7
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kBlockBytes = 16;
constexpr std::uint8_t kLzwAlgorithm = 0;

// False: this is no padding.
bool remove_padding(Bytes& plain) {
  if (plain.empty()) return false;
  const std::size_t pad = plain.back();
  if (pad == 0 || pad > kBlockBytes || pad > plain.size()) return false;
  const auto begin = plain.end() - static_cast<std::ptrdiff_t>(pad);
  if (!std::all_of(begin, plain.end(), [&](std::uint8_t byte) { return byte == pad; })) return false;
  plain.erase(begin, plain.end());
  return true;
}

}  // namespace

bool looks_sealed(ByteView frame) {
  if (frame.size() < kSealedBytesMin) return false;
  return frame[0] == kVersion || (frame[0] == kPaddedVersion && frame.size() >= kSealedBytesMin + kBlockBytes);
}

Decoded<void> open_sealed(const Envelope& envelope, ByteView frame, ByteView associated, Bytes& plain) {
  if (!looks_sealed(frame)) return tl::unexpected(Fault::not_opened);
  CHECK(envelope.aead != nullptr);
  const ByteView nonce = frame.subspan(1, kNonceBytes);
  const ByteView sealed = frame.subspan(1 + kNonceBytes);
  plain.resize(sealed.size() - kTagBytes);
  for (const Bytes& key : envelope.keyring.keys()) {
    if (!envelope.aead->open(key, nonce, associated, sealed, plain.data())) continue;
    if (frame[0] == kPaddedVersion && !remove_padding(plain)) return tl::unexpected(Fault::malformed);
    return {};
  }
  return tl::unexpected(Fault::not_opened);
}

void begin_seal(const Envelope& envelope, Bytes& out) {
  CHECK(envelope.aead != nullptr && envelope.nonces != nullptr);
  out.push_back(kVersion);
  out.resize(out.size() + kNonceBytes);
  envelope.nonces->fill({out.data() + out.size() - kNonceBytes, kNonceBytes});
}

bool finish_seal(const Envelope& envelope, std::size_t begin, ByteView associated, Bytes& out) {
  const std::size_t text_begin = begin + 1 + kNonceBytes;
  const std::size_t text_bytes = out.size() - text_begin;
  out.resize(out.size() + kTagBytes);
  const ByteView nonce(out.data() + begin + 1, kNonceBytes);
  const ByteView text(out.data() + text_begin, text_bytes);
  return envelope.aead->seal(envelope.keyring.primary(), nonce, associated, text, out.data() + text_begin);
}

void write_label(const Envelope& envelope, Bytes& out) {
  if (envelope.label.empty()) return;
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(Type::label));
  writer.u8(static_cast<std::uint8_t>(envelope.label.size()));
  writer.raw(envelope.label);
}

Decoded<LabelHeader> check_label(const Envelope& envelope, ByteView packet) {
  if (packet.empty()) return LabelHeader{};
  if (packet[0] != static_cast<std::uint8_t>(Type::label)) {
    if (!envelope.label.empty()) return tl::unexpected(Fault::wrong_label);
    return LabelHeader{true, 0};
  }
  if (packet.size() < 2) return LabelHeader{};
  const std::size_t bytes = packet[1];
  if (bytes == 0) return tl::unexpected(Fault::malformed);
  if (bytes != envelope.label.size()) return tl::unexpected(Fault::wrong_label);
  if (packet.size() < 2 + bytes) return LabelHeader{};
  if (as_text(packet.subspan(2, bytes)) != envelope.label) return tl::unexpected(Fault::wrong_label);
  return LabelHeader{true, 2 + bytes};
}

ByteView compress_message(ByteView plain, SealScratch& scratch) {
  // The length of the compressed bytes stands before them and decides how long the head is: leave a gap.
  constexpr std::size_t kHeadBytesMax = 17;
  Bytes& packed = scratch.packed;
  packed.assign(kHeadBytesMax, 0);
  compress_lzw(plain, packed);
  const std::size_t packed_bytes = packed.size() - kHeadBytesMax;
  ByteWriter out(packed);
  auto map = begin_message(out, Type::compressed);
  map.map(2);
  map.text("Algo");
  map.whole(kLzwAlgorithm);
  map.text("Buf");
  map.raw_head(packed_bytes);
  map.flush();
  const std::size_t head_bytes = packed.size() - kHeadBytesMax - packed_bytes;
  const std::size_t begin = kHeadBytesMax - head_bytes;
  std::copy(packed.end() - static_cast<std::ptrdiff_t>(head_bytes), packed.end(),
            packed.begin() + static_cast<std::ptrdiff_t>(begin));
  return ByteView(packed).subspan(begin, head_bytes + packed_bytes);
}

Decoded<void> inflate_message(ByteView body, std::size_t plain_bytes_max, Bytes& out) {
  std::uint8_t algorithm = 0;
  ByteView packed;
  MsgpackReader in(body);
  in.record(field("Algo", algorithm), field("Buf", packed));
  if (!in.ok()) return tl::unexpected(in.fault());
  if (algorithm != kLzwAlgorithm) return tl::unexpected(Fault::malformed);
  return inflate_lzw(packed, plain_bytes_max, out);
}

}  // namespace hearsay::wire
