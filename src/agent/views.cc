#include "agent/views.h"

#include <algorithm>
#include <array>

#include "agent/text.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

namespace json = boost::json;
using http::clean_text;

constexpr std::array kStatuses{Status::alive, Status::suspect, Status::leaving, Status::left, Status::failed};

std::int64_t whole_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

json::value age_view(Time time, Now now) {
  if (time == Time{}) return nullptr;
  return whole_ms(std::max(Duration::zero(), now.steady - time));
}

// A steady time as people read it; null for "never".
json::value time_view(Time time, Now now) {
  if (time == Time{}) return nullptr;
  return json::value(time_text(now.wall - (now.steady - time)).c_str());
}

json::array names_view(const std::vector<std::string>& names) {
  json::array out;
  for (const auto& name : names) out.emplace_back(clean_text(name));
  return out;
}

json::object evidence_view(const Evidence& evidence) {
  json::object out;
  out["source"] = name_of(evidence.source);
  if (!evidence.accuser.empty()) out["accuser"] = clean_text(evidence.accuser);
  if (!evidence.confirmers.empty()) out["confirmers"] = names_view(evidence.confirmers);
  if (evidence.heard_from.valid()) out["heard_from"] = to_string(evidence.heard_from);
  if (evidence.source == Evidence::Source::own_probe || evidence.direct_probes != 0) {
    out["direct_probes"] = evidence.direct_probes;
    out["indirect_probes"] = evidence.indirect_probes;
    out["helpers"] = names_view(evidence.helpers);
    out["nacks"] = evidence.nacks;
    out["stream_probe_failed"] = evidence.stream_probe_failed;
  }
  out["local_health"] = evidence.local_health;
  if (evidence.silent_for != Duration::zero()) out["silent_for_ms"] = whole_ms(evidence.silent_for);
  return out;
}

json::object conflict_view(const NameConflict& conflict) {
  json::object out;
  out["member"] = clean_text(conflict.name);
  out["known"] = to_string(conflict.known);
  out["claimed"] = to_string(conflict.claimed);
  out["own"] = conflict.own;
  out["join_refused"] = conflict.join_refused;
  return out;
}

json::object probe_view(const OwnProbe& probe, Now now) {
  json::object out;
  out["at"] = time_view(probe.began, now);
  out["answer"] = name_of(probe.answer);
  out["took_us"] = std::chrono::duration_cast<std::chrono::microseconds>(probe.took).count();
  if (!probe.through.empty()) out["through"] = clean_text(probe.through);
  out["helpers"] = probe.helpers;
  out["nacks"] = probe.nacks;
  return out;
}

json::object testimony_view(const Testimony& said) {
  json::object out;
  out["witness"] = clean_text(said.witness);
  out["available"] = said.missing.empty();
  if (!said.missing.empty()) {
    out["missing"] = clean_text(said.missing);
    return out;
  }
  out["what"] = name_of(said.what);
  out["incarnation"] = said.incarnation.value;
  out["age_ms"] = whole_ms(said.age);
  out["line"] = clean_text(describe(said.evidence));
  out["evidence"] = evidence_view(said.evidence);
  return out;
}

json::object sockets_view(const SocketCounters& sockets) {
  json::object out;
#define HEARSAY_SOCKET_COUNTER(name, help) out[#name] = sockets.name;
  HEARSAY_SOCKET_COUNTERS(HEARSAY_SOCKET_COUNTER)
#undef HEARSAY_SOCKET_COUNTER
  return out;
}

struct Figure {
  const char* name;
  const char* type;
  const char* help;
  std::uint64_t value;
};

}  // namespace

json::object tags_view(const Tags& tags) {
  json::object out;
  for (const auto& [key, value] : tags) out[clean_text(key)] = clean_text(value);
  return out;
}

json::object setting_view(const SettingInForce& setting) {
  json::object out;
  out["key"] = setting.key;
  out["value"] = clean_text(setting.value);
  out["source"] = setting.source;
  out["where"] = clean_text(setting.where);
  out["reload"] = setting.reload;
  return out;
}

json::array list_view(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(clean_text(text));
  return out;
}

json::object member_view(const Member& member, Now now) {
  json::object out;
  out["name"] = clean_text(member.name);
  out["addr"] = to_string(member.address);
  out["status"] = name_of(member.status);
  out["tags"] = tags_view(member.tags);
  out["incarnation"] = member.incarnation.value;
  out["status_since"] = time_view(member.status_since, now);
  out["status_age_ms"] = age_view(member.status_since, now);
  out["last_contact"] = time_view(member.last_contact, now);
  out["last_contact_age_ms"] = age_view(member.last_contact, now);
  out["intent_time"] = member.intent_time.value;
  out["self"] = member.is_self;
  const auto& v = member.versions;
  out["protocol"] = json::object{{"min", v[0]}, {"max", v[1]}, {"version", v[2]}};
  out["delegate"] = json::object{{"min", v[3]}, {"max", v[4]}, {"version", v[5]}};
  return out;
}

const char* kind_of(const Notice& notice) {
  if (const auto* change = std::get_if<MemberChange>(&notice.body)) return name_of(change->what);
  if (std::holds_alternative<NameConflict>(notice.body)) return "conflict";
  if (std::holds_alternative<CommandDone>(notice.body)) return "command";
  if (std::holds_alternative<Warning>(notice.body)) return "warning";
  if (std::holds_alternative<KeyAnswer>(notice.body) || std::holds_alternative<KeysChanged>(notice.body))
    return "keys";
  if (std::holds_alternative<LinkChange>(notice.body)) return "link";
  if (std::holds_alternative<Explanation>(notice.body)) return "evidence";
  if (std::holds_alternative<StateChanged>(notice.body)) return "state";
  if (std::holds_alternative<StateHolders>(notice.body)) return "holders";
  return "defunct";
}

json::object notice_view(const Notice& notice) {
  json::object out;
  out["at"] = time_text(notice.at.wall);
  out["kind"] = kind_of(notice);
  if (const auto* change = std::get_if<MemberChange>(&notice.body)) {
    out["member"] = clean_text(change->member.name);
    out["line"] = clean_text(describe(notice));
    out["addr"] = to_string(change->member.address);
    out["status"] = name_of(change->member.status);
    out["incarnation"] = change->member.incarnation.value;
    out["evidence"] = evidence_view(change->evidence);
    return out;
  }
  if (const auto* conflict = std::get_if<NameConflict>(&notice.body)) {
    for (auto& field : conflict_view(*conflict)) out.insert(std::move(field));
  } else if (const auto* link = std::get_if<LinkChange>(&notice.body)) {
    out["member"] = clean_text(link->link.member);
    out["change"] = name_of(link->what);
    out["link"] = link_view(link->link, notice.at);
  } else if (const auto* told = std::get_if<Explanation>(&notice.body)) {
    out["member"] = clean_text(told->member);
  } else if (const auto* changed = std::get_if<StateChanged>(&notice.body)) {
    out["member"] = clean_text(changed->member);
    out["generation"] = changed->generation;
    out["version"] = changed->version;
    out["keys"] = list_view(changed->keys);
    out["more"] = changed->more;
  }
  if (const auto* answer = std::get_if<KeyAnswer>(&notice.body)) out["member"] = clean_text(answer->member);
  out["line"] = clean_text(describe(notice));
  return out;
}

json::object link_view(const Link& link, Now now) {
  json::object out;
  out["member"] = clean_text(link.member);
  out["addr"] = to_string(link.address);
  out["fault"] = name_of(link.fault);
  out["since"] = time_view(link.since, now);
  out["failed_probes"] = link.failed_probes;
  out["line"] = clean_text(describe(link));
  return out;
}

json::object heartbeat_view(const HeartbeatView& view) {
  const auto ms = [](Duration duration) { return duration / std::chrono::milliseconds(1); };
  json::object out;
  out["heartbeat"] = view.heartbeat;
  out["silent_for_ms"] = ms(view.silent_for);
  out["increases"] = view.increases;
  out["mean_ms"] = ms(view.mean);
  out["deviation_ms"] = ms(view.deviation);
  out["phi"] = view.phi;
  out["suspect_at_ms"] = ms(view.suspect_at);
  out["failed_at_ms"] = ms(view.failed_at);
  json::array suspected_by;
  for (const auto& name : view.suspected_by) suspected_by.push_back(json::string(clean_text(name)));
  out["suspected_by"] = std::move(suspected_by);
  out["line"] = clean_text(describe(view));
  return out;
}

json::object why_view(const Member* member, const std::vector<Notice>& history, const Explanation& told, Now now) {
  json::object out;
  out["member"] = member == nullptr ? json::value() : member_view(*member, now);
  out["link"] = told.links.empty() ? json::value() : link_view(told.links.front(), now);
  json::array changes;
  for (const Notice& notice : history) {
    const auto* change = std::get_if<MemberChange>(&notice.body);
    if (change != nullptr && change->member.name == told.member) changes.push_back(notice_view(notice));
  }
  out["changes"] = std::move(changes);
  out["testimony"] = told.testimony ? testimony_view(*told.testimony) : json::value();
  if (told.heartbeat) out["heartbeat"] = heartbeat_view(*told.heartbeat);
  json::array probes;
  for (const OwnProbe& probe : told.probes) probes.push_back(probe_view(probe, now));
  out["probes"] = std::move(probes);
  return out;
}

json::object counters_view(const Counters& counters) {
  json::object out;
  for (std::size_t i = 0; i < kCounts; ++i) out[name_of(static_cast<Count>(i))] = counters.values[i];
  return out;
}

json::object info_view(const AgentFacts& facts, const Figures& figures) {
  const auto& [info, sockets, http, now] = figures;
  json::object agent;
  agent["version"] = facts.version;
  agent["gossip_addr"] = facts.bound;
  agent["advertise_addr"] = facts.advertised;
  agent["http_addr"] = facts.http;
  agent["http_socket"] = facts.http_socket;
  agent["data_dir"] = facts.data_dir;
  agent["label"] = clean_text(facts.label);
  agent["profile"] = facts.profile;
  agent["encrypted"] = info.encrypted;
  agent["started"] = time_text(facts.started);
  json::object members;
  for (const Status status : kStatuses) members[name_of(status)] = info.members[static_cast<std::size_t>(status)];
  json::object node;
  node["local_health"] = info.local_health;
  node["lamport"] = info.lamport.value;
  node["rumors_queued"] = info.rumors_queued;
  node["rumor_bytes_queued"] = info.rumor_bytes_queued;
  node["suspicions_running"] = info.suspicions_running;
  node["streams_open"] = info.streams_open;
  json::array links;
  for (const Link& link : info.links) links.push_back(link_view(link, now));
  node["links"] = std::move(links);
  json::array conflicts;
  for (const NameConflict& conflict : info.conflicts) conflicts.push_back(conflict_view(conflict));
  node["conflicts"] = std::move(conflicts);
  node["relays_pending"] = info.relays_pending;
  node["intents_kept"] = info.intents_kept;
  node["state"] = json::object{{"generation", info.generation},
                               {"version", info.state_version},
                               {"members", info.states_known},
                               {"bytes", info.state_bytes},
                               {"watches", info.state_watches}};
  if (info.heartbeat) {
    json::object heartbeat;
    heartbeat["heartbeat"] = info.heartbeat->heartbeat;
    heartbeat["age_of_news_ms"] = info.heartbeat->age_of_news / std::chrono::milliseconds(1);
    heartbeat["highest_phi"] = info.heartbeat->highest_phi;
    heartbeat["highest_phi_member"] = clean_text(info.heartbeat->highest_phi_member);
    node["heartbeat"] = std::move(heartbeat);
  }
  node["has_left"] = info.has_left;
  node["defunct"] = info.defunct;
  json::array refusals;
  for (const Refusal& refusal : info.refusals) {
    json::object one;
    one["name"] = clean_text(refusal.name);
    one["addr"] = to_string(refusal.address);
    one["reason"] = clean_text(refusal.reason);
    one["count"] = refusal.count;
    one["last"] = time_view(refusal.last, now);
    one["last_age_ms"] = age_view(refusal.last, now);
    if (refusal.heard_from.valid()) one["heard_from"] = to_string(refusal.heard_from);
    refusals.push_back(std::move(one));
  }
  json::object server;
  server["connections"] = http.connections;
  server["connections_open"] = http.connections_open;
  server["connections_refused"] = http.connections_refused;
  server["accept_errors"] = http.accept_errors;
  server["requests"] = http.requests;
  server["requests_refused"] = http.requests_refused;
  server["timeouts"] = http.timeouts;
  server["streams_open"] = http.streams_open;
  server["events_dropped"] = http.events_dropped;
  json::object out;
  out["self"] = member_view(info.self, now);
  out["agent"] = std::move(agent);
  out["members"] = std::move(members);
  out["node"] = std::move(node);
  out["refused"] = std::move(refusals);
  out["counters"] = counters_view(info.counters);
  out["sockets"] = sockets_view(sockets);
  out["http"] = std::move(server);
  return out;
}

std::string metrics_text(const AgentFacts& facts, const Figures& figures) {
  const auto& [info, sockets, http, now] = figures;
  std::string out;
  const auto head = [&](const std::string& name, const char* type, const char* help) {
    out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  };
  const auto one = [&](const Figure& figure) {
    const std::string name = std::string("hearsay_") + figure.name;
    head(name, figure.type, figure.help);
    out += name + " " + std::to_string(figure.value) + "\n";
  };
  head("hearsay_build_info", "gauge", "1, with the version as its label");
  out += "hearsay_build_info{version=\"" + facts.version + "\"} 1\n";
  head("hearsay_members", "gauge", "members by status, as this node sees them");
  for (const Status status : kStatuses) {
    out += std::string("hearsay_members{status=\"") + name_of(status) + "\"} " +
           std::to_string(info.members[static_cast<std::size_t>(status)]) + "\n";
  }
  one({"local_health", "gauge", "0 is healthy; higher means that this node is slow itself", info.local_health});
  one({"lamport_time", "gauge", "the Lamport clock", info.lamport.value});
  one({"rumors_queued", "gauge", "rumors that are still to be told", info.rumors_queued});
  one({"rumor_bytes_queued", "gauge", "bytes of rumors that are still to be told", info.rumor_bytes_queued});
  one({"suspicions_running", "gauge", "suspects whose timer runs", info.suspicions_running});
  one({"streams_open", "gauge", "open gossip streams", info.streams_open});
  one({"relays_pending", "gauge", "pings for others that wait for their answer", info.relays_pending});
  one({"intents_kept", "gauge", "intents about members that are not known yet", info.intents_kept});
  one({"state_generation", "gauge", "the generation of this node's own state", info.generation});
  one({"state_version", "gauge", "the version of this node's own state", info.state_version});
  one({"states_known", "gauge", "members whose state is known", info.states_known});
  one({"state_bytes", "gauge", "bytes of all states that are known", info.state_bytes});
  one({"incarnation", "gauge", "this node's incarnation", info.self.incarnation.value});
  const auto up = std::max(Duration::zero(), now.wall - facts.started);
  one({"uptime_seconds", "gauge", "since the agent started",
       static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(up).count())});
  for (std::size_t i = 0; i < kCounts; ++i) {
    const auto count = static_cast<Count>(i);
    const std::string name = std::string(name_of(count)) + "_total";
    one({name.c_str(), "counter", help_of(count), info.counters.values[i]});
  }
#define HEARSAY_SOCKET_COUNTER(name, help) one({"socket_" #name "_total", "counter", help, sockets.name});
  HEARSAY_SOCKET_COUNTERS(HEARSAY_SOCKET_COUNTER)
#undef HEARSAY_SOCKET_COUNTER
  one({"http_connections_open", "gauge", "open HTTP connections", http.connections_open});
  one({"http_streams_open", "gauge", "open event streams", http.streams_open});
  one({"http_requests_total", "counter", "HTTP requests", http.requests});
  one({"http_requests_refused_total", "counter", "HTTP requests refused as malformed, too large or foreign",
       http.requests_refused});
  one({"http_connections_refused_total", "counter", "HTTP connections over the cap", http.connections_refused});
  one({"http_accept_errors_total", "counter", "times that no HTTP connection could be accepted",
       http.accept_errors});
  one({"http_timeouts_total", "counter", "HTTP clients that were too slow", http.timeouts});
  one({"http_events_dropped_total", "counter", "events not sent because their reader was too slow",
       http.events_dropped});
  return out;
}

}  // namespace hearsay::agent
