#include "sim/report.h"

#include <algorithm>
#include <cmath>

namespace hearsay::sim {

namespace {

std::optional<double> seconds_if(std::optional<Duration> duration) {
  return duration ? std::optional(seconds_of(*duration)) : std::nullopt;
}

std::optional<double> mean(double sum, std::uint64_t count) {
  return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
}

class Figures {
 public:
  void add(std::string name, std::optional<double> value) { all_.push_back({std::move(name), value}); }
  void count(std::string name, std::uint64_t value) { add(std::move(name), static_cast<double>(value)); }
  // Several crashes or changes as one: the earliest first, the latest last. `all` only when all observers came to
  // it.
  template <class Items>
  void add_times(const std::string& name, const Items& items, const char* by) {
    std::vector<Duration> times;
    std::size_t observers = 0;
    bool all = true;
    for (const auto& item : items) {
      observers += item.observers;
      all = all && item.times.size() >= item.observers;
      times.insert(times.end(), item.times.begin(), item.times.end());
    }
    std::ranges::sort(times);
    count(name + ".observers", observers);
    count(name + by, times.size());
    add(name + ".first_s", seconds_if(quantile(times, 0)));
    add(name + ".median_s", seconds_if(quantile(times, 0.5)));
    add(name + ".p90_s", seconds_if(quantile(times, 0.9)));
    add(name + ".p99_s", seconds_if(quantile(times, 0.99)));
    add(name + ".all_s", all ? seconds_if(quantile(times, 1)) : std::nullopt);
  }
  void add_quality(const std::string& name, const Quality& quality) {
    count(name + ".mistakes", quality.mistakes);
    count(name + ".unfinished", quality.unfinished);
    add(name + ".duration_s", quality.duration_s());
    add(name + ".duration_median_s", seconds_if(quantile(quality.durations, 0.5)));
    add(name + ".duration_max_s", seconds_if(quantile(quality.durations, 1)));
    add(name + ".recurrence_s", quality.recurrence_s());
    add(name + ".recurrence_seen_median_s", seconds_if(quantile(quality.recurrences, 0.5)));
    add(name + ".query_accuracy", quality.accuracy());
  }
  std::vector<Figure> take() { return std::move(all_); }

 private:
  std::vector<Figure> all_;
};

}  // namespace

const char* name_of(Dissemination::What what) {
  switch (what) {
    case Dissemination::What::tags:
      return "tags";
    case Dissemination::What::join:
      return "join";
    case Dissemination::What::leave:
      return "leave";
  }
  return "unknown";
}

void TrafficSample::merge(const TrafficSample& next) {
  to = next.to;
  node_s += next.node_s;
  datagram_bytes += next.datagram_bytes;
  stream_bytes += next.stream_bytes;
  datagrams += next.datagrams;
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    sent.kinds[i].messages += next.sent.kinds[i].messages;
    sent.kinds[i].bytes += next.sent.kinds[i].bytes;
  }
}

std::optional<double> Quality::duration_s() const { return mean(wrong_seconds, mistakes); }
std::optional<double> Quality::recurrence_s() const { return mean(pair_seconds, mistakes); }
double Quality::accuracy() const { return pair_seconds > 0 ? 1 - wrong_seconds / pair_seconds : 1; }

std::optional<Duration> quantile(const std::vector<Duration>& sorted, double share) {
  if (sorted.empty()) return std::nullopt;
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[std::clamp<std::size_t>(static_cast<std::size_t>(rank), 1, sorted.size()) - 1];
}

std::vector<Figure> figures_of(const ClusterReport& report) {
  Figures figures;
  figures.add("settle_s", report.settled ? std::optional(seconds_of(report.settle_time)) : std::nullopt);
  figures.add("measured_s", seconds_of(report.measured));
  figures.add("node_s", report.node_seconds());
  figures.add_times("detection", report.detections, ".detected_by");
  std::vector<Detection> suspected = report.detections;
  for (auto& detection : suspected) detection.times = detection.suspected;
  figures.add_times("suspicion", suspected, ".suspected_by");
  figures.count("dissemination.changes", report.disseminations.size());
  figures.add_times("dissemination", report.disseminations, ".known_by");
  figures.count("suspicions", report.suspicions);
  figures.count("false_suspicions", report.false_suspicions);
  figures.count("false_deaths", report.false_deaths);
  figures.count("refutations", report.refutations);
  figures.add_quality("quality.suspect", report.suspecting);
  figures.add_quality("quality.failed", report.failing);
  figures.add("quality.pair_hours", report.failing.pair_seconds / 3600);
  const double datagrams = report.rate(Count::datagram_bytes_out);
  const double streams = report.rate(Count::stream_bytes_out);
  figures.add("bytes_per_node_s", datagrams + streams);
  figures.add("datagram_bytes_per_node_s", datagrams);
  figures.add("stream_bytes_per_node_s", streams);
  figures.add("packets_per_node_s", report.rate(Count::datagrams_out));
  std::optional<double> peak;
  for (const auto& sample : report.traffic) {
    if (sample.to <= report.counted_from || sample.to > report.counted_until) continue;
    peak = std::max(peak.value_or(0), sample.bytes_per_node_s());
  }
  figures.add("peak_bytes_per_node_s", peak);
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    const std::string name = std::string("sent.") + name_of(static_cast<MessageKind>(i));
    const double node_s = std::max(report.node_seconds(), 1e-9);
    figures.add(name + ".messages_per_node_s", static_cast<double>(report.sent.kinds[i].messages) / node_s);
    figures.add(name + ".bytes_per_node_s", static_cast<double>(report.sent.kinds[i].bytes) / node_s);
  }
  figures.count("messages", report.messages);
  figures.count("datagrams", report.datagrams);
  const Network::Counts& network = report.network;
  figures.count("network.lost", network.lost);
  figures.count("network.blocked", network.blocked);
  figures.count("network.too_long", network.too_long);
  figures.count("network.queue_full", network.queue_full);
  figures.count("network.overrun", network.overrun);
  figures.count("network.duplicated", network.duplicated);
  figures.count("network.reordered", network.reordered);
  figures.count("network.corrupted", network.corrupted);
  figures.count("network.streams_refused", network.streams_refused);
  figures.count("network.streams_reset", network.streams_reset);
  figures.count("network.streams_stalled", network.streams_stalled);
  figures.add("network.queued_longest_s", seconds_of(network.queued_longest));
  figures.count("untold", report.untold);
  for (std::size_t i = 0; i < kCounts; ++i) {
    figures.count(std::string("counters.") + name_of(static_cast<Count>(i)), report.counters.values[i]);
  }
  return figures.take();
}

}  // namespace hearsay::sim
