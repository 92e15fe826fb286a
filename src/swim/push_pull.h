// The whole table with one random member (memberlist state.go pushPull, net.go sendAndReceiveState): repairs what
// gossip missed, and is how a newcomer learns everything at once.
//
// The initiator sends its table over a stream, the responder answers with its own; both merge. A suspected or dead
// entry is merged as a suspicion of ours, so that the member can refute: nobody is declared dead by hearsay.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "room/step.h"
#include "wire/compression_memo.h"

namespace hearsay::swim {

// push_pull_interval up to 32 nodes, above that times ceil(log2 nodes - 5) + 1 (memberlist util.go pushPullScale).
Duration push_pull_period(Duration interval, std::uint32_t nodes);

// Our side of an exchange; valid until the table changes. `user_state` must outlive it. Members that left longer
// than `gossip_to_the_dead` ago are not told: memberlist peers have forgotten them, and would take it for news of a
// namesake that has just returned.
wire::PushPull make_push_pull(const room::Step& step, bool join, ByteView user_state);

class PushPull final : public room::Introduction {
 public:
  enum class Timer {
    tick,
    catch_up,  // after a join: exchange with others until two in a row bring nothing new
  };

  PushPull(base::Rng rng, room::UserState& user_state, const wire::CompressionMemo& memo)
      : rng_(rng), user_state_(&user_state), memo_(&memo) {}

  void start(room::Step& step);
  // Asks to join: our table for that one's.
  StreamId introduce(room::Step& step, const Address& peer) override;
  // A request, or the answer to one of ours or of a join.
  enum class Role : std::uint8_t { request, answer, join_answer };
  void on_message(room::Step& step, const room::Origin& origin, const wire::PushPull& table, Role role);
  // True: this is what we would send ourselves just now, byte for byte, so there is nothing to learn from it. Not
  // while somebody is suspect: that another one tells of it counts. REQUIRES: the message is the one that the memo
  // holds.
  bool is_our_own(room::Step& step, ByteView message);
  // The peer told our own table, which goes back as it is. Not for answers to joins.
  void on_our_own(room::Step& step, const room::Origin& origin, Role role);
  void on_stream_end(room::Step& step, StreamId stream);
  // The interval may have become, or been, zero.
  void on_reconfigured(room::Step& step);
  void on_time(room::Step& step);
  Time next_deadline() const { return std::min(tick_, catch_up_); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, tick_, catch_up_, nothing_new_, catch_ups_, pending_);
  }

 private:
  // Refuses a newcomer that asks to join with a name that is taken; false when it does not or may come in.
  bool maybe_refuse(room::Step& step, const room::Origin& origin, const wire::PushPull& table);
  // Why the admission policy refuses whoever sent this table; empty: it does not.
  std::string refusal_of_sender(room::Step& step, const room::Origin& origin, const wire::PushPull& table);
  // True: it was news.
  bool merge(room::Step& step, const room::Origin& origin, const wire::PushNode& node, bool known);
  void exchange_with_anyone(room::Step& step);
  // The memo's message when that is known to be our table, else empty: then it must be encoded to be known.
  ByteView own_table(const room::Step& step) const;
  // While it does not change, neither do the memo's message and our table.
  std::array<std::uint64_t, 3> stamp(const room::Step& step) const;
  void answer(room::Step& step, StreamId stream, bool join);
  // The exchange is complete.
  void finish(room::Step& step, Role role, bool news);
  void plan_catch_up(room::Step& step, bool news);

  base::Rng rng_;
  room::UserState* user_state_;
  const wire::CompressionMemo* memo_;
  std::array<std::uint64_t, 3> own_{};  // the stamp with which the memo's message was our table
  Time tick_ = kNever;
  Time catch_up_ = kNever;
  unsigned nothing_new_ = 0;  // exchanges in a row that brought nothing new since the join
  unsigned catch_ups_ = 0;    // exchanges since the join
  std::vector<StreamId> pending_;
  std::vector<MemberId> picked_;  // scratch
};

}  // namespace hearsay::swim
