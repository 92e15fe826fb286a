// Whole nodes under virtual time: how much faster than real time a cluster at rest runs, what a node costs, and how
// many messages one core hands over while there is much to tell.
#include <benchmark/benchmark.h>

#include <string>

#include "sim/world.h"

namespace hearsay::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// All know all, and have made their first probes.
void begin_joined(World& world, std::vector<Member>& known, Place nodes) {
  Config config = Config::of(Profile::lan);
  known = members_of(config, nodes);
  for (Place place = 0; place < nodes; ++place) {
    config.name = name_of(place);
    world.add(config, known);
  }
  world.run_for(seconds(10));
}

std::uint64_t messages_of(const World& world) {
  std::uint64_t sum = 0;
  for (Place place = 0; place < world.size(); ++place) sum += world.node(place).counters()[Count::messages_in];
  return sum;
}

// One iteration is ten virtual seconds.
void cluster_at_rest(benchmark::State& state) {
  World world({});
  std::vector<Member> known;
  const auto size = static_cast<Place>(state.range(0));
  begin_joined(world, known, size);
  const std::uint64_t before = world.network().datagrams();
  double virtual_seconds = 0;
  for (auto _ : state) {
    world.run_for(seconds(10));
    virtual_seconds += 10;
  }
  const auto datagrams = static_cast<double>(world.network().datagrams() - before);
  state.counters["speedup"] = benchmark::Counter(virtual_seconds, benchmark::Counter::kIsRate);
  state.counters["datagrams_per_s"] = benchmark::Counter(datagrams, benchmark::Counter::kIsRate);
  state.counters["datagrams_per_node_s"] = datagrams / virtual_seconds / static_cast<double>(size);
}
BENCHMARK(cluster_at_rest)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

// A hundred nodes, of which one publishes another tag every 10 ms, so that packets are full of rumors. One
// iteration is a virtual second. A message is one that a node has decoded: the parts of a packet count apart, the
// packet does not.
void cluster_with_news(benchmark::State& state) {
  World world({});
  std::vector<Member> known;
  begin_joined(world, known, 100);
  std::uint64_t commands = 0;
  const std::uint64_t before = messages_of(world);
  const std::uint64_t datagrams_before = world.network().datagrams();
  for (auto _ : state) {
    for (int turn = 0; turn < 100; ++turn) {
      ++commands;
      world.command(commands % 100, SetTags{CommandId{commands}, {{"version", std::to_string(commands)}}});
      world.run_for(milliseconds(10));
    }
  }
  const auto messages = static_cast<double>(messages_of(world) - before);
  const auto datagrams = static_cast<double>(world.network().datagrams() - datagrams_before);
  state.counters["messages_per_s"] = benchmark::Counter(messages, benchmark::Counter::kIsRate);
  state.counters["messages_per_datagram"] = messages / datagrams;
}
BENCHMARK(cluster_with_news)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hearsay::sim
