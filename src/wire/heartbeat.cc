#include "wire/heartbeat.h"

#include <algorithm>

#include "hearsay/config.h"
#include "wire/memberlist.h"
#include "wire/messages.h"

namespace hearsay::wire {

namespace {

enum class Section : std::uint8_t {
  entries = 1,
  wants = 2,
  opinions = 3,
  reason = 4,
  settings = 5,
  number = 6,
  settled = 7
};
constexpr std::uint8_t kHasFacts = 1;
constexpr std::uint8_t kLeft = 2;
constexpr std::size_t kVersionsBytes = 6;

void write_bounded_name(ByteWriter& out, std::string_view text) {
  const auto told = text.substr(0, kNameBytesMax);
  out.u8(static_cast<std::uint8_t>(told.size()));
  out.raw(told);
}

void write(ByteWriter& out, const HeartbeatEntry& entry) {
  out.u8(static_cast<std::uint8_t>((entry.has_facts ? kHasFacts : 0) | (entry.left ? kLeft : 0)));
  write_bounded_name(out, entry.name);
  out.u32(entry.generation.value);
  out.u64(entry.heartbeat);
  out.u32(entry.facts);
  if (!entry.has_facts) return;
  out.u8(static_cast<std::uint8_t>(entry.addr.size()));
  out.raw(entry.addr);
  out.u16(entry.port);
  out.raw(entry.vsn);
  out.u16(static_cast<std::uint16_t>(entry.meta.size()));
  out.raw(entry.meta);
}

// A section is written behind a gap for its length, which is then filled in.
template <class Write>
void section(ByteWriter& out, Section kind, Write write_it) {
  out.u8(static_cast<std::uint8_t>(kind));
  const std::size_t gap = out.size();
  out.u32(0);
  write_it();
  const auto bytes = static_cast<std::uint32_t>(out.size() - gap - 4);
  for (int i = 0; i < 4; ++i)
    out.out()[gap + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(bytes >> (24 - 8 * i));
}

void write_opinions(ByteWriter& out, const Heartbeat& message, Section kind) {
  const bool settled = kind == Section::settled;
  if (std::ranges::count(message.opinions, settled, &Opinion::settled) == 0) return;
  section(out, kind, [&] {
    for (const auto& opinion : message.opinions) {
      if (opinion.settled != settled) continue;
      write_bounded_name(out, opinion.observer);
      write_bounded_name(out, opinion.subject);
      out.u32(opinion.generation.value);
      out.u64(opinion.heartbeat);
    }
  });
}

void write_payload(ByteWriter& out, const Heartbeat& message) {
  out.u8(kHearsayUserType);
  out.u8(static_cast<std::uint8_t>(message.type));
  out.u8(message.version);
  write_bounded_name(out, message.sender);
  out.u32(message.generation.value);
  out.u64(message.sequence);
  if (!message.entries.empty()) {
    section(out, Section::entries, [&] {
      for (const auto& entry : message.entries) write(out, entry);
    });
  }
  if (!message.wants.empty()) {
    section(out, Section::wants, [&] {
      for (const auto want : message.wants) write_bounded_name(out, want);
    });
  }
  write_opinions(out, message, Section::opinions);
  write_opinions(out, message, Section::settled);
  if (!message.reason.empty())
    section(out, Section::reason, [&] { out.raw(message.reason.substr(0, kHeartbeatReasonMax)); });
  if (message.interval_ms != 0) section(out, Section::settings, [&] { out.u32(message.interval_ms); });
  if (message.number != 0) section(out, Section::number, [&] { out.u64(message.number); });
}

// Reads on after a fault as if nothing were left; the fault is asked for in the end.
class Reader {
 public:
  explicit Reader(ByteView bytes) : in_(bytes) {}
  bool more() const { return !fault_ && !in_.empty(); }
  std::uint8_t u8() { return take(in_.u8()); }
  std::uint16_t u16() { return take(in_.u16()); }
  std::uint32_t u32() { return take(in_.u32()); }
  std::uint64_t u64() { return take(in_.u64()); }
  ByteView raw(std::size_t count) { return take(in_.raw(count)); }
  std::string_view name() {
    const std::size_t size = u8();
    if (size > kNameBytesMax) fail(Fault::too_large);
    if (size == 0) fail(Fault::malformed);
    return as_text(raw(size));
  }
  void fail(Fault fault) {
    if (!fault_) fault_ = fault;
  }
  std::optional<Fault> fault() const { return fault_; }

 private:
  template <class T>
  T take(const std::optional<T>& value) {
    if (value && !fault_) return *value;
    fail(Fault::truncated);
    return {};
  }
  base::ByteReader in_;
  std::optional<Fault> fault_;
};

HeartbeatEntry read_entry(Reader& in) {
  HeartbeatEntry entry;
  const std::uint8_t flags = in.u8();
  if ((flags & ~(kHasFacts | kLeft)) != 0) in.fail(Fault::malformed);
  entry.left = (flags & kLeft) != 0;
  entry.has_facts = (flags & kHasFacts) != 0;
  entry.name = in.name();
  entry.generation = Incarnation{in.u32()};
  entry.heartbeat = in.u64();
  entry.facts = in.u32();
  if (!entry.has_facts) return entry;
  const std::size_t addr_bytes = in.u8();
  if (addr_bytes != 4 && addr_bytes != 16) in.fail(Fault::malformed);
  entry.addr = in.raw(addr_bytes);
  entry.port = in.u16();
  entry.vsn = in.raw(kVersionsBytes);
  const std::size_t meta_bytes = in.u16();
  if (meta_bytes > kMetaBytesMax) in.fail(Fault::too_large);
  entry.meta = in.raw(meta_bytes);
  return entry;
}

Opinion read_opinion(Reader& in, bool settled) {
  Opinion opinion;
  opinion.settled = settled;
  opinion.observer = in.name();
  opinion.subject = in.name();
  opinion.generation = Incarnation{in.u32()};
  opinion.heartbeat = in.u64();
  return opinion;
}

}  // namespace

const char* name_of(HearsayType type) {
  constexpr const char* kNames[] = {"beats", "pull",       "syn",  "ack",        "want",
                                    "echo",  "echo-reply", "look", "look-reply", "refused"};
  return is_heartbeat(type) ? kNames[static_cast<std::size_t>(type) - static_cast<std::size_t>(HearsayType::beats)]
                            : "extension";
}

std::size_t encoded_bytes(const HeartbeatEntry& entry) {
  const std::size_t counters = 1 + 1 + entry.name.size() + 4 + 8 + 4;
  return entry.has_facts ? counters + 1 + entry.addr.size() + 2 + kVersionsBytes + 2 + entry.meta.size() : counters;
}

void encode(ByteWriter& out, const Heartbeat& message) {
  out.u8(static_cast<std::uint8_t>(Type::user));
  write_payload(out, message);
}

void encode(ByteWriter& out, const HeartbeatOnStream& on_stream) {
  Bytes payload;
  ByteWriter writer(payload);
  write_payload(writer, on_stream.message);
  encode_stream(out, User{payload});
}

Decoded<void> decode_heartbeat(ByteView body, Heartbeat& into) {
  into.entries.clear();
  into.wants.clear();
  into.opinions.clear();
  into.reason = {};
  into.interval_ms = 0;
  into.number = 0;
  Reader in(body);
  into.version = in.u8();
  if (!in.fault() && into.version == 0) in.fail(Fault::malformed);
  into.sender = in.name();
  into.generation = Incarnation{in.u32()};
  into.sequence = in.u64();
  while (in.more()) {
    const auto kind = static_cast<Section>(in.u8());
    const std::size_t bytes = in.u32();
    Reader part(in.raw(bytes));
    if (in.fault()) break;
    switch (kind) {
      case Section::entries:
        while (part.more()) into.entries.push_back(read_entry(part));
        break;
      case Section::wants:
        while (part.more()) into.wants.push_back(part.name());
        break;
      case Section::opinions:
      case Section::settled:
        while (part.more()) into.opinions.push_back(read_opinion(part, kind == Section::settled));
        break;
      case Section::reason:
        if (bytes > kHeartbeatReasonMax) part.fail(Fault::too_large);
        into.reason = as_text(part.raw(std::min(bytes, kHeartbeatReasonMax)));
        break;
      case Section::settings:
        into.interval_ms = part.u32();
        break;
      case Section::number:
        into.number = part.u64();
        break;
    }
    if (part.fault()) in.fail(*part.fault());
  }
  if (in.fault()) return tl::unexpected(*in.fault());
  return {};
}

}  // namespace hearsay::wire
