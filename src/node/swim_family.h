// The swim family with Serf's layer: its rooms and what becomes of its messages (swim_messages.cc).
//
// Order: rooms are constructed, polled and offered outcomes in the order in which they stand below.
#pragma once

#include <string>

#include "contact/join.h"
#include "contact/reachability.h"
#include "contact/reap.h"
#include "contact/reconnect.h"
#include "node/family.h"
#include "serf/answers.h"
#include "serf/clock.h"
#include "serf/intents.h"
#include "serf/key_rounds.h"
#include "serf/keys.h"
#include "serf/leave.h"
#include "serf/name_vote.h"
#include "serf/pass_through.h"
#include "serf/sync.h"
#include "swim/correct.h"
#include "swim/gossip_round.h"
#include "swim/inquiry.h"
#include "swim/local_health.h"
#include "swim/probe.h"
#include "swim/push_pull.h"
#include "swim/refute.h"
#include "swim/relay.h"
#include "swim/repair.h"
#include "swim/suspicion.h"
#include "swim/vet.h"

namespace hearsay::node {

class SwimFamily final : public Family {
 public:
  SwimFamily(const Shared& shared, const Resources& resources);

  void start(Step& step) override;
  ByteView extension() override { return repair_.extension(shared_.members); }
  void on_message(Step& step, Origin& origin, ByteView message) override;
  void on_packet(Step& step, const Address& from) override { reachability_.on_packet(step, from); }
  bool on_remembered(Step& step, const Origin& origin, ByteView message) override;
  bool on_request(Step& step, const Origin& origin, const wire::StreamMessage& message) override;
  std::optional<std::string> on_answer(Step& step, const Origin& origin,
                                       const wire::StreamMessage& message) override;
  void on_stream_end(Step& step, StreamId stream, const std::string& why) override;
  void on_reply(Step& step, CallId call, const Reply& reply) override;
  void on_outcome(Step& step, const room::Outcome& outcome) override;
  void on_probe(Step& step, const room::ProbeReport& report) override;
  void on_pause(Step& step, Duration length) override;
  void on_time(Step& step, const Drain& drain) override;
  Time next_deadline() const override;
  void on_input_end(const Step& step) override { gossip_round_.maybe_wake(step); }
  std::string must_stop() const override { return name_vote_.lost(); }

  bool is_leaving() const override { return leave_.running(); }
  bool accepts(Step& step, const hearsay::Join& join) const override { return join_.accepts(step, join); }
  Result<void> come_back(Step& step) override { return refute_.come_back(step); }
  void join(Step& step, const hearsay::Join& join, bool quiet) override;
  void leave(Step& step, CommandId id) override { leave_.on_command(step, id); }
  Result<void> set_meta(Step& step, Bytes meta) override { return refute_.set_meta(step, std::move(meta)); }
  void manage_keys(Step& step, const hearsay::ManageKeys& command) override {
    key_rounds_.on_command(step, command);
  }
  void why(Step& step, const hearsay::Why& command) override;
  std::optional<Error> force_leave(Step& step, std::string_view name, bool prune) override {
    return intents_.force_leave(step, name, prune);
  }
  void on_reconfigured(Step& step) override;

  void fill(NodeInfo& info) const override;
  void hash(base::HashArchive& archive) override;

 private:
  // True: it was asked on a stream and is answered there.
  bool route_user(Step& step, const Origin& origin, ByteView payload);
  void route_relayed(Step& step, const Origin& origin, const wire::RelayedMessage& relayed);
  bool route_hearsay(Step& step, const Origin& origin, ByteView payload);

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

  Shared shared_;
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
  contact::Join join_;
  swim::Correct correct_;
  contact::Reap reap_;
  swim::Repair repair_;
  contact::Reconnect reconnect_;
  contact::Reachability reachability_;
  swim::Inquiry inquiry_;
  serf::NameVote name_vote_;
};

}  // namespace hearsay::node
