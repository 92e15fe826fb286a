#include "sim/swarm.h"

#include <algorithm>

namespace hearsay::sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Duration any_of(base::Rng& rng, Duration low, Duration high) {
  const auto steps = static_cast<std::uint64_t>((high - low) / milliseconds(1)) + 1;
  return low + milliseconds(rng.bounded(steps));
}

Fault any_fault(base::Rng& rng, std::size_t nodes, Duration until) {
  using What = Fault::What;
  // Those that a cluster has to bear often stand more often.
  static constexpr What kKinds[] = {What::crash, What::restart, What::restart, What::wipe,    What::pause,
                                    What::pause, What::cut,     What::cut,     What::one_way, What::loss,
                                    What::tags,  What::tags,    What::leave};
  Fault fault;
  fault.what = kKinds[rng.bounded(std::size(kKinds))];
  fault.at = any_of(rng, Duration{}, until / 2);
  fault.lasts = any_of(rng, milliseconds(200), until / 2);
  fault.place = rng.bounded(nodes);
  fault.other = rng.bounded(nodes);
  fault.share = 0.9 * rng.unit();
  if (fault.what == What::cut) fault.other = 0;
  if (fault.what == What::one_way && fault.other == fault.place) fault.other = (fault.place + 1) % nodes;
  if (fault.what == What::crash || fault.what == What::leave || fault.what == What::tags) fault.lasts = {};
  return fault;
}

}  // namespace

ClusterPlan swarm_plan(std::uint64_t seed) {
  base::Rng rng = base::Rng(seed).fork("swarm");
  ClusterPlan plan;
  plan.seed = seed;
  plan.nodes = 2 + rng.bounded(11);
  static constexpr Profile kProfiles[] = {Profile::local, Profile::lan, Profile::lan, Profile::wan};
  plan.config = Config::of(kProfiles[rng.bounded(std::size(kProfiles))]);
  plan.config.compression = rng.chance(0.5);
  auto& swim = plan.config.swim;
  if (rng.chance(0.3)) swim.indirect_probes = static_cast<std::uint8_t>(rng.bounded(4));
  if (rng.chance(0.3)) swim.gossip_fanout = static_cast<std::uint8_t>(rng.bounded(5));
  if (rng.chance(0.3)) swim.retransmit_mult = static_cast<std::uint8_t>(1 + rng.bounded(5));
  if (rng.chance(0.2)) swim.stream_probe = false;
  if (rng.chance(0.2)) plan.config.packet_bytes = static_cast<std::uint16_t>(1024 + rng.bounded(8000));
  plan.network.latency = any_of(rng, Duration{}, swim.probe_timeout / 4);
  if (rng.chance(0.5)) plan.network.jitter = any_of(rng, Duration{}, swim.probe_timeout / 4);
  const Duration chaos = seconds(20 + static_cast<std::int64_t>(rng.bounded(180)));
  const auto faults = rng.bounded(13);
  for (std::uint64_t i = 0; i < faults; ++i) plan.faults.push_back(any_fault(rng, plan.nodes, chaos));
  if (rng.chance(0.4)) {
    plan.faults.push_back({.what = Fault::What::loss, .lasts = chaos, .share = 0.3 * rng.unit()});
  }
  plan.duration = chaos + quiet_time(plan.config, plan.nodes);
  return plan;
}

Duration quiet_time(const Config& config, std::size_t nodes) {
  // Every pair that lost sight of each other must meet again: reconnects and table exchanges choose one of N at a
  // time, and a suspicion may run its whole length before the last verdict falls.
  const auto rounds = static_cast<std::int64_t>(8 + nodes);
  const auto longest = config.swim.suspicion_mult * config.swim.suspicion_max_mult * config.swim.probe_interval;
  return rounds * (config.contact.reconnect_interval + config.swim.push_pull_interval) + 2 * longest;
}

std::vector<std::string> judge(const ClusterPlan& plan) {
  auto report = run_cluster(plan, [](double) { return true; });
  auto wrong = std::move(report.violations);
  if (!report.settled) wrong.push_back("the nodes did not all join within the time to settle");
  if (!report.agreed) wrong.push_back("after all faults ended: " + report.disagreement);
  return wrong;
}

ClusterPlan shrink(ClusterPlan plan, std::size_t tries) {
  const auto fails = [&](const ClusterPlan& candidate) {
    return tries > 0 && tries-- > 0 && faults_of(candidate).empty() && !judge(candidate).empty();
  };
  for (bool smaller = true; smaller && tries > 0;) {
    smaller = false;
    for (std::size_t i = plan.faults.size(); i-- > 0;) {
      ClusterPlan candidate = plan;
      candidate.faults.erase(candidate.faults.begin() + static_cast<std::ptrdiff_t>(i));
      if (!fails(candidate)) continue;
      plan = std::move(candidate);
      smaller = true;
    }
    ClusterPlan fewer = plan;
    --fewer.nodes;
    if (fails(fewer)) {
      plan = std::move(fewer);
      smaller = true;
    }
    ClusterPlan calm = plan;
    calm.network.loss = 0;
    calm.network.jitter = {};
    if ((plan.network.loss > 0 || plan.network.jitter > Duration{}) && fails(calm)) {
      plan = std::move(calm);
      smaller = true;
    }
  }
  return plan;
}

}  // namespace hearsay::sim
