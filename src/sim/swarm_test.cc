#include "sim/swarm.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace hearsay::sim {
namespace {

TEST(Swarm, a_hundred_seeds_hold_every_invariant_and_agree_in_the_end) {
  const char* wanted = std::getenv("HEARSAY_SEEDS");
  const std::uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 100;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto wrong = judge(swarm_plan(seed));
    for (const auto& what : wrong) ADD_FAILURE() << "seed " << seed << ": " << what;
  }
}

}  // namespace
}  // namespace hearsay::sim
