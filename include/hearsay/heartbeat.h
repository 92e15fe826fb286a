// The heartbeat family's knobs (docs/protocol/heartbeat.md): every node raises a counter and tells a few random
// others what it knows of all counters; whose counter stands still too long is suspected. Defaults are those of the
// profiles local and lan; wan has an interval of 2 s and twice the times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hearsay/time.h"

namespace hearsay {

// How nodes learn of each other. A cluster runs one family.
enum class Family : std::uint8_t {
  swim,       // random probes, suspicions with refutation; compatible with Serf and memberlist
  heartbeat,  // heartbeat counters spread by gossip; hearsay nodes only
};
const char* name_of(Family family);

// What two nodes tell each other in a round.
enum class ExchangeMode : std::uint8_t {
  push,       // our counters to the peer
  pull,       // the peer's counters to us
  push_pull,  // both
  digest,     // SYN, ACK, ACK2: one packet each, a slice of the table at a time
};
const char* name_of(ExchangeMode mode);

enum class DetectorKind : std::uint8_t {
  timeout,  // suspect after so long without a higher counter, failed after so much longer
  phi,      // suspect when the silence is improbable, given how the counter grew before (phi accrual)
};
const char* name_of(DetectorKind detector);

// The distribution of the times between two increases. "Phi 8" means nothing without it: with the exponential one
// it is a silence of 18.4 means, with the normal one of the mean and 5.6 standard deviations.
enum class PhiDistribution : std::uint8_t { normal, exponential };
const char* name_of(PhiDistribution distribution);

// Whose opinion makes a suspect failed.
enum class VerdictRule : std::uint8_t {
  own,       // each node decides for itself
  majority,  // more than half of the members that are up suspect it
};
const char* name_of(VerdictRule rule);

struct HeartbeatConfig {
  // Time between two rounds: the counter is raised and peers are told. 1 s; 10 ms .. 1 h.
  // Too small: traffic. Too large: slow news, slow detection.
  Duration interval = std::chrono::seconds(1);
  // While nothing but counters changes, the time between two rounds doubles up to this; a change (a member, a
  // verdict, a state) brings `interval` back at once. 0: there is no back-off. 0, or interval .. 1 h. All timeouts
  // reckon with it. Too large: a crash is noticed late. Not with pull: whoever has news waits until it is asked.
  Duration interval_max{};
  // Peers contacted in each round. 2; 1 .. 16. Bytes grow with it; the age of news falls with its logarithm.
  std::uint8_t fanout = 2;
  // push_pull. digest costs the same however large the cluster is, and news ages with its size.
  ExchangeMode mode = ExchangeMode::push_pull;
  // Bytes of one direction of an exchange of tables, in as many datagrams as it takes; a larger table is told slice
  // by slice. 65536; 1024 .. 1048576. digest: one datagram, whatever this says.
  std::uint32_t exchange_bytes_max = 64u << 10;
  // The largest cluster that the timeouts are meant for. 1000; 2 .. 1000000. A node warns when there are more.
  std::uint32_t expected_members = 1000;

  // phi adapts to the news that arrives; timeout is the same for all.
  DetectorKind detector = DetectorKind::phi;
  // timeout: no higher counter for so long makes suspect, or failed. 15 s and 30 s; at least age_of_news().
  // phi: at the latest after four times this (kPhiAtMost).
  Duration suspect_after = std::chrono::seconds(15);
  Duration failed_after = std::chrono::seconds(30);
  // phi: suspect and failed at this improbability, -log10 of the chance that so long a silence is none. 8 and 12;
  // 1 .. 100. Too small: false suspicions. Too large: slow detection.
  PhiDistribution phi_distribution = PhiDistribution::normal;
  double phi_suspect = 8;
  double phi_failed = 12;
  // phi: about so many last increases count. 100; 4 .. 10000.
  std::uint32_t phi_window = 100;
  // phi, normal: a deviation below this counts as this. 500 ms; >= 1 ms. Too small: the first lost packet accuses.
  Duration phi_min_deviation = std::chrono::milliseconds(500);
  // phi: silence that is added to the mean: pauses that are normal here. 2 s; >= 0.
  Duration phi_pause = std::chrono::seconds(2);

  VerdictRule verdict = VerdictRule::own;
};

// The longest time between two rounds.
constexpr Duration slowest_interval(const HeartbeatConfig& config) {
  return config.interval_max > config.interval ? config.interval_max : config.interval;
}
constexpr bool backs_off(const HeartbeatConfig& config) { return slowest_interval(config) > config.interval; }
// phi: suspect and failed at the latest after so many times suspect_after and failed_after.
inline constexpr int kPhiAtMost = 4;

// How many of the counters told in one direction of an exchange: all, or what the bytes hold.
double told_share(const HeartbeatConfig& config, std::uint32_t members, std::uint32_t packet_bytes);
// The age of news that only one in a million exceeds, per pair of nodes and round. The law: with c effective
// contacts per round (fanout, twice that when both sides tell, times the share of the table that an exchange
// holds),
//   rounds = ln N / ln(1 + c) + ln(10^6) / c + 1, each as long as the slowest
// which bounds the staleness of push gossip (N - E[I_a]) / (N - 1) and, generously, that of the other modes.
Duration age_of_news(const HeartbeatConfig& config, std::uint32_t members, std::uint32_t packet_bytes);

// What the detector sees of one member.
struct HeartbeatView {
  std::uint64_t heartbeat = 0;
  Duration silent_for{};                  // since the counter grew last
  Duration mean{};                        // of the times between two increases; 0 before there were two
  Duration deviation{};                   // their standard deviation
  std::uint32_t increases = 0;            // seen so far
  double phi = 0;                         // timeout: 0
  Duration suspect_at{};                  // the silence that makes it suspect
  Duration failed_at{};                   // ... and failed
  std::vector<std::string> suspected_by;  // verdict = majority: the members that suspect it
};
// "heartbeat=17 silent=1.250s mean=1.003s deviation=0.210s phi=0.4 (suspect at 5.8s, failed at 6.5s)"
std::string describe(const HeartbeatView& view);

}  // namespace hearsay
