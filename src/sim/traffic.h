// What all nodes sent, over time and by type of message, from the counters that the nodes keep.
#pragma once

#include <optional>
#include <vector>

#include "sim/report.h"
#include "sim/world.h"

namespace hearsay::sim {

class TrafficMeter {
 public:
  // More samples than this, and two become one.
  static constexpr std::size_t kSamplesMax = 7200;

  // All that is reported counts from here, but `messages` and `datagrams`: those count from the very start.
  void begin(const World& world);
  // What `end` reports as counters and messages counts between these two; without them, from `begin` to `end`. The
  // samples go on all the time.
  void count_from(const World& world);
  void count_until(const World& world);
  // An interval ends now, `clock` after the beginning.
  void sample(const World& world, Duration clock);
  // Just before a process is gone: takes what it counted.
  void take(const World& world, Place place);
  // Puts what was found into the report.
  void end(const World& world, ClusterReport& report);

 private:
  struct Counted {
    Counters counters;
    Sent sent;
  };
  static void add(Counted& sum, const Counters& counters, const Sent& sent);
  static void add(Counted& sum, const Node& node) { add(sum, node.counters(), node.sent()); }
  static void subtract(Counted& sum, const Counted& less);
  // Of all nodes, since `begin`.
  Counted sum(const World& world) const;

  std::vector<Counted> before_;  // by place: at the beginning; nothing for a later life
  Counted before_all_;           // their sum
  Counted gone_;                 // of processes that are gone, since `begin`
  std::uint64_t gone_messages_ = 0;
  Counted last_;  // the sum at the sample before
  Counted from_;  // the sums when the counting began and ended
  std::optional<Counted> until_;
  std::vector<TrafficSample> samples_;
  std::size_t merged_ = 1;   // so many intervals make a sample
  std::size_t in_last_ = 0;  // so many are in the last one
};

}  // namespace hearsay::sim
