// Serf's messages <-> bytes: the payload of a memberlist user message, and the tags in a member's meta.
#pragma once

#include <variant>

#include "base/byte_io.h"
#include "hearsay/member.h"
#include "wire/fault.h"
#include "wire/messages.h"

namespace hearsay::wire {

using base::ByteWriter;

// Each writes Serf's type byte and the map (wrap it into User to send it).
void encode(ByteWriter& out, const LeaveIntent& message);
void encode(ByteWriter& out, const JoinIntent& message);
void encode(ByteWriter& out, const SerfPushPull& message);
void encode(ByteWriter& out, const UserEvent& message);
void encode(ByteWriter& out, const Query& message);
void encode(ByteWriter& out, const QueryResponse& message);
void encode(ByteWriter& out, const RelayedMessage& message);

// What one message may make us keep: names and events of a push/pull together, filters of a query. Serf itself
// has 512 slots of events and refuses queries over 1024 bytes.
inline constexpr std::uint32_t kSerfEntriesMax = 1u << 20;
inline constexpr std::uint32_t kQueryFiltersMax = 256;

// Decodes one Serf message. More entries than we keep: Fault::too_large. Types 6 to 8 stand inside of
// queries and their answers only (wire/serf_query.h): Fault::unexpected.
using SerfMessage =
    std::variant<LeaveIntent, JoinIntent, SerfPushPull, UserEvent, Query, QueryResponse, RelayedMessage>;
Decoded<SerfMessage> decode_serf(ByteView payload);

// Tags as Serf puts them into a member's meta: 0xff and a map; {} is "ff 80".
Bytes encode_tags(const Tags& tags);
// Meta without the leading 0xff is, as a whole, the value of the tag "role" (Serf protocol < 3); empty meta
// holds no tags. What does not decode holds no tags either.
Tags decode_tags(ByteView meta);

}  // namespace hearsay::wire
