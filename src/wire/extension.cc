#include "wire/extension.h"

#include <algorithm>

#include "hearsay/config.h"
#include "wire/messages.h"

namespace hearsay::wire {

namespace {

Decoded<std::string_view> read_name(base::ByteReader& in) {
  const auto size = in.u8();
  const auto text = size ? in.raw(*size) : std::nullopt;
  if (!text) return tl::unexpected(Fault::truncated);
  if (text->size() > kNameBytesMax) return tl::unexpected(Fault::too_large);
  return as_text(*text);
}

}  // namespace

void begin_hearsay(ByteWriter& out, HearsayType type) {
  out.u8(static_cast<std::uint8_t>(Type::user));
  out.u8(kHearsayUserType);
  out.u8(static_cast<std::uint8_t>(type));
}

void write_name(ByteWriter& out, std::string_view text) {
  out.u8(static_cast<std::uint8_t>(text.size()));
  out.raw(text);
}

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
  begin_hearsay(out, HearsayType::view_pull);
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

void encode(ByteWriter& out, const EvidenceRequest& message) {
  begin_hearsay(out, HearsayType::evidence_request);
  out.u32(message.number);
  write_name(out, message.sender);
  write_name(out, message.subject);
}

Decoded<EvidenceRequest> decode_evidence_request(ByteView body) {
  base::ByteReader in(body);
  const auto number = in.u32();
  if (!number) return tl::unexpected(Fault::truncated);
  const auto sender = read_name(in);
  if (!sender) return tl::unexpected(sender.error());
  const auto subject = read_name(in);
  if (!subject) return tl::unexpected(subject.error());
  return EvidenceRequest{*number, *sender, *subject};
}

void encode(ByteWriter& out, const EvidenceAnswer& message) {
  begin_hearsay(out, HearsayType::evidence);
  out.u32(message.number);
  write_name(out, message.sender);
  out.u8(static_cast<std::uint8_t>(message.what));
  if (message.what == EvidenceAnswer::What::none) return;
  out.u8(static_cast<std::uint8_t>(message.source));
  out.u32(message.incarnation.value);
  out.u32(message.age_ms);
  out.u8(message.direct_probes);
  out.u8(message.indirect_probes);
  out.u8(message.nacks);
  out.u8(message.stream_probe_failed ? 1 : 0);
  out.u8(message.local_health);
  out.u32(message.silent_ms);
  write_name(out, message.accuser);
  const std::size_t told = std::min(message.helpers.size(), kHelpersToldMax);
  out.u8(static_cast<std::uint8_t>(told));
  for (std::size_t i = 0; i < told; ++i) write_name(out, message.helpers[i]);
}

Decoded<EvidenceAnswer> decode_evidence(ByteView body) {
  base::ByteReader in(body);
  EvidenceAnswer message;
  const auto number = in.u32();
  if (!number) return tl::unexpected(Fault::truncated);
  message.number = *number;
  const auto sender = read_name(in);
  if (!sender) return tl::unexpected(sender.error());
  message.sender = *sender;
  const auto what = in.u8();
  if (!what) return tl::unexpected(Fault::truncated);
  if (*what > static_cast<std::uint8_t>(EvidenceAnswer::What::failed)) return tl::unexpected(Fault::malformed);
  message.what = static_cast<EvidenceAnswer::What>(*what);
  if (message.what == EvidenceAnswer::What::none) return message;
  const auto source = in.u8();
  const auto incarnation = in.u32();
  const auto age = in.u32();
  const auto direct = in.u8();
  const auto indirect = in.u8();
  const auto nacks = in.u8();
  const auto stream = in.u8();
  const auto health = in.u8();
  const auto silent = in.u32();
  if (!silent) return tl::unexpected(Fault::truncated);
  if (*source > static_cast<std::uint8_t>(EvidenceAnswer::Source::push_pull) || *stream > 1)
    return tl::unexpected(Fault::malformed);
  message.source = static_cast<EvidenceAnswer::Source>(*source);
  message.incarnation = Incarnation{*incarnation};
  message.age_ms = *age;
  message.direct_probes = *direct;
  message.indirect_probes = *indirect;
  message.nacks = *nacks;
  message.stream_probe_failed = *stream == 1;
  message.local_health = *health;
  message.silent_ms = *silent;
  const auto accuser = read_name(in);
  if (!accuser) return tl::unexpected(accuser.error());
  message.accuser = *accuser;
  const auto helpers = in.u8();
  if (!helpers) return tl::unexpected(Fault::truncated);
  if (*helpers > kHelpersToldMax) return tl::unexpected(Fault::too_large);
  for (unsigned i = 0; i < *helpers; ++i) {
    const auto helper = read_name(in);
    if (!helper) return tl::unexpected(helper.error());
    message.helpers.push_back(*helper);
  }
  return message;
}

}  // namespace hearsay::wire
