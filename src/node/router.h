// The router: sees everything and decides nothing. One switch per input; the rooms of the family do the rest.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/interner.h"
#include "hearsay/node.h"
#include "members/member_table.h"
#include "node/family.h"
#include "node/notices.h"
#include "node/packer.h"
#include "node/streams.h"
#include "room/step.h"
#include "spread/rumor_queue.h"
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
  Time next_deadline() const { return next_; }

  std::vector<Member> members() const;
  std::vector<Notice> history() const { return notices_.history().all(); }
  std::optional<NodeState> state(std::string_view member) const;
  std::vector<NodeState> states() const;
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
  // Runs the joins that rooms asked for.
  void reconnect(Step& step);
  // From now on the node does nothing.
  void turn_defunct(Now now, std::string why);
  void guard_pause(Step& step);
  // Offers all outcomes to all rooms.
  void drain(Step& step);
  void offer(Step& step);
  void offer_to_rooms(Step& step, const room::Outcome& outcome);
  // Takes in what the node knows from the start.
  void recall(Step& step, std::span<const Member> known);
  void pack();
  void pack_request(const room::Outbox::Request& request);
  void pack_answer(const room::Outbox::Answer& answer);

  void route_stream(Step& step, const Streams::Event& event);
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
  void command(Step& step, const hearsay::WriteState& write_state) { states_.on_command(step, write_state); }
  void command(Step& step, const hearsay::WatchState& watch) { states_.on_command(step, watch); }
  void command(Step& step, const hearsay::EndWatch& end) { states_.on_command(step, end); }
  std::optional<Error> reconfigure(Step& step, const Config& wanted);
  void forget_refused(Step& step);

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

  services::StateSync states_;
  std::unique_ptr<Family> family_;

  std::vector<std::string> refused_;  // scratch
  std::string defunct_;               // why; empty: it is well
  Time latest_{};                     // the last input
  Time next_ = kNever;                // what the rooms wait for, as the last input left it
  std::vector<Action> actions_;
  Buffers buffers_;
  wire::OpenedDatagram opened_;
  wire::SealScratch scratch_;
};

}  // namespace hearsay::node
