// The heartbeat family: its rooms and what becomes of its messages (docs/protocol/heartbeat.md).
//
// Order: rooms are constructed, polled and offered outcomes in the order in which they stand below.
#pragma once

#include "contact/join.h"
#include "contact/reap.h"
#include "contact/reconnect.h"
#include "heartbeat/exchange.h"
#include "heartbeat/leave.h"
#include "heartbeat/ledger.h"
#include "heartbeat/look.h"
#include "heartbeat/opinions.h"
#include "heartbeat/verdicts.h"
#include "node/family.h"

namespace hearsay::node {

class HeartbeatFamily final : public Family {
 public:
  HeartbeatFamily(const Shared& shared, const Resources& resources);

  void start(Step& step) override;
  void on_message(Step& step, Origin& origin, ByteView message) override;
  bool on_request(Step& step, const Origin& origin, const wire::StreamMessage& message) override;
  std::optional<std::string> on_answer(Step& step, const Origin& origin,
                                       const wire::StreamMessage& message) override;
  void on_stream_end(Step& step, StreamId stream, const std::string& why) override {
    join_.on_stream_end(step, stream, why);
  }
  void on_reply(Step& step, CallId call, const Reply& reply) override;
  void on_outcome(Step& step, const room::Outcome& outcome) override {
    exchange_.on_outcome(step, outcome);
    reap_.on_outcome(step, outcome);
  }
  void on_known(Step& step, MemberId member) override { ledger_.on_known(step, member); }
  void on_pause(Step& /*step*/, Duration length) override { ledger_.on_pause(length); }
  void on_time(Step& step, const Drain& drain) override;
  Time next_deadline() const override;

  bool is_leaving() const override { return leave_.running(); }
  bool accepts(Step& step, const hearsay::Join& join) const override { return join_.accepts(step, join); }
  Result<void> come_back(Step& step) override;
  void join(Step& step, const hearsay::Join& join, bool quiet) override {
    join_.on_command(step, join, step.config.advertise.port, quiet);
  }
  void leave(Step& step, CommandId id) override { leave_.on_command(step, id); }
  Result<void> set_meta(Step& step, Bytes meta) override;
  void manage_keys(Step& step, const hearsay::ManageKeys& command) override;
  void why(Step& step, const hearsay::Why& command) override;
  std::optional<Error> force_leave(Step& step, std::string_view name, bool prune) override;
  void on_reconfigured(Step& step) override { ledger_.configure(step.config); }

  void fill(NodeInfo& info) const override;
  void hash(base::HashArchive& archive) override;

 private:
  // Reads a message of the family out of a user message's payload; null when it is none, which is counted, or one
  // of a service, which has been heard. `answered`: a service has answered a request.
  const wire::Heartbeat* read(Step& step, const Origin& origin, ByteView payload, bool& answered);
  // Nobody who is a stranger is answered or believed, and nothing is heard twice.
  bool is_welcome(Step& step, const Origin& origin, const wire::Heartbeat& message);
  void on_refused(Step& step, const wire::Heartbeat& message);

  template <class Self, class F>
  static void each_timed(Self& self, F f) {
    f(self.exchange_);
    f(self.verdicts_);
    f(self.leave_);
    f(self.reap_);
    f(self.reconnect_);
  }

  Shared shared_;
  heartbeat::Ledger ledger_;
  heartbeat::Opinions opinions_;
  heartbeat::Exchange exchange_;
  heartbeat::Verdicts verdicts_;
  heartbeat::Leave leave_;
  heartbeat::Look look_;
  contact::Join join_;
  contact::Reap reap_;
  contact::Reconnect reconnect_;
  Time warned_{};
  std::uint64_t states_hash_ = 0;  // of all states, when the rounds last looked
  wire::Heartbeat message_;        // scratch: the one that is being heard
};

}  // namespace hearsay::node
