// Who has our name? (Serf serf.go resolveNodeConflict) When another address claims it, every member is asked where
// it knows the name to be, with Serf's query `_serf_conflict`; Serf agents and hearsay nodes answer alike. When
// more of them know it elsewhere than here, this node has lost and stops, without a leave: that would end the other
// one, too.
//
// Serf also stops where nobody answers or votes are even, so that both nodes of a pair may stop; here a node gives
// way to more votes only. Only with ConflictPolicy::stop.
#pragma once

#include <set>
#include <string>

#include "base/rng.h"
#include "room/step.h"
#include "serf/pass_through.h"

namespace hearsay::serf {

// More say "there" than "here".
constexpr bool loses_name(std::size_t here, std::size_t there) { return there > here; }

class NameVote {
 public:
  enum class Timer { deadline };  // all who answer have answered

  NameVote(base::Rng rng, PassThrough& queries) : rng_(rng), queries_(&queries) {}

  void on_outcome(room::Step& step, const room::Outcome& outcome);
  // True when it belongs to our vote.
  bool on_message(room::Step& step, const room::Origin& origin, const wire::QueryResponse& response);
  void on_time(room::Step& step);
  Time next_deadline() const { return deadline_; }
  // Why this node must stop; empty as long as it need not.
  const std::string& lost() const { return lost_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, deadline_, again_, time_, id_, here_, there_, other_, lost_);
  }

 private:
  void begin(room::Step& step);

  base::Rng rng_;
  PassThrough* queries_;
  Time deadline_ = kNever;
  Time again_{};  // not asked again before
  LamportTime time_;
  std::uint32_t id_ = 0;
  std::size_t here_ = 0;
  std::size_t there_ = 0;
  Address other_;                            // who claims the name
  std::set<std::string, std::less<>> said_;  // each member has one vote
  std::string lost_;
};

}  // namespace hearsay::serf
