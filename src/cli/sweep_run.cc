#include "cli/sweep_run.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <sstream>
#include <thread>

#include "cli/sweep_results.h"

namespace hearsay::cli {
namespace {

using std::chrono::milliseconds;

struct Ended {
  std::size_t run = 0;
  Row row;
  std::string error;  // empty: there is a row
};

// Threads that do what they are given, in order.
class Pool {
 public:
  Pool(const Sweep& sweep, unsigned jobs) : sweep_(sweep), shares_(jobs) {
    for (unsigned i = 0; i < jobs; ++i) threads_.emplace_back([this, i] { work(shares_[i]); });
  }
  ~Pool() {
    {
      // Or a thread that has just looked whether it should stop would sleep through the news.
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    given_or_stop_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // As many more as keep every thread busy, with one in reserve for each.
  std::size_t wants() const {
    const std::lock_guard lock(mutex_);
    const std::size_t full = 2 * threads_.size();
    return full > load_ ? full - load_ : 0;
  }
  void give(std::size_t run) {
    {
      const std::lock_guard lock(mutex_);
      given_.push_back(run);
      ++load_;
    }
    given_or_stop_.notify_one();
  }
  bool idle() const {
    const std::lock_guard lock(mutex_);
    return load_ == 0;
  }
  // What ended; waits for so long if nothing did.
  std::vector<Ended> take(milliseconds wait) {
    std::unique_lock lock(mutex_);
    something_ended_.wait_for(lock, wait, [&] { return !ended_.empty(); });
    load_ -= ended_.size();
    return std::exchange(ended_, {});
  }
  // Runs that have begun, each counted by the share that is done.
  double begun() const {
    double sum = 0;
    for (const auto& share : shares_) sum += share.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  void work(std::atomic<double>& share) {
    std::unique_lock lock(mutex_);
    while (!stop_) {
      given_or_stop_.wait(lock, [&] { return stop_ || !given_.empty(); });
      if (stop_) return;
      const std::size_t run = given_.front();
      given_.pop_front();
      lock.unlock();
      Ended ended{run, {}, {}};
      try {
        auto row = sweep_.experiment->run(sweep_.point_of(run), sweep_.seed_of(run), [&](double done) {
          share.store(done, std::memory_order_relaxed);
          return !stop_;
        });
        if (!row) return;  // only a stop ends a run early
        ended.row = std::move(*row);
      } catch (const std::exception& error) {  // of the standard library: memory has run out
        ended.error = "the run of point " + std::to_string(sweep_.point_of(run)) + " with seed " +
                      std::to_string(sweep_.seed_of(run)) + " failed: " + error.what();
      }
      share.store(0, std::memory_order_relaxed);
      lock.lock();
      ended_.push_back(std::move(ended));
      something_ended_.notify_one();
    }
  }

  const Sweep& sweep_;
  mutable std::mutex mutex_;
  std::condition_variable given_or_stop_;
  std::condition_variable something_ended_;
  std::deque<std::size_t> given_;
  std::vector<Ended> ended_;
  std::size_t load_ = 0;  // given and not yet taken back
  std::atomic<bool> stop_{false};
  std::vector<std::atomic<double>> shares_;
  std::vector<std::thread> threads_;
};

// "row 12" is the word and the rest.
std::pair<std::string, std::string> split_word(const std::string& text) {
  const auto space = std::min(text.find(' '), text.size());
  return {text.substr(0, space), text.substr(std::min(space + 1, text.size()))};
}

class Coordinator {
 public:
  Coordinator(const Sweep& sweep, const std::vector<std::size_t>& todo, unsigned jobs, const Ranks* ranks,
              const std::function<Result<void>(std::size_t, const Row&)>& on_row)
      : sweep_(sweep), todo_(todo), ranks_(ranks), on_row_(on_row), pool_(std::make_unique<Pool>(sweep, jobs)) {}

  SweepEnd run(const std::function<bool(double)>& go_on) {
    using Clock = std::chrono::steady_clock;
    auto asked = Clock::time_point();
    const int others = ranks_ == nullptr ? 0 : ranks_->size() - 1;
    while (!end_.error && !end_.interrupted && (done_ < todo_.size() || greeted_ < others)) {
      for (std::size_t wants = pool_->wants(); wants > 0 && next_ < todo_.size(); --wants)
        pool_->give(todo_[next_++]);
      // With other ranks the wait is short: their messages wake nobody.
      for (auto& ended : pool_->take(milliseconds(others > 0 ? 5 : 50))) {
        if (ended.error.empty())
          add(ended.run, ended.row);
        else
          end_.error = Error{Errc::defunct, ended.error, "try fewer --jobs"};
      }
      if (others > 0) hear();
      if (const auto now = Clock::now(); now - asked >= milliseconds(100)) {
        asked = now;
        if (!go_on(static_cast<double>(done_) + pool_->begun())) end_.interrupted = true;
      }
    }
    pool_.reset();
    if (others > 0 && (end_.error || end_.interrupted)) stop_others(others);
    return std::move(end_);
  }

 private:
  void add(std::size_t run, const Row& row) {
    ++done_;
    if (end_.error) return;
    if (auto written = on_row_(run, row); !written) end_.error = written.error();
  }

  void hear() {
    while (const auto message = ranks_->take()) {
      const auto& [from, text] = *message;
      const auto [word, rest] = split_word(text);
      if (word == "want") {
        ++greeted_;
        answer(from, std::strtoul(rest.c_str(), nullptr, 10));
      } else if (word == "row") {
        if (const auto parsed = parse_run_line(sweep_, rest)) add(parsed->first, parsed->second);
        answer(from, 1);
      } else if (word == "error") {
        end_.error = Error{Errc::defunct, "rank " + std::to_string(from) + ": " + rest, "try fewer --jobs"};
      } else if (word == "interrupted") {
        end_.interrupted = true;
      }
    }
  }

  void answer(int to, std::size_t count) {
    std::string text = "run";
    for (; count > 0 && next_ < todo_.size(); --count) text += " " + std::to_string(todo_[next_++]);
    ranks_->send(to, text);
  }

  void stop_others(int others) {
    for (int rank = 1; rank <= others; ++rank) ranks_->send(rank, "stop");
    for (int left = others; left > 0;) {
      if (ranks_->wait().second == "bye") --left;
    }
  }

  const Sweep& sweep_;
  const std::vector<std::size_t>& todo_;
  const Ranks* ranks_;
  const std::function<Result<void>(std::size_t, const Row&)>& on_row_;
  std::unique_ptr<Pool> pool_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  int greeted_ = 0;  // other ranks that have asked for their first runs
  SweepEnd end_;
};

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "an unnamed host";
}

}  // namespace

SweepEnd run_sweep(const Sweep& sweep, const std::vector<std::size_t>& todo, unsigned jobs, const Ranks* ranks,
                   const std::function<Result<void>(std::size_t, const Row&)>& on_row,
                   const std::function<bool(double)>& go_on) {
  return Coordinator(sweep, todo, jobs, ranks, on_row).run(go_on);
}

std::optional<Error> agree(const Ranks& ranks, const Sweep& sweep, bool fault) {
  std::optional<Error> wrong;
  for (int left = ranks.size() - 1; left > 0; --left) {
    const auto message = ranks.wait();
    const auto said = split_word(split_word(message.second).second);
    const auto complain = [&](const std::string& what) {
      if (!wrong) wrong = Error{Errc::invalid_argument, "rank " + std::to_string(message.first) + what, ""};
    };
    if (said.first == "fault") complain(" cannot take part: " + said.second);
    if (said.first == "ok" && said.second != sweep.description && !fault) {
      complain(" has understood another sweep, or is another version of hearsay");
      wrong->cure = "start the same program with the same words and files on all machines";
    }
  }
  for (int rank = 1; rank < ranks.size(); ++rank) ranks.send(rank, wrong || fault ? "no" : "go");
  return wrong;
}

void serve(const Ranks& ranks, const Sweep& sweep, unsigned jobs, const std::string& fault,
           const std::function<bool()>& interrupted) {
  ranks.send(0, fault.empty() ? "hello ok " + sweep.description : "hello fault " + host_name() + ": " + fault);
  if (ranks.wait().second != "go") return;
  auto pool = std::make_unique<Pool>(sweep, jobs);
  ranks.send(0, "want " + std::to_string(pool->wants()));
  std::size_t unanswered = 1;
  bool told = false;  // that we were interrupted
  while (unanswered > 0 || !pool->idle()) {
    for (auto& ended : pool->take(milliseconds(5))) {
      std::string line = run_line(sweep, ended.run, ended.row);
      line.pop_back();  // the end of the line
      ranks.send(0, ended.error.empty() ? "row " + line : "error " + ended.error);
      ++unanswered;
    }
    while (const auto message = ranks.take()) {
      if (message->second == "stop") {
        pool.reset();
        ranks.send(0, "bye");
        return;
      }
      --unanswered;
      std::istringstream numbers(split_word(message->second).second);
      for (std::size_t run = 0; numbers >> run;) pool->give(run);
    }
    if (!told && interrupted()) {
      told = true;
      ranks.send(0, "interrupted");
    }
  }
}

}  // namespace hearsay::cli
