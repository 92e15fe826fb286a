// /v1/keys: the keys of the whole cluster, as ManageKeys lists and changes them.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>

#include "agent/api.h"
#include "base/base64.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

namespace json = boost::json;

constexpr const char* kExample =
    R"({"install":"KEY"}, {"use":"KEY"} or {"remove":"KEY"}, with "force":true if need be)";

struct KeyChange {
  KeyAction action = KeyAction::list;
  Bytes key;
  bool force = false;
};

Result<KeyChange> read_change(const std::string& body) {
  const auto wrong = [](const std::string& cause) {
    return fail(Errc::invalid_argument, cause, std::string("send ") + kExample);
  };
  const auto parsed = http::parse_json(body);
  if (!parsed) return wrong("the body is " + parsed.error().cause);
  if (!parsed->is_object()) return wrong("the body is not a JSON object");
  KeyChange change;
  for (const auto& entry : parsed->get_object()) {
    const std::string_view name(entry.key().data(), entry.key().size());
    if (name == "force" && entry.value().is_bool()) {
      change.force = entry.value().get_bool();
      continue;
    }
    KeyAction action = KeyAction::list;
    for (const KeyAction known : {KeyAction::install, KeyAction::use, KeyAction::remove}) {
      if (name == name_of(known)) action = known;
    }
    if (action == KeyAction::list || change.action != KeyAction::list || !entry.value().is_string()) {
      return wrong("the body is not one change of a key");
    }
    const auto& text = entry.value().get_string();
    auto key = base::from_base64({text.data(), text.size()});
    // The text is a secret: it is not repeated.
    if (!key)
      return fail(Errc::invalid_argument, "the key is not base64", "use the output of `hearsay keygen` as it is");
    change.action = action;
    change.key = std::move(*key);
  }
  if (change.action == KeyAction::list) return wrong("the body names no change");
  return change;
}

json::value report_view(KeyAction action, const Result<std::uint32_t>& done,
                        const std::vector<KeyAnswer>& answers) {
  struct Held {
    std::uint64_t by = 0;
    std::uint64_t encrypts_for = 0;
  };
  std::map<std::string, Held> held;
  std::map<KeyAnswer::Result, std::uint64_t> counts;
  json::array members;
  for (const KeyAnswer& answer : answers) {
    ++counts[answer.result];
    json::array keys;
    for (std::size_t i = 0; i < answer.keys.size(); ++i) {
      const std::string key = http::clean_text(answer.keys[i]);
      Held& one = held[key];
      ++one.by;
      if (i == 0) ++one.encrypts_for;
      keys.emplace_back(key);
    }
    json::object row{{"name", http::clean_text(answer.member)},
                     {"result", name_of(answer.result)},
                     {"message", http::clean_text(answer.message)}};
    if (action == KeyAction::list) row["keys"] = std::move(keys);
    members.push_back(std::move(row));
  }
  json::object out{{"action", name_of(action)}, {"asked", answers.size()}};
  for (const auto result : {KeyAnswer::Result::done, KeyAnswer::Result::failed, KeyAnswer::Result::silent}) {
    out[name_of(result)] = counts[result];
  }
  out["members"] = std::move(members);
  if (action == KeyAction::list) {
    json::array keys;
    for (const auto& [key, one] : held) {
      keys.push_back(json::object{{"key", key}, {"held_by", one.by}, {"encrypts_for", one.encrypts_for}});
    }
    out["keys"] = std::move(keys);
  }
  out["error"] = nullptr;
  if (!done) {
    const Error& error = done.error();
    out["error"] = json::object{{"code", name_of(error.code)},
                                {"cause", http::clean_text(error.cause)},
                                {"cure", http::clean_text(error.cure)}};
  }
  return out;
}

}  // namespace

// Once somebody was asked, the answer is 200 and tells of each; "error" says what is still missing.
void Api::manage_keys(KeyAction action, Bytes key, bool force, const Reply& reply) {
  cluster_.manage_keys(action, std::move(key), force,
                       [reply, action](const Result<std::uint32_t>& done, const std::vector<KeyAnswer>& answers) {
                         if (answers.empty() && !done) return reply->respond(http::error_response(done.error()));
                         reply->respond(http::ok_json(report_view(action, done, answers)));
                       });
}

void Api::list_keys(const http::Request&, const std::string&, Reply reply) {
  manage_keys(KeyAction::list, {}, false, reply);
}

void Api::change_keys(const http::Request& request, const std::string&, Reply reply) {
  auto change = read_change(request.body);
  if (!change) return reply->respond(http::error_response(change.error()));
  manage_keys(change->action, std::move(change->key), change->force, reply);
}

}  // namespace hearsay::agent
