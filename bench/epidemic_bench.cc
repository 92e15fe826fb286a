// How many contacts a second the epidemic model makes on one core. One iteration is one epidemic.
#include <benchmark/benchmark.h>

#include "sim/spread/chain.h"
#include "sim/spread/trial.h"

namespace hearsay::sim::spread {
namespace {

void epidemic(benchmark::State& state, Mode mode, Timing timing, Stop stop, std::uint32_t nodes) {
  Settings settings;
  settings.nodes = nodes;
  settings.fanout = 2;
  settings.mode = mode;
  settings.timing = timing;
  settings.stop = stop;
  std::uint64_t contacts = 0;
  std::uint64_t number = 0;
  for (auto _ : state) {
    Arrivals arrivals;
    contacts += run_trial(settings, number++, arrivals).contacts;
  }
  state.counters["contacts_per_s"] = benchmark::Counter(static_cast<double>(contacts), benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(epidemic, push_1e6, Mode::push, Timing::sync, Stop::forever, 1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(epidemic, pull_1e6, Mode::pull, Timing::sync, Stop::forever, 1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(epidemic, push_pull_1e6, Mode::push_pull, Timing::sync, Stop::forever, 1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(epidemic, push_1e7, Mode::push, Timing::sync, Stop::forever, 10'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(epidemic, push_unsync_1e6, Mode::push, Timing::unsync, Stop::forever, 1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(epidemic, push_budget_1e6, Mode::push, Timing::sync, Stop::budget, 1'000'000)
    ->Unit(benchmark::kMillisecond);

void exact_chain(benchmark::State& state) {
  Settings settings;
  settings.nodes = static_cast<std::uint32_t>(state.range(0));
  settings.fanout = 2;
  settings.mode = Mode::push_pull;
  for (auto _ : state) benchmark::DoNotOptimize(run_chain(settings).mean);
}
BENCHMARK(exact_chain)->Arg(1000)->Arg(2000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hearsay::sim::spread
