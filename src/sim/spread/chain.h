// The exact answer for synchronous rounds in which everybody tells for ever: the number of informed nodes is a
// Markov chain, and its distribution is followed round by round. No randomness; what the Monte Carlo is checked
// against.
//
// A round of push handles the informed nodes one after another. Each sends to s of the others, s binomial under
// loss; how many of those were still fresh is hypergeometric. That step K does not depend on how many nodes are
// informed, so a whole round, from all states at once, is evaluated like a polynomial: ((p_N K + p_N-1) K + ...) K,
// where p_I is the probability of I informed nodes. Pull is one binomial; push-pull is pull, then push on what
// remains fresh, since the callers of both differ. Cost: N^2 (fanout + 1) / 2 for each round.
#pragma once

#include <vector>

#include "sim/spread/settings.h"

namespace hearsay::sim::spread {

inline constexpr std::uint32_t kChainNodesMax = 2000;

struct Chain {
  std::vector<double> done;      // [r]: probability that all are informed after r rounds; to 1 - 1e-15
  std::vector<double> informed;  // [r]: expected number of informed nodes after r rounds
  double mean = 0;               // rounds until all are informed
  double sd = 0;
  double messages_per_node = 0;  // expected, as in Trial
  double payloads_per_node = 0;
  // The smallest r with done[r] >= p.
  double quantile(double p) const;
};

// True: sync, forever, without digests, at most kChainNodesMax nodes.
bool chain_applies(const Settings& settings);
// REQUIRES: validate(settings) found nothing; chain_applies(settings).
Chain run_chain(const Settings& settings);

}  // namespace hearsay::sim::spread
