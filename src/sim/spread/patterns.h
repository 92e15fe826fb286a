// Ways to bring news to everybody, side by side: straight to all, through a hub, along a tree, by gossip. One
// update, or one period in which everybody must hear of everybody (heartbeats), with what goes wrong meanwhile.
//
// The model: rounds; a message takes one, and so does a call with its answer. Nobody sends again what was lost, and
// nobody knows yet who has died: that is the moment that matters, for a pattern that must be rebuilt first has
// already missed the news. The dead are dead before the news begins and never its source.
//
//   direct       the source sends to all others. Heartbeats: everybody to everybody.
//   hub          the source sends to node 0, which sends to all. Heartbeats: all to the hub, the hub its list to
//   all. tree         node i > 0 hangs under node (i - 1) / degree; news goes along all links. Heartbeats: up, then
//   down. tree-repair  and each node announces the news to kLazyLinks others; who has heard of it and lacks it for
//                kPatience rounds asks (Plumtree: Leitao, Pereira, Rodrigues 2007). Updates only.
//   push         who knows it tells `fanout` others in each round, until its copies are spent (memberlist's rule)
//   pull         everybody asks `fanout` others in each round
//   push-pull    everybody calls `fanout` others in each round, and news goes both ways
//
// pull, push-pull and gossiped heartbeats have no end of their own: they are counted until all that live know it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hearsay/result.h"
#include "sim/spread/settings.h"

namespace hearsay::sim::spread {

enum class Pattern : std::uint8_t { direct, hub, tree, tree_repair, push, pull, push_pull };
enum class Job : std::uint8_t { update, heartbeats };
enum class Trouble : std::uint8_t {
  none,
  loss,  // of each message, with Comparison::loss
  key,   // the hub, or the root of the tree, is dead; elsewhere all nodes are alike: one of them
  one,   // a random node is dead
  one_in_100,
  one_in_20,
  one_in_10,
};

inline constexpr std::array kPatterns{Pattern::direct, Pattern::hub,  Pattern::tree,     Pattern::tree_repair,
                                      Pattern::push,   Pattern::pull, Pattern::push_pull};
inline constexpr std::array kTroubles{Trouble::none,       Trouble::loss,      Trouble::key,      Trouble::one,
                                      Trouble::one_in_100, Trouble::one_in_20, Trouble::one_in_10};

inline constexpr std::uint32_t kHeaderBytes = 28;  // IP and UDP, of each message
inline constexpr std::uint32_t kEntryBytes = 16;   // a heartbeat, a question, an announcement: a name and a version
inline constexpr std::uint32_t kLazyLinks = 3;     // that each node chooses; they work in both directions
inline constexpr std::uint32_t kPatience = 3;
inline constexpr std::uint32_t kComparedNodesMax = 1'000'000;
inline constexpr std::uint32_t kHeartbeatNodesMax = 5'000;  // each node has a list of all

struct Comparison {
  std::uint32_t nodes = 1000;  // 2 .. kComparedNodesMax; heartbeats up to kHeartbeatNodesMax
  std::uint32_t fanout = 1;    // of gossip
  std::uint32_t degree = 4;    // of the tree; 1 .. kFanoutMax
  std::uint32_t bytes = 100;   // of the update, without kHeaderBytes; 1 .. 65,000
  std::uint32_t copies = 16;   // that a node sends with `push`
  double loss = 0.05;          // of Trouble::loss
  std::uint64_t seed = 1;
};

std::string_view name_of(Pattern pattern);
std::string_view name_of(Job job);
std::string_view name_of(Trouble trouble);
// The pattern has a node that is not like the others.
bool has_key(Pattern pattern);
bool does(Pattern pattern, Job job);

// All faults at once; empty when the comparison is sound.
std::vector<Error> validate(const Comparison& comparison);

struct PatternTrial {
  std::uint64_t messages = 0;  // sent
  std::uint64_t bytes = 0;
  std::uint64_t busiest_messages = 0;  // sent and received by the node with the most of them
  std::uint64_t busiest_bytes = 0;
  double rounds = 0;  // until the last that hears it at all has heard it
  double share = 0;  // of those that live and know it; heartbeats: of the pairs that live, one knowing of the other
};

// REQUIRES: validate(comparison) found nothing; does(pattern, job); heartbeats: at most kHeartbeatNodesMax nodes.
PatternTrial run_pattern(const Comparison& comparison, Job job, Pattern pattern, Trouble trouble,
                         std::uint64_t number);

}  // namespace hearsay::sim::spread
