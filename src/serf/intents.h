// Join and leave intents (Serf serf.go handleNodeJoinIntent, handleNodeLeaveIntent): why a member goes. A member
// that announced it and then dies has left; one that did not has failed.
//
// Intents travel apart from membership news and may arrive first: those about unknown members are kept for a while.
// A leave intent about ourselves that we did not make is refuted by a join intent.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/timers.h"
#include "room/step.h"
#include "serf/clock.h"
#include "wire/serf.h"

namespace hearsay::serf {

// The first join of a life is told so much later than the clock: whom we joined may not have heard of how our last
// life ended, and of a join and a leave of one time the leave would count, for ever.
inline constexpr std::uint64_t kFirstJoinGap = 16;
// Intents about unknown members that are kept.
inline constexpr std::size_t kBufferedMax = 1024;

// When a member left that a table shows as left, with this status time. A table tells of a leave under way with the
// time of the leave, too, and there it looks like a join; so a leave that is over counts against a join of the same
// time, and against a failure: one later. Serf always adds one; then two tables that tell each other of a leave
// date it later and later, until it outbids the member's return. One that came back has no intent until it says so,
// and the old leave is nothing against it.
LamportTime time_of_leave(LamportTime told, LamportTime held, members::Intent intent, bool up);

class Intents {
 public:
  enum class Timer { expire };  // one for each kept intent: forget it

  explicit Intents(Clock& clock) : clock_(&clock) {}

  void on_message(room::Step& step, const room::Origin& origin, const wire::JoinIntent& intent);
  void on_message(room::Step& step, const room::Origin& origin, const wire::LeaveIntent& intent);
  // A table exchange shows the member as left; this is its status time there.
  void on_left(room::Step& step, const room::Origin& origin, std::string_view name, LamportTime told);
  // Tells everybody that we are here, at the present time of the clock, or later.
  void announce_join(room::Step& step);
  // Tells everybody that we will go.
  void announce_leave(room::Step& step);
  // Says in a member's name that it leaves, to be told to everybody; the reason when it may not be said.
  std::optional<Error> force_leave(room::Step& step, std::string_view name, bool prune);
  void on_outcome(room::Step& step, const room::Outcome& outcome);
  void on_time(room::Step& step);
  Time next_deadline() const { return expire_.next_deadline(); }
  std::size_t kept() const { return kept_.size(); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(kept_, expire_, has_joined_);
  }

 private:
  struct Kept {
    LamportTime time;
    members::Intent intent = members::Intent::none;
    template <class Archive>
    void fields(Archive& archive) {
      archive(time, intent);
    }
  };
  // True: it was new, tell it on.
  bool take(room::Step& step, const room::Origin& origin, const members::IntentClaim& intent);
  void prune(room::Step& step, const room::Outcome& outcome);
  bool keep(room::Step& step, const members::IntentClaim& intent);

  Clock* clock_;
  std::map<std::string, Kept, std::less<>> kept_;
  base::Timers<std::string> expire_;
  bool has_joined_ = false;  // and said so, in this life
};

}  // namespace hearsay::serf
