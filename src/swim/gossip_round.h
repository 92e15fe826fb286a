// Telling what is new (SWIM section 4.1, memberlist state.go gossip): every accepted change becomes a rumor, kept
// verbatim where it came as a message; every gossip interval some random peers get a packet of rumors. Rumors also
// ride on pings and acks. While there are none the ticks sleep; they go on in their old rhythm.
#pragma once

#include <vector>

#include "base/rng.h"
#include "room/step.h"

namespace hearsay::swim {

class GossipRound {
 public:
  enum class Timer { tick };

  explicit GossipRound(base::Rng rng) : rng_(rng) {}

  void start(room::Step& step);
  void on_message(room::Step& step, const room::Origin& origin, const wire::Alive& alive);
  void on_message(room::Step& step, const room::Origin& origin, const wire::Suspect& suspect);
  void on_message(room::Step& step, const room::Origin& origin, const wire::Dead& dead);
  void on_outcome(room::Step& step, const room::Outcome& outcome);
  void on_time(room::Step& step);
  // After each input: the ticks, which sleep while there is nothing to tell, go on.
  void maybe_wake(const room::Step& step);
  Time next_deadline() const { return asleep_ ? kNever : tick_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, tick_, asleep_);
  }

 private:
  void push(room::Step& step, std::string_view subject, ByteView message);

  base::Rng rng_;
  Time tick_ = kNever;
  bool asleep_ = false;
  std::vector<MemberId> picked_;  // scratch
  Bytes encoded_;                 // scratch
};

}  // namespace hearsay::swim
