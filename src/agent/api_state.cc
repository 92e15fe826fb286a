// /v1/state: what nodes say about themselves, and what this one says.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "agent/api.h"
#include "base/base64.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

namespace json = boost::json;

constexpr const char* kStateExample =
    R"({"set":{"load":"0.7"},"delete":["old"]}, with "ttl_ms":60000, "if_version":{"load":7}, or "wait":"95%" and "timeout_ms":10000 if need be)";

std::string text_of(const json::string& text) { return {text.data(), text.size()}; }

struct Writes {
  std::vector<StateWrite> writes;
  std::optional<WatchState> watch;  // until others hold them
};

Result<Writes> read_writes(const std::string& body) {
  const auto wrong = [](const std::string& cause) {
    return fail(Errc::invalid_argument, cause, std::string("send ") + kStateExample);
  };
  const auto parsed = http::parse_json(body);
  if (!parsed) return wrong("the body is " + parsed.error().cause);
  if (!parsed->is_object()) return wrong("the body is not a JSON object");
  Writes out;
  std::vector<StateWrite>& writes = out.writes;
  std::optional<std::int64_t> timeout_ms;
  std::int64_t ttl_ms = 0;
  json::object versions;
  for (const auto& entry : parsed->get_object()) {
    const std::string_view name(entry.key().data(), entry.key().size());
    const auto& value = entry.value();
    if (name == "set" && value.is_object()) {
      for (const auto& [key, text] : value.get_object()) {
        if (!text.is_string()) return wrong("the value of \"" + std::string(key) + "\" is not a text");
        writes.push_back({std::string(key), text_of(text.get_string()), {}, {}});
      }
    } else if (name == "delete" && value.is_array()) {
      for (const auto& key : value.get_array()) {
        if (!key.is_string()) return wrong("\"delete\" is not a list of keys");
        writes.push_back({text_of(key.get_string()), std::nullopt, {}, {}});
      }
    } else if (name == "ttl_ms" && value.is_int64()) {
      ttl_ms = value.get_int64();
      if (ttl_ms < 1 || ttl_ms > UINT32_MAX) return wrong("\"ttl_ms\" is out of range");
    } else if (name == "wait" && value.is_string()) {
      const auto wanted = parse_holders(text_of(value.get_string()));
      if (!wanted) return tl::unexpected(wanted.error());
      out.watch.emplace().wanted = *wanted;
    } else if (name == "timeout_ms" && value.is_int64()) {
      timeout_ms = value.get_int64();
      if (*timeout_ms < 1 || *timeout_ms > kStateWatchMax / std::chrono::milliseconds(1))
        return wrong("\"timeout_ms\" is out of range: it is 1 ms to 10 minutes");
    } else if (name == "if_version" && value.is_object()) {
      versions = value.get_object();
    } else {
      return wrong("the body has no use for \"" + http::clean_text(name.substr(0, 128)) + "\"");
    }
  }
  for (StateWrite& write : writes) {
    if (write.value) write.ttl = std::chrono::milliseconds(ttl_ms);
    const auto* version = versions.if_contains(write.key);
    if (version == nullptr) continue;
    if (!version->is_int64() || version->get_int64() < 0) return wrong("a version is not a whole number");
    write.if_version = static_cast<std::uint64_t>(version->get_int64());
    versions.erase(write.key);
  }
  if (!versions.empty()) return wrong("\"if_version\" names a key that is not written");
  if (writes.empty()) return wrong("the body writes nothing");
  if (timeout_ms && !out.watch) return wrong("there is nothing to wait for: \"timeout_ms\" needs \"wait\"");
  if (timeout_ms) out.watch->timeout = std::chrono::milliseconds(*timeout_ms);
  return out;
}

json::object item_view(const StateItem& item) {
  json::object out;
  out["value"] = http::clean_text(item.value);
  if (out["value"].get_string() != json::string_view(item.value)) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(item.value.data());
    out["base64"] = base::to_base64(ByteView(bytes, item.value.size()));
  }
  out["version"] = item.version;
  if (item.ttl != Duration::zero()) out["ttl_ms"] = std::chrono::ceil<std::chrono::milliseconds>(item.ttl).count();
  return out;
}

json::object state_view(const NodeState& state, const std::vector<std::string>& keys) {
  json::object items;
  for (const StateItem& item : state.items) {
    if (keys.empty() || std::find(keys.begin(), keys.end(), item.key) != keys.end())
      items[item.key] = item_view(item);
  }
  json::object out;
  out["member"] = http::clean_text(state.member);
  out["generation"] = state.generation;
  out["version"] = state.version;
  out["keys"] = std::move(items);
  return out;
}

json::object watch_view(const Result<std::uint32_t>& end, const StateHolders& holders) {
  json::array missing;
  for (const auto& name : holders.missing) missing.push_back(json::string(http::clean_text(name)));
  json::object out{{"needed", holders.needed},
                   {"held", holders.held},
                   {"members", holders.members},
                   {"others", holders.others},
                   {"missing", std::move(missing)},
                   {"more", holders.more},
                   {"took_ms", holders.took / std::chrono::milliseconds(1)},
                   {"questions", holders.questions},
                   {"question_bytes", holders.question_bytes},
                   {"answers", holders.answers},
                   {"answer_bytes", holders.answer_bytes},
                   {"error", nullptr}};
  if (!end) {
    const Error& error = end.error();
    out["error"] = json::object{{"code", name_of(error.code)},
                                {"cause", http::clean_text(error.cause)},
                                {"cure", http::clean_text(error.cure)}};
  }
  return out;
}

}  // namespace

void Api::states(const http::Request& request, const std::string&, Reply reply) {
  std::vector<std::string> keys;
  for (const auto& [name, value] : request.query) {
    if (name != "key") {
      return reply->respond(http::error_response(Error{Errc::invalid_argument, "the only parameter is key=KEY",
                                                       "ask for example for /v1/state?key=dc&key=load"}));
    }
    keys.push_back(value);
  }
  cluster_.states({}, [reply, keys](const std::vector<NodeState>& states) {
    json::array out;
    for (const NodeState& state : states) out.push_back(state_view(state, keys));
    reply->respond(http::ok_json(json::object{{"states", std::move(out)}}));
  });
}

void Api::state(const http::Request&, const std::string& name, Reply reply) {
  cluster_.states(name, [this, reply, name](const std::vector<NodeState>& states) {
    if (!states.empty()) return reply->respond(http::ok_json(state_view(states[0], {})));
    // A member that has published nothing has an empty state.
    cluster_.members([reply, name](const Cluster::Members& members, Now) {
      const bool known =
          std::any_of(members->begin(), members->end(), [&](const Member& member) { return member.name == name; });
      if (known) return reply->respond(http::ok_json(state_view(NodeState{name, 0, 0, {}}, {})));
      reply->respond(http::error_response(Error{Errc::not_found, "no member is called \"" + name + "\"",
                                                "`hearsay members` lists those that this agent knows"}));
    });
  });
}

void Api::write_state(const http::Request& request, const std::string&, Reply reply) {
  auto writes = read_writes(request.body);
  if (!writes) return reply->respond(http::error_response(writes.error()));
  const auto watch = writes->watch;
  cluster_.write_state(std::move(writes->writes), [this, reply, watch](const Result<std::uint32_t>& written) {
    if (!written) return reply->respond(http::error_response(written.error()));
    cluster_.info([this, reply, watch](const NodeInfo& info, const SocketCounters&, Now) {
      json::object out{{"member", http::clean_text(info.self.name)},
                       {"generation", info.generation},
                       {"version", info.state_version}};
      if (!watch) return reply->respond(http::ok_json(std::move(out)));
      // It is written: from here on the answer is 200, and "wait" says how that ended.
      WatchState command = *watch;
      command.version = info.state_version;
      cluster_.watch_state(
          command, [reply, out](const Result<std::uint32_t>& end, const std::optional<StateHolders>& holders) {
            json::object answer = out;
            answer["wait"] = watch_view(end, holders.value_or(StateHolders{}));
            reply->respond(http::ok_json(std::move(answer)));
          });
    });
  });
}

void Api::tell_state(const StateChanged& changed, boost::json::object notice) {
  cluster_.states(changed.member,
                  [this, changed, notice = std::move(notice)](const std::vector<NodeState>& states) {
                    // Large values would drown the reader; it can ask for them.
                    constexpr std::size_t kShownMax = 256;
                    json::object values;
                    for (const auto& key : changed.keys) values[key] = nullptr;  // deleted, or large
                    if (!states.empty()) {
                      for (const StateItem& item : states[0].items) {
                        if (values.contains(item.key) && item.value.size() <= kShownMax)
                          values[item.key] = http::clean_text(item.value);
                      }
                    }
                    json::object out = notice;
                    out["values"] = std::move(values);
                    const std::string data = json::serialize(out);
                    for (const auto& stream : streams_) stream->send("notice", data);
                  });
}

}  // namespace hearsay::agent
