// Who believes what of whom, kept up to date by notices, at a cost that does not depend on the number of nodes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/cluster.h"

namespace hearsay::bench {

// Times of one piece of news, one for each node that heard of it.
struct Spread {
  Time from{};
  std::vector<double> seconds;  // since `from`
  std::size_t expected = 0;

  bool complete() const { return seconds.size() >= expected; }
  std::size_t missing() const { return expected - std::min(expected, seconds.size()); }
  std::optional<double> quantile(double part) const;
};
// The value below which `part` of them lie; 0 the least, 1 the greatest.
std::optional<double> quantile(std::vector<double> values, double part);

class Watch {
 public:
  explicit Watch(std::size_t nodes);

  void on_notice(Index observer, const Notice& notice);

  // All living nodes hold all living nodes alive.
  bool agreed() const { return alive_pairs_ == expected_pairs_; }
  // For each living node, when it last came to hold all living nodes alive.
  Spread agreement(Time from) const;

  // The death of these nodes, from now on.
  void note_killed(Time now, const std::vector<Index>& victims);
  const Spread& deaths() const { return deaths_; }

  // The update of this node's tags to this value, from now on.
  void note_update(Time now, Index subject, std::string value);
  const Spread& update() const { return update_; }

  std::size_t living() const { return living_; }
  bool is_killed(Index index) const { return killed_[index]; }

  std::size_t joins_refused = 0;
  std::size_t suspicions_begun = 0;  // of living nodes, by their observers' own probes
  std::size_t deaths_told = 0;       // notices that a living node failed
  std::size_t living_failed() const;

  static constexpr const char* kTag = "value";

 private:
  enum class Belief : std::uint8_t { unknown, alive, other, failed };
  Belief& belief(Index observer, Index subject) { return beliefs_[observer * nodes_ + subject]; }
  void believe(Index observer, Index subject, Belief belief, Time at);

  const std::size_t nodes_;
  std::size_t living_;
  std::vector<Belief> beliefs_;
  std::vector<std::size_t> held_alive_;  // by observer: how many living nodes
  std::vector<Time> agreed_at_;          // by observer
  std::vector<bool> killed_;
  std::vector<bool> failed_wrongly_;
  std::size_t alive_pairs_;
  std::size_t expected_pairs_;
  Spread deaths_;
  Spread update_;
  Index updated_ = 0;
  std::string value_;
  std::vector<bool> heard_update_;
};

}  // namespace hearsay::bench
