// An agent's configuration: one TOML file and the command line's flags become one AgentConfig, or the list of
// all that is wrong with them.
//
// The profile gives the defaults, the file overrides the profile, flags override the file; tags given by flags
// are laid over those of the file, and peers to join are added to those of the file. Every key stands in one
// table (agent/settings.h): reading, printing, suggestions and the test of docs/configuration.md use it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hearsay/config.h"
#include "hearsay/host.h"

namespace hearsay::agent {

inline constexpr std::uint16_t kGossipPort = 7946;
inline constexpr std::uint16_t kHttpPort = 7980;

enum class LogFormat : std::uint8_t { text, json };
const char* name_of(LogFormat format);

struct AgentConfig {
  Config node;  // advertise stays invalid when it is to be derived from the bound address
  Profile profile = Profile::lan;
  Address bind;                         // 0.0.0.0:7946
  std::optional<Address> http;          // 127.0.0.1:7980; none: off
  std::vector<std::string> http_names;  // host names that clients may use, beside IP literals and localhost
  std::string http_socket;              // path of a Unix socket; empty: off
  std::vector<std::string> join;        // contacted until one answers
  Duration join_interval = std::chrono::seconds(5);
  std::string data_dir;  // empty: nothing is kept
  bool rejoin = true;
  Tags state_keys;  // published at start, each start anew
  std::string keyring_file;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  bool leave_on_interrupt = true;
  bool leave_on_terminate = false;
  std::map<std::string, std::string> places{};  // key -> where it was given; others are defaults
};

// The peers of `join` that are seeds: the first of them, as many as a node takes.
std::vector<std::string> seeds_of(const AgentConfig& config);

// A value as it was given, and where: "agent.toml:12" or "--bind".
struct Given {
  std::string key;
  std::string where;
  // The last one is a list of tables of texts.
  std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>, Tags, std::vector<Tags>> value;
};

struct Fault {
  std::string where;  // empty: a default
  std::string key;
  std::string cause;
  std::string cure;
};
// "agent.toml:12: swim.probe_interval: cause; cure"
std::string describe(const Fault& fault);

struct Loaded {
  AgentConfig config;
  std::vector<Fault> faults;  // empty: the configuration can be used
  std::vector<std::string> warnings;
};

// Reads the file (if a path is given) and lays the flags over it. Reads the keyring file, too.
Loaded load_config(const std::optional<std::string>& path, const std::vector<Given>& flags);
// The same for a text; `name` stands for the file in faults.
Loaded load_config_text(std::string_view toml, std::string_view name, const std::vector<Given>& flags);

// The effective configuration as TOML, keys left out.
std::string print_config(const AgentConfig& config);

}  // namespace hearsay::agent
