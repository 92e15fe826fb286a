// An invariant, watched on every change that any node tells, and once more when all is quiet. One invariant per
// file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "hearsay/notice.h"
#include "sim/world.h"

namespace hearsay::sim {

// What was found, with the moment and the invariant's name. Bounded: the first ones tell the story.
class Findings {
 public:
  static constexpr std::size_t kMax = 20;
  void add(std::string finding) {
    ++count_;
    if (all_.size() < kMax) all_.push_back(std::move(finding));
  }
  const std::vector<std::string>& all() const { return all_; }
  std::size_t count() const { return count_; }

 private:
  std::vector<std::string> all_;
  std::size_t count_ = 0;
};

class Checker {
 public:
  virtual ~Checker() = default;
  virtual const char* name() const = 0;
  // This node's process starts with an empty memory.
  virtual void on_start(Place) {}
  // Its process is gone.
  virtual void on_end(Place) {}
  // `observer` tells this change. What is returned is wrong; empty: nothing is.
  virtual std::string on_change(Place observer, const MemberChange& change) = 0;
  // What `observer` knows of somebody's state has changed to this.
  virtual std::string on_state(Place, const NodeState&) { return {}; }
  // A look at one running node, now and then and at the end.
  virtual std::string look(const World&, Place) { return {}; }
};

// A member's incarnation never goes back in anybody's eyes.
std::unique_ptr<Checker> incarnation_grows();
// Who was accused or declared dead at an incarnation is alive again only at a higher one; a left member likewise.
// In the heartbeat family this holds of those that left.
std::unique_ptr<Checker> alive_needs_newer_news(Family family);
// No verdict of our own without probes or a suspicion that ran out; no relayed one without its accuser.
std::unique_ptr<Checker> verdicts_have_evidence();
// Nobody believes a word against itself.
std::unique_ptr<Checker> nobody_accuses_itself();
// Queues, tables and streams stay within their limits.
std::unique_ptr<Checker> bounds_hold();
std::string broken_bound(const NodeInfo& info, const Limits& limits);

// An accusation that is older than a refutation changes nothing any more.
std::unique_ptr<Checker> refutation_wins();
// A member that was forgotten while its process was gone stays forgotten until it runs again.
std::unique_ptr<Checker> nothing_forgotten_returns();
// What is known of a state is of a higher (generation, life, version) each time.
std::unique_ptr<Checker> states_grow();
// Who knew that a key was not there at some version is not told a write of it from before.
std::unique_ptr<Checker> nothing_deleted_returns();

// Two more are no Checkers: agreement (checkers/agreement.h) is judged at the end, and that inputs determine
// everything by sim/tape.
std::vector<std::unique_ptr<Checker>> all_checkers(Family family);

}  // namespace hearsay::sim
