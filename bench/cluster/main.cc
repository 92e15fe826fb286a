// Whole clusters in one process: see bench/README.md.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "cluster/report.h"

namespace hearsay::bench {
namespace {

constexpr std::string_view kAbout =
    "Hosts whole clusters in one process, with the default settings of the lan profile, and measures how they "
    "form,\n"
    "what they cost at rest, and how news and deaths spread. A killed node drops datagrams and resets connections.";

struct Options {
  Plan plan;
  std::vector<std::size_t> nodes{50, 100, 500, 1000};
  std::vector<std::string> drivers{"sockets"};
  std::string peer;
  unsigned runs = 1;
  std::string format = "text";
};

double load_of_machine() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : 0;
}

// Two descriptors for each stream of a node, and some more.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Figures measure_here(const Plan& plan, const std::string& driver) {
  const Progress progress = [&](const std::string& what) {
    fmt::print(stderr, "{} nodes, {}: {}\n", plan.nodes, driver, what);
  };
  std::string why;
  const auto cluster = driver == "virtual" ? make_virtual(plan.seed) : make_loopback(plan.seed, plan.threads, why);
  if (cluster == nullptr) {
    fmt::print(stderr, "cluster: {}\n", why);
    return {};
  }
  return measure(plan, *cluster, progress);
}

Figures read_figures(int from) {
  std::string line;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t got = ::read(from, part.data(), part.size());
    if (got > 0) line.append(part.data(), static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR)) break;
  }
  return figures_of(line);
}

// Each run has a process of its own, so that none measures the memory of the one before.
template <class Child>
Figures in_process(Child child) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return {};
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    child(ends[1]);
    std::fflush(nullptr);
    ::_exit(0);
  }
  ::close(ends[1]);
  Figures figures;
  if (pid > 0) {
    figures = read_figures(ends[0]);
    ::waitpid(pid, nullptr, 0);
  }
  ::close(ends[0]);
  return figures;
}

Figures measure_apart(const Plan& plan, const std::string& driver) {
  return in_process([&](int to) {
    const std::string line = line_of(measure_here(plan, driver));
    [[maybe_unused]] const auto written = ::write(to, line.data(), line.size());
  });
}

// A peer's program takes the same options and prints the same figures as one JSON object.
Figures measure_peer(const Plan& plan, const std::string& program) {
  return in_process([&](int to) {
    ::dup2(to, STDOUT_FILENO);
    const std::array<std::string, 11> words{program,
                                            "--nodes",
                                            std::to_string(plan.nodes),
                                            "--for",
                                            std::to_string(plan.rest_seconds),
                                            "--updates",
                                            std::to_string(plan.updates),
                                            "--kills",
                                            std::to_string(plan.kills),
                                            "--patience",
                                            std::to_string(plan.patience_seconds)};
    std::array<char*, 12> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = const_cast<char*>(words[i].c_str());
    ::execvp(program.c_str(), arguments.data());
    std::perror(program.c_str());
    ::_exit(127);
  });
}

int run(const Options& options) {
  raise_file_limit();
  std::vector<Run> runs;
  bool complete = true;
  for (unsigned number = 1; number <= options.runs; ++number) {
    for (const std::size_t nodes : options.nodes) {
      Plan plan = options.plan;
      plan.nodes = nodes;
      plan.seed += number - 1;
      const auto add = [&](const std::string& subject, auto measure_it) {
        Run run{subject, nodes, number, load_of_machine(), {}};
        run.figures = measure_it();
        complete = complete && !run.figures.empty();
        runs.push_back(std::move(run));
      };
      for (const auto& driver : options.drivers) add(driver, [&] { return measure_apart(plan, driver); });
      if (!options.peer.empty()) {
        const std::string name = options.peer.substr(options.peer.find_last_of('/') + 1);
        add(name, [&] { return measure_peer(plan, options.peer); });
      }
    }
  }
  fmt::print("{}", options.format == "json" ? json_of(options.plan, runs) : table_of(runs));
  if (!complete) fmt::print(stderr, "cluster: some runs gave no figures; see above\n");
  return complete ? 0 : 1;
}

}  // namespace
}  // namespace hearsay::bench

int main(int count, char** words) {
  hearsay::bench::Options options;
  options.plan.threads = std::max(1u, std::thread::hardware_concurrency());
  CLI::App app{std::string(hearsay::bench::kAbout), "script/bench cluster"};
  app.option_defaults()->always_capture_default();
  app.add_option("--nodes", options.nodes, "how many, one or more numbers")->check(CLI::Range(2, 10'000));
  app.add_option("--driver", options.drivers, "sockets, virtual (time), or both")
      ->check(CLI::IsMember({"sockets", "virtual"}));
  app.add_option("--for", options.plan.rest_seconds, "seconds at rest")->check(CLI::Range(1.0, 86'400.0));
  app.add_option("--runs", options.runs, "repeat all so often; figures are medians")->check(CLI::Range(1, 100));
  app.add_option("--updates", options.plan.updates, "changes of a tag, one after another")
      ->check(CLI::Range(0, 1000));
  app.add_option("--kills", options.plan.kills, "nodes killed one after another, before a tenth is killed at once")
      ->check(CLI::Range(0, 1000));
  app.add_option("--patience", options.plan.patience_seconds,
                 "give up waiting for an agreement after so many seconds")
      ->check(CLI::Range(1.0, 86'400.0));
  app.add_option("--threads", options.plan.threads, "among which the nodes behind sockets are dealt out")
      ->check(CLI::Range(1, 256));
  app.add_option("--seed", options.plan.seed, "of the nodes' randomness");
  app.add_option("--peer", options.peer, "a program that measures a peer in the same run (bench/peers)");
  app.add_option("--format", options.format)->check(CLI::IsMember({"text", "json"}));
  CLI11_PARSE(app, count, words);
  return hearsay::bench::run(options);
}
