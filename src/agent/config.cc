#include "agent/config.h"

#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "agent/keyring_file.h"
#include "agent/settings.h"
#include "agent/text.h"

namespace hearsay::agent {
namespace {

constexpr std::size_t kConfigBytesMax = 1u << 20;

// Errors name the file and what the system said.
Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(Errc::io, "cannot read " + path + ": " + std::generic_category().message(errno),
                "check the path and its permissions");
  }
  std::string text(kConfigBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || (text.empty() && !file.eof())) {
    return fail(Errc::io, "cannot read " + path + ": it is not a file", "check the path");
  }
  if (text.size() > kConfigBytesMax) return fail(Errc::too_large, path + " is over 1 MiB", "is it the right file?");
  return text;
}

class Loader {
 public:
  explicit Loader(std::string_view name) : name_(name) {}

  void read(std::string_view toml) {
    try {
      walk(toml::parse(toml), "");
    } catch (const toml::parse_error& error) {
      given_.clear();  // half a file would only raise faults that are none
      loaded_.faults.push_back({where(error.source()), "", "not valid TOML: " + std::string(error.description()),
                                "strings need quotes, tables a head such as [swim]"});
    }
  }

  void add_fault(std::string place, std::string key, std::string cause, std::string cure) {
    loaded_.faults.push_back({std::move(place), std::move(key), std::move(cause), std::move(cure)});
  }

  Loaded finish(const std::vector<Given>& flags) {
    given_.insert(given_.end(), flags.begin(), flags.end());
    AgentConfig& config = loaded_.config;
    // The last one wins, and all else depends on it.
    for (const Given& given : given_) {
      if (given.key == "profile") apply(given);
    }
    config.node = Config::of(config.profile);
    config.bind = parse_address("0.0.0.0", kGossipPort).value();
    config.http = parse_address("127.0.0.1", kHttpPort).value();
    for (const Given& given : given_) {
      if (given.key != "profile") apply(given);
    }
    if (config.node.name.empty() && places_.count("name") == 0) config.node.name = host_name();
    read_keyring();
    check();
    config.places = places_;
    return std::move(loaded_);
  }

 private:
  std::string where(const toml::source_region& source) const {
    return name_ + ":" + std::to_string(source.begin.line);
  }

  void walk(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string path = prefix + std::string(key.str());
      if ((path == "tags" || path == "state.keys") && node.is_table()) {
        read_texts(path, *node.as_table());
        continue;
      }
      if (const auto* inner = node.as_table()) {
        const bool known = std::any_of(settings().begin(), settings().end(), [&](const Setting& setting) {
          return setting.key.substr(0, path.size() + 1) == path + ".";
        });
        if (known) {
          walk(*inner, path + ".");
          continue;
        }
      }
      if (find_setting(path) == nullptr) {
        refuse_unknown(path, node);
        continue;
      }
      read_value(path, node);
    }
  }

  void refuse_unknown(const std::string& path, const toml::node& node) {
    if (node.is_table()) {
      static constexpr std::string_view kTables[] = {"swim",  "heartbeat", "serf",   "contact",
                                                     "state", "limits",    "crypto", "tags"};
      const auto near = closest(path, kTables);
      add_fault(
          where(node.source()), path, "there is no table [" + path + "]",
          near.empty()
              ? "the tables are [tags], [swim], [heartbeat], [serf], [contact], [state], [limits] and [crypto]"
              : "did you mean [" + std::string(near) + "]?");
      return;
    }
    add_fault(where(node.source()), path, "there is no such key", suggest_setting(path));
  }

  void read_value(const std::string& path, const toml::node& node) {
    Given given{path, where(node.source()), std::string()};
    if (const auto* text = node.as_string()) {
      given.value = text->get();
    } else if (const auto* number = node.as_integer()) {
      given.value = number->get();
    } else if (const auto* fraction = node.as_floating_point()) {
      given.value = fraction->get();
    } else if (const auto* flag = node.as_boolean()) {
      given.value = flag->get();
    } else if (const auto* list = node.as_array(); list != nullptr && list->is_array_of_tables()) {
      std::vector<Tags> tables;
      for (const auto& entry : *list) {
        Tags texts;
        for (const auto& [key, value] : *entry.as_table()) {
          if (!value.is_string()) {
            return add_fault(where(value.source()), path, "\"" + std::string(key.str()) + "\" is not a text",
                             "put it into quotes");
          }
          texts[std::string(key.str())] = value.as_string()->get();
        }
        tables.push_back(std::move(texts));
      }
      given.value = std::move(tables);
    } else if (list != nullptr) {
      std::vector<std::string> texts;
      for (const auto& entry : *list) {
        if (!entry.is_string()) {
          return add_fault(where(entry.source()), path, "an entry is not a text", "put it into quotes");
        }
        texts.push_back(entry.as_string()->get());
      }
      given.value = std::move(texts);
    } else {
      given.value = Tags{};
    }
    given_.push_back(std::move(given));
  }

  void read_texts(const std::string& path, const toml::table& table) {
    Tags tags;
    for (const auto& [key, node] : table) {
      if (!node.is_string()) {
        add_fault(where(node.source()), path + "." + std::string(key.str()), "the value is not a text",
                  "put it into quotes");
        continue;
      }
      tags[std::string(key.str())] = node.as_string()->get();
    }
    given_.push_back({path, where(table.source()), std::move(tags)});
  }

  void apply(const Given& given) {
    const Setting* setting = find_setting(given.key);
    if (setting == nullptr) {
      return add_fault(given.where, given.key, "there is no such key", suggest_setting(given.key));
    }
    places_[given.key] = given.where;
    if (const auto complaint = setting->read(loaded_.config, given)) {
      broken_.insert(given.key);
      add_fault(given.where, given.key, complaint->cause, complaint->cure);
    }
  }

  static std::string host_name() {
    char buffer[256] = {};
    if (::gethostname(buffer, sizeof buffer - 1) != 0) return {};
    return buffer;
  }

  // A JSON list of base64 keys, as Serf keeps it; the first one encrypts.
  void read_keyring() {
    AgentConfig& config = loaded_.config;
    if (config.keyring_file.empty()) return;
    const std::string place = places_["keyring_file"];
    if (places_.count("encrypt") != 0) {
      return add_fault(place, "keyring_file", "encrypt is given as well", "give one of the two");
    }
    const auto text = read_file(config.keyring_file);
    if (!text) return add_fault(place, "keyring_file", text.error().cause, text.error().cure);
    auto keyring = decode_keyring(*text);
    for (const auto& fault : keyring.faults) {
      add_fault(place, "keyring_file", config.keyring_file + ": " + fault,
                "it must be a list of keys from `hearsay keygen`: [\"...\", \"...\"]");
    }
    config.node.crypto.keys = std::move(keyring.keys);
    struct stat status {};
    if (::stat(config.keyring_file.c_str(), &status) == 0 && (status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
      loaded_.warnings.push_back(config.keyring_file + " holds keys and can be read by others: chmod 600 it");
    }
  }

  void check() {
    AgentConfig& config = loaded_.config;
    if (config.join.size() > kJoinPeersMax) {
      add_fault(places_["join"], "join", std::to_string(config.join.size()) + " peers are too many",
                "a few are enough: use at most " + std::to_string(kJoinPeersMax));
    }
    for (const auto& peer : config.join) {
      if (const auto split = split_host_port(peer, kGossipPort); !split) {
        add_fault(places_["join"], "join", split.error().cause, "write for example \"10.0.0.1:7946\" or \"node1\"");
      }
    }
    if (config.join_interval < std::chrono::milliseconds(100) || config.join_interval > std::chrono::hours(1)) {
      add_fault(places_["join_interval"], "join_interval", duration_text(config.join_interval) + " is out of range",
                "choose 100ms to 1h");
    }
    // The host derives what is not given once it is bound.
    Config whole = config.node;
    if (!whole.advertise.valid()) whole.advertise = parse_address("127.0.0.1", kGossipPort).value();
    if (whole.advertise.port == 0) whole.advertise.port = kGossipPort;
    for (auto& fault : validate(whole)) {
      if (broken_.count(fault.key) != 0) continue;  // that key has been complained about already
      const auto place = places_.find(fault.key);
      add_fault(place == places_.end() ? "" : place->second, fault.key, std::move(fault.cause),
                std::move(fault.cure));
    }
    std::stable_sort(loaded_.faults.begin(), loaded_.faults.end(),
                     [this](const Fault& a, const Fault& b) { return line_of(a) < line_of(b); });
  }

  // In the order of the file; flags and defaults after it.
  std::uint64_t line_of(const Fault& fault) const {
    if (fault.where.compare(0, name_.size() + 1, name_ + ":") != 0) return UINT64_MAX;
    return std::strtoull(fault.where.c_str() + name_.size() + 1, nullptr, 10);
  }

  std::string name_;
  std::vector<Given> given_;
  std::map<std::string, std::string> places_;
  std::set<std::string> broken_;
  Loaded loaded_;
};

}  // namespace

std::vector<std::string> seeds_of(const AgentConfig& config) {
  return {config.join.begin(),
          config.join.begin() + static_cast<std::ptrdiff_t>(std::min(config.join.size(), kSeedsMax))};
}

const char* name_of(LogFormat format) { return format == LogFormat::json ? "json" : "text"; }

std::string describe(const Fault& fault) {
  std::string out = fault.where;
  if (!fault.key.empty() && fault.where.compare(0, 2, "--") != 0) out += (out.empty() ? "" : ": ") + fault.key;
  out += ": " + fault.cause;
  if (!fault.cure.empty()) out += "; " + fault.cure;
  return out;
}

Loaded load_config(const std::optional<std::string>& path, const std::vector<Given>& flags) {
  Loader loader(path.value_or(""));
  if (path) {
    const auto text = read_file(*path);
    if (text) {
      loader.read(*text);
    } else {
      loader.add_fault("--config", "", text.error().cause, text.error().cure);
    }
  }
  return loader.finish(flags);
}

Loaded load_config_text(std::string_view toml, std::string_view name, const std::vector<Given>& flags) {
  Loader loader(name);
  loader.read(toml);
  return loader.finish(flags);
}

std::string print_config(const AgentConfig& config) {
  std::string out;
  std::string_view table;
  for (const Setting& setting : settings()) {
    const std::size_t dot = setting.key.find('.');
    const std::string_view head = dot == std::string_view::npos ? std::string_view() : setting.key.substr(0, dot);
    if (head != table) out += "\n[" + std::string(head) + "]\n";
    table = head;
    const std::string value = setting.show(config);
    const std::string_view leaf = dot == std::string_view::npos ? setting.key : setting.key.substr(dot + 1);
    if (setting.key == "encrypt") {
      if (config.node.crypto.keys.empty() || !config.keyring_file.empty()) continue;
      out += "# encrypt is set, and not shown\n";
    } else if (!value.empty()) {
      out += std::string(leaf) + " = " + value + "\n";
    }
  }
  return out;
}

}  // namespace hearsay::agent
