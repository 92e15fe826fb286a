// Forgetting: members that failed or left are kept for a while, so that their return is judged by what they were,
// and then their rows go.
#pragma once

#include <string>

#include "base/timers.h"
#include "room/step.h"

namespace hearsay::contact {

class Reap {
 public:
  enum class Timer { forget };  // one for each member that is down

  void on_outcome(room::Step& step, const room::Outcome& outcome);
  void on_time(room::Step& step);
  Time next_deadline() const { return forget_.next_deadline(); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(forget_);
  }

 private:
  base::Timers<MemberId> forget_;
};

}  // namespace hearsay::contact
