#include "sim/spread/rumor.h"

#include "base/math.h"

namespace hearsay::sim::spread {
namespace {

enum class State : std::uint8_t { ignorant, tells, cools, silent };  // Karp's A, B, C, D

// What happened to a node since its last cycle.
enum Mark : std::uint8_t {
  was_needed = 1,   // told somebody who lacked it
  was_useless = 2,  // told somebody who knew
  has_told = 4,     // told, whatever came of it
  heard_telling = 8,
  heard_cooling = 16,
  is_fresh = 32,  // reached in this round
};

// Karp's other brake: the rumor carries its age, and beyond 4 log2 n rounds nobody stays in state B. Without it a
// node whose peers have all fallen silent hears no counter any more, and would tell for ever.
double age_max_of(std::uint32_t nodes) {
  double rounds = 0;
  for (std::uint32_t left = nodes - 1; left > 0; left /= 2) rounds += 4;
  return rounds;
}

// Poisson clocks where only those who tell matter: the others' ticks are not drawn.
bool is_clocked_push(const Settings& settings) {
  return settings.timing == Timing::poisson && settings.mode == Mode::push && settings.stop == Stop::forever;
}

class Rumor {
 public:
  Rumor(const Settings& settings, const Draw& draw, Arrivals& arrivals, const std::function<bool()>& interrupted)
      : s_(settings),
        draw_(draw),
        arrivals_(arrivals),
        interrupted_(interrupted),
        nodes_(settings.nodes),
        loss_(loss_threshold(settings.loss)),
        copies_(copies_of(settings)),
        steps_per_unit_(1 / step_of(settings)),
        age_max_(age_max_of(settings.nodes)),
        sync_(settings.timing == Timing::sync),
        lists_tellers_(sync_ || is_clocked_push(settings)),
        pushes_(settings.mode != Mode::pull),
        pulls_(settings.mode != Mode::push),
        state_(nodes_, State::ignorant),
        count_(nodes_),
        marks_(nodes_) {
    if (s_.stop == Stop::median) {
      more_.resize(nodes_);
      less_.resize(nodes_);
    }
  }

  Trial run() {
    switch (s_.timing) {
      case Timing::sync:
        run_sync();
        break;
      case Timing::unsync:
        run_unsync();
        break;
      case Timing::poisson:
        run_poisson();
        break;
    }
    if (s_.stop == Stop::forever) {
      trial_.messages = trial_.contacts;
      trial_.quiet = trial_.last;
    }
    return trial_;
  }

 private:
  bool knows(std::uint32_t node) const { return state_[node] != State::ignorant; }
  bool tells(std::uint32_t node) const { return state_[node] == State::tells || state_[node] == State::cools; }
  bool is_over() const { return s_.stop == Stop::forever ? trial_.informed == nodes_ : telling_ == 0; }
  bool must_cut_off(double rounds) {
    if (rounds < kRoundsMax && !(interrupted_ && interrupted_())) return false;
    trial_.cut_off = true;
    return true;
  }

  void run_sync() {
    inform(0, State::tells);
    for (std::uint32_t round = 0; !is_over(); ++round) {
      if (must_cut_off(round)) return;
      now_ = round + 1;
      if (!pulls_) {
        const std::size_t callers = tellers_.size();
        for (std::size_t i = 0; i < callers; ++i) call(tellers_[i]);
      } else {
        for (std::uint32_t node = 0; node < nodes_; ++node) {
          if (s_.stop != Stop::forever || s_.mode != Mode::pull || !knows(node)) call(node);
        }
      }
      std::size_t kept = 0;
      for (const std::uint32_t node : tellers_) {
        end_cycle(node);
        if (tells(node)) tellers_[kept++] = node;
      }
      tellers_.resize(kept);
      for (const std::uint32_t node : fresh_) settle(node);
      fresh_.clear();
    }
  }

  void run_unsync() {
    // Nodes are numbered by their phases, so a period is one pass. Phases: sorted uniforms, by exponential gaps.
    std::vector<double> phase(nodes_);
    double sum = 0;
    for (double& p : phase) {
      sum -= base::natural_log(draw_.unit());
      p = sum;
    }
    sum -= base::natural_log(draw_.unit());
    for (double& p : phase) p /= sum;
    inform(draw_.below(nodes_), State::tells);
    for (std::uint32_t period = 0; !is_over(); ++period) {
      if (must_cut_off(period)) return;
      for (std::uint32_t node = 0; node < nodes_ && !is_over(); ++node) {
        if (!pulls_ && !tells(node)) continue;
        now_ = period + phase[node];
        tick(node);
      }
    }
  }

  void run_poisson() {
    inform(0, State::tells);
    const bool only_tellers = is_clocked_push(s_);
    while (!is_over()) {
      if (must_cut_off(now_)) return;
      const std::uint32_t ticks = only_tellers ? telling_ : nodes_;
      for (std::uint32_t i = 0; i < ticks && !is_over(); ++i) {
        const std::uint32_t clocks = only_tellers ? telling_ : nodes_;
        wait_for_tick(clocks);
        const std::uint32_t drawn = draw_.below(clocks);
        const std::uint32_t node = only_tellers ? tellers_[drawn] : drawn;
        if (pulls_ || tells(node)) tick(node);
      }
      settle_time();
    }
  }

  // The time to the next tick of so many clocks is -ln(u) / clocks. The sum of many is the logarithm of a product,
  // taken only when somebody asks for the time.
  void wait_for_tick(std::uint32_t clocks) {
    if (clocks != clocks_ || product_ < 1e-280) settle_time();
    clocks_ = clocks;
    product_ *= draw_.unit();
  }
  void settle_time() {
    if (product_ == 1) return;
    now_ -= base::natural_log(product_) / clocks_;
    product_ = 1;
  }

  void tick(std::uint32_t node) {
    if (s_.stop != Stop::forever || s_.mode != Mode::pull || !knows(node)) call(node);
    if (tells(node)) end_cycle(node);
  }

  void call(std::uint32_t caller) {
    std::uint32_t targets[kFanoutMax];
    draw_.others_than(caller, nodes_, s_.fanout, targets);
    for (std::uint32_t i = 0; i < s_.fanout; ++i) {
      if (!pulls_ && !tells(caller)) return;  // its budget is spent
      contact(caller, targets[i]);
    }
  }

  void contact(std::uint32_t caller, std::uint32_t target) {
    ++trial_.contacts;
    const bool caller_gives = pushes_ && tells(caller);
    const bool target_gives = pulls_ && tells(target);
    const bool request_arrives = draw_.arrives(loss_);
    if (caller_gives) give(caller, target, request_arrives);
    if (target_gives && request_arrives) {
      const bool reply_arrives = draw_.arrives(loss_);
      give(target, caller, reply_arrives);
    }
  }

  void give(std::uint32_t from, std::uint32_t to, bool arrives) {
    if (!s_.digest_first) ++trial_.payloads;
    if (s_.stop == Stop::forever) {
      if (arrives && !knows(to)) reach(to);
      return;
    }
    ++trial_.messages;
    marks_[from] |= has_told;
    const bool cooling = state_[from] == State::cools;
    const std::uint16_t level = count_[from];
    if (s_.stop == Stop::budget && --count_[from] == 0) silence(from);
    if (!arrives) return;
    const bool lacked = !knows(to);
    if (s_.stop == Stop::counter || s_.stop == Stop::coin) {
      if (s_.feedback && draw_.arrives(loss_)) marks_[from] |= lacked ? was_needed : was_useless;
    } else if (s_.stop == Stop::median) {
      if (cooling) {
        marks_[to] |= heard_cooling;
      } else if (lacked) {
        marks_[to] |= heard_telling;
      } else if (level >= count_[to]) {
        if (more_[to] < UINT8_MAX) ++more_[to];
      } else if (less_[to] < UINT8_MAX) {
        ++less_[to];
      }
    }
    if (lacked) reach(to);
  }

  // A node that lacks the rumor was told or offered it. In a synchronous round that counts only at its end.
  void reach(std::uint32_t to) {
    if (!sync_) return settle(to);
    if ((marks_[to] & is_fresh) != 0) return;
    marks_[to] |= is_fresh;
    fresh_.push_back(to);
  }

  // It learns the rumor; with digests it first asks one of those who offered.
  void settle(std::uint32_t node) {
    const bool only_cooling = (marks_[node] & (heard_cooling | heard_telling)) == heard_cooling;
    marks_[node] = 0;
    if (s_.digest_first) {
      if (!draw_.arrives(loss_)) return;  // the question
      ++trial_.payloads;
      if (!draw_.arrives(loss_)) return;
    }
    inform(node, only_cooling ? State::cools : State::tells);
  }

  void inform(std::uint32_t node, State state) {
    settle_time();
    state_[node] = state;
    count_[node] = s_.stop == Stop::budget   ? static_cast<std::uint16_t>(copies_)
                   : s_.stop == Stop::median ? (state == State::cools ? kCoolingRounds : 1)
                                             : 0;
    ++telling_;
    if (lists_tellers_) tellers_.push_back(node);
    trial_.last = now_;
    if (trial_.informed++ == 0) return;  // the source is counted by whoever began
    const double steps = now_ * steps_per_unit_;
    auto step = static_cast<std::size_t>(steps);
    if (static_cast<double>(step) < steps) ++step;
    if (arrivals_.size() <= step) arrivals_.resize(step + 1);
    ++arrivals_[step];
  }

  void silence(std::uint32_t node) {
    settle_time();
    state_[node] = State::silent;
    --telling_;
    trial_.quiet = now_;
  }

  void end_cycle(std::uint32_t node) {
    const std::uint8_t marks = marks_[node];
    marks_[node] = 0;
    if (!tells(node)) return;  // spent its budget in this very cycle
    const bool needed = s_.feedback && (marks & was_needed) != 0;
    const bool counts = !needed && (marks & (s_.feedback ? was_useless : has_told)) != 0;
    switch (s_.stop) {
      case Stop::forever:
      case Stop::budget:
        break;
      case Stop::die:
        silence(node);
        break;
      case Stop::counter:
        if (needed) count_[node] = 0;
        if (counts && ++count_[node] >= copies_) silence(node);
        break;
      case Stop::coin:
        if (counts && draw_.below(copies_) == 0) silence(node);
        break;
      case Stop::median:
        end_median_cycle(node, marks);
        break;
    }
  }

  void end_median_cycle(std::uint32_t node, std::uint8_t marks) {
    const bool up = more_[node] > less_[node];
    more_[node] = less_[node] = 0;
    if (state_[node] == State::cools) {
      if (--count_[node] == 0) silence(node);
      return;
    }
    if (up) ++count_[node];
    if (count_[node] <= copies_ && (marks & heard_cooling) == 0 && now_ <= age_max_) return;
    state_[node] = State::cools;
    count_[node] = kCoolingRounds;
  }

  const Settings& s_;
  Draw draw_;
  Arrivals& arrivals_;
  const std::function<bool()>& interrupted_;
  const std::uint32_t nodes_;
  const std::uint32_t loss_;
  const std::uint32_t copies_;
  const double steps_per_unit_;
  const double age_max_;
  const bool sync_;
  const bool lists_tellers_;
  const bool pushes_;
  const bool pulls_;
  double now_ = 0;
  double product_ = 1;        // of the draws since now_
  std::uint32_t clocks_ = 1;  // that ticked since
  Trial trial_;
  std::uint32_t telling_ = 0;
  std::vector<State> state_;
  std::vector<std::uint16_t> count_;  // the counter, the copies left, or the rounds left in C
  std::vector<std::uint8_t> marks_;
  std::vector<std::uint8_t> more_;      // deliveries with a counter of at least ours
  std::vector<std::uint8_t> less_;      // and with a smaller one
  std::vector<std::uint32_t> tellers_;  // sync, clocked push: who tells
  std::vector<std::uint32_t> fresh_;    // sync: who was reached in this round
};

}  // namespace

Trial run_rumor(const Settings& settings, Draw draw, Arrivals& arrivals, const std::function<bool()>& interrupted) {
  return Rumor(settings, draw, arrivals, interrupted).run();
}

}  // namespace hearsay::sim::spread
