#include "wire/envelope.h"
#include "wire/sealing.h"

namespace hearsay::wire {

namespace {

constexpr std::size_t kFrameHeadBytes = 5;  // type, length: the beginning of the associated data

Bytes associated_data(const Envelope& envelope, ByteView frame_head) {
  Bytes associated = to_bytes(frame_head);
  ByteWriter(associated).raw(envelope.label);
  return associated;
}

}  // namespace

Decoded<ByteView> StreamOpener::feed(const Envelope& envelope, ByteView arrived, const CompressionMemo* memo) {
  if (fault_) return tl::unexpected(*fault_);
  if (done_) return ByteView();
  // A frame of the largest size comes with a label and a frame head.
  const std::size_t bytes_max = envelope.stream_bytes_max + 2 + envelope.label.size() + kFrameHeadBytes;
  auto result = [&]() -> Decoded<ByteView> {
    if (arrived.size() > bytes_max - raw_.size()) return tl::unexpected(Fault::too_large);
    raw_.insert(raw_.end(), arrived.begin(), arrived.end());
    return advance(envelope, memo);
  }();
  if (!result) {
    fault_ = result.error();
    raw_ = Bytes();
    plain_ = Bytes();
    inflated_ = Bytes();
  }
  return result;
}

Decoded<ByteView> StreamOpener::advance(const Envelope& envelope, const CompressionMemo* memo) {
  if (raw_.empty()) return ByteView();
  if (!label_seen_) {
    if (from_dialer_) {
      const auto label = check_label(envelope, raw_);
      if (!label) return tl::unexpected(label.error());
      if (!label->whole) return ByteView();
      label_bytes_ = label->bytes;
    } else if (raw_[0] == static_cast<std::uint8_t>(Type::label)) {
      return tl::unexpected(Fault::wrong_label);
    }
    label_seen_ = true;
  }
  const ByteView inner = ByteView(raw_).subspan(label_bytes_);
  if (inner.empty()) return ByteView();

  if (inner[0] != static_cast<std::uint8_t>(Type::encrypted)) {
    if (!envelope.keyring.empty() && envelope.verify_incoming) return tl::unexpected(Fault::plaintext);
    return whole_message(envelope, inner, envelope.stream_bytes_max, memo);
  }
  if (envelope.keyring.empty()) return tl::unexpected(Fault::not_opened);
  base::ByteReader in(inner.subspan(1));
  const auto length = in.u32();
  if (!length) return ByteView();
  if (*length > envelope.stream_bytes_max) return tl::unexpected(Fault::too_large);
  if (*length < kSealedBytesMin) return tl::unexpected(Fault::malformed);
  const auto frame = in.raw(*length);
  if (!frame) return ByteView();
  const Bytes associated = associated_data(envelope, inner.first(kFrameHeadBytes));
  if (const auto opened = open_sealed(envelope, *frame, associated, plain_); !opened) {
    return tl::unexpected(opened.error());
  }
  sealed_ = true;
  raw_ = Bytes();
  auto message = whole_message(envelope, plain_, envelope.stream_bytes_max, memo);
  if (message && message->empty()) return tl::unexpected(Fault::truncated);
  return message;
}

Decoded<ByteView> StreamOpener::whole_message(const Envelope& envelope, ByteView message, std::size_t bytes_max,
                                              const CompressionMemo* memo) {
  const auto size = scan_.advance(message, static_cast<std::uint32_t>(bytes_max));
  if (!size) return tl::unexpected(size.error());
  if (*size == 0) return ByteView();
  message = message.first(*size);
  if (message[0] == static_cast<std::uint8_t>(Type::compressed)) {
    if (!inflated_.empty()) return tl::unexpected(Fault::unexpected);  // compressed twice
    const ByteView known = memo != nullptr ? memo->plain_of(message) : ByteView();
    if (!known.empty() && known.size() <= envelope.inflated_bytes_max) {
      done_ = remembered_ = true;
      return known;
    }
    const auto result = inflate_message(message.subspan(1), envelope.inflated_bytes_max, inflated_);
    if (!result) return tl::unexpected(result.error());
    raw_ = Bytes();
    plain_ = Bytes();
    scan_ = {};
    const auto inner = whole_message(envelope, inflated_, envelope.inflated_bytes_max, nullptr);
    if (inner && inner->empty()) return tl::unexpected(Fault::truncated);
    return inner;
  }
  done_ = true;
  return message;
}

bool seal_stream(const Envelope& envelope, ByteView message, bool to_acceptor, SealScratch& scratch, Bytes& out,
                 CompressionMemo* memo) {
  ByteView payload = message;
  if (envelope.compression) {
    payload = memo != nullptr ? memo->packed_of(message) : ByteView();
    if (payload.empty()) {
      payload = compress_message(message, scratch);
      if (memo != nullptr) memo->remember(message, payload);
    }
  }
  const std::size_t before = out.size();
  if (to_acceptor) write_label(envelope, out);
  ByteWriter writer(out);
  if (!envelope.seals()) {
    writer.raw(payload);
    return true;
  }
  const std::size_t head = out.size();
  writer.u8(static_cast<std::uint8_t>(Type::encrypted));
  writer.u32(static_cast<std::uint32_t>(kSealBytes + payload.size()));
  const Bytes associated = associated_data(envelope, ByteView(out).subspan(head, kFrameHeadBytes));
  const std::size_t begin = out.size();
  begin_seal(envelope, out);
  writer.raw(payload);
  if (finish_seal(envelope, begin, associated, out)) return true;
  out.resize(before);
  return false;
}

}  // namespace hearsay::wire
