// What choosing rumors for a packet costs, with many of them waiting.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "spread/rumor_queue.h"

namespace hearsay::spread {
namespace {

void fill_packet(benchmark::State& state) {
  Counters counters;
  base::Interner interner;
  RumorQueue queue(interner, {}, counters);
  const Bytes message(60);
  const auto waiting = static_cast<std::size_t>(state.range(0));
  std::vector<ByteView> parts;
  std::size_t taken = 0;
  std::uint64_t pushed = 0;
  for (auto _ : state) {
    while (queue.size() < waiting) {
      queue.push(RumorClass::membership, Audience::all, "n" + std::to_string(++pushed), message);
    }
    parts.clear();
    queue.fill(Audience::all, 16, 1398, 2, 255, parts);
    taken += parts.size();
  }
  state.counters["rumors"] = benchmark::Counter(static_cast<double>(taken), benchmark::Counter::kAvgIterations);
}
BENCHMARK(fill_packet)->Arg(10)->Arg(1000);

}  // namespace
}  // namespace hearsay::spread
