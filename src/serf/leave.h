// A graceful leave (Serf serf.go Leave): first the intent, told often enough that it arrives before the second
// message; then memberlist's dead about ourselves; then a moment for it to spread; then done.
#pragma once

#include <optional>
#include <vector>

#include "hearsay/command.h"
#include "room/leavers.h"
#include "room/step.h"
#include "serf/intents.h"

namespace hearsay::serf {

class Leave {
 public:
  enum class Timer { poll, deadline };  // are the rumors told? and: go on without

  explicit Leave(Intents& intents) : intents_(&intents) {}

  void on_command(room::Step& step, CommandId command);
  void on_time(room::Step& step);
  Time next_deadline() const { return next_; }
  bool running() const { return phase_ != Phase::none; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(phase_, next_, deadline_, leavers_);
  }

 private:
  enum class Phase : std::uint8_t { none, intent, dead, settle };
  void enter(room::Step& step, Phase phase);
  bool told(const room::Step& step) const;
  void finish(room::Step& step);

  Intents* intents_;
  Phase phase_ = Phase::none;
  Time next_ = kNever;
  Time deadline_ = kNever;
  room::Leavers leavers_;
};

}  // namespace hearsay::serf
