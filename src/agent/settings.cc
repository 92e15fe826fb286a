#include "agent/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "agent/text.h"
#include "base/base64.h"

namespace hearsay::agent {
namespace {

using Read = std::optional<Complaint>;

template <class T>
std::optional<T> to_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string given_text(const Given& given) {
  if (const auto* text = std::get_if<std::string>(&given.value)) return "\"" + *text + "\"";
  if (const auto* number = std::get_if<std::int64_t>(&given.value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&given.value)) return *flag ? "true" : "false";
  if (std::holds_alternative<double>(given.value)) return "a number with a fraction";
  if (std::holds_alternative<Tags>(given.value)) return "a table";
  return "a list";
}

// "a duration, such as \"500ms\"": the part before the comma says what it is, the rest how to write it.
Read not_a(const Given& given, std::string_view kind) {
  return Complaint{given_text(given) + " is not " + std::string(kind.substr(0, kind.find(','))),
                   "write " + std::string(kind)};
}

template <class Get>
Setting text(std::string_view key, std::string_view kind, Get get) {
  return {key, kind,
          [=](AgentConfig& config, const Given& given) -> Read {
            const auto* value = std::get_if<std::string>(&given.value);
            if (value == nullptr) return not_a(given, kind);
            get(config) = *value;
            return std::nullopt;
          },
          [=](const AgentConfig& config) { return toml_text(get(config)); }};
}

template <class Get>
Setting flag(std::string_view key, Get get) {
  constexpr std::string_view kKind = "true or false";
  return {key, kKind,
          [=](AgentConfig& config, const Given& given) -> Read {
            if (const auto* value = std::get_if<bool>(&given.value)) {
              get(config) = *value;
              return std::nullopt;
            }
            const auto* word = std::get_if<std::string>(&given.value);
            if (word == nullptr || (*word != "true" && *word != "false")) return not_a(given, kKind);
            get(config) = *word == "true";
            return std::nullopt;
          },
          [=](const AgentConfig& config) { return get(config) ? "true" : "false"; }};
}

template <class Get>
Setting number(std::string_view key, Get get) {
  constexpr std::string_view kKind = "a whole number";
  return {key, kKind,
          [=](AgentConfig& config, const Given& given) -> Read {
            auto& field = get(config);
            using T = std::remove_reference_t<decltype(field)>;
            std::optional<std::int64_t> value;
            if (const auto* direct = std::get_if<std::int64_t>(&given.value)) value = *direct;
            if (const auto* word = std::get_if<std::string>(&given.value)) value = to_number<std::int64_t>(*word);
            if (!value) return not_a(given, kKind);
            if (*value < 0 || *value > std::int64_t{std::numeric_limits<T>::max()}) {
              return Complaint{std::to_string(*value) + " is out of range",
                               "choose 0 to " + std::to_string(std::numeric_limits<T>::max())};
            }
            field = static_cast<T>(*value);
            return std::nullopt;
          },
          [=](const AgentConfig& config) { return std::to_string(get(config)); }};
}

template <class Get>
Setting duration(std::string_view key, Get get) {
  constexpr std::string_view kKind = "a duration, such as \"500ms\", \"30s\" or \"24h\"";
  return {key, kKind,
          [=](AgentConfig& config, const Given& given) -> Read {
            const auto* word = std::get_if<std::string>(&given.value);
            const auto value = word == nullptr ? std::nullopt : parse_duration(*word);
            if (!value) {
              auto complaint = not_a(given, kKind);
              if (const auto* bare = std::get_if<std::int64_t>(&given.value)) {
                complaint->cure =
                    "say the unit: \"" + std::to_string(*bare) + "s\" or \"" + std::to_string(*bare) + "ms\"";
              }
              return complaint;
            }
            get(config) = *value;
            return std::nullopt;
          },
          [=](const AgentConfig& config) { return toml_text(duration_text(get(config))); }};
}

template <class Get>
Setting fraction(std::string_view key, Get get) {
  constexpr std::string_view kKind = "a number";
  return {key, kKind,
          [=](AgentConfig& config, const Given& given) -> Read {
            std::optional<double> value;
            if (const auto* direct = std::get_if<double>(&given.value)) value = *direct;
            if (const auto* whole = std::get_if<std::int64_t>(&given.value)) value = static_cast<double>(*whole);
            if (const auto* word = std::get_if<std::string>(&given.value)) value = to_number<double>(*word);
            if (!value) return not_a(given, kKind);
            get(config) = *value;
            return std::nullopt;
          },
          [=](const AgentConfig& config) {
            std::string out = std::to_string(get(config));
            while (out.back() == '0') out.pop_back();
            return out.back() == '.' ? out + '0' : out;
          }};
}

template <class Enum, std::size_t N, class Get>
Setting choice(std::string_view key, std::string_view kind, std::array<Enum, N> values, Get get) {
  return {key, kind,
          [=](AgentConfig& config, const Given& given) -> Read {
            const auto* word = std::get_if<std::string>(&given.value);
            std::vector<std::string_view> names;
            for (const Enum value : values) {
              names.emplace_back(name_of(value));
              if (word == nullptr || *word != names.back()) continue;
              get(config) = value;
              return std::nullopt;
            }
            const std::string_view near = word == nullptr ? std::string_view() : closest(*word, names);
            return Complaint{given_text(given) + " is none of " + std::string(kind),
                             near.empty() ? "choose one of them" : "did you mean \"" + std::string(near) + "\"?"};
          },
          [=](const AgentConfig& config) { return toml_text(name_of(get(config))); }};
}

template <class Get>
Setting list(std::string_view key, std::string_view kind, Get get) {
  return {key, kind,
          [=](AgentConfig& config, const Given& given) -> Read {
            const auto* values = std::get_if<std::vector<std::string>>(&given.value);
            if (values == nullptr) return not_a(given, kind);
            auto& field = get(config);
            for (const auto& value : *values) {
              if (value.empty()) return Complaint{"an entry is empty", "remove it"};
            }
            field.insert(field.end(), values->begin(), values->end());
            return std::nullopt;
          },
          [=](const AgentConfig& config) {
            std::string out = "[";
            for (const auto& value : get(config)) out += (out.size() > 1 ? ", " : "") + toml_text(value);
            return out + "]";
          }};
}

Read read_address(const Given& given, std::string_view kind, std::uint16_t port, Address& out) {
  const auto* word = std::get_if<std::string>(&given.value);
  if (word == nullptr) return not_a(given, kind);
  const auto address = parse_address(*word, port);
  if (!address) {
    return Complaint{address.error().cause, "write " + std::string(kind)};
  }
  out = *address;
  return std::nullopt;
}

Read read_tags(AgentConfig& config, const Given& given) {
  Tags tags;
  if (const auto* table = std::get_if<Tags>(&given.value)) {
    tags = *table;
  } else if (const auto* pairs = std::get_if<std::vector<std::string>>(&given.value)) {
    for (const auto& pair : *pairs) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos || equals == 0) {
        return Complaint{"\"" + pair + "\" is not of the form key=value", "write for example role=web"};
      }
      tags[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
  } else {
    return not_a(given, "a table of texts");
  }
  for (auto& [key, value] : tags) config.node.tags[key] = std::move(value);
  return std::nullopt;
}

// Faults are found here, where the line is known, and not when they are published.
Read read_state_keys(AgentConfig& config, const Given& given) {
  const auto* texts = std::get_if<Tags>(&given.value);
  if (texts == nullptr) return not_a(given, "a table of texts");
  for (const auto& [key, value] : *texts) {
    if (const auto fault = fault_of(StateWrite{key, value, {}, {}})) return Complaint{fault->cause, fault->cure};
    config.state_keys[key] = value;
  }
  return std::nullopt;
}

std::string show_texts(const Tags& texts) {
  std::string out = "{";
  for (const auto& [key, value] : texts)
    out += (out.size() > 1 ? ", " : " ") + toml_text(key) + " = " + toml_text(value);
  return out + (out.size() > 1 ? " }" : "}");
}

Read read_key(AgentConfig& config, const Given& given) {
  const auto* word = std::get_if<std::string>(&given.value);
  auto key = word == nullptr ? std::nullopt : base::from_base64(*word);
  // The text is a secret: it is not repeated.
  if (!key) return Complaint{"the key is not base64", "use the output of `hearsay keygen` as it is"};
  if (key->size() != 16 && key->size() != 24 && key->size() != 32) {
    return Complaint{"the key is " + std::to_string(key->size()) + " bytes long, not 16, 24 or 32",
                     "use the output of `hearsay keygen`"};
  }
  config.node.crypto.keys = {std::move(*key)};
  return std::nullopt;
}

Read read_allow(AgentConfig& config, const Given& given) {
  const auto* networks = std::get_if<std::vector<std::string>>(&given.value);
  if (networks == nullptr) return not_a(given, "a list of networks, such as [\"10.0.0.0/8\"]");
  std::vector<Cidr> allow;
  for (const auto& text : *networks) {
    auto cidr = parse_cidr(text);
    if (!cidr) return Complaint{cidr.error().cause, cidr.error().cure};
    allow.push_back(*cidr);
  }
  config.node.admission.allow = std::move(allow);
  return std::nullopt;
}

// "team=db*" -> key and pattern; a key alone asks for the tag, whatever its value.
Read read_rule(const Tags& texts, AdmissionRule& rule) {
  static constexpr std::string_view kKeys[] = {"name", "cidr", "tag", "action", "reason"};
  bool has_action = false;
  for (const auto& [key, value] : texts) {
    if (key == "name") {
      rule.name = value;
    } else if (key == "cidr") {
      auto cidr = parse_cidr(value);
      if (!cidr) return Complaint{cidr.error().cause, cidr.error().cure};
      rule.cidr = *cidr;
    } else if (key == "tag") {
      const std::size_t equals = value.find('=');
      rule.tag = value.substr(0, equals);
      if (equals != std::string::npos) rule.value = value.substr(equals + 1);
      if (rule.tag.empty())
        return Complaint{"\"" + value + "\" is not of the form key=value", "write for example team=db*"};
    } else if (key == "action") {
      if (value != "admit" && value != "refuse") {
        return Complaint{"the action \"" + value + "\" is neither admit nor refuse", "choose one of them"};
      }
      rule.admit = value == "admit";
      has_action = true;
    } else if (key == "reason") {
      rule.reason = value;
    } else {
      const auto near = closest(key, kKeys);
      return Complaint{"a rule has no key \"" + key + "\"", near.empty()
                                                                ? "its keys are name, cidr, tag, action and reason"
                                                                : "did you mean " + std::string(near) + "?"};
    }
  }
  if (!has_action)
    return Complaint{"a rule does not say what to do", "add action = \"admit\" or action = \"refuse\""};
  return std::nullopt;
}

Read read_rules(AgentConfig& config, const Given& given) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&given.value); texts != nullptr && texts->empty()) {
    config.node.admission.rules.clear();  // "admit = []"
    return std::nullopt;
  }
  const auto* tables = std::get_if<std::vector<Tags>>(&given.value);
  if (tables == nullptr)
    return Complaint{given_text(given) + " is not a list of rules", "write [[admit]] tables in the file"};
  std::vector<AdmissionRule> rules;
  for (const Tags& texts : *tables) {
    AdmissionRule rule;
    if (auto complaint = read_rule(texts, rule)) {
      complaint->cause = "rule " + std::to_string(rules.size() + 1) + ": " + complaint->cause;
      return complaint;
    }
    rules.push_back(std::move(rule));
  }
  config.node.admission.rules = std::move(rules);
  return std::nullopt;
}

std::string show_rules(const AgentConfig& config) {
  std::string out;
  for (const AdmissionRule& rule : config.node.admission.rules) {
    out += (out.empty() ? "{ " : ", { ") + std::string("name = ") + toml_text(rule.name);
    if (rule.cidr) out += ", cidr = " + toml_text(to_string(*rule.cidr));
    if (!rule.tag.empty()) out += ", tag = " + toml_text(rule.tag + "=" + rule.value);
    out += ", action = " + toml_text(rule.admit ? "admit" : "refuse");
    if (!rule.reason.empty()) out += ", reason = " + toml_text(rule.reason);
    out += " }";
  }
  return "[" + out + "]";
}

// A reload takes over these, and every key of these tables.
constexpr std::string_view kReloaded[] = {"join",
                                          "join_interval",
                                          "tags",
                                          "profile",
                                          "log_level",
                                          "leave_on_interrupt",
                                          "leave_on_terminate",
                                          "allow",
                                          "admit",
                                          "limits.members_max"};
constexpr std::string_view kReloadedTables[] = {"swim.", "heartbeat.", "serf.", "contact.", "state.keys"};

bool is_reloaded(std::string_view key) {
  return std::find(std::begin(kReloaded), std::end(kReloaded), key) != std::end(kReloaded) ||
         std::any_of(std::begin(kReloadedTables), std::end(kReloadedTables),
                     [&](std::string_view table) { return key.substr(0, table.size()) == table; });
}

std::vector<Setting> make_settings() {
  constexpr std::string_view kAddress = "an IP address, with or without port, such as \"10.0.0.1:7946\"";
  std::vector<Setting> all;
  all.push_back(text(
      "name", "a name unique in the cluster", [](auto& c) -> auto& { return c.node.name; }));
  all.push_back(
      {"bind", kAddress,
       [=](AgentConfig& c, const Given& given) { return read_address(given, kAddress, kGossipPort, c.bind); },
       [](const AgentConfig& c) { return toml_text(to_string(c.bind)); }});
  // Port 0 stands for "the bound port" until the host knows it.
  all.push_back(
      {"advertise", kAddress,
       [=](AgentConfig& c, const Given& given) { return read_address(given, kAddress, 0, c.node.advertise); },
       [](const AgentConfig& c) {
         return c.node.advertise.valid() ? toml_text(to_string(c.node.advertise)) : std::string();
       }});
  all.push_back({"http", "an IP address, with or without port, or \"\" for off",
                 [](AgentConfig& c, const Given& given) -> Read {
                   const auto* word = std::get_if<std::string>(&given.value);
                   if (word != nullptr && word->empty()) {
                     c.http.reset();
                     return std::nullopt;
                   }
                   Address address;
                   auto complaint =
                       read_address(given, "an IP address, with or without port, such as \"127.0.0.1:7980\"",
                                    kHttpPort, address);
                   if (!complaint) c.http = address;
                   return complaint;
                 },
                 [](const AgentConfig& c) { return toml_text(c.http ? to_string(*c.http) : ""); }});
  all.push_back(list(
      "http_names", "a list of host names", [](auto& c) -> auto& { return c.http_names; }));
  all.push_back(text(
      "http_socket", "the path of a Unix socket", [](auto& c) -> auto& { return c.http_socket; }));
  all.push_back(list(
      "join", "a list of peers, such as [\"10.0.0.1:7946\"]", [](auto& c) -> auto& { return c.join; }));
  all.push_back(duration(
      "join_interval", [](auto& c) -> auto& { return c.join_interval; }));
  all.push_back(text(
      "data_dir", "the path of a directory", [](auto& c) -> auto& { return c.data_dir; }));
  all.push_back(flag(
      "rejoin", [](auto& c) -> auto& { return c.rejoin; }));
  all.push_back({"encrypt", "a key in base64", read_key, [](const AgentConfig&) { return std::string(); }});
  all.push_back(text(
      "keyring_file", "the path of a file", [](auto& c) -> auto& { return c.keyring_file; }));
  all.push_back(choice(
      "name_conflict", "\"refuse\", \"stop\", \"warn\"",
      std::array{ConflictPolicy::refuse, ConflictPolicy::stop, ConflictPolicy::warn},
      [](auto& c) -> auto& { return c.node.name_conflict; }));
  all.push_back(text(
      "label", "a text", [](auto& c) -> auto& { return c.node.label; }));
  all.push_back(
      {"tags", "a table of texts", read_tags, [](const AgentConfig& c) { return show_texts(c.node.tags); }});
  all.push_back({"allow", "a list of networks, such as [\"10.0.0.0/8\"]", read_allow, [](const AgentConfig& c) {
                   std::string out = "[";
                   for (const Cidr& cidr : c.node.admission.allow) {
                     out += (out.size() > 1 ? ", " : "") + toml_text(to_string(cidr));
                   }
                   return out + "]";
                 }});
  all.push_back({"admit", "a list of rules", read_rules, show_rules});
  all.push_back(choice(
      "family", "\"swim\", \"heartbeat\"", std::array{Family::swim, Family::heartbeat},
      [](auto& c) -> auto& { return c.node.family; }));
  all.push_back(choice(
      "profile", "\"local\", \"lan\", \"wan\"", std::array{Profile::local, Profile::lan, Profile::wan},
      [](auto& c) -> auto& { return c.profile; }));
  all.push_back(number(
      "packet_bytes", [](auto& c) -> auto& { return c.node.packet_bytes; }));
  all.push_back(flag(
      "compression", [](auto& c) -> auto& { return c.node.compression; }));
  all.push_back(choice(
      "log_level", "\"debug\", \"info\", \"warning\", \"error\"",
      std::array{LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error},
      [](auto& c) -> auto& { return c.log_level; }));
  all.push_back(choice(
      "log_format", "\"text\", \"json\"", std::array{LogFormat::text, LogFormat::json},
      [](auto& c) -> auto& { return c.log_format; }));
  all.push_back(flag(
      "leave_on_interrupt", [](auto& c) -> auto& { return c.leave_on_interrupt; }));
  all.push_back(flag(
      "leave_on_terminate", [](auto& c) -> auto& { return c.leave_on_terminate; }));

  all.push_back(duration(
      "swim.probe_interval", [](auto& c) -> auto& { return c.node.swim.probe_interval; }));
  all.push_back(duration(
      "swim.probe_timeout", [](auto& c) -> auto& { return c.node.swim.probe_timeout; }));
  all.push_back(number(
      "swim.indirect_probes", [](auto& c) -> auto& { return c.node.swim.indirect_probes; }));
  all.push_back(flag(
      "swim.stream_probe", [](auto& c) -> auto& { return c.node.swim.stream_probe; }));
  all.push_back(number(
      "swim.suspicion_mult", [](auto& c) -> auto& { return c.node.swim.suspicion_mult; }));
  all.push_back(number(
      "swim.suspicion_max_mult", [](auto& c) -> auto& { return c.node.swim.suspicion_max_mult; }));
  all.push_back(number(
      "swim.health_max", [](auto& c) -> auto& { return c.node.swim.health_max; }));
  all.push_back(duration(
      "swim.gossip_interval", [](auto& c) -> auto& { return c.node.swim.gossip_interval; }));
  all.push_back(number(
      "swim.gossip_fanout", [](auto& c) -> auto& { return c.node.swim.gossip_fanout; }));
  all.push_back(number(
      "swim.retransmit_mult", [](auto& c) -> auto& { return c.node.swim.retransmit_mult; }));
  all.push_back(duration(
      "swim.gossip_to_the_dead", [](auto& c) -> auto& { return c.node.swim.gossip_to_the_dead; }));
  all.push_back(duration(
      "swim.push_pull_interval", [](auto& c) -> auto& { return c.node.swim.push_pull_interval; }));
  all.push_back(duration(
      "swim.stream_timeout", [](auto& c) -> auto& { return c.node.swim.stream_timeout; }));

  all.push_back(duration(
      "heartbeat.interval", [](auto& c) -> auto& { return c.node.heartbeat.interval; }));
  all.push_back(duration(
      "heartbeat.interval_max", [](auto& c) -> auto& { return c.node.heartbeat.interval_max; }));
  all.push_back(number(
      "heartbeat.fanout", [](auto& c) -> auto& { return c.node.heartbeat.fanout; }));
  all.push_back(choice(
      "heartbeat.mode", "\"push\", \"pull\", \"push-pull\", \"digest\"",
      std::array{ExchangeMode::push, ExchangeMode::pull, ExchangeMode::push_pull, ExchangeMode::digest},
      [](auto& c) -> auto& { return c.node.heartbeat.mode; }));
  all.push_back(number(
      "heartbeat.exchange_bytes_max", [](auto& c) -> auto& { return c.node.heartbeat.exchange_bytes_max; }));
  all.push_back(number(
      "heartbeat.expected_members", [](auto& c) -> auto& { return c.node.heartbeat.expected_members; }));
  all.push_back(choice(
      "heartbeat.detector", "\"timeout\", \"phi\"", std::array{DetectorKind::timeout, DetectorKind::phi},
      [](auto& c) -> auto& { return c.node.heartbeat.detector; }));
  all.push_back(duration(
      "heartbeat.suspect_after", [](auto& c) -> auto& { return c.node.heartbeat.suspect_after; }));
  all.push_back(duration(
      "heartbeat.failed_after", [](auto& c) -> auto& { return c.node.heartbeat.failed_after; }));
  all.push_back(choice(
      "heartbeat.phi_distribution", "\"normal\", \"exponential\"",
      std::array{PhiDistribution::normal, PhiDistribution::exponential},
      [](auto& c) -> auto& { return c.node.heartbeat.phi_distribution; }));
  all.push_back(fraction(
      "heartbeat.phi_suspect", [](auto& c) -> auto& { return c.node.heartbeat.phi_suspect; }));
  all.push_back(fraction(
      "heartbeat.phi_failed", [](auto& c) -> auto& { return c.node.heartbeat.phi_failed; }));
  all.push_back(number(
      "heartbeat.phi_window", [](auto& c) -> auto& { return c.node.heartbeat.phi_window; }));
  all.push_back(duration(
      "heartbeat.phi_min_deviation", [](auto& c) -> auto& { return c.node.heartbeat.phi_min_deviation; }));
  all.push_back(duration(
      "heartbeat.phi_pause", [](auto& c) -> auto& { return c.node.heartbeat.phi_pause; }));
  all.push_back(choice(
      "heartbeat.verdict", "\"own\", \"majority\"", std::array{VerdictRule::own, VerdictRule::majority},
      [](auto& c) -> auto& { return c.node.heartbeat.verdict; }));

  all.push_back(duration(
      "serf.broadcast_timeout", [](auto& c) -> auto& { return c.node.serf.broadcast_timeout; }));
  all.push_back(duration(
      "serf.leave_propagate_delay", [](auto& c) -> auto& { return c.node.serf.leave_propagate_delay; }));
  all.push_back(duration(
      "serf.recent_intent_timeout", [](auto& c) -> auto& { return c.node.serf.recent_intent_timeout; }));
  all.push_back(duration(
      "serf.forget_after", [](auto& c) -> auto& { return c.node.serf.forget_after; }));
  all.push_back(duration(
      "serf.tombstone_timeout", [](auto& c) -> auto& { return c.node.serf.tombstone_timeout; }));

  all.push_back(duration(
      "contact.reconnect_interval", [](auto& c) -> auto& { return c.node.contact.reconnect_interval; }));
  all.push_back(duration(
      "contact.pause_min", [](auto& c) -> auto& { return c.node.contact.pause_min; }));

  all.push_back(duration(
      "state.sync_interval", [](auto& c) -> auto& { return c.node.state.sync_interval; }));
  all.push_back(duration(
      "state.tombstone_age", [](auto& c) -> auto& { return c.node.state.tombstone_age; }));
  all.push_back(number(
      "state.node_bytes_max", [](auto& c) -> auto& { return c.node.state.node_bytes_max; }));
  all.push_back(number(
      "state.total_bytes_max", [](auto& c) -> auto& { return c.node.state.total_bytes_max; }));
  all.push_back({"state.keys", "a table of texts", read_state_keys,
                 [](const AgentConfig& c) { return show_texts(c.state_keys); }});

  all.push_back(number(
      "limits.members_max", [](auto& c) -> auto& { return c.node.limits.members_max; }));
  all.push_back(number(
      "limits.rumors_max", [](auto& c) -> auto& { return c.node.limits.rumors_max; }));
  all.push_back(number(
      "limits.rumor_bytes_max", [](auto& c) -> auto& { return c.node.limits.rumor_bytes_max; }));
  all.push_back(number(
      "limits.history_bytes_max", [](auto& c) -> auto& { return c.node.limits.history_bytes_max; }));
  all.push_back(number(
      "limits.streams_max", [](auto& c) -> auto& { return c.node.limits.streams_max; }));
  all.push_back(number(
      "limits.stream_bytes_max", [](auto& c) -> auto& { return c.node.limits.stream_bytes_max; }));
  all.push_back(number(
      "limits.inflated_bytes_max", [](auto& c) -> auto& { return c.node.limits.inflated_bytes_max; }));
  all.push_back(number(
      "limits.pushed_nodes_max", [](auto& c) -> auto& { return c.node.limits.pushed_nodes_max; }));

  all.push_back(flag(
      "crypto.verify_incoming", [](auto& c) -> auto& { return c.node.crypto.verify_incoming; }));
  all.push_back(flag(
      "crypto.verify_outgoing", [](auto& c) -> auto& { return c.node.crypto.verify_outgoing; }));
  for (Setting& setting : all) setting.reload = is_reloaded(setting.key);
  return all;
}

// Keys of a Serf agent's configuration, and what they are called here.
constexpr std::pair<std::string_view, std::string_view> kSerfKeys[] = {
    {"node_name", "name"},
    {"encrypt_key", "encrypt"},
    {"start_join", "join"},
    {"retry_join", "join"},
    {"retry_interval", "join_interval"},
    {"snapshot_path", "data_dir"},
    {"rejoin_after_leave", "rejoin"},
    {"rpc_addr", "http"},
    {"enable_compression", "compression"},
    {"skip_leave_on_interrupt", "leave_on_interrupt"},
    {"broadcast_timeout", "serf.broadcast_timeout"},
    {"reconnect_timeout", "serf.forget_after"},
    {"tombstone_timeout", "serf.tombstone_timeout"},
    {"role", "tags.role"},
};

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

const Setting* find_setting(std::string_view key) {
  const auto all = settings();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.key == key; });
  return found == all.end() ? nullptr : &*found;
}

std::string suggest_setting(std::string_view key) {
  for (const auto& [serf, ours] : kSerfKeys) {
    if (key == serf) return "that is Serf's name: here it is " + std::string(ours);
  }
  std::vector<std::string_view> keys;
  for (const Setting& setting : settings()) {
    keys.push_back(setting.key);
    // A known name under the wrong table (or none) is the likeliest mistake after a typing error.
    const std::string_view leaf = setting.key.substr(setting.key.rfind('.') + 1);
    if (key.substr(key.rfind('.') + 1) == leaf && setting.key != key) {
      return "did you mean " + std::string(setting.key) + "?";
    }
  }
  const std::string_view near = closest(key, keys);
  if (!near.empty()) return "did you mean " + std::string(near) + "?";
  return "docs/configuration.md lists all keys";
}

}  // namespace hearsay::agent
