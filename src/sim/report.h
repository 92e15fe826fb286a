// What came of a run of a cluster, and every figure of it by its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hearsay/counters.h"
#include "hearsay/member.h"
#include "hearsay/sent.h"
#include "sim/network.h"

namespace hearsay::sim {

// How the others came to know of one crash. Times count from the crash and are sorted. Observers are the nodes that
// ran without a stop from the crash to the end; one that showed the member so before the crash counts as zero.
struct Detection {
  Place place = 0;
  Duration at{};
  std::size_t observers = 0;
  std::vector<Duration> times;      // until each showed it as failed, for good
  std::vector<Duration> suspected;  // until each showed it as suspect or failed, for good
};

// How one published change came to all. Observers as with a detection; the publisher is none.
struct Dissemination {
  enum class What {
    tags,   // knows: shows these tags, or those of a later change of this member
    join,   // a process started again. Knows: shows it as alive at the incarnation of its new life, or a later one
    leave,  // knows: shows it as leaving or left
  };
  What what = What::tags;
  Place place = 0;
  Duration at{};
  std::size_t observers = 0;
  std::vector<Duration> times;  // until each knew, sorted
};
const char* name_of(Dissemination::What what);

// Mistakes as Chen, Toueg and Aguilera count them ("On the quality of service of failure detectors", 2002), over
// all pairs of an observer and a subject. A mistake begins when the observer comes to show a member so that runs
// and is not paused; it ends when the observer shows it alive again, or when one of the two stops. Only the time in
// which both run counts. What was shown already when a member went on is no mistake of that moment.
struct Quality {
  std::uint64_t mistakes = 0;
  std::uint64_t unfinished = 0;       // still made at the end; counted so far
  double pair_seconds = 0;            // in which both of a pair ran, over all pairs
  double wrong_seconds = 0;           // of these, in which the observer was mistaken
  std::vector<Duration> durations;    // of finished mistakes, sorted; at most kSamplesMax
  std::vector<Duration> recurrences;  // from one mistake of a pair to its next, sorted; at most kSamplesMax
  static constexpr std::size_t kSamplesMax = 1'000'000;

  // T_M, mean: time in mistakes / mistakes. None without a mistake.
  std::optional<double> duration_s() const;
  // T_MR, mean: time of the pairs / mistakes, so that pairs without a mistake count as well.
  std::optional<double> recurrence_s() const;
  // P_A = 1 - T_M / T_MR: the chance that a pair, asked at any moment, is not mistaken.
  double accuracy() const;
};

// How every node came to show one member, from the moment on that something happened to it.
struct Story {
  static constexpr std::uint8_t kUnknown = 0xff;  // beside the values of Status: not in the observer's table
  struct Turn {
    Duration at{};
    Place observer = 0;
    std::uint8_t shows = kUnknown;
  };
  Place place = 0;
  Duration from{};
  std::vector<std::uint8_t> shown;  // by observer, at that moment
  std::vector<Turn> turns;          // in order of time
};

// What all nodes sent in some time: a second, or longer in a long run.
struct TrafficSample {
  Duration to{};      // until when; since the sample before
  double node_s = 0;  // of that time, over all nodes that were up
  std::uint64_t datagram_bytes = 0;
  std::uint64_t stream_bytes = 0;
  std::uint64_t datagrams = 0;
  Sent sent;

  double per_node_s(std::uint64_t amount) const { return node_s > 0 ? static_cast<double>(amount) / node_s : 0; }
  double bytes_per_node_s() const { return per_node_s(datagram_bytes + stream_bytes); }
  void merge(const TrafficSample& next);
};

struct ClusterReport {
  bool settled = false;
  Duration settle_time{};  // until all views were complete
  Duration measured{};     // of the plan's duration; less when it was interrupted
  bool interrupted = false;
  Duration simulated{};                       // of virtual time, settling included
  std::vector<Detection> detections;          // of each crash, in order
  std::vector<Dissemination> disseminations;  // of each published change, in order
  // A mistake is about a member that runs and is not paused. Begun: by an observer's own failed probe. Deaths count
  // each observer that came to see the member as failed.
  std::uint64_t suspicions = 0;        // begun by own probes, about anybody
  std::uint64_t false_suspicions = 0;  // of those, about running members
  std::uint64_t false_deaths = 0;
  std::uint64_t refutations = 0;  // suspicions or deaths taken back, over all observers
  Quality suspecting;             // mistakes: shown as suspect or failed
  Quality failing;                // mistakes: shown as failed
  std::vector<Story> stories;     // of the first members that something happened to
  std::uint64_t untold = 0;       // crashes, changes and turns that were too many to be followed
  // At the end every running node shows exactly the running ones as alive, each with the incarnation and the tags
  // that it claims itself. `disagreement` names the first that does not.
  bool agreed = false;
  std::string disagreement;
  // The first disagreement between nodes that had a contact to each other, if only through others, when the last
  // fault ended or at the end. Those that had none cannot meet: a node whose one seed died before it told anybody,
  // say.
  std::string avoidable;
  std::vector<std::string> violations;  // of invariants (sim/checkers), the first ones
  // What follows counts between these two: all of the plan's clock, unless the plan says otherwise.
  Duration counted_from{};
  Duration counted_until{};
  std::uint64_t node_milliseconds = 0;  // sum over nodes of the time that they ran
  Counters counters;                    // of all nodes
  std::uint64_t messages = 0;           // decoded in the whole run, settling included: the simulator's work
  std::uint64_t datagrams = 0;          // likewise
  Network::Counts network;              // likewise: what the network did to them
  std::vector<TrafficSample> traffic;   // over time
  Sent sent;                            // of all nodes, while counted as above
  std::uint64_t trace_hash = 0;         // over every datagram (when, from, to, bytes) and every notice

  double node_seconds() const { return static_cast<double>(node_milliseconds) / 1000; }
  // Of one node in a second.
  double rate(Count count) const {
    return node_milliseconds > 0 ? static_cast<double>(counters[count]) / node_seconds() : 0;
  }
};

// One number of a report. Its name is its path in `--format json`; none where there is nothing to tell (no crash:
// no detection time).
struct Figure {
  std::string name;  // "detection.median_s"
  std::optional<double> value;
};
// All of them, always the same names in the same order. JSON, CSV and sweeps share this list. It holds what follows
// from the plan and its seed; what the run cost in time and memory is not here.
std::vector<Figure> figures_of(const ClusterReport& report);

inline double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// The smallest of the sorted values that at least this share of them does not exceed; none of no values.
std::optional<Duration> quantile(const std::vector<Duration>& sorted, double share);

}  // namespace hearsay::sim
