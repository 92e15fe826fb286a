// How old the heartbeats are that whole nodes hold, against the law of epidemics: news is older than a rounds with
// the probability (N - E[I_a]) / (N - 1), where I_a of N nodes know it after a rounds.
//
// E[I_a] comes from the mathematical reference (sim/spread, timing `unsync`: timers of period 1 with random
// phases). There the source acts first at a random moment of its first period; a node tells of a beat as it makes
// it. So a beat that lies a rounds back has had a + u periods when others ask (pull), a + u + v when its owner
// tells (push), with u and v uniform, and push-pull lies between. The nodes choose their peers from a shuffled
// cycle, which is a little better than chance.
//
// HEARSAY_NODES=1000 measures that many as well and prints all figures; it takes minutes.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "sim/spread/summary.h"
#include "sim/spread/trial.h"
#include "sim/world.h"

namespace hearsay::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kAges = 12;
using Shares = std::vector<double>;  // [a]: of all pairs, those whose news is older than a rounds

// What whole nodes hold: `observers` of them are asked of all others, some times.
Shares measured(ExchangeMode mode, std::uint8_t fanout, Place nodes, Place observers, int times) {
  World world({});
  std::uint64_t heard = 0;
  world.on_notice = [&](Place, const Notice& notice) {
    if (const auto* why = std::get_if<Explanation>(&notice.body)) heard = why->heartbeat->heartbeat;
  };
  for (Place place = 0; place < nodes; ++place) {
    Config config = Config::of(Profile::lan);
    config.name = "n" + std::to_string(place);
    config.family = Family::heartbeat;
    config.heartbeat.mode = mode;
    config.heartbeat.fanout = fanout;
    world.add(config);
    if (place == 0) continue;
    world.command(place, Join{CommandId{}, {"10.0.0.1"}});
    world.run_for(milliseconds(20));
  }
  world.run_for(seconds(40));
  Shares older(kAges);
  double pairs = 0;
  for (int time = 0; time < times; ++time) {
    world.run_for(milliseconds(1370));
    for (Place place = 0; place < nodes; ++place) {
      const std::uint64_t own = world.node(place).info().heartbeat->heartbeat;
      for (Place other = 0; other < observers; ++other) {
        if (other == place) continue;
        world.command(other, Why{CommandId{1}, world.config(place).name});
        const std::uint64_t age = own - heard;
        ++pairs;
        for (std::size_t a = 0; a < kAges && a < age; ++a) ++older[a];
      }
    }
  }
  for (double& share : older) share /= pairs;
  return older;
}

// The law; `first_tells`: of news that its owner tells as it makes it.
Shares law(ExchangeMode mode, std::uint8_t fanout, Place nodes, bool first_tells) {
  spread::Settings settings;
  settings.nodes = static_cast<std::uint32_t>(nodes);
  settings.fanout = fanout;
  settings.timing = spread::Timing::unsync;
  settings.mode = mode == ExchangeMode::push   ? spread::Mode::push
                  : mode == ExchangeMode::pull ? spread::Mode::pull
                                               : spread::Mode::push_pull;
  std::vector<spread::Trial> trials;
  spread::Arrivals arrivals;
  for (std::uint64_t trial = 0; trial < 2000; ++trial) trials.push_back(run_trial(settings, trial, arrivals));
  const auto summary = summarise(settings, trials, arrivals);
  const auto fresh = [&](std::size_t half) {  // E[N - I] after so many halves of a period
    const auto& informed = summary.informed;
    return static_cast<double>(nodes) - (half < informed.size() ? informed[half] : informed.back());
  };
  Shares older;
  for (std::size_t a = 0; a < kAges; ++a) {
    const std::size_t half = 2 * a + (first_tells ? 1 : 0);
    const double mean = (fresh(half) + 2 * fresh(half + 1) + fresh(half + 2)) / 4;
    older.push_back(mean / (static_cast<double>(nodes) - 1));
  }
  return older;
}

void compare(ExchangeMode mode, Place nodes, bool print) {
  const std::uint8_t fanout = 2;
  const Shares found = measured(mode, fanout, nodes, std::min<Place>(nodes, 20), 20);
  const Shares slow = law(mode, fanout, nodes, false);
  const Shares quick = law(mode, fanout, nodes, true);
  for (std::size_t a = 0; a < kAges; ++a) {
    if (print) {
      std::printf("%-9s N=%-4zu a=%-2zu measured %.4f, law %.4f (asked) %.4f (told)\n", name_of(mode), nodes, a,
                  found[a], slow[a], quick[a]);
    }
    const double least = mode == ExchangeMode::pull ? slow[a] : quick[a];
    const double most = mode == ExchangeMode::push ? quick[a] : slow[a];
    EXPECT_LE(found[a], most + 0.05) << name_of(mode) << " N=" << nodes << " a=" << a;
    EXPECT_GE(found[a], least - 0.1) << name_of(mode) << " N=" << nodes << " a=" << a;
  }
}

TEST(Staleness, whole_nodes_obey_the_law_of_epidemics_in_all_modes) {
  const char* wanted = std::getenv("HEARSAY_NODES");
  const bool print = wanted != nullptr;
  for (const ExchangeMode mode : {ExchangeMode::push, ExchangeMode::pull, ExchangeMode::push_pull}) {
    for (const Place nodes : {10u, 100u}) compare(mode, nodes, print);
    if (print) compare(mode, std::strtoull(wanted, nullptr, 10), true);
  }
  // SYN and ACK tell both ways; with ten members all counters fit.
  compare(ExchangeMode::digest, 10, print);
}

}  // namespace
}  // namespace hearsay::sim
