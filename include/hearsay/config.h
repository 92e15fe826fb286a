// Every knob: its meaning, formula, range and default, and what breaks when it is too small or too large.
// Where a default comes from a peer, the peer is named. The three profiles are memberlist's (DefaultLocal,
// DefaultLAN, DefaultWAN); a figure that differs from them is argued in docs/decisions/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hearsay/address.h"
#include "hearsay/admission.h"
#include "hearsay/bytes.h"
#include "hearsay/heartbeat.h"
#include "hearsay/ids.h"
#include "hearsay/member.h"
#include "hearsay/result.h"
#include "hearsay/time.h"

namespace hearsay {

// Presets for the distance between nodes.
enum class Profile : std::uint8_t { local, lan, wan };
const char* name_of(Profile profile);

// What to do when another address claims a name that is taken by a member that is up. None of them lets the
// newcomer take the name's place while its holder lives.
enum class ConflictPolicy : std::uint8_t {
  refuse,  // a newcomer that joins through this node is refused and told why
  stop,    // the same; and when it is our own name, the members vote who has it (Serf does so): the loser stops
  warn,    // only tell it
};
const char* name_of(ConflictPolicy policy);

inline constexpr std::size_t kNameBytesMax = 128;  // Serf's ValidateNodeNames limit
// The highest incarnation to start with: far enough from the end of the 32 bits to refute for a lifetime.
inline constexpr std::uint32_t kFirstIncarnationMax = 0xf000'0000u;
inline constexpr std::size_t kMetaBytesMax = 512;  // memberlist MetaMaxSize
inline constexpr std::size_t kSeedsMax = 64;
inline constexpr std::size_t kLabelBytesMax = 255;  // memberlist label length is one byte

// The swim family. Defaults are those of the lan profile; the comment gives local / lan / wan.
struct SwimConfig {
  // Time between two probes of this node; one member is probed in each. A member is probed by somebody about
  // once per interval. local 1 s / lan 1 s / wan 5 s; 10 ms .. 1 h.
  // Too small: traffic. Too large: slow detection (first suspicion comes about one interval after the death).
  Duration probe_interval = std::chrono::seconds(1);
  // How long to wait for the direct ack before helpers are asked. 200 ms / 500 ms / 3 s; < probe_interval.
  // Choose the 99th percentile of the round trip. Too small: needless indirect probes.
  Duration probe_timeout = std::chrono::milliseconds(500);
  // Helpers asked when the direct probe got no answer (SWIM's k). 1 / 3 / 3; 0 .. 16.
  std::uint8_t indirect_probes = 3;
  // Also try a ping over TCP when the direct probe got no answer (memberlist TCP fallback). On.
  // Off: a firewall that blocks UDP alone makes members fail.
  bool stream_probe = true;
  // suspicion min = suspicion_mult * max(1, log10 N) * probe_interval. 3 / 4 / 6; 1 .. 100.
  // Too small: slow nodes are declared dead before they can refute.
  std::uint8_t suspicion_mult = 4;
  // suspicion max = suspicion_max_mult * min; it shrinks to min as suspicion_mult - 2 others confirm
  // (Lifeguard). 6 / 6 / 6; 1 .. 100.
  std::uint8_t suspicion_max_mult = 6;
  // The local health score stays below this; probe interval and deadline are multiplied by score + 1
  // (Lifeguard; memberlist AwarenessMaxMultiplier). 8; 1 .. 100; 1 switches it off.
  std::uint8_t health_max = 8;
  // Time between two gossip ticks. 100 ms / 200 ms / 500 ms; 10 ms .. 1 h.
  Duration gossip_interval = std::chrono::milliseconds(200);
  // Peers told in each tick (fanout). 3 / 3 / 4; 0 .. 64. 0: news travels on probes and push/pull only.
  std::uint8_t gossip_fanout = 3;
  // A rumor is sent retransmit_mult * ceil(log10(N + 1)) times by each node that holds it. 2 / 4 / 4; 1 .. 100.
  // Too small: some nodes miss it until the next push/pull.
  std::uint8_t retransmit_mult = 4;
  // Dead members are gossiped to for this long, so that a live one hears of it and refutes; afterwards peers
  // that run memberlist have forgotten them. 15 s / 30 s / 60 s.
  Duration gossip_to_the_dead = std::chrono::seconds(30);
  // Time between two table exchanges with a random member; multiplied by ceil(log2 N - 5) + 1 above 32 nodes.
  // 15 s / 30 s / 60 s; 0 switches it off.
  Duration push_pull_interval = std::chrono::seconds(30);
  // Deadline of one stream exchange, dialling included. 1 s / 10 s / 30 s.
  Duration stream_timeout = std::chrono::seconds(10);
};

// The Serf layer of the swim family (Serf's own defaults).
struct SerfConfig {
  // How long a leave waits for its rumors to be sent often enough, each of the two. 5 s.
  Duration broadcast_timeout = std::chrono::seconds(5);
  // How long a leaving node stays after its rumors were sent. 1 s.
  Duration leave_propagate_delay = std::chrono::seconds(1);
  // An intent about an unknown member is kept for this long. 5 min.
  Duration recent_intent_timeout = std::chrono::minutes(5);
  // Failed members are forgotten after this (72 h; Serf's ReconnectTimeout is 24 h, Consul uses 72 h) and left
  // ones after `tombstone_timeout` (24 h).
  Duration forget_after = std::chrono::hours(72);
  Duration tombstone_timeout = std::chrono::hours(24);
};

// Staying in contact, in both families.
struct ContactConfig {
  // Addresses ("host", "host:port") that are contacted again and again for as long as none of them is an up
  // member: seeds are contacts, not a role. Names are resolved at each attempt. At most 64.
  std::vector<std::string> seeds;
  // Time between two attempts to reach a seed or a failed member. 5 s / 10 s / 30 s; 100 ms .. 1 h.
  // Too small: traffic to dead machines. Too large: partitions heal late.
  Duration reconnect_interval = std::chrono::seconds(10);
  // A node that was not run for longer than this takes itself for the sick one: it accuses nobody for what it
  // missed meanwhile, and gives running suspicions that much more time. 500 ms; 50 ms .. 1 h.
  Duration pause_min = std::chrono::milliseconds(500);
};

// What nodes say about themselves (Node::state), in both families.
struct StateConfig {
  // Time between two comparisons with a random peer; most changes travel as rumors and do not wait for it. 1 s / 1
  // s / 5 s; 10 ms .. 1 h. Too small: traffic. Too large: what a rumor missed, and large values, come late.
  Duration sync_interval = std::chrono::seconds(1);
  // How long a deleted key is remembered. Who was away longer takes the whole state anew. 1 h; 1 s .. 30 days.
  Duration tombstone_age = std::chrono::hours(1);
  // Bytes of this node's own state: keys, values, and 16 for each. 1 MiB; 1 KiB .. 4 MiB. More is refused.
  std::uint32_t node_bytes_max = 1u << 20;
  // Bytes of all states that this node knows; news beyond it is not taken. 256 MiB; 64 KiB .. 4 GiB - 1.
  std::uint32_t total_bytes_max = 256u << 20;
};

// Bounds of what peers can make a node hold. What is over a bound is dropped and counted.
struct Limits {
  std::uint32_t members_max = 100000;            // rows, whatever their status
  std::uint32_t rumors_max = 8192;               // entries of the rumor queue
  std::uint32_t rumor_bytes_max = 4u << 20;      // bytes of the rumor queue
  std::uint32_t history_bytes_max = 256u << 10;  // changes kept with their evidence
  std::uint32_t streams_max = 128;               // inbound streams at once (memberlist: 128 push/pulls)
  std::uint32_t stream_bytes_max = 20u << 20;    // bytes of one stream's request or reply (memberlist: 20 MiB)
  std::uint32_t inflated_bytes_max = 40u << 20;  // after decompression (memberlist: 40 MiB)
  std::uint32_t pushed_nodes_max = 1u << 20;     // entries of one push/pull (memberlist: 1048576)
};

// Encryption. No keys: everything is plain.
struct CryptoConfig {
  std::vector<Bytes> keys;      // 16, 24 or 32 bytes each; the first one encrypts, all decrypt
  bool verify_incoming = true;  // refuse plaintext when there are keys (memberlist GossipVerifyIncoming)
  bool verify_outgoing = true;  // encrypt when there are keys (memberlist GossipVerifyOutgoing)
  // The driver keeps keys: a change of the keyring is answered and takes effect only once it has been saved. Off:
  // changes are lost with the node.
  bool save_keys = false;
};

struct Config {
  // The member's name, unique in the cluster. 1 .. 128 bytes of printable UTF-8 without spaces. Required.
  std::string name;
  // The address that others dial; must not be unspecified. Required.
  Address advertise;
  // Published with the member; their encoding is at most 512 bytes.
  Tags tags;
  // The first incarnation used; from disk where there is one, else 1. 1 .. kFirstIncarnationMax.
  Incarnation first_incarnation{1};
  // The generation of this life's own state; from disk where there is one: one more than the last life's. Who
  // starts with one that was used already learns so from its peers, and outbids it. 1 .. kFirstGenerationMax. 1.
  std::uint32_t first_generation = 1;
  // The Lamport clock at start; from disk where there is one, else 1. >= 1.
  LamportTime first_lamport{1};
  // Two nodes with one name: refuse (default), stop or warn.
  ConflictPolicy name_conflict = ConflictPolicy::refuse;
  // Separates clusters that share a network: packets with another label are dropped. "" .. 255 bytes.
  // Serf agents have no label, so leave it empty in a cluster with them.
  std::string label;
  // Datagram budget in bytes before IP and UDP headers. 1400 (memberlist UDPBufferSize); 1024 .. 65000:
  // the largest news of one member must fit.
  std::uint16_t packet_bytes = 1400;
  // Compress (LZW) gossip that becomes smaller by it, and streams (memberlist EnableCompression).
  bool compression = true;

  // How nodes learn of each other; the same in the whole cluster. swim.
  Family family = Family::swim;
  SwimConfig swim;
  HeartbeatConfig heartbeat;
  SerfConfig serf;
  ContactConfig contact;
  StateConfig state;
  CryptoConfig crypto;
  Limits limits;
  // Who may be a member. Everybody.
  AdmissionConfig admission;

  // The defaults of a profile; name and advertise are still to be set.
  static Config of(Profile profile);
};

// One thing wrong with a configuration. `key` is spelled as in the configuration file ("swim.probe_timeout").
struct ConfigFault {
  std::string key;
  std::string cause;
  std::string cure;
};

// How many bytes these tags take in a member's news (Serf's encoding: 0xff and a map).
std::size_t encoded_bytes(const Tags& tags);
// Why tags that are too large are refused, with their sizes; empty when they fit.
std::string tags_complaint(const Tags& tags);

// All faults at once; empty means that Node::create will take it.
std::vector<ConfigFault> validate(const Config& config);

}  // namespace hearsay
