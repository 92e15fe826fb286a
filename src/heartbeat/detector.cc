#include "heartbeat/detector.h"

#include <algorithm>

#include "base/math.h"

namespace hearsay::heartbeat {

namespace {

constexpr double kLn10 = 2.302585092994045684017991454684;

double seconds_of(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }
Duration duration_of(double seconds) {
  return seconds < 4e9 ? Duration(static_cast<Duration::rep>(seconds * 1e9)) : Duration::max() / 2;
}

}  // namespace

void add_arrival(Arrivals& arrivals, Duration gap, std::uint32_t window) {
  if (arrivals.count < UINT32_MAX) ++arrivals.count;
  const double weight = 1.0 / std::min(arrivals.count, window);
  const double distance = seconds_of(gap) - arrivals.mean;
  arrivals.mean += weight * distance;
  arrivals.variance = (1 - weight) * (arrivals.variance + weight * distance * distance);
}

Duration mean_of(const HeartbeatConfig& config, const Arrivals& arrivals) {
  const Duration assumed = 2 * slowest_interval(config);
  if (arrivals.count < kArrivalsWanted) return assumed;
  const Duration seen = duration_of(arrivals.mean);
  return backs_off(config) ? std::max(seen, assumed) : seen;
}

Duration deviation_of(const HeartbeatConfig& config, const Arrivals& arrivals) {
  const Duration assumed = slowest_interval(config);
  if (arrivals.count < kArrivalsWanted) return std::max(assumed, config.phi_min_deviation);
  const Duration seen = duration_of(base::square_root(std::max(0.0, arrivals.variance)));
  return std::max({seen, config.phi_min_deviation, backs_off(config) ? assumed : Duration{}});
}

double phi_of(const HeartbeatConfig& config, const Arrivals& arrivals, Duration silent) {
  const double over = seconds_of(silent - config.phi_pause);
  if (over <= 0) return 0;
  const double mean = std::max(1e-9, seconds_of(mean_of(config, arrivals)));
  if (config.phi_distribution == PhiDistribution::exponential) return over / mean / kLn10;
  const double z = (over - mean) / seconds_of(deviation_of(config, arrivals));
  return base::normal_tail(std::clamp(z, -1e7, 1e7));
}

Detector::Detector(const HeartbeatConfig& config) {
  if (config.detector != DetectorKind::phi || config.phi_distribution != PhiDistribution::normal) return;
  suspect_deviations_ = base::normal_quantile(config.phi_suspect);
  failed_deviations_ = base::normal_quantile(config.phi_failed);
}

Thresholds Detector::thresholds(const HeartbeatConfig& config, const Arrivals& arrivals) const {
  if (config.detector == DetectorKind::timeout) return {config.suspect_after, config.failed_after};
  const double mean = seconds_of(mean_of(config, arrivals));
  const double deviation = seconds_of(deviation_of(config, arrivals));
  const bool normal = config.phi_distribution == PhiDistribution::normal;
  const auto silence = [&](double deviations, double phi, Duration at_most) {
    const double seconds = normal ? mean + deviations * deviation : phi * kLn10 * mean;
    return std::min(config.phi_pause + duration_of(std::max(0.0, seconds)), kPhiAtMost * at_most);
  };
  // Moments that went astray, by a peer's doing or a long pause, do not keep the dead alive for ever.
  return {silence(suspect_deviations_, config.phi_suspect, config.suspect_after),
          silence(failed_deviations_, config.phi_failed, config.failed_after)};
}

Level judge(const Thresholds& thresholds, Duration silent) {
  if (silent >= thresholds.failed) return Level::failed;
  return silent >= thresholds.suspect ? Level::suspect : Level::fine;
}

}  // namespace hearsay::heartbeat
