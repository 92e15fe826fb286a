// `hearsay sim swarm`: many seeded clusters with random faults; whoever breaks an invariant is shown, with the
// command that repeats it.
#include <algorithm>
#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <mutex>

#include "agent/settings.h"
#include "agent/text.h"
#include "cli/commands.h"
#include "cli/fault_words.h"
#include "cli/interrupts.h"
#include "cli/workers.h"
#include "http/json.h"
#include "sim/swarm.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

struct Failure {
  std::uint64_t seed = 0;
  std::vector<std::string> wrong;
};

// The words that mean this plan, behind `hearsay sim cluster` and `hearsay sim replay`.
std::string words_of(const sim::ClusterPlan& plan) {
  std::string words = "--nodes " + std::to_string(plan.nodes) + " --for " + agent::duration_text(plan.duration) +
                      " --seed " + std::to_string(plan.seed) + " --latency " +
                      agent::duration_text(plan.network.latency);
  if (plan.network.jitter > Duration{}) words += " --jitter " + agent::duration_text(plan.network.jitter);
  if (plan.network.loss > 0) words += " --loss " + number_text(plan.network.loss);
  const sim::Network::Options calm;
  const auto& network = plan.network;
  const auto set = [&](const char* key, const std::string& value, bool differs) {
    if (differs) words += std::string(" --set network.") + key + "=" + value;
  };
  set("sigma", number_text(network.sigma), network.sigma != calm.sigma);
  set("duplicate", number_text(network.duplicate), network.duplicate != calm.duplicate);
  set("reorder", number_text(network.reorder), network.reorder != calm.reorder);
  set("reorder_by", agent::duration_text(network.reorder_by), network.reorder_by != calm.reorder_by);
  set("corrupt", number_text(network.corrupt), network.corrupt != calm.corrupt);
  set("bandwidth", std::to_string(network.bandwidth), network.bandwidth != calm.bandwidth);
  set("queue_bytes", std::to_string(network.queue_bytes), network.queue_bytes != calm.queue_bytes);
  set("mtu_bytes", std::to_string(network.mtu_bytes), network.mtu_bytes != calm.mtu_bytes);
  set("refuse", number_text(network.refuse), network.refuse != calm.refuse);
  set("reset", number_text(network.reset), network.reset != calm.reset);
  set("stall", number_text(network.stall), network.stall != calm.stall);
  if (plan.taped) words += " --set cluster.tape=" + std::to_string(*plan.taped);
  agent::AgentConfig tried = agent::load_config_text("", "", {}).config;
  const agent::AgentConfig usual = tried;
  tried.node = plan.config;
  tried.node.name = usual.node.name;
  for (const auto& setting : agent::settings()) {
    const auto value = setting.show(tried);
    if (value != setting.show(usual)) words += " --set " + std::string(setting.key) + "=" + value;
  }
  for (const auto& fault : plan.faults) {
    const bool loss = fault.what == sim::Fault::What::loss;  // "--loss" is that of the whole run
    words += std::string(" --") + (loss ? "lossy" : name_of(fault.what)) + " " + fault_text(fault);
  }
  return words;
}

}  // namespace

int run_sim_swarm(const Arguments& arguments, Terminal& terminal) {
  const auto& words = arguments.sim_swarm;
  std::optional<Duration> budget;
  if (!words.budget.empty()) {
    budget = agent::parse_duration(words.budget);
    if (!budget) {
      terminal.err("hearsay sim swarm: --for \"" + printable(words.budget) +
                   "\": a time has a unit, such as 60s or 10m\n");
      return kUsage;
    }
  }
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  const auto elapsed = [&] { return Clock::now() - began; };
  const std::uint64_t count = budget ? UINT64_MAX - words.first : words.seeds;

  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> apart{0};
  std::mutex mutex;
  std::vector<Failure> failures;
  const auto work = [&](std::size_t number) {
    auto [wrong, is_apart] = sim::judge(sim::swarm_plan(words.first + number, words.family));
    ++done;
    if (is_apart) ++apart;
    if (wrong.empty()) return;
    const std::lock_guard lock(mutex);
    failures.push_back({words.first + number, std::move(wrong)});
  };
  bool interrupted = false;
  {
    const Interrupts interrupts;  // before the threads, so that they leave the signals alone as well
    const bool terminal_there = ::isatty(STDERR_FILENO) != 0;
    run_workers(count, words.jobs > 0 ? words.jobs : threads_here(), work, [&](double) {
      interrupted = interrupts.wait(0);
      if (terminal_there) {
        const std::lock_guard lock(mutex);
        terminal.err("\r" + std::to_string(done) + " seeds, " + std::to_string(failures.size()) + " failed\x1b[K");
      }
      return !interrupted && !(budget && elapsed() >= *budget);
    });
    if (terminal_there) terminal.err("\r\x1b[K");
  }
  std::ranges::sort(failures, {}, &Failure::seed);

  constexpr std::size_t kShrunk = 3;
  constexpr std::size_t kTries = 200;
  json::array list;
  for (std::size_t i = 0; i < failures.size(); ++i) {
    const Failure& failure = failures[i];
    const auto plan = sim::swarm_plan(failure.seed, words.family);
    const std::string repeat =
        "hearsay sim cluster " + words_of(words.shrink && i < kShrunk ? sim::shrink(plan, kTries) : plan);
    if (arguments.json) {
      json::array wrong;
      for (const auto& what : failure.wrong) wrong.emplace_back(what);
      list.push_back(json::object{{"seed", failure.seed}, {"wrong", std::move(wrong)}, {"repeat", repeat}});
      continue;
    }
    terminal.out(terminal.paint(Style::bad, "seed " + std::to_string(failure.seed)) + "\n");
    for (const auto& what : failure.wrong) terminal.out("  " + printable(what) + "\n");
    terminal.out("  repeat: " + repeat + "\n");
    terminal.out("  trace:  hearsay sim replay --swarm-seed " + std::to_string(failure.seed) +
                 (words.family == Family::swim ? "\n" : " --family heartbeat\n"));
  }
  const std::uint64_t passed = done - failures.size();
  if (arguments.json) {
    terminal.out(http::pretty(json::object{{"first", words.first},
                                           {"seeds", done.load()},
                                           {"passed", passed},
                                           {"apart", apart.load()},
                                           {"complete", !interrupted},
                                           {"failures", std::move(list)},
                                           {"wall_s", std::chrono::duration<double>(elapsed()).count()}}) +
                 "\n");
  } else {
    if (interrupted) terminal.out(terminal.paint(Style::warn, "interrupted: this is partial") + "\n");
    terminal.out(std::to_string(done) + " clusters from seed " + std::to_string(words.first) + ": " +
                 std::to_string(passed) + " held every invariant and agreed in the end, " +
                 std::to_string(failures.size()) + " did not\n");
    if (apart > 0) {
      terminal.out(std::to_string(apart) + " fell into parts without a contact to each other; each part agreed\n");
    }
  }
  return failures.empty() && !interrupted ? kDone : kFailed;
}

}  // namespace hearsay::cli
