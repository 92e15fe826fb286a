#include "cli/trials.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace hearsay::cli {
namespace {

using sim::spread::Arrivals;
using sim::spread::Trial;

// What all running trials together may keep in memory.
constexpr std::uint64_t kBytesMax = std::uint64_t{4} << 30;

void add_to(Arrivals& sum, const Arrivals& more) {
  if (sum.size() < more.size()) sum.resize(more.size());
  for (std::size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
}

}  // namespace

TrialRun run_trials(const sim::spread::Settings& settings, unsigned threads_max,
                    const std::function<bool(double)>& go_on) {
  const auto began = std::chrono::steady_clock::now();
  const std::uint32_t count = trials_of(settings);
  const auto fitting = std::max<std::uint64_t>(1, kBytesMax / trial_bytes(settings));
  TrialRun run;
  run.threads = static_cast<unsigned>(std::min<std::uint64_t>({threads_max, count, fitting}));

  std::vector<Trial> trials(count);
  std::vector<std::uint8_t> ended(count);
  std::atomic<std::uint32_t> next{0};
  std::atomic<std::uint32_t> done{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable worker_ended;
  unsigned working = run.threads;
  const auto work = [&] {
    Arrivals sum;
    Arrivals arrivals;
    for (std::uint32_t i = next++; i < count && !stop; i = next++) {
      arrivals.clear();
      trials[i] = run_trial(settings, i, arrivals, [&] { return stop.load(std::memory_order_relaxed); });
      if (trials[i].cut_off && stop) break;
      ended[i] = 1;
      if (!trials[i].cut_off) add_to(sum, arrivals);
      ++done;
    }
    const std::lock_guard lock(mutex);
    add_to(run.arrivals, sum);
    --working;
    worker_ended.notify_one();
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < run.threads; ++i) threads.emplace_back(work);
  {
    std::unique_lock lock(mutex);
    while (!worker_ended.wait_for(lock, std::chrono::milliseconds(100), [&] { return working == 0; })) {
      if (!stop && !go_on(static_cast<double>(done.load()) / count)) stop = true;
    }
  }
  for (auto& thread : threads) thread.join();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (ended[i] != 0) run.trials.push_back(trials[i]);
  }
  run.interrupted = run.trials.size() < count;
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return run;
}

unsigned threads_here() { return std::max(1u, std::thread::hardware_concurrency()); }

}  // namespace hearsay::cli
