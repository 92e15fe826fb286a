// What an epidemic is: how many nodes, who calls whom and when, what gets lost, and when a node stops telling.
//
// The models differ by up to a factor of two, so they are named:
//   sync     rounds. A node informed in round r acts first in round r + 1; all contacts of a round see the state at
//            its start; `fanout` distinct targets among the others, uniform.
//   unsync   every node has a timer of period 1 with a random phase, as real agents do; a contact takes no time.
//   poisson  every node calls at the ticks of a Poisson clock of rate 1; has closed forms.
//
// This is the mathematical reference: no protocol of hearsay runs in it. Sources: Demers et al. 1987 (rumors),
// Karp et al. 2000 (median counter), Kermarrec, Massoulie and Ganesh 2003 (budgets), memberlist (its budget).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "hearsay/result.h"

namespace hearsay::sim::spread {

inline constexpr std::uint32_t kNodesMax = 10'000'000;
inline constexpr std::uint32_t kFanoutMax = 64;
inline constexpr std::uint32_t kCopiesMax = 1000;
inline constexpr double kLossMax = 0.9;
inline constexpr std::uint32_t kTrialsMax = 1'000'000;
// A trial that is not over after so many rounds (or periods) is cut off and counted as such.
inline constexpr std::uint32_t kRoundsMax = 100'000;

// Who sends the rumor on a contact: the caller, the one called, or whoever has it.
enum class Mode : std::uint8_t { push, pull, push_pull };
enum class Timing : std::uint8_t { sync, unsync, poisson };
// When a node that knows the rumor stops telling it:
enum class Stop : std::uint8_t {
  forever,  // never; only `pull` callers that know it already stop asking
  die,      // after one round of telling (infect and die)
  counter,  // after `copies` rounds in a row in which nobody needed it (feedback), or `copies` rounds (blind)
  coin,     // with probability 1 / copies after each such round
  budget,   // after `copies` transmissions; memberlist's rule
  median,   // Karp's median counter with ctr_max = `copies`, then kCoolingRounds rounds in state C
};
inline constexpr std::uint32_t kCoolingRounds = 3;

struct Settings {
  std::uint32_t nodes = 1000;  // 2 .. kNodesMax; node 0 knows the rumor at time 0
  std::uint32_t fanout = 1;    // contacts per node and round; 1 .. min(kFanoutMax, nodes - 1)
  Mode mode = Mode::push;
  Timing timing = Timing::sync;
  double loss = 0;  // of each datagram (a request and its reply are two); 0 .. kLossMax
  Stop stop = Stop::forever;
  std::optional<std::uint32_t> copies;  // 1 .. kCopiesMax; copies_of() gives the default
  bool feedback = true;                 // counter and coin: the receiver says whether it needed the rumor
  bool digest_first = false;            // offer first; the content goes only to who lacks it, once
  std::optional<std::uint32_t> trials;  // 1 .. kTrialsMax; trials_of() gives the default
  std::uint64_t seed = 1;
};

// As on the command line and in JSON: "push-pull".
std::string_view name_of(Mode mode);
std::string_view name_of(Timing timing);
std::string_view name_of(Stop stop);
std::optional<Mode> parse_mode(std::string_view text);
std::optional<Timing> parse_timing(std::string_view text);
std::optional<Stop> parse_stop(std::string_view text);

// All faults at once; empty when the settings are sound.
std::vector<Error> validate(const Settings& settings);

// `copies`, or the rule's default: budget 4 * ceil(log10(nodes + 1)) as memberlist, median 2, counter and coin 3.
std::uint32_t copies_of(const Settings& settings);
// `trials`, or as many as keep a run within seconds: 20 million nodes in all, 4 to 10,000 trials.
std::uint32_t trials_of(const Settings& settings);
// Upper bound of what one running trial keeps in memory.
std::uint64_t trial_bytes(const Settings& settings);

}  // namespace hearsay::sim::spread
