// The modelled network: which packet arrives, when, and as what. All chance comes from the seed.
//
// A packet's way, in this order; each step may end it, and counts what it ended:
//   blocked    a cut or one-way link
//   lost       by chance, by the share of its path
//   too long   over the MTU (nothing is fragmented)
//   queued     behind the sender's earlier packets where a bandwidth is set; a full queue drops it
//   corrupted  one bit of it is flipped
//   delayed    latency + uniform jitter, the latency log-normal where sigma is set
//   reordered  a share is delayed by more, so that later ones overtake it
//   doubled    a share arrives twice, each with a delay of its own
// Streams know no loss: their bytes arrive late instead; some are refused, reset in the middle, or stall.
//
// A plan that uses only latency, jitter and loss draws the same numbers as if nothing else existed: everything else
// has a random stream of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "hearsay/time.h"

namespace hearsay::sim {

// A node of the world, by its number from 0.
using Place = std::size_t;

// One way from a node to another.
struct Path {
  Duration latency = std::chrono::microseconds(500);  // the median, where sigma is set
  Duration jitter{};                                  // added, uniform in 0 .. jitter
  double sigma = 0;  // of the logarithm of the latency: 0 constant, 0.25 a good WAN, 1 a bad one; 0 .. 3
  double loss = 0;   // of datagrams, 0 .. 1
};

class Network {
 public:
  // Between these groups of nodes, from the first to the second; both ranges with their ends.
  struct Special {
    Place from_first = 0;
    Place from_last = 0;
    Place to_first = 0;
    Place to_last = 0;
    Path path;
  };
  struct Options : Path {            // the path between two nodes of which nothing special is said
    std::vector<Special> special{};  // a later one wins; at most kSpecialMax
    double duplicate = 0;            // share of datagrams that arrive twice
    double reorder = 0;              // share of datagrams that are delayed by up to reorder_by more
    Duration reorder_by = std::chrono::milliseconds(50);
    double corrupt = 0;                  // share of datagrams in which a bit is flipped
    std::uint64_t bandwidth = 0;         // bytes per second that a node can send; 0: no limit
    std::uint64_t queue_bytes = 262144;  // of a node, waiting to be sent
    std::uint32_t mtu_bytes = 65507;     // longer datagrams are dropped
    double refuse = 0;                   // share of streams that are refused
    double reset = 0;                    // share of streams that break in the middle of what is first written
    double stall = 0;                    // share of streams on which nothing arrives any more after half of that
  };
  static constexpr std::size_t kSpecialMax = 4096;

  struct Counts {
    std::uint64_t datagrams = 0;   // sent
    std::uint64_t lost = 0;        // by chance
    std::uint64_t blocked = 0;     // by a cut
    std::uint64_t too_long = 0;    // over the MTU
    std::uint64_t queue_full = 0;  // no room at the sender
    std::uint64_t overrun = 0;     // no room at a slow receiver
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t corrupted = 0;
    std::uint64_t streams_refused = 0;
    std::uint64_t streams_reset = 0;
    std::uint64_t streams_stalled = 0;
    Duration queued_longest{};  // the longest wait at a sender
  };

  // What becomes of one datagram.
  struct Fate {
    bool lost = false;
    Duration delay{};
    std::optional<Duration> again;         // a second copy arrives after this
    std::optional<std::uint64_t> flipped;  // this bit, from 0
  };
  enum class StreamFate : std::uint8_t { well, refused, reset, stall };

  Network(base::Rng rng, const Options& options);

  // For a while: this loss on all paths; none: as planned. This share of corruption; none: as planned.
  void set_loss(std::optional<double> loss) { loss_ = loss; }
  void set_corrupt(std::optional<double> share) { corrupt_ = share; }
  // Nothing goes from `from` to `to` any more (one way).
  void block(Place from, Place to) { blocked_.insert({from, to}); }
  void unblock(Place from, Place to) { blocked_.erase({from, to}); }
  // Datagrams alone, as a firewall that lets TCP through.
  void block_datagrams(Place from, Place to) { blocked_datagrams_.insert({from, to}); }
  void heal() {
    blocked_.clear();
    blocked_datagrams_.clear();
  }
  bool is_blocked(Place from, Place to) const { return blocked_.contains({from, to}); }

  // Loses exactly the datagram with this number (from 0, in the order of sending), beside all other loss.
  void lose_number(std::uint64_t number) { lose_number_ = number; }
  std::uint64_t datagrams() const { return counts_.datagrams; }
  const Counts& counts() const { return counts_; }
  void count_overrun() { ++counts_.overrun; }

  // A datagram is sent now. REQUIRES: bytes > 0.
  Fate carry(Place from, Place to, std::size_t bytes, Time now);
  // How long a part of a stream takes; it waits behind what the node has sent before.
  Duration delay(Place from, Place to, std::size_t bytes, Time now);
  // What becomes of a stream that is being opened.
  StreamFate open(Place from, Place to);

 private:
  const Path& path(Place from, Place to) const;
  Duration latency(const Path& path);
  // How long until these bytes have left the node; none: its queue is full.
  std::optional<Duration> depart(Place from, std::size_t bytes, Time now, bool may_drop);

  base::Rng rng_;
  base::Rng extra_;  // of everything but latency, jitter and loss
  base::Rng streams_;
  Options options_;
  std::optional<double> loss_;
  std::optional<double> corrupt_;
  std::set<std::pair<Place, Place>> blocked_;
  std::set<std::pair<Place, Place>> blocked_datagrams_;
  std::vector<Time> busy_until_;  // of each node's way out
  Counts counts_;
  std::uint64_t lose_number_ = UINT64_MAX;
};

}  // namespace hearsay::sim
