// The modelled network: which packet arrives, and when. All chance comes from one seeded stream.
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "hearsay/time.h"

namespace hearsay::sim {

// A node of the world, by its number from 0.
using Place = std::size_t;

class Network {
 public:
  struct Options {
    Duration latency = std::chrono::microseconds(500);  // one way
    Duration jitter{};                                  // added, uniform in 0 .. jitter
    double loss = 0;                                    // of datagrams, 0 .. 1
  };
  Network(base::Rng rng, const Options& options) : rng_(rng), options_(options) {}

  void set_loss(double loss) { options_.loss = loss; }
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
  std::uint64_t datagrams() const { return datagrams_; }

  // True: this datagram does not arrive. Counts it.
  bool loses(Place from, Place to);
  Duration delay();

 private:
  base::Rng rng_;
  Options options_;
  std::set<std::pair<Place, Place>> blocked_;
  std::set<std::pair<Place, Place>> blocked_datagrams_;
  std::uint64_t datagrams_ = 0;
  std::uint64_t lose_number_ = UINT64_MAX;
};

}  // namespace hearsay::sim
