// Contact for ever, within bounds: without it a partition never heals, because nobody talks to the dead.
//
// Every reconnect interval, one of two: a failed member, drawn at random and only with the probability
// failed / up, so that all nodes together contact each failed member about once per interval however large the
// cluster is (Serf's reconnect); or, while no seed is an up member, one of the seeds in turn. A member that left is
// not contacted: it said goodbye. In the heartbeat family with a majority's verdict, suspects are sought like
// failed members.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "room/step.h"

namespace hearsay::contact {

// How likely a node contacts a failed member in one interval.
double reconnect_chance(std::uint32_t failed, std::uint32_t up);

class Reconnect {
 public:
  enum class Timer { attempt };

  explicit Reconnect(base::Rng rng) : rng_(rng) {}

  void start(room::Step& step);
  void on_time(room::Step& step);
  Time next_deadline() const { return attempt_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, attempt_, next_seed_);
  }

 private:
  void try_failed(room::Step& step);
  void try_seed(room::Step& step);

  base::Rng rng_;
  Time attempt_ = kNever;
  std::size_t next_seed_ = 0;
  std::vector<MemberId> picked_;  // scratch
};

}  // namespace hearsay::contact
