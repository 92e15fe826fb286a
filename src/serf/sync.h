// What Serf puts behind memberlist's table in a push/pull (Serf delegate.go LocalState, MergeRemoteState): the
// clocks, each member's status time, and who has left. User events of the past are not replayed here: an empty
// list is sent, which Serf accepts.
#pragma once

#include "room/step.h"
#include "serf/clock.h"
#include "serf/intents.h"

namespace hearsay::serf {

class Sync : public room::UserState {
 public:
  Sync(Clock& clock, Clock& events, Clock& queries, Intents& intents)
      : clock_(&clock), event_clock_(&events), query_clock_(&queries), intents_(&intents) {}

  void write(room::Step& step, Bytes& out) override;
  std::uint64_t version() const override;
  void merge(room::Step& step, const room::Origin& origin, ByteView state, bool joined) override;

 private:
  Clock* clock_;
  Clock* event_clock_;
  Clock* query_clock_;
  Intents* intents_;
};

}  // namespace hearsay::serf
