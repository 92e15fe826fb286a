// Leaving: the generation ends. A few peers are told in each of a few rounds, and they tell on.
#pragma once

#include <vector>

#include "base/rng.h"
#include "heartbeat/ledger.h"
#include "heartbeat/peer_choice.h"
#include "room/leavers.h"

namespace hearsay::heartbeat {

inline constexpr unsigned kLeaveRounds = 4;
inline constexpr std::size_t kLeaveFanoutMin = 3;

class Leave {
 public:
  enum class Timer { round };

  Leave(base::Rng rng, Ledger& ledger) : rng_(rng), ledger_(&ledger) {}

  void on_command(room::Step& step, CommandId command);
  bool running() const { return rounds_left_ > 0; }
  void on_time(room::Step& step);
  Time next_deadline() const { return next_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, next_, rounds_left_, leavers_);
  }

 private:
  base::Rng rng_;
  Ledger* ledger_;
  Time next_ = kNever;
  unsigned rounds_left_ = 0;
  room::Leavers leavers_;
  PeerCycle cycle_;
  std::vector<MemberId> picked_;  // scratch
};

}  // namespace hearsay::heartbeat
