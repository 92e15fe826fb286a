// The general epidemic: every stop rule, every timing, digests. A node is ignorant, tells the rumor, or has
// stopped.
//
// One rule for judging whether a node stops: at the end of its own cycle (a round, or its timer's tick), by what
// happened to it since the last one. Demers et al. 1987, whose tables this reproduces: contacts of a cycle are
// simultaneous (useless only if the receiver knew before the cycle); a cycle in which anybody needed the rumor sets
// the counter back to 0, another one in which it was told counts once. Karp et al. 2000, section 4 for the median
// counter: B with a counter, C for some rounds, then silent.
//
// Where the rule is not `forever`, all nodes call in pull and push-pull, for nobody knows whether there is news.
#pragma once

#include <functional>

#include "sim/spread/draw.h"
#include "sim/spread/trial.h"

namespace hearsay::sim::spread {

Trial run_rumor(const Settings& settings, Draw draw, Arrivals& arrivals, const std::function<bool()>& interrupted);

}  // namespace hearsay::sim::spread
