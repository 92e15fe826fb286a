// Commands that show something: members, info, version, keygen.
#include <sys/random.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>

#include "agent/text.h"
#include "agent/version.h"
#include "base/base64.h"
#include "base/glob.h"
#include "cli/api_client.h"
#include "cli/fault_words.h"
#include "hearsay/counters.h"
#include "hearsay/socket_counters.h"
#include "http/json.h"
#include "http/message.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

// "3s", "12m", "5h", "9d": enough to compare rows.
std::string age_text(const json::value& ms) {
  if (!ms.is_int64() && !ms.is_uint64()) return "-";
  const std::int64_t seconds = std::max<std::int64_t>(0, ms.to_number<std::int64_t>() / 1000);
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 2 * 86400) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

std::string tags_text(const json::value& tags) {
  std::string out;
  if (!tags.is_object()) return out;
  for (const auto& entry : tags.get_object()) {
    const std::string_view key(entry.key().data(), entry.key().size());
    out += (out.empty() ? "" : ",") + std::string(key) + "=";
    if (entry.value().is_string()) out += std::string_view(entry.value().get_string());
  }
  return printable(out);
}

std::string versions_text(const json::value& member, std::string_view key) {
  const auto& v = at(member, key);
  return std::to_string(number_at(v, "version")) + " (" + std::to_string(number_at(v, "min")) + " to " +
         std::to_string(number_at(v, "max")) + ")";
}

std::string yes_no(const json::value& value) { return value.is_bool() && value.get_bool() ? "yes" : "no"; }

std::string or_dash(std::string text) { return text.empty() ? "-" : printable(text); }

const char* help_of_counter(std::string_view name) {
  for (std::size_t i = 0; i < kCounts; ++i) {
    const auto count = static_cast<Count>(i);
    if (name == name_of(count)) return help_of(count);
  }
#define HEARSAY_SOCKET_COUNTER(counter, help) \
  if (name == #counter) return help;
  HEARSAY_SOCKET_COUNTERS(HEARSAY_SOCKET_COUNTER)
#undef HEARSAY_SOCKET_COUNTER
  return "";
}

void print_group(Terminal& terminal, std::string_view title, const Table& table) {
  terminal.out(terminal.paint(Style::bold, title) + "\n" + table.render(terminal));
}

}  // namespace

namespace {

// Puts what members say of themselves under "state", and leaves out those that do not say what is asked for.
std::optional<Error> add_states(const ApiClient& client, const Arguments& arguments, json::array& members) {
  std::vector<std::pair<std::string, std::string>> wanted;
  std::vector<std::string> keys = arguments.state_columns;
  for (const auto& pair : arguments.where) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Errc::invalid_argument, "\"" + pair + "\" is not of the form KEY=PATTERN",
                   "write for example --where dc=eu,health=passing"};
    }
    wanted.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    keys.push_back(wanted.back().first);
  }
  if (keys.empty()) return std::nullopt;
  std::string target = "/v1/state";
  for (const auto& key : keys) target += (&key == &keys[0] ? "?key=" : "&key=") + http::percent_encode(key);
  const auto answer = client.call("GET", target);
  if (!answer) return answer.error();
  std::map<std::string, json::object> states;
  if (at(*answer, "states").is_array()) {
    for (const auto& state : at(*answer, "states").get_array()) {
      json::object& said = states[text_at(state, "member")];
      if (!at(state, "keys").is_object()) continue;
      for (const auto& entry : at(state, "keys").get_object()) said[entry.key()] = text_at(entry.value(), "value");
    }
  }
  json::array kept;
  for (auto& member : members) {
    json::value said = states[text_at(member, "name")];
    const bool suits = std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
      return at(said, one.first).is_string() && base::matches(one.second, text_at(said, one.first));
    });
    if (!suits) continue;
    member.as_object()["state"] = std::move(said);
    kept.push_back(std::move(member));
  }
  members = std::move(kept);
  return std::nullopt;
}

}  // namespace

int run_members(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "members", client.error());
  std::string target = "/v1/members";
  char separator = '?';
  const auto add = [&](const char* key, std::string_view value) {
    target += separator + std::string(key) + "=" + http::percent_encode(value);
    separator = '&';
  };
  for (const auto& status : arguments.status) add("status", status);
  if (!arguments.name.empty()) add("name", arguments.name);
  for (const auto& tag : arguments.tags) add("tag", tag);
  auto answer = client->call("GET", target);
  if (!answer) return report(terminal, "members", answer.error());
  json::array members = at(*answer, "members").is_array() ? at(*answer, "members").get_array() : json::array();
  std::stable_sort(members.begin(), members.end(), [](const json::value& a, const json::value& b) {
    return text_at(a, "name") < text_at(b, "name");
  });
  if (const auto fault = add_states(*client, arguments, members)) {
    report(terminal, "members", *fault);
    return fault->code == Errc::invalid_argument ? kUsage : kFailed;
  }
  if (arguments.json) {
    terminal.out(http::pretty(json::object{{"members", std::move(members)}}) + "\n");
    return kDone;
  }
  std::vector<std::string> head{"Name", "Address", "Status", "Since"};
  if (arguments.detailed) head.insert(head.end(), {"Incarnation", "Last contact", "memberlist", "Serf"});
  head.insert(head.end(), arguments.state_columns.begin(), arguments.state_columns.end());
  head.emplace_back("Tags");
  Table table(head);
  for (const auto& member : members) {
    const std::string status = printable(text_at(member, "status"));
    const bool self = at(member, "self").is_bool() && at(member, "self").get_bool();
    std::vector<Cell> row{{printable(text_at(member, "name")), self ? Style::bold : Style::plain},
                          {printable(text_at(member, "addr"))},
                          {status, style_of(status)},
                          {age_text(at(member, "status_age_ms"))}};
    if (arguments.detailed) {
      row.push_back({std::to_string(number_at(member, "incarnation"))});
      row.push_back({self ? "self" : age_text(at(member, "last_contact_age_ms"))});
      row.push_back({versions_text(member, "protocol")});
      row.push_back({versions_text(member, "delegate")});
    }
    for (const auto& key : arguments.state_columns) row.push_back({or_dash(text_at(at(member, "state"), key))});
    row.push_back({tags_text(at(member, "tags"))});
    table.add(std::move(row));
  }
  terminal.out(table.render(terminal));
  return kDone;
}

namespace {

// The settings in force: value, and where it comes from.
int show_settings(const ApiClient& client, const Arguments& arguments, Terminal& terminal) {
  const auto answer = client.call("GET", "/v1/settings");
  if (!answer) return report(terminal, "info", answer.error());
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
    return kDone;
  }
  Table table({"Key", "Value", "From", "Reload"});
  if (at(*answer, "settings").is_array()) {
    for (const auto& setting : at(*answer, "settings").get_array()) {
      const std::string where = text_at(setting, "where");
      const std::string from = where.empty() ? text_at(setting, "source") : where;
      table.add({{printable(text_at(setting, "key"))},
                 {or_dash(text_at(setting, "value"))},
                 {printable(from), from == "default" ? Style::dim : Style::plain},
                 {yes_no(at(setting, "reload"))}});
    }
  }
  terminal.out(table.render(terminal));
  return kDone;
}

// Members that were not taken, and why.
void show_refused(const json::value& info, Terminal& terminal) {
  const auto& refused = at(info, "refused");
  if (!refused.is_array() || refused.get_array().empty()) return;
  Table table({});
  for (const auto& one : refused.get_array()) {
    table.add({{"  " + printable(text_at(one, "name")), Style::warn},
               {printable(text_at(one, "addr"))},
               {age_text(at(one, "last_age_ms")) + " ago"},
               {std::to_string(number_at(one, "count")) + "x"},
               {printable(text_at(one, "reason"))}});
  }
  print_group(terminal, "not admitted lately", table);
}

}  // namespace

int run_info(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "info", client.error());
  if (arguments.settings_in_force) return show_settings(*client, arguments, terminal);
  const auto answer = client->call("GET", "/v1/info");
  if (!answer) return report(terminal, "info", answer.error());
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
    return kDone;
  }
  const auto& self = at(*answer, "self");
  const auto& agent = at(*answer, "agent");
  const auto& node = at(*answer, "node");

  Table about({});
  about.add({{"  name"}, {printable(text_at(self, "name"))}});
  about.add({{"  status"}, {text_at(self, "status"), style_of(text_at(self, "status"))}});
  about.add({{"  version"}, {text_at(agent, "version")}});
  about.add({{"  started"}, {text_at(agent, "started")}});
  about.add({{"  gossip"}, {text_at(agent, "gossip_addr")}});
  about.add({{"  advertised"}, {text_at(agent, "advertise_addr")}});
  about.add({{"  HTTP"}, {or_dash(text_at(agent, "http_addr"))}});
  if (!text_at(agent, "http_socket").empty())
    about.add({{"  HTTP socket"}, {printable(text_at(agent, "http_socket"))}});
  about.add({{"  encrypted"}, {yes_no(at(agent, "encrypted"))}});
  about.add({{"  label"}, {or_dash(text_at(agent, "label"))}});
  about.add({{"  profile"}, {text_at(agent, "profile")}});
  about.add({{"  data"},
             {text_at(agent, "data_dir").empty() ? "nothing is kept" : printable(text_at(agent, "data_dir"))}});
  about.add({{"  tags"}, {or_dash(tags_text(at(self, "tags")))}});
  print_group(terminal, "agent", about);

  Table members({});
  if (at(*answer, "members").is_object()) {
    for (const auto& entry : at(*answer, "members").get_object()) {
      const std::string status(entry.key().data(), entry.key().size());
      const std::int64_t count = number_at(at(*answer, "members"), status);
      members.add({{"  " + status, count == 0 ? Style::plain : style_of(status)}, {std::to_string(count)}});
    }
  }
  print_group(terminal, "members", members);

  const std::int64_t health = number_at(node, "local_health");
  Table state({});
  state.add({{"  local health"},
             {health == 0 ? "0 (healthy)" : std::to_string(health) + " (this node is slow or cut off itself)",
              health == 0 ? Style::good : Style::warn}});
  if (const auto& beat = at(node, "heartbeat"); beat.is_object()) {
    state.add({{"  heartbeat"}, {std::to_string(number_at(beat, "heartbeat"))}});
    state.add({{"  news is at most"},
               {agent::duration_text(std::chrono::milliseconds(number_at(beat, "age_of_news_ms"))) + " old"}});
    const auto& phi = at(beat, "highest_phi");
    state.add({{"  highest phi"},
               {(phi.is_number() ? number_text(phi.to_number<double>()) : "0") + " of " +
                or_dash(printable(text_at(beat, "highest_phi_member")))}});
  }
  state.add({{"  incarnation"}, {std::to_string(number_at(self, "incarnation"))}});
  state.add({{"  Lamport time"}, {std::to_string(number_at(node, "lamport"))}});
  state.add({{"  suspicions running"}, {std::to_string(number_at(node, "suspicions_running"))}});
  state.add({{"  rumors queued"},
             {std::to_string(number_at(node, "rumors_queued")) + " (" +
              std::to_string(number_at(node, "rumor_bytes_queued")) + " bytes)"}});
  state.add({{"  pings for others"}, {std::to_string(number_at(node, "relays_pending"))}});
  state.add({{"  intents kept"}, {std::to_string(number_at(node, "intents_kept"))}});
  state.add({{"  gossip streams open"}, {std::to_string(number_at(node, "streams_open"))}});
  state.add({{"  HTTP connections"}, {std::to_string(number_at(at(*answer, "http"), "connections_open"))}});
  state.add({{"  monitors"}, {std::to_string(number_at(at(*answer, "http"), "streams_open"))}});
  if (at(node, "defunct").is_bool() && at(node, "defunct").get_bool()) {
    state.add({{"  defunct", Style::bad}, {"yes: this node hit a fault of its own; restart the agent"}});
  }
  print_group(terminal, "state", state);
  show_refused(*answer, terminal);

  const auto warn_of = [&](std::string_view title, std::string_view key, const auto& text_of) {
    if (!at(node, key).is_array() || at(node, key).get_array().empty()) return;
    Table table({});
    for (const auto& entry : at(node, key).get_array()) table.add({{"  " + text_of(entry), Style::warn}});
    print_group(terminal, title, table);
  };
  warn_of("links in trouble", "links", [](const json::value& link) {
    return printable(text_at(link, "line")) + " since " + printable(text_at(link, "since"));
  });
  warn_of("name conflicts", "conflicts", [](const json::value& conflict) {
    return printable(text_at(conflict, "member")) + ": known at " + printable(text_at(conflict, "known")) +
           ", claimed by " + printable(text_at(conflict, "claimed"));
  });

  // What was lost is shown always, the rest when asked for.
  const auto is_loss = [](std::string_view name) {
    return name.substr(0, 8) == "dropped_" || name.find("failures") != std::string_view::npos;
  };
  Table counters({});
  bool any = false;
  for (const char* group : {"counters", "sockets"}) {  // sockets count nothing but losses
    if (!at(*answer, group).is_object()) continue;
    for (const auto& entry : at(*answer, group).get_object()) {
      const std::string name(entry.key().data(), entry.key().size());
      const std::int64_t count = number_at(at(*answer, group), name);
      const bool loss = is_loss(name) || std::string_view(group) == "sockets";
      if (!arguments.all && (count == 0 || !loss)) continue;
      any = true;
      counters.add({{"  " + printable(name)},
                    {std::to_string(count), loss && count != 0 ? Style::warn : Style::plain},
                    {help_of_counter(name), Style::dim}});
    }
  }
  if (!any) counters.add({{"  none", Style::good}});
  print_group(terminal, arguments.all ? "counters" : "dropped or failed", counters);
  return kDone;
}

int run_version(const Arguments& arguments, Terminal& terminal) {
  using agent::kMemberlistProtocol;
  using agent::kSerfProtocol;
  const std::string version(agent::version());
  const auto words = [](const agent::Protocol& p) {
    return std::to_string(p.spoken) + " (" + std::to_string(p.min) + " to " + std::to_string(p.max) + ")";
  };
  if (arguments.json) {
    const auto object = [](const agent::Protocol& p) {
      return json::object{{"version", p.spoken}, {"min", p.min}, {"max", p.max}};
    };
    terminal.out(
        http::pretty(json::object{
            {"version", version}, {"memberlist", object(kMemberlistProtocol)}, {"serf", object(kSerfProtocol)}}) +
        "\n");
    return kDone;
  }
  terminal.out("hearsay " + version + "\nspeaks memberlist " + words(kMemberlistProtocol) + ", Serf " +
               words(kSerfProtocol) + "\n");
  return kDone;
}

int run_keygen(const Arguments& arguments, Terminal& terminal) {
  Bytes key(arguments.key_bytes);
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    return report(terminal, "keygen", {Errc::io, "the system has no random numbers", "try again"});
  }
  const std::string text = base::to_base64(key);
  terminal.out(arguments.json ? http::pretty(json::object{{"key", text}}) + "\n" : text + "\n");
  return kDone;
}

}  // namespace hearsay::cli
