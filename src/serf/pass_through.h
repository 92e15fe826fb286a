// User events and queries of others (Serf serf.go handleUserEvent, handleQuery): each is told on once, verbatim, so
// that Serf nodes behind hearsay nodes hear of them. Of Serf's own queries, those that every member must answer are
// answered: `_serf_ping` (with an ack: `serf reachability` asks so), `_serf_conflict` (who has this name?) and the
// key queries (serf/keys). Queries of our own begin here as well.
#pragma once

#include "room/step.h"
#include "serf/answers.h"
#include "serf/clock.h"
#include "serf/keys.h"
#include "serf/seen.h"
#include "wire/serf.h"

namespace hearsay::serf {

// How long Serf waits for the answers to a query that is gossiped: 16 * gossip_interval * ceil(log10(N + 1)).
Duration query_timeout(Duration gossip_interval, std::uint32_t members);

class PassThrough {
 public:
  PassThrough(Clock& events, Clock& queries, Answers& answers, Keys& keys)
      : event_clock_(&events), query_clock_(&queries), answers_(&answers), keys_(&keys) {}

  void on_message(room::Step& step, const room::Origin& origin, const wire::UserEvent& event);
  void on_message(room::Step& step, const room::Origin& origin, const wire::Query& query);

  // Begins a query of ours: fills in who asks, when and for how long, and remembers it, so that it is not told on
  // when it comes back. The message that is to be told.
  Bytes begin(room::Step& step, wire::Query& query);
  // Tells it to everybody.
  static void gossip(room::Step& step, ByteView message);

  template <class Archive>
  void fields(Archive& archive) {
    archive(events_, queries_);
  }

 private:
  void answer(room::Step& step, const room::Origin& origin, const wire::Query& query);
  void answer_conflict(room::Step& step, const Asker& asker, const wire::Query& query);

  Clock* event_clock_;
  Clock* query_clock_;
  Answers* answers_;
  Keys* keys_;
  Seen events_;
  Seen queries_;
};

}  // namespace hearsay::serf
