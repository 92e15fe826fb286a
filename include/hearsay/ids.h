// Strong integers: a sequence number cannot be passed where an incarnation is meant.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace hearsay {

// An integer with a meaning. It compares and hashes; arithmetic is spelled out by its users on `value`.
template <class Tag, class Rep>
struct Strong {
  using rep = Rep;
  Rep value{};
  constexpr auto operator<=>(const Strong&) const = default;
};

// Raised only by its owner, to refute what others say of it. The first one used is 1: a record with
// incarnation 0 never becomes alive at memberlist peers (memberlist `aliveNode`).
using Incarnation = Strong<struct IncarnationTag, std::uint32_t>;
// Matches an ack or nack with the ping that asked for it.
using SeqNo = Strong<struct SeqNoTag, std::uint32_t>;
// A Lamport clock's reading (Serf `LamportTime`); 0 means "never".
using LamportTime = Strong<struct LamportTimeTag, std::uint64_t>;
// One stream (TCP connection). Ids chosen by the node for streams that it opens are even; ids chosen by the
// driver for streams that it accepted are odd. An id is not used again while the node lives.
using StreamId = Strong<struct StreamIdTag, std::uint64_t>;
// One command; chosen by the caller, given back in its CommandDone notice. 0: the caller does not care.
using CommandId = Strong<struct CommandIdTag, std::uint64_t>;
// One call of the core to the outside; chosen by the core, given back in the reply.
using CallId = Strong<struct CallIdTag, std::uint64_t>;
// One entry of a rumor queue; 0 means none.
using RumorId = Strong<struct RumorIdTag, std::uint64_t>;

// A member's handle: the place of its row and how often that place had been used before, so that a handle of
// a forgotten member never finds the place's next owner.
struct MemberId {
  std::uint32_t index = UINT32_MAX;
  std::uint32_t reuse = 0;
  constexpr bool valid() const { return index != UINT32_MAX; }
  constexpr auto operator<=>(const MemberId&) const = default;
};

}  // namespace hearsay

template <class Tag, class Rep>
struct std::hash<hearsay::Strong<Tag, Rep>> {
  std::size_t operator()(const hearsay::Strong<Tag, Rep>& id) const noexcept { return std::hash<Rep>{}(id.value); }
};
