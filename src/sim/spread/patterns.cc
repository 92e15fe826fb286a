#include "sim/spread/patterns.h"

#include <string>

#include "sim/spread/traffic.h"

namespace hearsay::sim::spread {

std::string_view name_of(Pattern pattern) {
  switch (pattern) {
    case Pattern::direct:
      return "direct";
    case Pattern::hub:
      return "hub";
    case Pattern::tree:
      return "tree";
    case Pattern::tree_repair:
      return "tree-repair";
    case Pattern::push:
      return "push";
    case Pattern::pull:
      return "pull";
    case Pattern::push_pull:
      return "push-pull";
  }
  return {};
}

std::string_view name_of(Job job) { return job == Job::update ? "update" : "heartbeats"; }

std::string_view name_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::none:
      return "none";
    case Trouble::loss:
      return "loss";
    case Trouble::key:
      return "key_node_dead";
    case Trouble::one:
      return "one_dead";
    case Trouble::one_in_100:
      return "1_percent_dead";
    case Trouble::one_in_20:
      return "5_percent_dead";
    case Trouble::one_in_10:
      return "10_percent_dead";
  }
  return {};
}

bool has_key(Pattern pattern) {
  return pattern == Pattern::hub || pattern == Pattern::tree || pattern == Pattern::tree_repair;
}

bool does(Pattern pattern, Job job) { return job == Job::update || pattern != Pattern::tree_repair; }

std::vector<Error> validate(const Comparison& comparison) {
  Settings settings;  // the knobs that an epidemic has as well
  settings.nodes = comparison.nodes;
  settings.fanout = comparison.fanout;
  settings.loss = comparison.loss;
  settings.mode = Mode::push;
  settings.stop = Stop::budget;
  settings.copies = comparison.copies;
  auto faults = validate(settings);
  const auto outside = [&](const char* what, std::uint32_t value, std::uint32_t low, std::uint32_t high) {
    if (value >= low && value <= high) return;
    faults.push_back({Errc::invalid_argument, std::string(what) + " is " + std::to_string(value),
                      "give " + std::to_string(low) + " to " + std::to_string(high)});
  };
  outside("--degree", comparison.degree, 1, kFanoutMax);
  outside("--bytes", comparison.bytes, 1, 65'000);
  if (comparison.nodes > kComparedNodesMax && comparison.nodes <= kNodesMax) {
    outside("--nodes", comparison.nodes, 3, kComparedNodesMax);
  } else if (comparison.nodes == 2) {
    outside("--nodes", comparison.nodes, 3, kComparedNodesMax);  // one dies, and two are left to speak of a pattern
  }
  return faults;
}

PatternTrial run_pattern(const Comparison& comparison, Job job, Pattern pattern, Trouble trouble,
                         std::uint64_t number) {
  std::string stream(name_of(job));
  for (const auto name : {name_of(pattern), name_of(trouble)}) stream += " " + std::string(name);
  Draw draw(base::Rng(comparison.seed).fork(stream + " " + std::to_string(number)));
  Traffic traffic(comparison, pattern, trouble, draw);
  return job == Job::update ? run_update(comparison, pattern, traffic, draw)
                            : run_heartbeats(comparison, pattern, traffic, draw);
}

}  // namespace hearsay::sim::spread
