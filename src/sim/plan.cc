#include "sim/plan.h"

#include <array>

namespace hearsay::sim {

std::vector<ConfigFault> faults_of(const ClusterPlan& plan) {
  std::vector<ConfigFault> faults;
  const auto complain = [&](std::string key, std::string cause, std::string cure) {
    faults.push_back({std::move(key), std::move(cause), std::move(cure)});
  };
  if (plan.nodes < 2 || plan.nodes > kClusterNodesMax) {
    complain("cluster.nodes", std::to_string(plan.nodes) + " nodes are no cluster that can be simulated",
             "choose 2 to " + std::to_string(kClusterNodesMax));
  }
  if (plan.duration <= Duration{}) complain("cluster.for", "it is no time", "choose for example 60s");
  if (!(plan.network.loss >= 0 && plan.network.loss <= 1)) {
    complain("network.loss", "it is not in 0 .. 1", "0.1 means 10 %");
  }
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
