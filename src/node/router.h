// The router: sees everything and decides nothing. One switch per input; the rooms do the rest.
//
// Order: rooms are constructed, polled and offered outcomes in the order in which they stand below.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/interner.h"
#include "base/rng.h"
#include "contact/reachability.h"
#include "contact/reconnect.h"
#include "hearsay/node.h"
#include "members/member_table.h"
#include "node/notices.h"
#include "node/packer.h"
#include "node/streams.h"
#include "room/step.h"
#include "serf/answers.h"
#include "serf/clock.h"
#include "serf/intents.h"
#include "serf/key_rounds.h"
#include "serf/keys.h"
#include "serf/leave.h"
#include "serf/name_vote.h"
#include "serf/pass_through.h"
#include "serf/sync.h"
#include "spread/rumor_queue.h"
#include "swim/correct.h"
#include "swim/gossip_round.h"
#include "swim/inquiry.h"
#include "swim/join.h"
#include "swim/local_health.h"
#include "swim/probe.h"
#include "swim/push_pull.h"
#include "swim/reap.h"
#include "swim/refute.h"
#include "swim/relay.h"
#include "swim/repair.h"
#include "swim/suspicion.h"
#include "swim/vet.h"
#include "wire/envelope.h"

namespace hearsay::node {

class Router {
 public:
  Router(const Config& config, const Resources& resources, Now now);

  void on_datagram(Now now, const Address& from, ByteView bytes);
  void on_stream(Now now, const StreamInput& input);
  void on_time(Now now);
  void on_command(Now now, const Command& command);
  void on_reply(Now now, CallId call, const Reply& reply);
  void on_send_failed(Now now, const Address& to);

  std::span<const Action> actions() const { return actions_; }
  Time next_deadline() const;

  std::vector<Member> members() const;
  std::vector<Notice> history() const { return notices_.history().all(); }
  NodeInfo info() const;
  const Counters& counters() const { return counters_; }
  const Sent& sent() const { return packer_.sent(); }
  std::uint64_t members_version() const { return members_.version(); }
  std::uint64_t state_hash();

 private:
  using Step = room::Step;
  using Origin = room::Origin;

  // Runs one input: hands it to rooms, drains the outcomes, makes actions. A failed CHECK ends here.
  template <class Handle>
  void input(Now now, Handle handle);
  // From now on the node does nothing.
  void turn_defunct(Now now, std::string why);
  void guard_pause(Step& step);
  void drain(Step& step);
  void pack();
  void pack_request(const room::Outbox::Request& request);
  void pack_answer(const room::Outbox::Answer& answer);

  void route(Step& step, Origin& origin, ByteView message);
  void route_user(Step& step, const Origin& origin, ByteView payload);
  void route_relayed(Step& step, const Origin& origin, const wire::RelayedMessage& relayed);
  void route_hearsay(Step& step, const Origin& origin, ByteView payload);
  // The member that a message comes from, when it is one and the address is its own.
  MemberId sender_at(const Address& from, std::string_view name) const;
  void route_stream(Step& step, const Streams::Event& event);
  void route_answer(Step& step, const Origin& origin, const wire::StreamMessage& message);
  // Our request is answered.
  void close_answered(StreamId stream);
  void end_stream(Step& step, StreamId stream, const std::string& why);

  void command(Step& step, const hearsay::Join& join);
  void command(Step& step, const hearsay::Leave& leave);
  void command(Step& step, const hearsay::SetTags& set_tags);
  void command(Step& step, const hearsay::ManageKeys& manage_keys);
  void command(Step& step, const hearsay::Why& why);
  void command(Step& step, const hearsay::ForceLeave& force_leave);
  void command(Step& step, const hearsay::Reconfigure& reconfigure);
  std::optional<Error> reconfigure(Step& step, const Config& wanted);
  void forget_refused(Step& step);

  // Calls f with every room that has deadlines, in the order in which they are polled.
  template <class Self, class F>
  static void each_timed(Self& self, F f) {
    f(self.probe_);
    f(self.relay_);
    f(self.vet_);
    f(self.suspicion_);
    f(self.gossip_round_);
    f(self.push_pull_);
    f(self.reap_);
    f(self.intents_);
    f(self.leave_);
    f(self.key_rounds_);
    f(self.reconnect_);
    f(self.reachability_);
    f(self.inquiry_);
    f(self.name_vote_);
  }

  Config config_;
  std::shared_ptr<base::Interner> interner_;
  Counters counters_;
  wire::Envelope envelope_;
  members::MemberTable members_;
  spread::RumorQueue rumors_;
  room::Outbox out_;
  room::Outcomes outcomes_;
  room::Admission admission_;
  Notices notices_;
  Packer packer_;
  wire::CompressionMemo memo_;
  Streams streams_;

  swim::LocalHealth health_;
  serf::Clock clock_;
  serf::Clock event_clock_;
  serf::Clock query_clock_;
  serf::Intents intents_;
  serf::Sync sync_;
  serf::Leave leave_;
  serf::Answers answers_;
  serf::Keys keys_;
  serf::PassThrough pass_through_;
  serf::KeyRounds key_rounds_;
  swim::Refute refute_;
  swim::Probe probe_;
  swim::Relay relay_;
  swim::Vet vet_;
  swim::Suspicion suspicion_;
  swim::GossipRound gossip_round_;
  swim::PushPull push_pull_;
  swim::Join join_;
  swim::Correct correct_;
  swim::Reap reap_;
  swim::Repair repair_;
  contact::Reconnect reconnect_;
  contact::Reachability reachability_;
  swim::Inquiry inquiry_;
  serf::NameVote name_vote_;

  std::vector<std::string> refused_;  // scratch
  std::string defunct_;               // why; empty: it is well
  Time latest_{};
  std::vector<Action> actions_;
  Buffers buffers_;
  wire::OpenedDatagram opened_;
  wire::SealScratch scratch_;
};

}  // namespace hearsay::node
