// Door 1: the sans-I/O node. A function with memory: (state, now, input) -> (state, actions).
//
//   auto node = Node::create(config, resources, now).value();
//   for (;;) {
//     // wait until node->next_deadline() or until something arrived; hand over ALL that has arrived
//     // (bounded) before telling the time: acks that lie in the socket must be heard before timers fire
//     node->on_datagram(now, from, bytes);   perform(node->actions());
//     node->on_time(now);                    perform(node->actions());
//   }
//
// A node owns no clock, socket, file, thread or random source. It belongs to one thread. Calls that return
// nothing cannot fail: what a peer did wrong is counted, what the caller did wrong ends in a CommandDone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "hearsay/action.h"
#include "hearsay/address.h"
#include "hearsay/admission.h"
#include "hearsay/aead.h"
#include "hearsay/bytes.h"
#include "hearsay/command.h"
#include "hearsay/config.h"
#include "hearsay/counters.h"
#include "hearsay/ids.h"
#include "hearsay/member.h"
#include "hearsay/notice.h"
#include "hearsay/result.h"
#include "hearsay/sent.h"
#include "hearsay/state.h"
#include "hearsay/time.h"

namespace hearsay {

namespace base {
class Interner;
}
namespace node {
class Router;
}

// Names, addresses and metas are kept once per interner. Nodes on one thread may share one; it is not
// thread-safe. Sharing is never visible but in memory.
std::shared_ptr<base::Interner> make_interner();

// What a node borrows from its driver. Everything must outlive the node.
struct Resources {
  std::uint64_t seed = 0;                      // of all randomness but nonces; same seed, same behaviour
  Aead* aead = nullptr;                        // required when keys are configured or may be installed
  NonceSource* nonces = nullptr;               // likewise
  std::shared_ptr<base::Interner> interner{};  // null: the node makes its own
  // Members that the node knows from the first moment on, as alive, at their address, tags and incarnation: as if
  // it had learned of them long ago, so that nobody is notified and nothing is gossiped; they are taken for hearsay
  // nodes of this version. A node of its own name
  // among them is passed over, and so is one that the limits or the protocol refuse. Quickest in the order of
  // names. For simulators that begin with a cluster that has joined; empty (the default): the node knows itself.
  std::span<const Member> known{};
};

// What happened to a stream.
struct StreamOpened {
  StreamId stream;
  Address peer;
  bool inbound = false;  // accepted by the driver (odd id), else the answer to OpenStream
};
struct StreamFailed {  // the answer to OpenStream that failed; the stream is gone
  StreamId stream;
  std::string why;
};
struct StreamData {
  StreamId stream;
  ByteView bytes;
};
struct StreamWritable {  // what was written has been handed to the operating system
  StreamId stream;
};
struct StreamClosed {  // the peer closed or reset; the stream is gone
  StreamId stream;
  std::string why;  // empty: an orderly close
};
using StreamInput = std::variant<StreamOpened, StreamFailed, StreamData, StreamWritable, StreamClosed>;

// The answer to ResolveName: no addresses means that the name could not be resolved, `why` tells.
struct Resolved {
  std::vector<Address> addresses;
  std::string why;
};
// The answer to SaveKeys: no fault means that they are safe.
struct Saved {
  std::string fault;
};
using Reply = std::variant<Resolved, Saved>;

// Of a node of the heartbeat family.
struct HeartbeatInfo {
  std::uint64_t heartbeat = 0;  // our own counter
  Duration age_of_news{};       // news that is older than this is one in a million, in a cluster of this size
  double highest_phi = 0;       // of all members that are up, at the last round
  std::string highest_phi_member;
};

// Figures about a node, for `hearsay info` and metrics.
struct NodeInfo {
  Member self;
  std::uint32_t members[5] = {};  // by Status
  std::uint8_t local_health = 0;  // 0 is healthy
  LamportTime lamport;
  std::uint32_t rumors_queued = 0;
  std::uint32_t rumor_bytes_queued = 0;
  std::uint32_t suspicions_running = 0;
  std::uint32_t streams_open = 0;
  std::vector<Link> links;              // those that do not carry datagrams as they should, oldest first
  std::vector<NameConflict> conflicts;  // names that two nodes claimed within the last five minutes
  std::uint32_t relays_pending = 0;     // pings for others that wait for their answer
  std::uint32_t intents_kept = 0;       // intents about members that are not known yet
  std::vector<Refusal> refusals;        // members not taken lately, with the reason; the latest first, at most 16
  std::uint32_t generation = 0;         // of our own state
  std::uint64_t state_version = 0;      // of our own state; 0: nothing was ever published
  std::uint32_t states_known = 0;       // members whose state is known, ourselves included
  std::uint64_t state_bytes = 0;        // of all states that are known
  std::uint32_t state_watches = 0;      // WatchState commands that have not ended
  std::optional<HeartbeatInfo> heartbeat;  // none: the family is swim
  bool encrypted = false;
  bool has_left = false;
  bool defunct = false;
  Counters counters;
};

class Node {
 public:
  // Starts a node: it knows itself and announces itself. Errors: invalid_config (all faults in the cause).
  static Result<std::unique_ptr<Node>> create(const Config& config, const Resources& resources, Now now);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Inputs. `now.steady` must not be earlier than with the input before.
  void on_datagram(Now now, const Address& from, ByteView bytes);
  void on_stream(Now now, const StreamInput& input);
  void on_time(Now now);
  void on_command(Now now, const Command& command);
  void on_reply(Now now, CallId call, const Reply& reply);
  void on_send_failed(Now now, const Address& to);

  // What the last input asks of the driver, in order. Valid until the next input.
  std::span<const Action> actions() const;
  // When on_time wants to be called at the latest; kNever when nothing waits.
  Time next_deadline() const;

  // Reading. Copies; O(N) where they return all members. Order: as first learned.
  std::vector<Member> members() const;
  std::vector<Notice> history() const;  // the bounded record of accepted changes, oldest first
  // What is known of a member's own keys; none: no such member has published anything.
  std::optional<NodeState> state(std::string_view member) const;
  std::vector<NodeState> states() const;  // of all members that have published something, by name
  NodeInfo info() const;
  const Counters& counters() const;  // those of info(), without a copy
  const Sent& sent() const;
  // Grows whenever members() would answer differently; snapshots are rebuilt by it.
  std::uint64_t members_version() const;
  // A hash of all protocol state: two nodes that were fed the same inputs agree on it, on any compiler.
  std::uint64_t state_hash() const;

 private:
  Node();
  std::unique_ptr<node::Router> router_;
};

}  // namespace hearsay
