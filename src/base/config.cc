#include "hearsay/config.h"

#include <algorithm>

#include "hearsay/state.h"

namespace hearsay {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string duration_text(Duration duration) {
  const auto ms = std::chrono::duration_cast<milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

// Collects faults; each check names its key.
class Faults {
 public:
  void add(std::string key, std::string cause, std::string cure) {
    faults_.push_back({std::move(key), std::move(cause), std::move(cure)});
  }
  void duration(const char* key, Duration value, Duration least, Duration most) {
    if (value >= least && value <= most) return;
    add(key, duration_text(value) + " is out of range",
        "choose " + duration_text(least) + " to " + duration_text(most));
  }
  template <class T>
  void number(const char* key, T value, T least, T most) {
    if (value >= least && value <= most) return;
    add(key, std::to_string(value) + " is out of range",
        "choose " + std::to_string(least) + " to " + std::to_string(most));
  }
  std::vector<ConfigFault> take() { return std::move(faults_); }

 private:
  std::vector<ConfigFault> faults_;
};

bool printable(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; });
}

void validate_swim(const SwimConfig& swim, Faults& faults) {
  faults.duration("swim.probe_interval", swim.probe_interval, milliseconds(10), hours(1));
  faults.duration("swim.probe_timeout", swim.probe_timeout, milliseconds(1), hours(1));
  if (swim.probe_timeout >= swim.probe_interval) {
    faults.add("swim.probe_timeout", "it is not shorter than swim.probe_interval",
               "leave time for the indirect probes: choose at most half of the interval");
  }
  faults.number<int>("swim.indirect_probes", swim.indirect_probes, 0, 16);
  faults.number<int>("swim.suspicion_mult", swim.suspicion_mult, 1, 100);
  faults.number<int>("swim.suspicion_max_mult", swim.suspicion_max_mult, 1, 100);
  faults.number<int>("swim.health_max", swim.health_max, 1, 100);
  faults.duration("swim.gossip_interval", swim.gossip_interval, milliseconds(10), hours(1));
  faults.number<int>("swim.gossip_fanout", swim.gossip_fanout, 0, 64);
  faults.number<int>("swim.retransmit_mult", swim.retransmit_mult, 1, 100);
  faults.duration("swim.gossip_to_the_dead", swim.gossip_to_the_dead, Duration::zero(), hours(24));
  if (swim.push_pull_interval != Duration::zero()) {
    faults.duration("swim.push_pull_interval", swim.push_pull_interval, milliseconds(100), hours(24));
  }
  faults.duration("swim.stream_timeout", swim.stream_timeout, milliseconds(10), hours(1));
}

void validate_heartbeat(const Config& config, Faults& faults) {
  const HeartbeatConfig& heartbeat = config.heartbeat;
  faults.duration("heartbeat.interval", heartbeat.interval, milliseconds(10), hours(1));
  if (heartbeat.interval_max != Duration::zero())
    faults.duration("heartbeat.interval_max", heartbeat.interval_max, heartbeat.interval, hours(1));
  faults.number<int>("heartbeat.fanout", heartbeat.fanout, 1, 16);
  faults.number<std::uint32_t>("heartbeat.exchange_bytes_max", heartbeat.exchange_bytes_max, 1024, 1u << 20);
  faults.number<std::uint32_t>("heartbeat.expected_members", heartbeat.expected_members, 2, 1'000'000);
  faults.duration("heartbeat.suspect_after", heartbeat.suspect_after, milliseconds(20), hours(24));
  faults.duration("heartbeat.failed_after", heartbeat.failed_after, milliseconds(20), hours(24));
  if (heartbeat.failed_after < heartbeat.suspect_after) {
    faults.add("heartbeat.failed_after", "it is shorter than heartbeat.suspect_after",
               "choose about twice heartbeat.suspect_after");
  }
  const auto phi = [&](const char* key, double value, double least) {
    if (value >= least && value <= 100) return;
    faults.add(key, "it is out of range", "choose 1 to 100; heartbeat.phi_failed is the higher");
  };
  phi("heartbeat.phi_suspect", heartbeat.phi_suspect, 1);
  phi("heartbeat.phi_failed", heartbeat.phi_failed, std::max(1.0, heartbeat.phi_suspect));
  faults.number<std::uint32_t>("heartbeat.phi_window", heartbeat.phi_window, 4, 10'000);
  faults.duration("heartbeat.phi_min_deviation", heartbeat.phi_min_deviation, milliseconds(1), hours(1));
  faults.duration("heartbeat.phi_pause", heartbeat.phi_pause, Duration::zero(), hours(1));
  // phi adapts to the news that comes, but for slow rounds that must end before it does.
  const bool phi_used = heartbeat.detector == DetectorKind::phi;
  if (config.family != Family::heartbeat || (phi_used && !backs_off(heartbeat))) return;
  if (heartbeat.fanout == 0) return;  // no news at all
  // Healthy members would be suspected for news that is merely on its way.
  const Duration age = age_of_news(heartbeat, heartbeat.expected_members, config.packet_bytes);
  const int times = phi_used ? kPhiAtMost : 1;
  if (times * heartbeat.suspect_after >= age) return;
  const Duration wanted = std::chrono::ceil<seconds>(age / times);
  faults.add("heartbeat.suspect_after",
             duration_text(heartbeat.suspect_after) + " is too short for mode " + name_of(heartbeat.mode) +
                 " with fanout " + std::to_string(heartbeat.fanout) + " and " +
                 std::to_string(heartbeat.expected_members) + " members: news is up to " +
                 duration_text(std::chrono::ceil<seconds>(age)) + " old there" +
                 (phi_used ? ", and phi ends at four times this" : ""),
             "choose at least " + duration_text(wanted) + ", or a shorter heartbeat." +
                 (backs_off(heartbeat) ? "interval_max" : "interval") +
                 ", a larger fanout, or fewer heartbeat.expected_members");
}

void validate_serf(const SerfConfig& serf, Faults& faults) {
  faults.duration("serf.broadcast_timeout", serf.broadcast_timeout, milliseconds(10), hours(1));
  faults.duration("serf.leave_propagate_delay", serf.leave_propagate_delay, Duration::zero(), hours(1));
  faults.duration("serf.recent_intent_timeout", serf.recent_intent_timeout, seconds(1), hours(24));
  faults.duration("serf.forget_after", serf.forget_after, seconds(1), hours(24 * 365));
  faults.duration("serf.tombstone_timeout", serf.tombstone_timeout, seconds(1), hours(24 * 365));
}

void validate_contact(const ContactConfig& contact, Faults& faults) {
  if (contact.seeds.size() > kSeedsMax) {
    faults.add("contact.seeds", std::to_string(contact.seeds.size()) + " seeds are too many",
               "name at most " + std::to_string(kSeedsMax) + "; a few are enough");
  }
  for (const auto& seed : contact.seeds) {
    if (const auto parts = split_host_port(seed, 1); !parts) {
      faults.add("contact.seeds", parts.error().cause, "write HOST, HOST:PORT, IP:PORT or [IPv6]:PORT");
    }
  }
  faults.duration("contact.reconnect_interval", contact.reconnect_interval, milliseconds(100), hours(1));
  faults.duration("contact.pause_min", contact.pause_min, milliseconds(50), hours(1));
}

void validate_state(const StateConfig& state, Faults& faults) {
  faults.duration("state.sync_interval", state.sync_interval, milliseconds(10), hours(1));
  faults.duration("state.tombstone_age", state.tombstone_age, seconds(1), hours(24 * 30));
  faults.number<std::uint32_t>("state.node_bytes_max", state.node_bytes_max, 1u << 10, 4u << 20);
  faults.number<std::uint32_t>("state.total_bytes_max", state.total_bytes_max, 64u << 10, UINT32_MAX);
}

void validate_limits(const Limits& limits, Faults& faults) {
  faults.number<std::uint32_t>("limits.members_max", limits.members_max, 2, 10'000'000);
  faults.number<std::uint32_t>("limits.rumors_max", limits.rumors_max, 16, 1'000'000);
  faults.number<std::uint32_t>("limits.rumor_bytes_max", limits.rumor_bytes_max, 64u << 10, 1u << 30);
  faults.number<std::uint32_t>("limits.history_bytes_max", limits.history_bytes_max, 4u << 10, 1u << 30);
  faults.number<std::uint32_t>("limits.streams_max", limits.streams_max, 1, 10'000);
  faults.number<std::uint32_t>("limits.stream_bytes_max", limits.stream_bytes_max, 64u << 10, 1u << 30);
  faults.number<std::uint32_t>("limits.inflated_bytes_max", limits.inflated_bytes_max, 64u << 10, 1u << 30);
  faults.number<std::uint32_t>("limits.pushed_nodes_max", limits.pushed_nodes_max, 16, 10'000'000);
}

void validate_admission(const AdmissionConfig& admission, Faults& faults) {
  const auto bound = [&](const char* key, std::size_t count) {
    if (count <= kAdmissionEntriesMax) return;
    faults.add(key, std::to_string(count) + " entries are too many",
               "use at most " + std::to_string(kAdmissionEntriesMax) + "; a network can hold many addresses");
  };
  bound("allow", admission.allow.size());
  bound("admit", admission.rules.size());
  for (const auto& rule : admission.rules) {
    if (rule.reason.size() <= kReasonBytesMax) continue;
    faults.add("admit", "a reason is " + std::to_string(rule.reason.size()) + " bytes long",
               "use at most " + std::to_string(kReasonBytesMax) + " bytes");
  }
}

}  // namespace

Config Config::of(Profile profile) {
  Config config;
  SwimConfig& swim = config.swim;
  switch (profile) {
    case Profile::lan:
      break;  // the defaults of the members
    case Profile::local:
      swim.probe_timeout = milliseconds(200);
      swim.indirect_probes = 1;
      swim.suspicion_mult = 3;
      swim.gossip_interval = milliseconds(100);
      swim.retransmit_mult = 2;
      swim.gossip_to_the_dead = seconds(15);
      swim.push_pull_interval = seconds(15);
      swim.stream_timeout = seconds(1);
      config.contact.reconnect_interval = seconds(5);
      break;
    case Profile::wan:
      swim.probe_interval = seconds(5);
      swim.probe_timeout = seconds(3);
      swim.suspicion_mult = 6;
      swim.gossip_interval = milliseconds(500);
      swim.gossip_fanout = 4;
      swim.gossip_to_the_dead = seconds(60);
      swim.push_pull_interval = seconds(60);
      swim.stream_timeout = seconds(30);
      config.contact.reconnect_interval = seconds(30);
      config.state.sync_interval = seconds(5);
      config.heartbeat.interval = seconds(2);
      config.heartbeat.suspect_after = seconds(30);
      config.heartbeat.failed_after = seconds(60);
      config.heartbeat.phi_min_deviation = seconds(1);
      config.heartbeat.phi_pause = seconds(5);
      break;
  }
  return config;
}

std::size_t encoded_bytes(const Tags& tags) {
  // The leading 0xff, the map's header, and a header of one or three bytes for each text (old msgpack).
  const auto text_bytes = [](const std::string& text) { return text.size() + (text.size() > 31 ? 3 : 1); };
  std::size_t bytes = 1 + (tags.size() > 15 ? 3 : 1);
  for (const auto& [key, value] : tags) bytes += text_bytes(key) + text_bytes(value);
  return bytes;
}

std::string tags_complaint(const Tags& tags) {
  const std::size_t bytes = encoded_bytes(tags);
  if (bytes <= kMetaBytesMax) return {};
  const auto largest =
      std::ranges::max_element(tags, {}, [](const auto& tag) { return tag.first.size() + tag.second.size(); });
  return "the tags take " + std::to_string(bytes) + " bytes, the largest of them, \"" +
         largest->first.substr(0, 64) + "\", " + std::to_string(largest->first.size() + largest->second.size());
}

std::vector<ConfigFault> validate(const Config& config) {
  Faults faults;
  if (config.name.empty()) {
    faults.add("name", "the name is empty", "give every node a name that is unique in its cluster");
  } else if (config.name.size() > kNameBytesMax) {
    faults.add("name", "the name is " + std::to_string(config.name.size()) + " bytes long",
               "use at most " + std::to_string(kNameBytesMax) + " bytes");
  } else if (!printable(config.name)) {
    faults.add("name", "the name holds spaces or control characters", "use letters, digits, '-' and '.'");
  }
  if (!config.advertise.valid() || config.advertise.is_unspecified()) {
    faults.add("advertise", "\"" + to_string(config.advertise) + "\" is not an address that others can dial",
               "advertise an address of this machine that the other nodes reach");
  } else if (config.advertise.port == 0) {
    faults.add("advertise", "the advertised port is 0", "advertise the port that this node is reached at");
  }
  if (auto complaint = tags_complaint(config.tags); !complaint.empty()) {
    faults.add("tags", std::move(complaint),
               "they are sent with every update: use at most " + std::to_string(kMetaBytesMax) + " bytes");
  }
  // Peers never accept a member at incarnation 0, and none can be refuted at the end of the 32 bits.
  faults.number<std::uint32_t>("first_incarnation", config.first_incarnation.value, 1, kFirstIncarnationMax);
  faults.number<std::uint32_t>("first_generation", config.first_generation, 1, kFirstGenerationMax);
  if (config.first_lamport.value == 0) faults.add("first_lamport", "it is 0", "start at 1");
  if (config.label.size() > kLabelBytesMax) {
    faults.add("label", "the label is " + std::to_string(config.label.size()) + " bytes long",
               "use at most " + std::to_string(kLabelBytesMax) + " bytes");
  }
  faults.number<int>("packet_bytes", config.packet_bytes, 1024, 65000);
  validate_swim(config.swim, faults);
  validate_heartbeat(config, faults);
  validate_serf(config.serf, faults);
  validate_contact(config.contact, faults);
  validate_state(config.state, faults);
  validate_limits(config.limits, faults);
  validate_admission(config.admission, faults);
  for (const auto& key : config.crypto.keys) {
    if (key.size() == 16 || key.size() == 24 || key.size() == 32) continue;
    faults.add("crypto.keys", "a key is " + std::to_string(key.size()) + " bytes long",
               "keys are 16, 24 or 32 bytes (AES-128, 192, 256); `hearsay keygen` makes one");
  }
  return faults.take();
}

}  // namespace hearsay
