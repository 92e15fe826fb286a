#include "sim/spread/rounds.h"

#include <bit>

namespace hearsay::sim::spread {
namespace {

constexpr std::uint64_t bit_of(std::uint32_t node) { return std::uint64_t{1} << (node & 63); }

class Rounds {
 public:
  Rounds(const Settings& settings, const Draw& draw)
      : nodes_(settings.nodes),
        fanout_(settings.fanout),
        mode_(settings.mode),
        loss_(loss_threshold(settings.loss)),
        draw_(draw),
        now_((nodes_ + 63) / 64),
        next_(now_.size()) {
    now_[0] = next_[0] = 1;
  }

  Trial run(Arrivals& arrivals, const std::function<bool()>& interrupted) {
    Trial trial;
    trial.informed = 1;
    std::uint32_t round = 0;
    for (; trial.informed < nodes_; ++round) {
      if (round == kRoundsMax || (interrupted && interrupted())) {
        trial.cut_off = true;
        break;
      }
      const std::uint64_t callers = mode_ == Mode::push   ? trial.informed
                                    : mode_ == Mode::pull ? nodes_ - trial.informed
                                                          : nodes_;
      trial.contacts += callers * fanout_;
      const std::uint64_t payloads = call_all();
      trial.payloads += mode_ == Mode::push ? callers * fanout_ : payloads;
      std::uint32_t informed = 0;
      for (std::size_t i = 0; i < now_.size(); ++i) {
        now_[i] = next_[i];
        informed += static_cast<std::uint32_t>(std::popcount(now_[i]));
      }
      if (arrivals.size() < round + 2) arrivals.resize(round + 2);
      arrivals[round + 1] += informed - trial.informed;
      if (informed > trial.informed) trial.last = round + 1;
      trial.informed = informed;
    }
    trial.messages = trial.contacts;
    trial.quiet = trial.last;
    return trial;
  }

 private:
  // One body for each case that matters for speed: mode, a fanout of one or two, no loss.
  std::uint64_t call_all() {
    switch (mode_) {
      case Mode::push:
        return call_with_fanout<Mode::push>();
      case Mode::pull:
        return call_with_fanout<Mode::pull>();
      case Mode::push_pull:
        return call_with_fanout<Mode::push_pull>();
    }
    return 0;
  }
  template <Mode kMode>
  std::uint64_t call_with_fanout() {
    if (loss_ != 0) return call<kMode, 0, true>();
    return fanout_ == 1   ? call<kMode, 1, false>()
           : fanout_ == 2 ? call<kMode, 2, false>()
                          : call<kMode, 0, false>();
  }

  template <Mode kMode, std::uint32_t kFanout, bool kLoss>
  std::uint64_t call() {
    Draw draw = draw_;  // a copy of its own, so that it stays in registers
    std::uint64_t payloads = 0;
    std::uint64_t learned = 0;  // callers of the word at hand who learn it; stored once, not for each contact
    std::uint32_t targets[kFanoutMax];
    const std::uint32_t nodes = nodes_;
    const std::uint32_t fanout = kFanout == 0 ? fanout_ : kFanout;
    const std::uint64_t* const now = now_.data();
    std::uint64_t* const next = next_.data();
    const auto contact = [&](std::uint32_t caller, bool caller_knows, std::uint32_t target) {
      if constexpr (kLoss) {
        if (kMode == Mode::push_pull && caller_knows) ++payloads;
        if (!draw.arrives(loss_)) return;  // the request
      }
      if constexpr (kMode == Mode::push) {
        next[target >> 6] |= bit_of(target);
      } else {
        const std::uint64_t target_knows = now[target >> 6] >> (target & 63) & 1;
        payloads += target_knows;
        if constexpr (kLoss) {
          if (target_knows != 0 && !draw.arrives(loss_)) return;  // the reply; the target had nothing to learn
        }
        // Without branches: both sides know it, if either knew.
        learned |= target_knows << (caller & 63);
        if constexpr (kMode == Mode::push_pull) {
          if constexpr (!kLoss) payloads += caller_knows ? 1 : 0;
          next[target >> 6] |= std::uint64_t{caller_knows ? 1u : 0u} << (target & 63);
        }
      }
    };
    const auto act = [&](std::uint32_t caller, bool caller_knows) {
      if constexpr (kFanout == 1) {
        contact(caller, caller_knows, draw.other_than(caller, nodes));
      } else if constexpr (kFanout == 2) {
        const std::uint32_t first = draw.other_than(caller, nodes);
        std::uint32_t second = draw.other_than(caller, nodes);
        while (second == first) [[unlikely]] second = draw.other_than(caller, nodes);
        contact(caller, caller_knows, first);
        contact(caller, caller_knows, second);
      } else {
        draw.others_than(caller, nodes, fanout, targets);
        for (std::uint32_t i = 0; i < fanout; ++i) contact(caller, caller_knows, targets[i]);
      }
    };
    for (std::uint32_t word = 0; word < now_.size(); ++word) {
      const std::uint32_t first = word * 64;
      const std::uint32_t count = nodes - first < 64 ? nodes - first : 64;
      const std::uint64_t all = count == 64 ? ~std::uint64_t{0} : bit_of(count) - 1;
      std::uint64_t callers = kMode == Mode::push ? now[word] : kMode == Mode::pull ? ~now[word] & all : all;
      const std::uint64_t known = now[word];
      for (; callers != 0; callers &= callers - 1) {
        const auto bit = static_cast<std::uint32_t>(std::countr_zero(callers));
        act(first + bit, (known >> bit & 1) != 0);
      }
      if constexpr (kMode != Mode::push) {
        next[word] |= learned;
        learned = 0;
      }
    }
    draw_ = draw;
    return payloads;
  }

  const std::uint32_t nodes_;
  const std::uint32_t fanout_;
  const Mode mode_;
  const std::uint32_t loss_;
  Draw draw_;
  std::vector<std::uint64_t> now_;   // who knows it at the start of the round
  std::vector<std::uint64_t> next_;  // and at its end
};

}  // namespace

Trial run_rounds(const Settings& settings, Draw draw, Arrivals& arrivals,
                 const std::function<bool()>& interrupted) {
  return Rounds(settings, draw).run(arrivals, interrupted);
}

}  // namespace hearsay::sim::spread
