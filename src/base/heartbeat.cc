#include "hearsay/heartbeat.h"

#include <algorithm>

#include "base/math.h"

namespace hearsay {

namespace {
// A counter on the wire with a name of usual length (wire/heartbeat.h), and what surrounds all of them.
constexpr double kCounterBytes = 30;
constexpr double kFrameBytes = 80;
constexpr double kLogMillion = 13.815510557964274;

std::string rounded_seconds(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  std::string fraction = std::to_string(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(ms / 1000) + "." + fraction + "s";
}
}  // namespace

const char* name_of(Family family) { return family == Family::swim ? "swim" : "heartbeat"; }
const char* name_of(ExchangeMode mode) {
  switch (mode) {
    case ExchangeMode::push:
      return "push";
    case ExchangeMode::pull:
      return "pull";
    case ExchangeMode::push_pull:
      return "push-pull";
    case ExchangeMode::digest:
      return "digest";
  }
  return "unknown";
}
const char* name_of(DetectorKind detector) { return detector == DetectorKind::timeout ? "timeout" : "phi"; }
const char* name_of(PhiDistribution distribution) {
  return distribution == PhiDistribution::normal ? "normal" : "exponential";
}
const char* name_of(VerdictRule rule) { return rule == VerdictRule::own ? "own" : "majority"; }

double told_share(const HeartbeatConfig& config, std::uint32_t members, std::uint32_t packet_bytes) {
  const double bytes = config.mode == ExchangeMode::digest ? packet_bytes : config.exchange_bytes_max;
  const double packets = std::max(1.0, bytes / packet_bytes);
  const double held = (bytes - packets * kFrameBytes) / kCounterBytes;
  return std::clamp(held / std::max(1u, members), 1e-9, 1.0);
}

Duration age_of_news(const HeartbeatConfig& config, std::uint32_t members, std::uint32_t packet_bytes) {
  const bool both = config.mode == ExchangeMode::push_pull || config.mode == ExchangeMode::digest;
  const double contacts = told_share(config, members, packet_bytes) * config.fanout * (both ? 2 : 1);
  const double rounds =
      base::natural_log(std::max(2u, members)) / base::natural_log(1 + contacts) + kLogMillion / contacts + 1;
  const double ns = rounds * static_cast<double>(slowest_interval(config).count());
  return Duration(ns < 9e18 ? static_cast<Duration::rep>(ns) : Duration::max().count());
}

std::string describe(const HeartbeatView& view) {
  std::string line = "heartbeat=" + std::to_string(view.heartbeat) + " silent=" + rounded_seconds(view.silent_for) +
                     " mean=" + rounded_seconds(view.mean) + " deviation=" + rounded_seconds(view.deviation);
  const auto tenths = static_cast<long long>(std::clamp(view.phi, 0.0, 1e6) * 10);
  line += " phi=" + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " (suspect at " +
          rounded_seconds(view.suspect_at) + ", failed at " + rounded_seconds(view.failed_at) + ")";
  if (!view.suspected_by.empty()) {
    line += " suspected_by=";
    for (const auto& name : view.suspected_by) line += (&name == view.suspected_by.data() ? "" : ",") + name;
  }
  return line;
}

}  // namespace hearsay
