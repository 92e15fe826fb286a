// Our own facts: only we raise our incarnation. To refute an accusation (SWIM section 4.2), to publish other tags,
// to return after a leave.
#pragma once

#include <string>

#include "room/step.h"
#include "swim/local_health.h"

namespace hearsay::swim {

// The incarnation that outbids an accusation at `accused`: the next one of ours, or the one above the accusation.
Incarnation refuting(Incarnation own, Incarnation accused);

class Refute {
 public:
  explicit Refute(LocalHealth& health) : health_(&health) {}

  // The first announcement of ourselves.
  void start(room::Step& step, Bytes meta);
  // Publishes other tags. `meta` is their encoding.
  void set_meta(room::Step& step, Bytes meta);
  // Comes back after a leave; does nothing when we never left.
  void come_back(room::Step& step);
  void on_outcome(room::Step& step, const room::Outcome& outcome);

  template <class Archive>
  void fields(Archive& archive) {
    archive(meta_);
  }

 private:
  void announce(room::Step& step, Incarnation incarnation);

  LocalHealth* health_;
  Bytes meta_;
};

}  // namespace hearsay::swim
