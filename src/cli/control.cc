// Commands that change something: join, leave, and the agent itself.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "agent/agent.h"
#include "cli/api_client.h"
#include "http/json.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

// A join may wait for each peer's stream timeout (30 s on a WAN), a leave for its rumors.
constexpr std::chrono::seconds kLong{120};

std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

}  // namespace

int run_join(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "join", client.error());
  json::array peers;
  for (const auto& peer : arguments.peers) peers.emplace_back(http::clean_text(peer));
  const auto answer =
      client->call("POST", "/v1/join", json::serialize(json::object{{"peers", std::move(peers)}}), kLong);
  if (!answer) {
    Error error = answer.error();
    // Whichever peer it was must be readable here, however the node worded it.
    const bool named = std::any_of(arguments.peers.begin(), arguments.peers.end(), [&](const std::string& peer) {
      return error.cause.find(peer) != std::string::npos;
    });
    if (!named && error.code != Errc::invalid_argument)
      error.cause = "could not join " + listed(arguments.peers) + ": " + error.cause;
    return report(terminal, "join", error);
  }
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
    return kDone;
  }
  const std::int64_t joined = number_at(*answer, "joined");
  const auto asked = static_cast<std::int64_t>(arguments.peers.size());
  std::string text = "joined: " + std::to_string(joined);
  if (joined != asked) text += " of " + std::to_string(asked);
  terminal.out(text + (asked == 1 ? " peer answered\n" : " peers answered\n"));
  return kDone;
}

int run_leave(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "leave", client.error());
  const auto answer = client->call("POST", "/v1/leave", {}, kLong);
  if (!answer) return report(terminal, "leave", answer.error());
  terminal.out(arguments.json ? http::pretty(*answer) + "\n" : "left the cluster; the agent ends\n");
  return kDone;
}

int run_force_leave(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "force-leave", client.error());
  const json::object body{{"name", http::clean_text(arguments.member)}, {"prune", arguments.prune}};
  const auto answer = client->call("POST", "/v1/force-leave", json::serialize(body));
  if (!answer) return report(terminal, "force-leave", answer.error());
  const std::string done = arguments.prune ? " is forgotten here" : " counts as left here";
  terminal.out(arguments.json ? http::pretty(*answer) + "\n"
                              : printable(arguments.member) + done + "; the others are being told\n");
  return kDone;
}

int run_tags(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "tags", client.error());
  json::object set;
  for (const auto& pair : arguments.set) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      report(terminal, "tags",
             {Errc::invalid_argument, "\"" + pair + "\" is not of the form KEY=VALUE",
              "write for example --set role=web"});
      return kUsage;
    }
    set[http::clean_text(pair.substr(0, equals))] = http::clean_text(pair.substr(equals + 1));
  }
  json::array remove;
  for (const auto& key : arguments.remove) remove.emplace_back(http::clean_text(key));
  const bool change = !set.empty() || !remove.empty();
  const auto answer =
      change ? client->call("PATCH", "/v1/tags",
                            json::serialize(json::object{{"set", std::move(set)}, {"delete", std::move(remove)}}))
             : client->call("GET", "/v1/tags");
  if (!answer) return report(terminal, "tags", answer.error());
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
    return kDone;
  }
  const auto& tags = at(*answer, "tags");
  if (tags.is_object()) {
    for (const auto& entry : tags.get_object()) {
      const std::string key(entry.key().data(), entry.key().size());
      terminal.out(printable(key + "=" + text_at(tags, key)) + "\n");
    }
  }
  const auto& kept = at(*answer, "kept");
  if (change && kept.is_bool() && !kept.get_bool()) {
    terminal.err("changed until the agent ends: it has no data directory to keep them in\n");
  }
  return kDone;
}

int run_reload(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "reload", client.error());
  const auto answer = client->call("POST", "/v1/reload");
  if (!answer) return report(terminal, "reload", answer.error());
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
    return kDone;
  }
  const auto words = [&](const char* key) {
    std::vector<std::string> all;
    if (at(*answer, key).is_array()) {
      for (const auto& entry : at(*answer, key).get_array()) {
        if (entry.is_string()) all.push_back(printable({entry.get_string().data(), entry.get_string().size()}));
      }
    }
    return all;
  };
  const auto changed = words("changed");
  terminal.out(changed.empty() ? "nothing changed\n" : "changed: " + listed(changed) + "\n");
  if (const auto restart = words("needs_restart"); !restart.empty()) {
    terminal.out("only a restart takes over: " + listed(restart) + "\n");
  }
  for (const auto& warning : words("warnings")) terminal.err("warning: " + warning + "\n");
  return kDone;
}

int run_agent(const Arguments& arguments, Terminal& terminal) {
  auto loaded = agent::load_config(arguments.config_file, arguments.settings);
  if (!loaded.faults.empty()) {
    const std::size_t count = loaded.faults.size();
    std::string text = "hearsay agent: the configuration has " +
                       (count == 1 ? std::string("a fault") : std::to_string(count) + " faults") + "\n";
    bool usage = true;
    for (const auto& fault : loaded.faults) {
      text += "  " + printable(describe(fault)) + "\n";
      usage = usage && fault.where.substr(0, 2) == "--" && fault.where != "--config";
    }
    terminal.err(text);
    return usage ? kUsage : kFailed;
  }
  if (arguments.print_config) {
    terminal.out(agent::print_config(loaded.config));
    return kDone;
  }
  if (arguments.check) {
    for (const auto& warning : loaded.warnings) terminal.err("warning: " + printable(warning) + "\n");
    terminal.out("the configuration is valid\n");
    return kDone;
  }
  std::function<agent::Loaded()> load;  // for a reload; flags alone cannot change
  if (arguments.config_file) {
    load = [file = arguments.config_file, flags = arguments.settings] { return agent::load_config(file, flags); };
  }
  return agent::run_agent(std::move(loaded.config), loaded.warnings, std::move(load));
}

}  // namespace hearsay::cli
