#include "sim/network.h"

#include <algorithm>
#include <cmath>

#include "base/math.h"

namespace hearsay::sim {

namespace {

bool is_in(Place place, Place first, Place last) { return first <= place && place <= last; }

// Marsaglia's polar method: only + - x /, a square root and our own logarithm, so the same on any machine.
double normal(base::Rng& rng) {
  for (;;) {
    const double across = 2 * rng.unit() - 1;
    const double up = 2 * rng.unit() - 1;
    const double square = across * across + up * up;
    if (square >= 1 || square == 0) continue;
    return across * std::sqrt(-2 * base::natural_log(square) / square);
  }
}

}  // namespace

Network::Network(base::Rng rng, const Options& options)
    : rng_(rng), extra_(rng.fork("extra")), streams_(rng.fork("streams")), options_(options) {}

const Path& Network::path(Place from, Place to) const {
  for (auto special = options_.special.rbegin(); special != options_.special.rend(); ++special) {
    if (is_in(from, special->from_first, special->from_last) && is_in(to, special->to_first, special->to_last)) {
      return special->path;
    }
  }
  return options_;
}

Duration Network::latency(const Path& path) {
  Duration latency = path.latency;
  if (path.sigma > 0) {
    constexpr double kMost = 20;  // sigmas of 3 would otherwise reach beyond a year
    const double stretch = base::exponential(std::clamp(path.sigma * normal(extra_), -kMost, kMost));
    const double stretched = std::min(static_cast<double>(latency.count()) * stretch, 3.6e12);  // an hour
    latency = Duration(static_cast<Duration::rep>(stretched));
  }
  return latency + rng_.within(path.jitter);
}

std::optional<Duration> Network::depart(Place from, std::size_t bytes, Time now, bool may_drop) {
  if (options_.bandwidth == 0 || bytes == 0) return Duration{};
  if (from >= busy_until_.size()) busy_until_.resize(from + 1, Time{});
  Time& busy = busy_until_[from];
  const Duration wait = std::max(busy, now) - now;
  const auto rate = static_cast<double>(options_.bandwidth);
  const double waiting = static_cast<double>(wait.count()) * 1e-9 * rate;
  if (may_drop && waiting + static_cast<double>(bytes) > static_cast<double>(options_.queue_bytes) &&
      wait > Duration{}) {
    return std::nullopt;
  }
  const auto sending = Duration(static_cast<Duration::rep>(static_cast<double>(bytes) / rate * 1e9));
  busy = now + wait + sending;
  counts_.queued_longest = std::max(counts_.queued_longest, wait);
  return wait + sending;
}

Network::Fate Network::carry(Place from, Place to, std::size_t bytes, Time now) {
  const bool chosen = counts_.datagrams++ == lose_number_;
  const Path& path = this->path(from, to);
  const double loss = loss_.value_or(path.loss);
  Fate fate;
  fate.lost = loss > 0 && rng_.chance(loss);
  if (fate.lost) ++counts_.lost;
  if (chosen) fate.lost = true;
  if (is_blocked(from, to) || blocked_datagrams_.contains({from, to})) {
    ++counts_.blocked;
    fate.lost = true;
  } else if (bytes > options_.mtu_bytes) {
    ++counts_.too_long;
    fate.lost = true;
  }
  if (fate.lost) return fate;
  const auto departs = depart(from, bytes, now, true);
  if (!departs) {
    ++counts_.queue_full;
    fate.lost = true;
    return fate;
  }
  fate.delay = *departs + latency(path);
  const double corrupt = corrupt_.value_or(options_.corrupt);
  if (corrupt > 0 && extra_.chance(corrupt)) {
    ++counts_.corrupted;
    fate.flipped = extra_.bounded(bytes * std::uint64_t{8});
  }
  if (options_.reorder > 0 && extra_.chance(options_.reorder)) {
    ++counts_.reordered;
    fate.delay += extra_.within(options_.reorder_by);
  }
  if (options_.duplicate > 0 && extra_.chance(options_.duplicate)) {
    ++counts_.duplicated;
    fate.again = *departs + path.latency + extra_.within(std::max(path.jitter, path.latency));
  }
  return fate;
}

Duration Network::delay(Place from, Place to, std::size_t bytes, Time now) {
  const Duration departs = *depart(from, bytes, now, false);
  return departs + latency(path(from, to));
}

Network::StreamFate Network::open(Place, Place) {
  if (options_.refuse + options_.reset + options_.stall <= 0) return StreamFate::well;
  const double drawn = streams_.unit();
  if (drawn < options_.refuse) {
    ++counts_.streams_refused;
    return StreamFate::refused;
  }
  if (drawn < options_.refuse + options_.reset) {
    ++counts_.streams_reset;
    return StreamFate::reset;
  }
  if (drawn < options_.refuse + options_.reset + options_.stall) {
    ++counts_.streams_stalled;
    return StreamFate::stall;
  }
  return StreamFate::well;
}

}  // namespace hearsay::sim
