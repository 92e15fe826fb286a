// The door of a family: what the router asks of the rooms by which nodes learn of each other. One node runs one
// family (Config::family); rooms of the other are not made.
//
// A family constructs its rooms, polls them and offers them outcomes in one written order: that of its header.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hearsay/command.h"
#include "hearsay/node.h"
#include "node/notices.h"
#include "node/streams.h"
#include "room/step.h"
#include "services/state_sync.h"
#include "wire/envelope.h"
#include "wire/memberlist.h"

namespace hearsay::base {
class HashArchive;
}

namespace hearsay::node {

// What the router owns and both families work with. Everything outlives the family.
struct Shared {
  const Config& config;
  Counters& counters;
  wire::Envelope& envelope;
  members::MemberTable& members;
  room::Outbox& out;
  Notices& notices;
  services::StateSync& states;
  const wire::CompressionMemo& memo;
};

// The member that a message comes from, when it is one and the address is its own.
MemberId sender_at(const members::MemberTable& members, const Address& from, std::string_view name);
// Messages of services, which both families carry. False: it is none. `answered`: a request on a stream has its
// answer.
bool route_service(const Shared& shared, room::Step& step, const room::Origin& origin, wire::HearsayType type,
                   ByteView body, bool& answered);

class Family {
 public:
  using Step = room::Step;
  using Origin = room::Origin;
  // Offers the outcomes that wait to all rooms.
  using Drain = std::function<void()>;

  virtual ~Family() = default;

  virtual void start(Step& step) = 0;
  // What our pings and acks carry for other hearsay nodes; empty when nothing.
  virtual ByteView extension() { return {}; }

  // One message of a datagram; its type byte comes first.
  virtual void on_message(Step& step, Origin& origin, ByteView message) = 0;
  // All messages of a datagram from there have been heard.
  virtual void on_packet(Step& /*step*/, const Address& /*from*/) {}
  // The message is the very table that the memo holds: true when it has been dealt with unread.
  virtual bool on_remembered(Step& /*step*/, const Origin& /*origin*/, ByteView /*message*/) { return false; }
  // A request of a peer on a stream; false: nobody answers it, and the stream may close.
  virtual bool on_request(Step& step, const Origin& origin, const wire::StreamMessage& message) = 0;
  // A peer's answer to a request of ours; why it is none, when it is none.
  virtual std::optional<std::string> on_answer(Step& step, const Origin& origin,
                                               const wire::StreamMessage& message) = 0;
  virtual void on_stream_end(Step& step, StreamId stream, const std::string& why) = 0;
  virtual void on_reply(Step& step, CallId call, const Reply& reply) = 0;
  virtual void on_outcome(Step& step, const room::Outcome& outcome) = 0;
  // This member is known from the start (Resources::known); its outcome has been offered.
  virtual void on_known(Step& /*step*/, MemberId /*member*/) {}
  virtual void on_probe(Step& /*step*/, const room::ProbeReport& /*report*/) {}
  // This process was not run for so long.
  virtual void on_pause(Step& step, Duration length) = 0;
  virtual void on_time(Step& step, const Drain& drain) = 0;
  virtual Time next_deadline() const = 0;
  // An input has been dealt with and its actions are made.
  virtual void on_input_end(const Step& /*step*/) {}
  // Why this node has to stop; empty: it has not.
  virtual std::string must_stop() const { return {}; }

  virtual bool is_leaving() const = 0;
  // False: the command cannot run, and its end is told.
  virtual bool accepts(Step& step, const hearsay::Join& join) const = 0;
  // Back into the cluster after a leave. Errors: wrong_state; nothing has changed.
  virtual Result<void> come_back(Step& step) = 0;
  // REQUIRES: accepts(step, join). `quiet`: our own doing.
  virtual void join(Step& step, const hearsay::Join& join, bool quiet) = 0;
  virtual void leave(Step& step, CommandId id) = 0;
  // Publishes other tags. Errors: wrong_state; nothing has changed.
  virtual Result<void> set_meta(Step& step, Bytes meta) = 0;
  virtual void manage_keys(Step& step, const hearsay::ManageKeys& command) = 0;
  virtual void why(Step& step, const hearsay::Why& command) = 0;
  virtual std::optional<Error> force_leave(Step& step, std::string_view name, bool prune) = 0;
  virtual void on_reconfigured(Step& step) = 0;

  virtual void fill(NodeInfo& info) const = 0;
  virtual void hash(base::HashArchive& archive) = 0;
};

}  // namespace hearsay::node
