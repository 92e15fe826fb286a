#include "sim/plan.h"

#include <algorithm>
#include <array>

namespace hearsay::sim {

namespace {

std::string complaint_of(const Path& path) {
  if (path.latency < Duration{} || path.latency > std::chrono::hours(1)) return "the latency is not in 0s .. 1h";
  if (path.jitter < Duration{} || path.jitter > std::chrono::hours(1)) return "the jitter is not in 0s .. 1h";
  if (!(path.sigma >= 0 && path.sigma <= 3)) return "sigma is not in 0 .. 3";
  if (!(path.loss >= 0 && path.loss <= 1)) return "the loss is not in 0 .. 1";
  return {};
}

}  // namespace

std::size_t nodes_in_all(const ClusterPlan& plan) {
  std::size_t nodes = plan.nodes;
  for (const Fault& fault : plan.faults) nodes += fault.what == Fault::What::join_storm ? fault.count : 0;
  return nodes;
}

std::vector<ConfigFault> faults_of(const ClusterPlan& plan) {
  std::vector<ConfigFault> faults;
  const auto complain = [&](std::string key, std::string cause, std::string cure) {
    faults.push_back({std::move(key), std::move(cause), std::move(cure)});
  };
  if (plan.nodes < 2 || plan.nodes > kClusterNodesMax) {
    complain("cluster.nodes", std::to_string(plan.nodes) + " nodes are no cluster that can be simulated",
             "choose 2 to " + std::to_string(kClusterNodesMax));
  }
  if (plan.nodes >= 2 && plan.nodes <= kClusterNodesMax && nodes_in_all(plan) > kClusterNodesMax) {
    complain("cluster.nodes",
             "with those that join later these are " + std::to_string(nodes_in_all(plan)) + " nodes",
             "let fewer join");
  }
  if (plan.duration <= Duration{}) complain("cluster.for", "it is no time", "choose for example 60s");
  const auto whole = [](Duration time) { return time % std::chrono::seconds(1) == Duration{}; };
  const Duration until = plan.count_until.value_or(plan.duration);
  if (plan.count_from < Duration{} || !whole(plan.count_from) || plan.count_from >= plan.duration) {
    complain("measure.from", "it is no whole second before the end", "choose for example 10s");
  } else if (until > plan.duration || (plan.count_until && !whole(until))) {
    complain("measure.until", "it is no whole second up to the end", "leave it out to measure to the end");
  } else if (until <= plan.count_from && plan.duration > Duration{}) {
    complain("measure.until", "it is not after measure.from", "leave it out to measure to the end");
  }
  const auto& network = plan.network;
  const std::string how = "docs/simulation.md explains the model";
  if (const auto wrong = complaint_of(network); !wrong.empty()) {
    complain(wrong == "the loss is not in 0 .. 1" ? "network.loss" : "network", wrong, how);
  }
  const std::pair<const char*, double> shares[] = {
      {"network.duplicate", network.duplicate}, {"network.reorder", network.reorder},
      {"network.corrupt", network.corrupt},     {"network.refuse", network.refuse},
      {"network.reset", network.reset},         {"network.stall", network.stall}};
  for (const auto& [key, share] : shares) {
    if (!(share >= 0 && share <= 1)) complain(key, "it is not in 0 .. 1", "0.1 means 10 %");
  }
  if (network.refuse + network.reset + network.stall > 1) {
    complain("network.refuse", "with reset and stall these are over all streams", "their sum is 1 at most");
  }
  if (network.reorder_by < Duration{}) complain("network.reorder_by", "it is negative", "choose for example 50ms");
  if (network.bandwidth > 0 && network.queue_bytes < network.mtu_bytes && network.queue_bytes < 65507) {
    complain("network.queue_bytes", "the queue is shorter than a packet may be", "choose at least 65507");
  }
  if (network.mtu_bytes < 128) complain("network.mtu_bytes", "no packet fits", "choose at least 128");
  if (network.special.size() > Network::kSpecialMax) {
    complain("link", "these are too many", "at most " + std::to_string(Network::kSpecialMax));
  }
  for (std::size_t i = 0; i < network.special.size(); ++i) {
    const auto& special = network.special[i];
    auto wrong = complaint_of(special.path);
    const bool turned = special.from_first > special.from_last || special.to_first > special.to_last;
    if (turned) wrong = "the last node stands before the first";
    if (std::max(special.from_first, special.to_first) >= nodes_in_all(plan)) wrong = "there is no such node";
    if (!wrong.empty()) complain("link[" + std::to_string(i) + "]", wrong, how);
  }
  if (plan.taped && *plan.taped >= plan.nodes) complain("cluster.tape", "there is no such node", "choose another");
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    for (auto& [key, cause, cure] : complaints_of(plan.faults[i], plan.nodes, plan.duration)) {
      complain("fault[" + std::to_string(i) + "]." + key, std::move(cause), std::move(cure));
    }
  }
  Config config = plan.config;
  config.name = "n0";
  config.advertise = Address::from_ip(std::array<std::uint8_t, 4>{10, 0, 0, 1}, 7946);
  for (auto& fault : validate(config)) faults.push_back(std::move(fault));
  return faults;
}

}  // namespace hearsay::sim
