// Verdicts: once in a round each member's silence is held against what its detector allows. A member is suspected
// by our own opinion; it fails by our own opinion, too, or when a majority of those that are up suspects it
// (HeartbeatConfig::verdict). A higher counter clears it (heartbeat/ledger).
#pragma once

#include <string>

#include "base/rng.h"
#include "heartbeat/opinions.h"

namespace hearsay::heartbeat {

class Verdicts {
 public:
  enum class Timer {
    look,  // at all members, once in an interval
  };

  Verdicts(base::Rng rng, Ledger& ledger, Opinions& opinions) : rng_(rng), ledger_(&ledger), opinions_(&opinions) {}

  void start(room::Step& step) { look_ = step.after(rng_.within(step.config.heartbeat.interval)); }
  void on_time(room::Step& step);
  Time next_deadline() const { return look_; }

  // What the detector sees of this member now.
  HeartbeatView view(const room::Step& step, MemberId id) const;
  // The most doubtful member that is up, at the last look.
  double highest_phi() const { return highest_phi_; }
  const std::string& highest_phi_member() const { return highest_phi_member_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, look_, warned_);
  }

 private:
  void look(room::Step& step);
  void judge_one(room::Step& step, MemberId id, Duration silent, Level level);
  void warn_of_size(room::Step& step);

  base::Rng rng_;
  Ledger* ledger_;
  Opinions* opinions_;
  Time look_ = kNever;
  Time warned_{};
  double highest_phi_ = 0;
  std::string highest_phi_member_;
  std::vector<MemberId> order_;  // scratch
};

}  // namespace hearsay::heartbeat
