// Our own facts: only we raise our incarnation. To refute an accusation (SWIM section 4.2), to publish other tags,
// to return after a leave.
#pragma once

#include <optional>
#include <string>

#include "hearsay/result.h"
#include "room/step.h"
#include "swim/local_health.h"

namespace hearsay::swim {

// The incarnation that outbids an accusation at `accused`: the next one of ours, or the one above the accusation.
// None when others would not believe it any more: the 32 bits never wrap.
std::optional<Incarnation> refuting(Incarnation own, Incarnation accused);

class Refute {
 public:
  explicit Refute(LocalHealth& health) : health_(&health) {}

  // The first announcement of ourselves.
  void start(room::Step& step, Bytes meta);
  // Publishes other tags. `meta` is their encoding. Errors: wrong_state, when no higher incarnation is left;
  // nothing has changed.
  Result<void> set_meta(room::Step& step, Bytes meta);
  // Comes back after a leave; does nothing when we never left. Errors: wrong_state, likewise.
  Result<void> come_back(room::Step& step);
  void on_outcome(room::Step& step, const room::Outcome& outcome);

  template <class Archive>
  void fields(Archive& archive) {
    archive(meta_, warned_);
  }

 private:
  void announce(room::Step& step, Incarnation incarnation);
  // An accusation that we cannot or do not believe we should outbid.
  void refuse(room::Step& step, const room::Outcome& outcome, Incarnation accused);

  LocalHealth* health_;
  Bytes meta_;
  Time warned_{};
};

}  // namespace hearsay::swim
