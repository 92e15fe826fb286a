#include "wire/state.h"

#include <algorithm>

#include "base/hash.h"
#include "hearsay/config.h"
#include "hearsay/state.h"
#include "wire/extension.h"
#include "wire/memberlist.h"

namespace hearsay::wire {

namespace {

constexpr std::uint8_t kMore = 1;
constexpr std::uint8_t kFresh = 2;
constexpr std::uint8_t kDeleted = 1;
constexpr std::uint8_t kLivesForAWhile = 2;
// More than that grows as it comes: an entry in memory is larger than the least one in a message.
constexpr std::size_t kReservedMax = 256;

void epoch(ByteWriter& out, const Epoch& epoch) {
  out.u32(epoch.generation);
  out.u32(epoch.life);
}

// Reads on until something is missing or wrong; then every read gives zeros, and `fault` says which.
class StateReader {
 public:
  explicit StateReader(ByteView bytes) : in_(bytes) {}
  std::uint8_t u8() { return value(in_.u8()); }
  std::uint16_t u16() { return value(in_.u16()); }
  std::uint32_t u32() { return value(in_.u32()); }
  std::uint64_t u64() { return value(in_.u64()); }
  ByteView raw(std::size_t bytes) {
    const auto taken = good() ? in_.raw(bytes) : std::nullopt;
    require(taken.has_value(), Fault::truncated);
    return taken.value_or(ByteView{});
  }
  std::string_view name() {
    const auto name = as_text(raw(u8()));
    require(!name.empty() && name.size() <= kNameBytesMax, Fault::malformed);
    return name;
  }
  Epoch epoch() {
    Epoch epoch;
    epoch.generation = u32();
    epoch.life = u32();
    require(epoch.generation > 0, Fault::malformed);
    return epoch;
  }
  // A count of things that take at least so many bytes each.
  std::size_t count(std::size_t count, std::size_t bytes_each) {
    require(count <= in_.left() / bytes_each, Fault::truncated);
    return good() ? count : 0;
  }
  void require(bool holds, Fault fault) {
    if (!holds && !fault_) fault_ = fault;
  }
  bool good() const { return !fault_; }
  template <class Message>
  Decoded<Message> result(Message message) const {
    if (fault_) return tl::unexpected(*fault_);
    return message;
  }

 private:
  template <class T>
  T value(std::optional<T> read) {
    require(read.has_value(), Fault::truncated);
    return good() ? *read : T{};
  }
  base::ByteReader in_;
  std::optional<Fault> fault_;
};

void encode_delta(ByteWriter& out, const StateDelta& delta) {
  write_name(out, delta.owner);
  epoch(out, delta.epoch);
  out.u64(delta.from);
  out.u64(delta.to);
  out.u64(delta.floor);
  out.u32(static_cast<std::uint32_t>(delta.entries.size()));
  for (const StateEntry& entry : delta.entries) {
    out.u64(entry.version);
    out.u8(static_cast<std::uint8_t>((entry.deleted ? kDeleted : 0) | (entry.ttl_ms > 0 ? kLivesForAWhile : 0)));
    write_name(out, entry.key);
    if (entry.ttl_ms > 0) out.u32(entry.ttl_ms);
    if (entry.deleted) continue;
    out.u32(static_cast<std::uint32_t>(entry.value.size()));
    out.raw(entry.value);
  }
}

StateEntry decode_entry(StateReader& in) {
  StateEntry entry;
  entry.version = in.u64();
  const std::uint8_t flags = in.u8();
  entry.deleted = (flags & kDeleted) != 0;
  entry.key = as_text(in.raw(in.u8()));
  if ((flags & kLivesForAWhile) != 0) {
    entry.ttl_ms = in.u32();
    in.require(entry.ttl_ms > 0 && !entry.deleted, Fault::malformed);
  }
  if (!entry.deleted) {
    const std::uint32_t bytes = in.u32();
    in.require(bytes <= kStateValueBytesMax, Fault::malformed);
    entry.value = as_text(in.raw(bytes));
  }
  in.require(flags <= (kDeleted | kLivesForAWhile) && is_state_key(entry.key), Fault::malformed);
  return entry;
}

StateDelta decode_delta(StateReader& in) {
  StateDelta delta;
  delta.owner = in.name();
  delta.epoch = in.epoch();
  delta.from = in.u64();
  delta.to = in.u64();
  delta.floor = in.u64();
  in.require(delta.from <= delta.to && delta.floor <= delta.to && delta.to > 0, Fault::malformed);
  const std::size_t count = in.count(in.u32(), 11);
  delta.entries.reserve(std::min(count, kReservedMax));
  std::uint64_t before = delta.from;
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    delta.entries.push_back(decode_entry(in));
    const std::uint64_t version = delta.entries.back().version;
    in.require(version > before && version <= delta.to, Fault::malformed);
    before = version;
  }
  return delta;
}

}  // namespace

std::size_t encoded_bytes(const StateDelta& delta) {
  std::size_t bytes = kStateDeltaBytes + delta.owner.size();
  for (const StateEntry& entry : delta.entries) bytes += encoded_bytes(entry);
  return bytes;
}

void encode(ByteWriter& out, const StateHash& message) {
  begin_hearsay(out, HearsayType::state_hash);
  write_name(out, message.sender);
  out.u64(message.hash);
  out.u8(static_cast<std::uint8_t>(message.buckets.size()));
  for (const std::uint64_t hash : message.buckets) out.u64(hash);
}

Decoded<StateHash> decode_state_hash(ByteView body) {
  StateReader in(body);
  StateHash message;
  message.sender = in.name();
  message.hash = in.u64();
  const std::size_t count = in.count(in.u8(), 8);
  in.require(count == 0 || count == kStateBuckets, Fault::malformed);
  message.buckets.reserve(count);
  for (std::size_t i = 0; i < count; ++i) message.buckets.push_back(in.u64());
  return in.result(std::move(message));
}

void encode(ByteWriter& out, const StateDigests& message) {
  begin_hearsay(out, HearsayType::state_digests);
  write_name(out, message.sender);
  out.u64(message.first);
  out.u64(message.last);
  out.u8(message.ask ? 1 : 0);
  out.u32(static_cast<std::uint32_t>(message.digests.size()));
  for (const StateDigest& digest : message.digests) {
    out.u64(digest.owner);
    epoch(out, digest.epoch);
    out.u64(digest.version);
    out.u64(digest.floor);
  }
}

Decoded<StateDigests> decode_state_digests(ByteView body) {
  StateReader in(body);
  StateDigests message;
  message.sender = in.name();
  message.first = in.u64();
  message.last = in.u64();
  const std::uint8_t ask = in.u8();
  in.require(ask <= 1 && message.first <= message.last, Fault::malformed);
  message.ask = ask == 1;
  const std::size_t count = in.count(in.u32(), kStateDigestBytes);
  message.digests.reserve(count);
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    StateDigest digest;
    digest.owner = in.u64();
    // Generation 0: nothing is known of it.
    digest.epoch.generation = in.u32();
    digest.epoch.life = in.u32();
    digest.version = in.u64();
    digest.floor = in.u64();
    const std::uint64_t least = message.digests.empty() ? message.first : message.digests.back().owner + 1;
    in.require(digest.owner >= least && digest.owner <= message.last && digest.floor <= digest.version,
               Fault::malformed);
    in.require(message.digests.empty() || message.digests.back().owner != UINT64_MAX, Fault::malformed);
    message.digests.push_back(digest);
  }
  return in.result(std::move(message));
}

void encode(ByteWriter& out, const StateDeltas& message) {
  begin_hearsay(out, HearsayType::state_deltas);
  out.u8(static_cast<std::uint8_t>((message.more ? kMore : 0) | (message.fresh ? kFresh : 0)));
  out.u16(static_cast<std::uint16_t>(message.deltas.size()));
  for (const StateDelta& delta : message.deltas) encode_delta(out, delta);
}

Decoded<StateDeltas> decode_state_deltas(ByteView body) {
  StateReader in(body);
  StateDeltas message;
  const std::uint8_t flags = in.u8();
  in.require(flags <= (kMore | kFresh), Fault::malformed);
  message.more = (flags & kMore) != 0;
  message.fresh = (flags & kFresh) != 0;
  const std::size_t count = in.count(in.u16(), kStateDeltaBytes);
  message.deltas.reserve(std::min(count, kReservedMax));
  for (std::size_t i = 0; i < count && in.good(); ++i) message.deltas.push_back(decode_delta(in));
  return in.result(std::move(message));
}

std::size_t asked_bit(std::string_view member, std::uint32_t number, std::size_t bits) {
  base::Hasher hash;
  hash.add(member);
  hash.add(number);
  return hash.value() % bits;
}

bool is_asked(const StateQuestion& question, std::string_view member) {
  if (question.asked.empty()) return true;
  const std::size_t bit = asked_bit(member, question.number, question.asked.size() * 8);
  return (question.asked[bit / 8] >> (bit % 8) & 1) != 0;
}

void encode(ByteWriter& out, const StateQuestion& message) {
  begin_hearsay(out, HearsayType::state_question);
  write_name(out, message.owner);
  epoch(out, message.epoch);
  out.u64(message.version);
  out.u32(message.number);
  out.u32(message.for_ms);
  out.u16(static_cast<std::uint16_t>(message.asked.size()));
  out.raw(message.asked);
}

Decoded<StateQuestion> decode_state_question(ByteView body) {
  StateReader in(body);
  StateQuestion message;
  message.owner = in.name();
  message.epoch = in.epoch();
  message.version = in.u64();
  message.number = in.u32();
  message.for_ms = in.u32();
  const std::size_t bytes = in.u16();
  in.require(message.version > 0 && bytes <= kAskedBytesMax, Fault::malformed);
  message.asked = in.raw(bytes);
  return in.result(message);
}

void encode(ByteWriter& out, const StateHeld& message) {
  begin_hearsay(out, HearsayType::state_held);
  write_name(out, message.sender);
  epoch(out, message.epoch);
  out.u64(message.version);
}

Decoded<StateHeld> decode_state_held(ByteView body) {
  StateReader in(body);
  StateHeld message;
  message.sender = in.name();
  message.epoch = in.epoch();
  message.version = in.u64();
  return in.result(message);
}

void encode(ByteWriter& out, const OnStream& message) { encode_stream(out, User{message.payload}); }

}  // namespace hearsay::wire
