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
  static constexpr What kOften[] = {What::crash, What::restart, What::restart, What::wipe,    What::pause,
                                    What::pause, What::cut,     What::cut,     What::one_way, What::loss,
                                    What::tags,  What::tags,    What::leave};
  Fault fault;
  fault.what = kOften[rng.bounded(std::size(kOften))];
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

// The rarer ones, from a random stream of their own.
Fault any_rare_fault(base::Rng& rng, std::size_t nodes, Duration until) {
  using What = Fault::What;
  static constexpr What kRare[] = {What::flap,    What::swizzle,      What::slow,       What::jump,     What::drift,
                                   What::corrupt, What::mass_restart, What::join_storm, What::lose_disk};
  Fault fault;
  fault.what = kRare[rng.bounded(std::size(kRare))];
  const FaultKind& kind = kind_of(fault.what);
  fault.at = any_of(rng, Duration{}, until / 2);
  if (kind.lasts == FaultKind::Lasts::must) fault.lasts = any_of(rng, milliseconds(200), until / 2);
  fault.place = rng.bounded(nodes);
  if (kind.subject == FaultKind::Subject::group) fault.other = rng.bounded(fault.place + 1);
  fault.share = rng.unit();
  switch (fault.what) {
    case What::flap:
      fault.amount = any_of(rng, milliseconds(100), seconds(10));
      break;
    case What::slow:
      fault.amount = any_of(rng, milliseconds(1), milliseconds(100));
      break;
    case What::jump:
      fault.amount = any_of(rng, milliseconds(1), std::chrono::hours(48)) - std::chrono::hours(24);
      break;
    case What::drift:
      fault.ppm = static_cast<std::int64_t>(rng.bounded(40'000)) - 20'000;
      if (fault.ppm == 0) fault.ppm = 1;
      break;
    case What::corrupt:
      fault.share *= 0.3;
      break;
    case What::mass_restart:
      fault.amount = any_of(rng, Duration{}, seconds(5));
      fault.lasts = any_of(rng, milliseconds(200), until / 4);
      fault.at /= 2;
      break;
    case What::join_storm:
      fault.count = 1 + rng.bounded(8);
      break;
    default:
      break;
  }
  return fault;
}

void roughen(Network::Options& network, base::Rng& rng, const Config& config) {
  const Duration timeout = config.swim.probe_timeout;
  if (rng.chance(0.3)) network.sigma = 0.8 * rng.unit();
  if (rng.chance(0.3)) network.duplicate = 0.2 * rng.unit();
  if (rng.chance(0.3)) network.reorder = 0.3 * rng.unit();
  network.reorder_by = any_of(rng, Duration{}, timeout / 2);
  if (rng.chance(0.2)) network.bandwidth = 50'000 + rng.bounded(1'000'000);
  if (rng.chance(0.2)) network.refuse = 0.2 * rng.unit();
  if (rng.chance(0.2)) network.reset = 0.2 * rng.unit();
  if (rng.chance(0.2)) network.stall = 0.1 * rng.unit();
}

void choose_heartbeat(base::Rng rng, Config& config) {
  config.family = Family::heartbeat;
  HeartbeatConfig& heartbeat = config.heartbeat;
  static constexpr ExchangeMode kModes[] = {ExchangeMode::push, ExchangeMode::pull, ExchangeMode::push_pull,
                                            ExchangeMode::digest};
  heartbeat.mode = kModes[rng.bounded(std::size(kModes))];
  heartbeat.fanout = static_cast<std::uint8_t>(1 + rng.bounded(3));
  heartbeat.expected_members = 20;
  if (rng.chance(0.3)) heartbeat.exchange_bytes_max = 1024 + static_cast<std::uint32_t>(rng.bounded(4096));
  if (rng.chance(0.3)) heartbeat.phi_distribution = PhiDistribution::exponential;
  if (rng.fork("verdict").chance(0.25)) heartbeat.verdict = VerdictRule::majority;
  if (!rng.chance(0.3)) return;
  heartbeat.detector = DetectorKind::timeout;
  const Duration age = age_of_news(heartbeat, heartbeat.expected_members, config.packet_bytes);
  heartbeat.suspect_after = std::max<Duration>(heartbeat.suspect_after, std::chrono::ceil<seconds>(age));
  heartbeat.failed_after = std::max(heartbeat.failed_after, 2 * heartbeat.suspect_after);
}

// Of a random stream of their own, as the rare faults.
void choose_writes(base::Rng rng, ClusterPlan& plan, Duration until) {
  if (!rng.chance(0.7)) return;
  if (rng.chance(0.5)) plan.config.state.tombstone_age = any_of(rng, seconds(1), seconds(60));
  for (auto left = rng.bounded(60); left > 0; --left) {
    Fault write{.what = Fault::What::write};
    write.at = any_of(rng, Duration{}, until);
    write.place = rng.bounded(plan.nodes);
    plan.faults.push_back(write);
  }
}

Duration longest_suspicion(const Config& config) {
  // Moments that the faults led astray are cut at four times the fixed timeout.
  if (config.family == Family::heartbeat) return 4 * config.heartbeat.failed_after;
  return config.swim.suspicion_mult * config.swim.suspicion_max_mult * config.swim.probe_interval;
}

}  // namespace

ClusterPlan swarm_plan(std::uint64_t seed, Family family) {
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
  if (family == Family::heartbeat) choose_heartbeat(base::Rng(seed).fork("heartbeat"), plan.config);
  plan.network.latency = any_of(rng, Duration{}, swim.probe_timeout / 4);
  if (rng.chance(0.5)) plan.network.jitter = any_of(rng, Duration{}, swim.probe_timeout / 4);
  const Duration chaos = seconds(20 + static_cast<std::int64_t>(rng.bounded(180)));
  const auto faults = rng.bounded(13);
  for (std::uint64_t i = 0; i < faults; ++i) plan.faults.push_back(any_fault(rng, plan.nodes, chaos));
  if (rng.chance(0.4)) {
    plan.faults.push_back({.what = Fault::What::loss, .lasts = chaos, .share = 0.3 * rng.unit()});
  }
  base::Rng rare = base::Rng(seed).fork("rare");
  const auto rare_faults = rare.bounded(5);
  for (std::uint64_t i = 0; i < rare_faults; ++i) plan.faults.push_back(any_rare_fault(rare, plan.nodes, chaos));
  choose_writes(base::Rng(seed).fork("state"), plan, chaos);
  if (rare.chance(0.6)) roughen(plan.network, rare, plan.config);
  plan.taped = rare.bounded(plan.nodes);
  const Duration quiet = quiet_time(plan.config, nodes_in_all(plan));
  plan.duration = chaos + quiet;
  plan.patience = longest_suspicion(plan.config);
  // A stream that stalls costs its whole time, and a seed is tried again after the next interval.
  plan.settle_max = std::max(plan.settle_max, 8 * (swim.stream_timeout + plan.config.contact.reconnect_interval));
  // What is forgotten is forgotten long after the last fault, when whoever runs has been found again.
  if (rare.chance(0.3)) {
    plan.config.serf.forget_after = chaos + quiet * 3 / 4;
    plan.config.serf.tombstone_timeout = plan.config.serf.forget_after;
  }
  return plan;
}

Duration quiet_time(const Config& config, std::size_t nodes) {
  // Every pair that lost sight of each other must meet again: reconnects and table exchanges choose one of N at a
  // time, and a suspicion may run its whole length before the last verdict falls.
  const auto rounds = static_cast<std::int64_t>(8 + nodes);
  return rounds * (config.contact.reconnect_interval + config.swim.push_pull_interval) +
         2 * longest_suspicion(config);
}

Verdict judge(const ClusterPlan& plan) {
  auto report = run_cluster(plan, [](double) { return true; });
  auto wrong = std::move(report.violations);
  if (!report.settled) wrong.push_back("the nodes did not all join within the time to settle");
  if (!report.avoidable.empty()) wrong.push_back("after all faults ended: " + report.avoidable);
  return {std::move(wrong), report.avoidable.empty() && !report.agreed};
}

namespace {
bool is_calm(const Network::Options& network) {
  return network.loss + network.sigma + network.duplicate + network.reorder + network.corrupt + network.refuse +
                 network.reset + network.stall ==
             0 &&
         network.jitter == Duration{} && network.bandwidth == 0 && network.special.empty();
}
}  // namespace

ClusterPlan shrink(ClusterPlan plan, std::size_t tries) {
  const auto fails = [&](const ClusterPlan& candidate) {
    return tries > 0 && tries-- > 0 && faults_of(candidate).empty() && !judge(candidate).wrong.empty();
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
    calm.network = {};
    calm.network.latency = plan.network.latency;
    if (!is_calm(plan.network) && fails(calm)) {
      plan = std::move(calm);
      smaller = true;
    }
  }
  return plan;
}

}  // namespace hearsay::sim
