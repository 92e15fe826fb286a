// Whole nodes under virtual time: how much faster than real time a cluster at rest runs, and what a node costs. One
// iteration is ten virtual seconds.
#include <benchmark/benchmark.h>

#include <string>

#include "sim/world.h"

namespace hearsay::sim {
namespace {

using std::chrono::seconds;

void cluster_at_rest(benchmark::State& state) {
  World world({});
  const auto size = static_cast<Place>(state.range(0));
  for (Place place = 0; place < size; ++place) {
    Config config = Config::of(Profile::lan);
    config.name = "n" + std::to_string(place);
    const Place added = world.add(config);
    if (added > 0) world.command(added, Join{CommandId{}, {"10.0.0.1"}});
  }
  world.run_for(seconds(60));
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
BENCHMARK(cluster_at_rest)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hearsay::sim
