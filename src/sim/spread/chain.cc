#include "sim/spread/chain.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace hearsay::sim::spread {
namespace {

constexpr double kNothing = 1e-40;  // probabilities below it are dropped: they cost time and change no digit
constexpr double kTail = 1e-15;

// Probability of each number of successes, 0 .. trials; from the mode outwards, then scaled to sum 1, so that no
// factorial is needed. Values below 1e-25 of the largest are 0.
struct Binomial {
  std::size_t first = 0;
  std::vector<double> p;
};
void make_binomial(std::size_t trials, double chance, Binomial& out) {
  out.p.clear();
  if (chance <= 0 || chance >= 1 || trials == 0) {
    out.first = chance >= 1 ? trials : 0;
    out.p.push_back(1);
    return;
  }
  const double n = static_cast<double>(trials);
  const double odds = chance / (1 - chance);
  const auto mode = std::min(trials, static_cast<std::size_t>((n + 1) * chance));
  const auto up = [&](std::size_t k) {  // p[k + 1] / p[k]
    return odds * static_cast<double>(trials - k) / static_cast<double>(k + 1);
  };
  double sum = 1;
  double value = 1;
  for (std::size_t k = mode; k > 0; --k) {
    value /= up(k - 1);
    if (value < 1e-25) break;
    out.p.push_back(value);
    sum += value;
  }
  out.first = mode - out.p.size();
  std::ranges::reverse(out.p);
  out.p.push_back(1);
  value = 1;
  for (std::size_t k = mode; k < trials; ++k) {
    value *= up(k);
    if (value < 1e-25) break;
    out.p.push_back(value);
    sum += value;
  }
  for (double& p : out.p) p /= sum;
}

// How many of `draws` distinct others, of whom `fresh` of `others` are fresh, are fresh: [h] for 0 .. draws.
void hypergeometric(double others, double fresh, std::uint32_t draws, std::vector<double>& out) {
  out.assign(1, 1);
  for (std::uint32_t j = 0; j < draws; ++j) {
    out.push_back(0);
    for (std::size_t h = j + 1; h-- > 0;) {
      const double hit = std::max(0.0, fresh - static_cast<double>(h)) / (others - j);
      out[h + 1] += out[h] * hit;
      out[h] *= 1 - hit;
    }
  }
}

class Walk {
 public:
  explicit Walk(const Settings& settings)
      : mode_(settings.mode), nodes_(settings.nodes), fanout_(settings.fanout), q_(1 - settings.loss) {
    make_binomial(fanout_, q_, arriving_);
    if (mode_ != Mode::pull) make_push();
  }

  // The distribution of informed nodes, [I], one round later.
  std::vector<double> round(const std::vector<double>& now) {
    std::vector<double> fresh(nodes_);  // [f]: probability that f nodes are not informed at the round's end
    for (std::size_t informed = nodes_; informed > 0; --informed) {
      const double p = now[informed];
      if (p > kNothing) {
        if (mode_ == Mode::push) {
          fresh[nodes_ - informed] += p;
        } else {
          add_pull(informed, p, fresh);
        }
      }
      if (mode_ != Mode::pull) push_once(fresh, nodes_ - informed);
    }
    std::vector<double> next(nodes_ + 1);
    for (std::size_t f = 0; f < nodes_; ++f) next[nodes_ - f] = fresh[f] > kNothing ? fresh[f] : 0;
    return next;
  }

 private:
  void make_push() {
    kernel_.assign(std::size_t{nodes_} * (fanout_ + 1), 0);
    std::vector<double> hits;
    for (std::size_t f = 0; f < nodes_; ++f) {
      for (std::size_t i = 0; i < arriving_.p.size(); ++i) {
        const auto s = static_cast<std::uint32_t>(arriving_.first + i);
        hypergeometric(nodes_ - 1.0, static_cast<double>(f), s, hits);
        for (std::size_t h = 0; h < hits.size(); ++h) kernel_[h * nodes_ + f] += arriving_.p[i] * hits[h];
      }
    }
  }

  // One informed node sends: from f fresh ones to f - h. In place, since news only flows downwards.
  void push_once(std::vector<double>& fresh, std::size_t fresh_max) const {
    for (std::size_t f = 0; f <= fresh_max; ++f) {
      double sum = 0;
      const std::size_t hits_max = std::min<std::size_t>(fanout_, fresh_max - f);
      for (std::size_t h = 0; h <= hits_max; ++h) sum += fresh[f + h] * kernel_[h * nodes_ + f + h];
      fresh[f] = sum > kNothing ? sum : 0;
    }
  }

  void add_pull(std::size_t informed, double p, std::vector<double>& fresh) {
    const double others = nodes_ - 1.0;
    const double ignorant_others = others - static_cast<double>(informed);
    double none = 0;  // probability that a caller learns nothing
    make_binomial(fanout_, q_ * q_, answering_);
    for (std::size_t i = 0; i < answering_.p.size(); ++i) {
      double missed = 1;
      for (std::size_t j = 0; j < answering_.first + i; ++j) {
        missed *= std::max(0.0, ignorant_others - static_cast<double>(j)) / (others - static_cast<double>(j));
      }
      none += answering_.p[i] * missed;
    }
    const std::size_t ignorant = nodes_ - informed;
    make_binomial(ignorant, none, remaining_);
    for (std::size_t i = 0; i < remaining_.p.size(); ++i) fresh[remaining_.first + i] += p * remaining_.p[i];
  }

  const Mode mode_;
  const std::uint32_t nodes_;
  const std::uint32_t fanout_;
  const double q_;
  Binomial arriving_;           // how many of a sender's datagrams arrive
  Binomial answering_;          // how many of a caller's requests are answered
  Binomial remaining_;          // how many callers remain ignorant
  std::vector<double> kernel_;  // [h][f]: probability that one sender hits h of f fresh ones
};

}  // namespace

double Chain::quantile(double p) const {
  const auto at = std::ranges::find_if(done, [p](double reached) { return reached >= p; });
  return static_cast<double>(at - done.begin());
}

bool chain_applies(const Settings& settings) {
  return settings.timing == Timing::sync && settings.stop == Stop::forever && !settings.digest_first &&
         settings.nodes <= kChainNodesMax;
}

Chain run_chain(const Settings& settings) {
  CHECK(chain_applies(settings));
  const std::size_t nodes = settings.nodes;
  const double n = settings.nodes;
  const double k = settings.fanout;
  const double q = 1 - settings.loss;
  Walk walk(settings);
  Chain chain;
  std::vector<double> p(nodes + 1);
  p[1] = 1;
  double square = 0;
  for (std::uint32_t round = 0;; ++round) {
    double informed = 0;
    double sum = 0;
    double running = 0;  // probability that some node is not informed: summed on its own, for its digits
    for (std::size_t i = 1; i <= nodes; ++i) {
      const double count = static_cast<double>(i);
      informed += p[i] * count;
      sum += p[i];
      if (i == nodes) break;
      running += p[i];
      const double callers = settings.mode == Mode::push ? count : settings.mode == Mode::pull ? n - count : n;
      chain.messages_per_node += p[i] * callers * k / n;
      // Requests carry the rumor of informed callers; replies that of informed targets whom the request reached.
      const double carried = settings.mode == Mode::pull ? 0 : count * k;
      const double asking = settings.mode == Mode::push   ? 0
                            : settings.mode == Mode::pull ? (n - count) * count
                                                          : (n - 1) * count;
      chain.payloads_per_node += p[i] * (carried + q * k * asking / (n - 1)) / n;
    }
    chain.informed.push_back(informed / sum);
    chain.done.push_back(1 - running);
    chain.mean += running;  // E[T] = sum of P(T > r)
    square += running * (2.0 * round + 1);
    if (running < kTail || round == kRoundsMax) break;
    p = walk.round(p);
  }
  chain.sd = std::sqrt(std::max(0.0, square - chain.mean * chain.mean));
  return chain;
}

}  // namespace hearsay::sim::spread
