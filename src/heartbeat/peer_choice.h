// Whom to tell in a round: live peers in a shuffled cycle, so that everybody is contacted within N / fanout rounds;
// and now and then a failed member and a seed, or partitions never heal (Cassandra's and chitchat's rule).
#pragma once

#include <cstddef>
#include <vector>

#include "base/rng.h"
#include "members/member_table.h"

namespace hearsay::heartbeat {

// With this chance a round also contacts a failed member: all nodes together about one for each that failed.
double failed_chance(std::uint32_t failed, std::uint32_t live);
// ... and a seed that is no live peer: always when there is nobody else.
double seed_chance(std::size_t seeds, std::uint32_t live, std::uint32_t failed);

class PeerCycle {
 public:
  // Replaces `out` by up to `count` members that are up, none twice, never ourselves. When the cycle is at its end,
  // the next one begins with all who are up by then, in a new order.
  void pick(const members::MemberTable& members, base::Rng& rng, std::size_t count, std::vector<MemberId>& out);
  // A newcomer has its turn in the cycle that runs, too: who is only asked would else be silent until the next one.
  void add(base::Rng& rng, MemberId newcomer);

  template <class Archive>
  void fields(Archive& archive) {
    archive(cycle_, next_);
  }

 private:
  std::vector<MemberId> cycle_;
  std::size_t next_ = 0;
};

}  // namespace hearsay::heartbeat
