#include "sim/network.h"

namespace hearsay::sim {

bool Network::loses(Place from, Place to) {
  const bool chosen = datagrams_++ == lose_number_;
  const bool by_chance = options_.loss > 0 && rng_.chance(options_.loss);
  return chosen || by_chance || is_blocked(from, to) || blocked_datagrams_.contains({from, to});
}

Duration Network::delay() { return options_.latency + rng_.within(options_.jitter); }

}  // namespace hearsay::sim
