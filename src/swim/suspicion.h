// How long a suspect may live (SWIM section 4.2, Lifeguard section IV.B, memberlist suspicion.go).
//
// A suspicion starts with a long timeout and is shortened by each independent accuser: if nobody else confirms,
// the fault is probably on the accuser's side. When the timer runs out, the member is declared dead.
#pragma once

#include <cstdint>

#include "base/timers.h"
#include "hearsay/config.h"
#include "room/step.h"
#include "swim/local_health.h"

namespace hearsay::swim {

// least = suspicion_mult * max(1, log10 N) * probe_interval, the logarithm cut to three decimals; most =
// suspicion_max_mult * least; `confirmations` others (suspicion_mult - 2, none in clusters too small for them)
// bring it from most to least.
struct SuspicionBounds {
  Duration least{};
  Duration most{};
  unsigned confirmations = 0;
};
SuspicionBounds suspicion_bounds(const SwimConfig& config, std::uint32_t nodes);

// max(least, most - (most - least) * ln(confirmed + 1) / ln(confirmations + 1)), in whole milliseconds.
Duration suspicion_timeout(const SuspicionBounds& bounds, unsigned confirmed);

class Suspicion {
 public:
  enum class Timer { expiry };  // one for each suspect: declare it dead

  explicit Suspicion(const LocalHealth& health) : health_(&health) {}

  void on_outcome(room::Step& step, const room::Outcome& outcome);
  // We were not run for so long: refutations may be on their way, so every suspect has that much more time.
  void on_pause(Duration length);
  void on_time(room::Step& step);
  Time next_deadline() const { return expiry_.next_deadline(); }
  std::size_t running() const { return expiry_.size(); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(expiry_, started_);
  }

 private:
  struct Started {
    Time at{};
    SuspicionBounds bounds;
    template <class Archive>
    void fields(Archive& archive) {
      archive(at, bounds.least, bounds.most, bounds.confirmations);
    }
  };
  const LocalHealth* health_;
  base::Timers<MemberId> expiry_;
  std::map<MemberId, Started> started_;
};

}  // namespace hearsay::swim
