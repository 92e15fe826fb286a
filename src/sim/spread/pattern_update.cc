// One update, from a random node that lives to all.
#include "sim/spread/traffic.h"

namespace hearsay::sim::spread {
namespace {

class Update {
 public:
  Update(const Comparison& comparison, Traffic& traffic, Draw& draw)
      : c_(comparison), traffic_(traffic), draw_(draw), knows_(comparison.nodes) {
    source_ = traffic.any_living();
    learn(source_);
    fresh_.clear();
  }

  PatternTrial run(Pattern pattern) {
    switch (pattern) {
      case Pattern::direct:
        to_all(source_);
        break;
      case Pattern::hub:
        run_hub();
        break;
      case Pattern::tree:
        run_tree(false);
        break;
      case Pattern::tree_repair:
        run_tree(true);
        break;
      case Pattern::push:
        run_push();
        break;
      case Pattern::pull:
        run_calls(false);
        break;
      case Pattern::push_pull:
        run_calls(true);
        break;
    }
    return traffic_.result(last_, static_cast<double>(informed_) / traffic_.living());
  }

 private:
  // It is told in this round; it knows from the next one on.
  void tell(std::uint32_t from, std::uint32_t to) {
    if (traffic_.send(from, to, c_.bytes) && !knows_[to]) learn(to);
  }
  // In rounds where all see the state at their start, use tell_later and end_round instead.
  void learn(std::uint32_t node) {
    knows_[node] = true;
    ++informed_;
    last_ = round_;
    fresh_.push_back(node);
  }
  void tell_later(std::uint32_t from, std::uint32_t to) {
    if (traffic_.send(from, to, c_.bytes) && !knows_[to]) told_.push_back(to);
  }
  void end_round() {
    for (const std::uint32_t node : told_) {
      if (!knows_[node]) learn(node);
    }
    told_.clear();
  }

  void to_all(std::uint32_t from) {
    ++round_;
    for (std::uint32_t node = 0; node < c_.nodes; ++node) {
      if (node != from && node != source_) tell(from, node);
    }
  }

  void run_hub() {
    if (source_ != 0) {
      ++round_;
      tell(source_, 0);
    }
    if (knows_[0]) to_all(0);
  }

  template <class Visit>
  void each_link(std::uint32_t node, Visit visit) const {
    if (node > 0) visit((node - 1) / c_.degree);
    const std::uint64_t first = std::uint64_t{node} * c_.degree + 1;
    const std::uint64_t end = std::min<std::uint64_t>(first + c_.degree, c_.nodes);
    for (std::uint64_t child = first; child < end; ++child) visit(static_cast<std::uint32_t>(child));
  }

  // One that lacks the update although others announced it.
  struct Waiting {
    std::vector<std::uint32_t> announcers;
    std::size_t next = 0;   // whom to ask
    std::uint32_t due = 0;  // round; 0: nobody has announced it
  };

  void run_tree(bool repair) {
    std::vector<std::vector<std::uint32_t>> lazy(repair ? c_.nodes : 0);
    std::vector<Waiting> waiting(repair ? c_.nodes : 0);
    std::vector<std::uint32_t> waiters;
    const std::uint32_t links = std::min(kLazyLinks, c_.nodes - 1);
    for (std::uint32_t node = 0; node < lazy.size(); ++node) {
      std::uint32_t others[kLazyLinks];
      draw_.others_than(node, c_.nodes, links, others);
      for (std::uint32_t i = 0; i < links; ++i) {
        lazy[node].push_back(others[i]);
        lazy[others[i]].push_back(node);
      }
    }
    constexpr std::uint32_t kNobody = UINT32_MAX;
    std::vector<std::uint32_t> from(c_.nodes, kNobody);  // whom a node has it from: not sent back there
    std::vector<std::uint32_t> telling{source_};
    while (!telling.empty() || !waiters.empty()) {
      ++round_;
      for (const std::uint32_t node : telling) {
        each_link(node, [&](std::uint32_t other) {
          if (other == from[node] || !traffic_.send(node, other, c_.bytes) || knows_[other]) return;
          from[other] = node;
          learn(other);
        });
        if (!repair) continue;
        for (const std::uint32_t other : lazy[node]) {
          if (other == from[node] || !traffic_.send(node, other, kEntryBytes) || knows_[other]) continue;
          if (waiting[other].due == 0) {
            waiting[other].due = round_ + kPatience;
            waiters.push_back(other);
          }
          waiting[other].announcers.push_back(node);
        }
      }
      std::size_t kept = 0;
      for (const std::uint32_t node : waiters) {
        Waiting& wait = waiting[node];
        if (knows_[node]) continue;
        if (wait.due <= round_ && wait.next < wait.announcers.size()) {
          const std::uint32_t asked = wait.announcers[wait.next++];
          if (traffic_.send(node, asked, kEntryBytes) && traffic_.send(asked, node, c_.bytes)) {
            from[node] = asked;
            learn(node);
            continue;
          }
          wait.due = round_ + kPatience;
        }
        if (wait.next < wait.announcers.size()) {
          waiters[kept++] = node;
        } else {
          wait.due = 0;  // until somebody else announces it
        }
      }
      waiters.resize(kept);
      telling.swap(fresh_);
      fresh_.clear();
    }
  }

  void run_push() {
    std::vector<std::uint32_t> left(c_.nodes, c_.copies);
    std::vector<std::uint32_t> tellers{source_};
    std::uint32_t targets[kFanoutMax];
    while (!tellers.empty()) {
      ++round_;
      std::size_t kept = 0;
      for (const std::uint32_t node : tellers) {
        const std::uint32_t count = std::min(c_.fanout, left[node]);
        draw_.others_than(node, c_.nodes, count, targets);
        for (std::uint32_t i = 0; i < count; ++i) tell_later(node, targets[i]);
        left[node] -= count;
        if (left[node] > 0) tellers[kept++] = node;
      }
      tellers.resize(kept);
      end_round();
      tellers.insert(tellers.end(), fresh_.begin(), fresh_.end());
      fresh_.clear();
    }
  }

  void run_calls(bool pushes) {
    std::uint32_t targets[kFanoutMax];
    while (informed_ < traffic_.living() && round_ < kRoundsMax) {
      ++round_;
      for (std::uint32_t node = 0; node < c_.nodes; ++node) {
        if (!traffic_.lives(node)) continue;
        draw_.others_than(node, c_.nodes, c_.fanout, targets);
        for (std::uint32_t i = 0; i < c_.fanout; ++i) {
          const std::uint32_t target = targets[i];
          if (pushes && knows_[node]) {
            tell_later(node, target);
          } else if (traffic_.send(node, target, kEntryBytes) && knows_[target] && !knows_[node]) {
            tell_later(target, node);
          }
        }
      }
      end_round();
      fresh_.clear();
    }
  }

  const Comparison& c_;
  Traffic& traffic_;
  Draw& draw_;
  std::uint32_t source_ = 0;
  std::vector<bool> knows_;
  std::uint32_t informed_ = 0;
  std::uint32_t round_ = 0;
  std::uint32_t last_ = 0;
  std::vector<std::uint32_t> fresh_;  // who learnt it since this was emptied
  std::vector<std::uint32_t> told_;   // in this round
};

}  // namespace

PatternTrial run_update(const Comparison& comparison, Pattern pattern, Traffic& traffic, Draw& draw) {
  return Update(comparison, traffic, draw).run(pattern);
}

}  // namespace hearsay::sim::spread
