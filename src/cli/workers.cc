#include "cli/workers.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace hearsay::cli {

bool run_workers(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work,
                 const std::function<bool(double)>& go_on) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t working = std::clamp<std::size_t>(count, 1, std::max(1u, threads));
  std::vector<std::thread> pool;
  for (std::size_t left = working; left > 0; --left) {
    pool.emplace_back([&] {
      for (std::size_t i = next++; i < count && !stop; i = next++) {
        work(i);
        ++done;
      }
      const std::lock_guard lock(mutex);
      --working;
      ended.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(100), [&] { return working == 0; })) {
      if (!stop && !go_on(static_cast<double>(done.load()) / static_cast<double>(count))) stop = true;
    }
  }
  for (auto& thread : pool) thread.join();
  return done == count;
}

unsigned threads_here() { return std::max(1u, std::thread::hardware_concurrency()); }

}  // namespace hearsay::cli
