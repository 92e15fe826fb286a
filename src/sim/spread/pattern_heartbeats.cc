// One period of heartbeats: every node that lives has one to tell, and everybody should hear of everybody. A
// message may carry many; what a node has heard is a row of bits.
#include <bit>

#include "sim/spread/traffic.h"

namespace hearsay::sim::spread {
namespace {

class Heartbeats {
 public:
  Heartbeats(const Comparison& comparison, Traffic& traffic, Draw& draw)
      : c_(comparison),
        traffic_(traffic),
        draw_(draw),
        words_((comparison.nodes + 63) / 64),
        heard_(std::size_t{comparison.nodes} * words_) {
    for (std::uint32_t node = 0; node < c_.nodes; ++node) {
      if (traffic.lives(node)) mark(node, node);
    }
  }

  PatternTrial run(Pattern pattern) {
    switch (pattern) {
      case Pattern::direct:
        run_direct();
        break;
      case Pattern::hub:
        run_hub();
        break;
      case Pattern::tree:
      case Pattern::tree_repair:
        run_tree();
        break;
      case Pattern::push:
        run_gossip(true, false);
        break;
      case Pattern::pull:
        run_gossip(false, true);
        break;
      case Pattern::push_pull:
        run_gossip(true, true);
        break;
    }
    const double living = traffic_.living();
    return traffic_.result(rounds_, static_cast<double>(pairs()) / (living * (living - 1)));
  }

 private:
  std::uint64_t* row(std::uint32_t node) { return &heard_[node * words_]; }
  void mark(std::uint32_t observer, std::uint32_t member) {
    row(observer)[member / 64] |= std::uint64_t{1} << (member % 64);
  }
  std::uint32_t count(const std::uint64_t* bits) const {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < words_; ++i) sum += static_cast<std::uint32_t>(std::popcount(bits[i]));
    return sum;
  }
  void hear(std::uint32_t observer, const std::uint64_t* bits) {
    std::uint64_t* own = row(observer);
    for (std::size_t i = 0; i < words_; ++i) own[i] |= bits[i];
  }
  // Everything that one has heard, in one message.
  void send_all(std::uint32_t from, std::uint32_t to) {
    if (traffic_.send(from, to, std::uint64_t{kEntryBytes} * count(row(from)))) hear(to, row(from));
  }
  // Ordered pairs of nodes that live, one having heard of the other.
  std::uint64_t pairs() {
    std::uint64_t sum = 0;
    for (std::uint32_t node = 0; node < c_.nodes; ++node) {
      if (traffic_.lives(node)) sum += count(row(node)) - 1;
    }
    return sum;
  }

  void run_direct() {
    rounds_ = 1;
    for (std::uint32_t from = 0; from < c_.nodes; ++from) {
      if (!traffic_.lives(from)) continue;
      for (std::uint32_t to = 0; to < c_.nodes; ++to) {
        if (to != from && traffic_.send(from, to, kEntryBytes)) mark(to, from);
      }
    }
  }

  void run_hub() {
    rounds_ = 2;
    for (std::uint32_t node = 1; node < c_.nodes; ++node) {
      if (traffic_.lives(node)) send_all(node, 0);
    }
    if (!traffic_.lives(0)) return;
    for (std::uint32_t node = 1; node < c_.nodes; ++node) send_all(0, node);
  }

  void run_tree() {
    std::uint32_t depth = 0;
    for (std::uint32_t node = c_.nodes - 1; node > 0; node = (node - 1) / c_.degree) ++depth;
    rounds_ = 2 * depth;
    // Numbers grow downwards: whoever is handled has heard what comes from below, or from above.
    for (std::uint32_t node = c_.nodes - 1; node > 0; --node) {
      if (traffic_.lives(node)) send_all(node, (node - 1) / c_.degree);
    }
    for (std::uint32_t node = 1; node < c_.nodes; ++node) {
      const std::uint32_t parent = (node - 1) / c_.degree;
      if (traffic_.lives(parent)) send_all(parent, node);
    }
  }

  void run_gossip(bool pushes, bool pulls) {
    const std::uint64_t living = traffic_.living();
    std::vector<std::uint64_t> before;
    std::uint32_t targets[kFanoutMax];
    for (; pairs() < living * (living - 1) && rounds_ < kRoundsMax; ++rounds_) {
      before = heard_;
      for (std::uint32_t node = 0; node < c_.nodes; ++node) {
        if (!traffic_.lives(node)) continue;
        const std::uint64_t* own = &before[node * words_];
        const std::uint64_t own_bytes = std::uint64_t{kEntryBytes} * (pushes ? count(own) : 1);
        draw_.others_than(node, c_.nodes, c_.fanout, targets);
        for (std::uint32_t i = 0; i < c_.fanout; ++i) {
          const std::uint32_t target = targets[i];
          const std::uint64_t* theirs = &before[target * words_];
          if (!traffic_.send(node, target, own_bytes)) continue;
          if (pushes) hear(target, own);
          if (pulls && traffic_.send(target, node, std::uint64_t{kEntryBytes} * count(theirs))) hear(node, theirs);
        }
      }
    }
  }

  const Comparison& c_;
  Traffic& traffic_;
  Draw& draw_;
  std::size_t words_;
  std::vector<std::uint64_t> heard_;
  std::uint32_t rounds_ = 0;
};

}  // namespace

PatternTrial run_heartbeats(const Comparison& comparison, Pattern pattern, Traffic& traffic, Draw& draw) {
  return Heartbeats(comparison, traffic, draw).run(pattern);
}

}  // namespace hearsay::sim::spread
