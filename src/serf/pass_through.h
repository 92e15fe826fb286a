// User events and queries of others (Serf serf.go handleUserEvent, handleQuery): each is told on once, verbatim, so
// that Serf nodes behind hearsay nodes hear of them. Of Serf's own queries, those that every member must answer are
// answered: `_serf_ping` (with an ack: `serf reachability` asks so) and `_serf_conflict` (who has this name?).
//
// Answers go straight to the node that asked, by datagram, and only if it is a member at that address.
#pragma once

#include "room/step.h"
#include "serf/clock.h"
#include "serf/seen.h"
#include "wire/serf.h"

namespace hearsay::serf {

class PassThrough {
 public:
  PassThrough(Clock& events, Clock& queries) : event_clock_(&events), query_clock_(&queries) {}

  void on_message(room::Step& step, const room::Origin& origin, const wire::UserEvent& event);
  void on_message(room::Step& step, const room::Origin& origin, const wire::Query& query);

  template <class Archive>
  void fields(Archive& archive) {
    archive(events_, queries_);
  }

 private:
  void answer(room::Step& step, const wire::Query& query);
  void answer_conflict(room::Step& step, const room::Peer& asker, const wire::Query& query);

  Clock* event_clock_;
  Clock* query_clock_;
  Seen events_;
  Seen queries_;
};

}  // namespace hearsay::serf
