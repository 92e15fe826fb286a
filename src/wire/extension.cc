#include "wire/extension.h"

#include "wire/messages.h"

namespace hearsay::wire {

namespace {

void begin(ByteWriter& out, HearsayType type) {
  out.u8(static_cast<std::uint8_t>(Type::user));
  out.u8(kHearsayUserType);
  out.u8(static_cast<std::uint8_t>(type));
}

}  // namespace

void encode(ByteWriter& out, const Extension& extension) {
  out.u8(extension.version);
  out.u8(extension.features);
  out.u32(extension.run_id);
  out.u64(extension.view_hash);
}

Decoded<Extension> decode_extension(ByteView bytes) {
  if (bytes.size() < kExtensionBytes) return tl::unexpected(Fault::truncated);
  base::ByteReader in(bytes);
  Extension extension;
  extension.version = *in.u8();
  extension.features = *in.u8();
  extension.run_id = *in.u32();
  extension.view_hash = *in.u64();
  if (extension.version == 0) return tl::unexpected(Fault::malformed);
  return extension;
}

void encode(ByteWriter& out, const ViewPull& message) {
  begin(out, HearsayType::view_pull);
  out.u8(static_cast<std::uint8_t>(message.sender.size()));
  out.raw(message.sender);
  out.u16(static_cast<std::uint16_t>(message.entries.size()));
  for (const auto& entry : message.entries) {
    out.u32(entry.name_hash);
    out.u32(entry.incarnation.value);
    out.u8(entry.verdict);
  }
}

Decoded<ViewPull> decode_view_pull(ByteView body) {
  base::ByteReader in(body);
  const auto name_bytes = in.u8();
  const auto name = name_bytes ? in.raw(*name_bytes) : std::nullopt;
  const auto count = name ? in.u16() : std::nullopt;
  if (!count) return tl::unexpected(Fault::truncated);
  if (*count > kViewEntriesMax) return tl::unexpected(Fault::too_large);
  ViewPull message;
  message.sender = as_text(*name);
  message.entries.reserve(*count);
  for (unsigned i = 0; i < *count; ++i) {
    const auto hash = in.u32();
    const auto incarnation = in.u32();
    const auto verdict = in.u8();
    if (!hash || !incarnation || !verdict) return tl::unexpected(Fault::truncated);
    if (*verdict > 2) return tl::unexpected(Fault::malformed);
    message.entries.push_back({*hash, Incarnation{*incarnation}, *verdict});
  }
  return message;
}

}  // namespace hearsay::wire
