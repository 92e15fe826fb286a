// Failure detectors: from the times at which a member's heartbeat grew, whether its silence means something. Pure
// functions of named inputs; the rooms keep the state.
//
// `timeout` asks whether the silence is longer than a fixed time. `phi` (Hayashibara et al. 2004) asks how
// improbable the silence is, given the times between increases so far: phi = -log10 P(a longer one). The moments
// are exponentially weighted with an effective window, not a thousand samples for each peer.
#pragma once

#include <cstdint>

#include "hearsay/config.h"

namespace hearsay::heartbeat {

// Mean and variance of the times between increases, in seconds.
struct Arrivals {
  double mean = 0;
  double variance = 0;
  std::uint32_t count = 0;  // saturates

  template <class Archive>
  void fields(Archive& archive) {
    auto ns = [](double seconds) { return Duration(static_cast<Duration::rep>(seconds * 1e9)); };
    Duration mean_ns = ns(mean);
    Duration variance_ns = ns(variance);
    archive(mean_ns, variance_ns, count);
  }
};
// One more, with a weight of 1 / min(count, window).
void add_arrival(Arrivals& arrivals, Duration gap, std::uint32_t window);

// What is assumed of a member before it was seen to grow twice: a mean of two intervals, a deviation of one. With
// back-off it is the least assumed ever, of the slowest interval: what was learned in quick rounds would accuse
// everybody in slow ones.
inline constexpr std::uint32_t kArrivalsWanted = 2;
Duration mean_of(const HeartbeatConfig& config, const Arrivals& arrivals);
// Not less than phi_min_deviation.
Duration deviation_of(const HeartbeatConfig& config, const Arrivals& arrivals);

// How improbable so long a silence is. 0 while it is not longer than the acceptable pause.
double phi_of(const HeartbeatConfig& config, const Arrivals& arrivals, Duration silent);

enum class Level : std::uint8_t { fine, suspect, failed };
// The silences after which a member is suspected and failed.
struct Thresholds {
  Duration suspect{};
  Duration failed{};
};
Level judge(const Thresholds& thresholds, Duration silent);

// What a configuration's thresholds mean: the tail's inverse is worked out once.
class Detector {
 public:
  explicit Detector(const HeartbeatConfig& config);
  Thresholds thresholds(const HeartbeatConfig& config, const Arrivals& arrivals) const;

 private:
  double suspect_deviations_ = 0;
  double failed_deviations_ = 0;
};

}  // namespace hearsay::heartbeat
