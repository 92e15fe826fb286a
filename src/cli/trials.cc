#include "cli/trials.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

#include "cli/workers.h"

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
  std::atomic<bool> stop{false};
  std::mutex mutex;
  const auto work = [&](std::size_t i) {
    Arrivals arrivals;
    trials[i] = run_trial(settings, static_cast<std::uint32_t>(i), arrivals,
                          [&] { return stop.load(std::memory_order_relaxed); });
    if (trials[i].cut_off && stop) return;
    ended[i] = 1;
    if (trials[i].cut_off) return;
    const std::lock_guard lock(mutex);
    add_to(run.arrivals, arrivals);
  };
  run_workers(count, run.threads, work, [&](double share) {
    stop = !go_on(share);
    return !stop;
  });
  for (std::uint32_t i = 0; i < count; ++i) {
    if (ended[i] != 0) run.trials.push_back(trials[i]);
  }
  run.interrupted = run.trials.size() < count;
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return run;
}

}  // namespace hearsay::cli
