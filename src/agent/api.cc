#include "agent/api.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "agent/text.h"
#include "agent/version.h"
#include "base/glob.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

namespace json = boost::json;
using base::matches;
using http::Request;
using http::Response;

constexpr std::size_t kPeerBytesMax = 300;

Response bad_request(std::string cause, std::string cure) {
  return http::error_response(Error{Errc::invalid_argument, std::move(cause), std::move(cure)});
}

std::string quoted(std::string_view text) { return "\"" + http::clean_text(text.substr(0, 128)) + "\""; }

// The body as an object that holds no other keys than these.
Result<json::value> read_object(const Request& request, std::initializer_list<std::string_view> keys,
                                const std::string& example) {
  auto parsed = http::parse_json(request.body);
  if (!parsed) return fail(Errc::invalid_argument, "the body is " + parsed.error().cause, "send " + example);
  if (!parsed->is_object()) return fail(Errc::invalid_argument, "the body is not a JSON object", "send " + example);
  for (const auto& entry : parsed->get_object()) {
    const std::string_view name(entry.key().data(), entry.key().size());
    if (std::find(keys.begin(), keys.end(), name) == keys.end())
      return fail(Errc::invalid_argument, "the body has no use for " + quoted(name), "send " + example);
  }
  return parsed;
}

// The value of the one key that the body must have and that is all it may have.
Result<json::value> read_body(const Request& request, std::string_view key, const std::string& example) {
  const auto parsed = read_object(request, {key}, example);
  if (!parsed) return parsed;
  const auto* value = parsed->get_object().if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) {
    return fail(Errc::invalid_argument, "the body has no \"" + std::string(key) + "\"", "send " + example);
  }
  return *value;
}

std::string text_of(const json::value& value) { return {value.get_string().data(), value.get_string().size()}; }

Result<Tags> tags_of(const json::value& value, const std::string& example) {
  if (!value.is_object()) return fail(Errc::invalid_argument, "the tags are not an object", "send " + example);
  Tags tags;
  for (const auto& entry : value.get_object()) {
    const std::string key(entry.key().data(), entry.key().size());
    if (!entry.value().is_string()) {
      return fail(Errc::invalid_argument, "the tag " + quoted(key) + " is not a text", "send " + example);
    }
    tags[key] = text_of(entry.value());
  }
  return tags;
}

struct Filter {
  std::vector<std::string> statuses;
  std::string name = "*";
  std::vector<std::pair<std::string, std::string>> tags;

  bool takes(const Member& member) const {
    if (!statuses.empty() &&
        std::find(statuses.begin(), statuses.end(), name_of(member.status)) == statuses.end()) {
      return false;
    }
    if (!matches(name, member.name)) return false;
    return std::all_of(tags.begin(), tags.end(), [&](const auto& wanted) {
      const auto tag = member.tags.find(wanted.first);
      return tag != member.tags.end() && matches(wanted.second, tag->second);
    });
  }
};

Result<Filter> read_filter(const Request& request) {
  static constexpr std::string_view kStatuses[] = {"alive", "suspect", "leaving", "left", "failed"};
  static constexpr std::string_view kParameters[] = {"status", "name", "tag"};
  Filter filter;
  for (const auto& [key, value] : request.query) {
    if (key == "name") {
      filter.name = value;
    } else if (key == "tag") {
      const std::size_t equals = value.find('=');
      if (equals == std::string::npos) {
        return fail(Errc::invalid_argument, "the tag " + quoted(value) + " is not of the form key=value",
                    "write for example tag=role=web; * stands for any text");
      }
      filter.tags.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    } else if (key == "status") {
      std::string_view rest = value;
      while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view one = rest.substr(0, comma);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        if (std::find(std::begin(kStatuses), std::end(kStatuses), one) == std::end(kStatuses)) {
          const auto near = closest(one, kStatuses);
          return fail(Errc::invalid_argument, quoted(one) + " is not a status",
                      near.empty() ? "use alive, suspect, leaving, left or failed"
                                   : "did you mean " + std::string(near) + "?");
        }
        filter.statuses.emplace_back(one);
      }
    } else {
      const auto near = closest(key, kParameters);
      return fail(Errc::invalid_argument, "there is no parameter " + quoted(key),
                  near.empty() ? "use status, name or tag" : "did you mean " + std::string(near) + "?");
    }
  }
  return filter;
}

}  // namespace

struct Api::Route {
  std::string_view method;
  std::string_view path;  // ends in '/': a name follows
  void (Api::*run)(const Request&, const std::string&, Reply);
};

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> all = {
      {"GET", "/v1/members", &Api::members},
      {"GET", "/v1/members/", &Api::member},
      {"GET", "/v1/info", &Api::info},
      {"GET", "/v1/health", &Api::health},
      {"GET", "/v1/version", &Api::version},
      {"GET", "/v1/history", &Api::history},
      {"GET", "/v1/monitor", &Api::monitor},
      {"GET", "/metrics", &Api::metrics},
      {"POST", "/v1/join", &Api::join},
      {"POST", "/v1/leave", &Api::leave},
      {"POST", "/v1/force-leave", &Api::force_leave},
      {"GET", "/v1/tags", &Api::tags},
      {"PUT", "/v1/tags", &Api::set_tags},
      {"PATCH", "/v1/tags", &Api::change_tags},
      {"GET", "/v1/state", &Api::states},
      {"PATCH", "/v1/state", &Api::write_state},
      {"GET", "/v1/state/", &Api::state},
      {"GET", "/v1/settings", &Api::settings},
      {"POST", "/v1/reload", &Api::reload},
      {"GET", "/v1/keys", &Api::list_keys},
      {"POST", "/v1/keys", &Api::change_keys},
      {"GET", "/v1/why/", &Api::why},
  };
  return all;
}

void Api::handle(const Request& request, Reply reply) {
  std::string allowed;
  for (const Route& route : routes()) {
    std::string name;
    if (route.path.back() == '/') {
      if (request.path.compare(0, route.path.size(), route.path) != 0) continue;
      name = request.path.substr(route.path.size());
      if (name.empty()) continue;
    } else if (request.path != route.path) {
      continue;
    }
    if (request.method == route.method) return (this->*route.run)(request, name, std::move(reply));
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  if (!allowed.empty()) {
    Response response = http::error_response(405, "method_not_allowed", request.path + " does not take this method",
                                             "use " + allowed);
    response.fields.emplace_back("Allow", allowed);
    return reply->respond(std::move(response));
  }
  std::vector<std::string_view> paths;
  for (const Route& route : routes()) paths.push_back(route.path);
  const auto near = closest(request.path, paths);
  reply->respond(http::error_response(
      404, "not_found", "there is nothing at " + quoted(request.path),
      near.empty() ? "docs/operating.md lists all paths" : "did you mean " + std::string(near) + "?"));
}

http::ServerCounters Api::server_counters() const {
  return server_ == nullptr ? http::ServerCounters{} : server_->counters();
}

void Api::members(const Request& request, const std::string&, Reply reply) {
  const auto filter = read_filter(request);
  if (!filter) return reply->respond(http::error_response(filter.error()));
  cluster_.members([reply, filter = *filter](const Cluster::Members& members, Now now) {
    json::array out;
    for (const Member& member : *members) {
      if (filter.takes(member)) out.push_back(member_view(member, now));
    }
    reply->respond(http::ok_json(json::object{{"members", std::move(out)}}));
  });
}

void Api::member(const Request&, const std::string& name, Reply reply) {
  cluster_.members([reply, name](const Cluster::Members& members, Now now) {
    const auto found =
        std::find_if(members->begin(), members->end(), [&](const Member& member) { return member.name == name; });
    if (found != members->end()) return reply->respond(http::ok_json(member_view(*found, now)));
    reply->respond(http::error_response(Error{Errc::not_found, "no member is called " + quoted(name),
                                              "`hearsay members` lists those that this agent knows"}));
  });
}

void Api::info(const Request&, const std::string&, Reply reply) {
  cluster_.info([this, reply](const NodeInfo& info, const SocketCounters& sockets, Now now) {
    reply->respond(http::ok_json(info_view(facts_, {info, sockets, server_counters(), now})));
  });
}

void Api::health(const Request&, const std::string&, Reply reply) {
  cluster_.info([reply](const NodeInfo& info, const SocketCounters&, Now) {
    const char* state = info.defunct ? "defunct" : info.has_left ? "left" : name_of(info.self.status);
    Response response = http::ok_json(json::object{{"status", state}, {"local_health", info.local_health}});
    if (info.defunct || info.has_left || info.self.status != Status::alive) response.status = 503;
    reply->respond(std::move(response));
  });
}

void Api::version(const Request&, const std::string&, Reply reply) {
  const auto protocol = [](const Protocol& p) {
    return json::object{{"version", p.spoken}, {"min", p.min}, {"max", p.max}};
  };
  const std::string_view mine = agent::version();
  reply->respond(http::ok_json(json::object{{"version", json::string_view(mine.data(), mine.size())},
                                            {"memberlist", protocol(kMemberlistProtocol)},
                                            {"serf", protocol(kSerfProtocol)}}));
}

void Api::history(const Request& request, const std::string&, Reply reply) {
  std::string member;  // empty: all
  for (const auto& [key, value] : request.query) {
    if (key != "member") {
      return reply->respond(bad_request("the only parameter is member=NAME", "ask for /v1/history?member=NAME"));
    }
    member = value;
  }
  cluster_.history([reply, member](const std::vector<Notice>& history) {
    json::array out;
    for (const Notice& notice : history) {
      const auto* change = std::get_if<MemberChange>(&notice.body);
      if (member.empty() || (change != nullptr && change->member.name == member))
        out.push_back(notice_view(notice));
    }
    reply->respond(http::ok_json(json::object{{"history", std::move(out)}}));
  });
}

void Api::why(const Request&, const std::string& name, Reply reply) {
  cluster_.why(name, [this, reply, name](const Result<Explanation>& told) {
    if (!told) {
      // The name in quotes, as everywhere here.
      Error error = told.error();
      if (error.code == Errc::not_found) error.cause = "no member is called " + quoted(name);
      return reply->respond(http::error_response(error));
    }
    cluster_.members([this, reply, told = *told](const Cluster::Members& members, Now now) {
      cluster_.history([reply, told, members, now](const std::vector<Notice>& history) {
        const auto found = std::find_if(members->begin(), members->end(),
                                        [&](const Member& member) { return member.name == told.member; });
        reply->respond(http::ok_json(why_view(found == members->end() ? nullptr : &*found, history, told, now)));
      });
    });
  });
}

void Api::monitor(const Request& request, const std::string&, Reply reply) {
  std::size_t last = 0;
  for (const auto& [key, value] : request.query) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), last);
    if (key != "last" || error != std::errc() || end != value.data() + value.size()) {
      return reply->respond(bad_request("the only parameter is last=N, the number of past changes to begin with",
                                        "ask for /v1/monitor?last=10"));
    }
  }
  streams_.erase(
      std::remove_if(streams_.begin(), streams_.end(), [](const auto& stream) { return !stream->open(); }),
      streams_.end());
  cluster_.history([this, reply, last](const std::vector<Notice>& history) {
    auto stream = reply->stream();
    if (!stream) return;
    for (std::size_t i = history.size() - std::min(last, history.size()); i < history.size(); ++i) {
      stream->send("notice", json::serialize(notice_view(history[i])));
    }
    streams_.push_back(std::move(stream));
  });
}

void Api::on_notice(const Notice& notice) {
  if (streams_.empty()) return;
  if (const auto* changed = std::get_if<StateChanged>(&notice.body))
    return tell_state(*changed, notice_view(notice));
  const std::string data = json::serialize(notice_view(notice));
  for (const auto& stream : streams_) stream->send("notice", data);
}

void Api::metrics(const Request&, const std::string&, Reply reply) {
  cluster_.info([this, reply](const NodeInfo& info, const SocketCounters& sockets, Now now) {
    const Figures figures{info, sockets, server_counters(), now};
    reply->respond({200, "text/plain; version=0.0.4", metrics_text(facts_, figures), {}});
  });
}

void Api::join(const Request& request, const std::string&, Reply reply) {
  const std::string example = R"({"peers":["10.0.0.1:7946"]})";
  const auto body = read_body(request, "peers", example);
  if (!body) return reply->respond(http::error_response(body.error()));
  if (!body->is_array() || body->get_array().empty() || body->get_array().size() > kJoinPeersMax) {
    return reply->respond(bad_request("\"peers\" is not a list of 1 to " + std::to_string(kJoinPeersMax) + " peers",
                                      "send " + example));
  }
  std::vector<std::string> peers;
  for (const auto& peer : body->get_array()) {
    if (!peer.is_string() || peer.get_string().empty() || peer.get_string().size() > kPeerBytesMax) {
      return reply->respond(bad_request("a peer is not a text such as \"10.0.0.1:7946\"", "send " + example));
    }
    peers.push_back(text_of(peer));
  }
  cluster_.join(std::move(peers), [reply](const Result<std::uint32_t>& joined) {
    reply->respond(joined ? http::ok_json(json::object{{"joined", *joined}})
                          : http::error_response(joined.error()));
  });
}

void Api::leave(const Request& request, const std::string&, Reply reply) {
  if (!request.body.empty()) return reply->respond(bad_request("a leave takes no body", "send none"));
  cluster_.leave([this, reply](const Result<std::uint32_t>& left) {
    if (!left) return reply->respond(http::error_response(left.error()));
    reply->respond(http::ok_json(json::object{{"left", true}}));
    on_left_();
  });
}

void Api::force_leave(const Request& request, const std::string&, Reply reply) {
  const std::string example = R"({"name":"n7","prune":false})";
  const auto body = read_object(request, {"name", "prune"}, example);
  if (!body) return reply->respond(http::error_response(body.error()));
  const auto* name = body->get_object().if_contains("name");
  const auto* prune = body->get_object().if_contains("prune");
  if (name == nullptr || !name->is_string() || name->get_string().empty()) {
    return reply->respond(bad_request("\"name\" is not the name of a member", "send " + example));
  }
  if (prune != nullptr && !prune->is_bool()) {
    return reply->respond(bad_request("\"prune\" is not true or false", "send " + example));
  }
  cluster_.force_leave(
      text_of(*name), prune != nullptr && prune->get_bool(), [reply](const Result<std::uint32_t>& done) {
        reply->respond(done ? http::ok_json(json::object{{"left", true}}) : http::error_response(done.error()));
      });
}

void Api::tags(const Request&, const std::string&, Reply reply) {
  reply->respond(http::ok_json(json::object{{"tags", tags_view(live_.tags())}}));
}

void Api::apply_tags(const TagChange& change, Reply reply) {
  live_.change_tags(change, [this, reply](const Result<void>& done) {
    if (!done) return reply->respond(http::error_response(done.error()));
    reply->respond(http::ok_json(json::object{
        {"updated", true}, {"tags", tags_view(live_.tags())}, {"kept", !live_.config().data_dir.empty()}}));
  });
}

void Api::set_tags(const Request& request, const std::string&, Reply reply) {
  const std::string example = R"({"tags":{"role":"web"}})";
  const auto body = read_body(request, "tags", example);
  if (!body) return reply->respond(http::error_response(body.error()));
  auto tags = tags_of(*body, example);
  if (!tags) return reply->respond(http::error_response(tags.error()));
  apply_tags({true, std::move(*tags), {}}, reply);
}

void Api::change_tags(const Request& request, const std::string&, Reply reply) {
  const std::string example = R"({"set":{"role":"web"},"delete":["zone"]})";
  const auto body = read_object(request, {"set", "delete"}, example);
  if (!body) return reply->respond(http::error_response(body.error()));
  TagChange change;
  if (const auto* set = body->get_object().if_contains("set")) {
    auto tags = tags_of(*set, example);
    if (!tags) return reply->respond(http::error_response(tags.error()));
    change.set = std::move(*tags);
  }
  if (const auto* remove = body->get_object().if_contains("delete")) {
    const bool texts = remove->is_array() && std::all_of(remove->get_array().begin(), remove->get_array().end(),
                                                         [](const auto& key) { return key.is_string(); });
    if (!texts) return reply->respond(bad_request("\"delete\" is not a list of keys", "send " + example));
    for (const auto& key : remove->get_array()) change.remove.push_back(text_of(key));
  }
  if (change.set.empty() && change.remove.empty()) {
    return reply->respond(bad_request("the body changes no tag", "send " + example));
  }
  apply_tags(change, reply);
}

void Api::settings(const Request&, const std::string&, Reply reply) {
  json::array out;
  for (const SettingInForce& setting : live_.all()) out.push_back(setting_view(setting));
  reply->respond(http::ok_json(json::object{{"settings", std::move(out)}}));
}

void Api::reload(const Request& request, const std::string&, Reply reply) {
  if (!request.body.empty()) return reply->respond(bad_request("a reload takes no body", "send none"));
  if (!reload_)
    return reply->respond(http::error_response(Error{Errc::wrong_state, "nothing can be reloaded", {}}));
  reload_([reply](const Result<Reloaded>& reloaded) {
    if (!reloaded) return reply->respond(http::error_response(reloaded.error()));
    if (!reloaded->faults.empty()) {
      const std::size_t count = reloaded->faults.size();
      Error error{Errc::invalid_config,
                  "the configuration has " +
                      (count == 1 ? std::string("a fault") : std::to_string(count) + " faults") +
                      "; the old one stays in force",
                  "correct the file and reload again"};
      for (const auto& fault : reloaded->faults) error.cause += "\n" + describe(fault);
      return reply->respond(http::error_response(error));
    }
    reply->respond(http::ok_json(json::object{{"changed", list_view(reloaded->changed)},
                                              {"needs_restart", list_view(reloaded->needs_restart)},
                                              {"warnings", list_view(reloaded->warnings)}}));
  });
}

}  // namespace hearsay::agent
