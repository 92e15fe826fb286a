// Synchronous rounds in which everybody tells for ever: two bits for each node, and nothing else to touch, so that
// ten million nodes stay in the cache. The general case is in rumor.h.
#pragma once

#include <functional>

#include "sim/spread/draw.h"
#include "sim/spread/trial.h"

namespace hearsay::sim::spread {

// REQUIRES: sync, forever, without digests.
Trial run_rounds(const Settings& settings, Draw draw, Arrivals& arrivals, const std::function<bool()>& interrupted);

}  // namespace hearsay::sim::spread
