// Who is there? (SWIM sections 3.1 and 4.3, memberlist state.go probeNode)
//
// In each probe interval this node pings one member, going through a shuffled list, so that every member is pinged
// within N intervals and nobody can be missed for ever. If the ack does not come in time, some others are asked to
// ping it for us (our own link may be the broken one) and a ping goes over TCP (UDP may be blocked). Only when all
// of that fails until the deadline is the member suspected.
//
// A suspect is pinged together with the accusation, so that it can refute at once (Lifeguard's buddy system).
#pragma once

#include <optional>
#include <vector>

#include "base/rng.h"
#include "room/step.h"
#include "swim/local_health.h"

namespace hearsay::swim {

class Probe {
 public:
  enum class Timer {
    next_round,  // ping the next member
    indirect,    // the direct ack is late: ask helpers and try TCP
    deadline,    // nothing came: suspect
  };

  Probe(base::Rng rng, LocalHealth& health);

  void start(room::Step& step);
  void on_message(room::Step& step, const room::Origin& origin, const wire::Ping& ping);
  // False when no probe of ours waits for it.
  bool on_message(room::Step& step, const room::Origin& origin, const wire::Ack& ack);
  bool on_message(room::Step& step, const room::Origin& origin, const wire::Nack& nack);
  // The member whose own answer to the running probe this is; invalid for a helper's or a stranger's.
  MemberId sender_of(const room::Origin& origin, const wire::Ack& ack) const;
  void on_stream_end(room::Step& step, StreamId stream);
  void on_outcome(room::Step& step, const room::Outcome& outcome);
  // We were not run for so long: what we missed meanwhile is nobody's fault. The running probe is given up.
  void on_pause(room::Step& step, Duration length);
  void on_time(room::Step& step);
  Time next_deadline() const;

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, next_round_, order_, next_, seq_, round_);
  }

 private:
  struct Helper {
    MemberId member;
    Address address;
    bool nacked = false;
    template <class Archive>
    void fields(Archive& archive) {
      archive(member, address, nacked);
    }
  };
  struct Round {
    MemberId target;
    Incarnation incarnation;  // that was asked: silence says nothing about a later one (a restart meanwhile)
    Address address;
    SeqNo seq;
    Time began{};
    Time indirect_at{};
    Time deadline{};
    bool indirect = false;  // the second half has begun
    std::uint8_t nacks_expected = 0;
    std::vector<Helper> helpers;
    StreamId stream;
    bool stream_tried = false;
    bool stream_answered = false;

    std::uint8_t nacks() const;
    bool expects(const Address& from) const;
    template <class Archive>
    void fields(Archive& archive) {
      archive(target, incarnation, address, seq, began, indirect_at, deadline, indirect, nacks_expected, helpers,
              stream, stream_tried, stream_answered);
    }
  };

  MemberId pick_target(const room::Step& step);
  void begin(room::Step& step, MemberId target);
  void ask_helpers(room::Step& step);
  void give_up(room::Step& step);
  void succeed(room::Step& step, OwnProbe::Answer answer, MemberId through);
  static void report(room::Step& step, const Round& round, OwnProbe::Answer answer, MemberId through = {});
  void finish(room::Step& step);

  base::Rng rng_;
  LocalHealth* health_;
  Time next_round_ = kNever;
  std::vector<MemberId> order_;
  std::size_t next_ = 0;
  SeqNo seq_;
  std::optional<Round> round_;
  std::vector<MemberId> picked_;  // scratch
};

}  // namespace hearsay::swim
