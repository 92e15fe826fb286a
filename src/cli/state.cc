// `hearsay state`: what nodes say about themselves.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <iostream>
#include <iterator>

#include "agent/text.h"
#include "cli/api_client.h"
#include "hearsay/state_values.h"
#include "http/json.h"
#include "http/message.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

// For an answer, beside what it is asked to wait for.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(10);

int wrong_usage(Terminal& terminal, std::string cause, std::string cure) {
  report(terminal, "state", {Errc::invalid_argument, std::move(cause), std::move(cure)});
  return kUsage;
}

std::string key_and_value(std::string_view key, const json::value& item) {
  return printable(std::string(key) + "=" + text_at(item, "value"));
}

int get(const ApiClient& client, const Arguments& arguments, Terminal& terminal) {
  const auto& words = arguments.state_words;
  if (words.empty() || !arguments.more_words.empty())
    return wrong_usage(terminal, "whose state?", "write: hearsay state get NODE [KEY]");
  const auto answer = client.call("GET", "/v1/state/" + http::percent_encode(words[0]));
  if (!answer) return report(terminal, "state", answer.error());
  const auto& keys = at(*answer, "keys");
  if (words.size() == 2) {
    const auto& item = at(keys, words[1]);
    if (!item.is_object()) {
      return report(terminal, "state",
                    {Errc::not_found, words[0] + " has no key \"" + words[1] + "\"",
                     "`hearsay state get " + words[0] + "` lists its keys"});
    }
    terminal.out(arguments.json ? http::pretty(item) + "\n" : printable(text_at(item, "value")) + "\n");
    return kDone;
  }
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
    return kDone;
  }
  if (!keys.is_object()) return kDone;
  for (const auto& entry : keys.get_object()) {
    terminal.out(key_and_value({entry.key().data(), entry.key().size()}, entry.value()) + "\n");
  }
  return kDone;
}

// How the wait ended, for people.
void print_wait(Terminal& terminal, const json::value& wait) {
  const auto number = [&](const char* key) { return std::to_string(number_at(wait, key)); };
  std::string text = "held by " + number("held") + " of " + number("members") + " members after " +
                     agent::duration_text(std::chrono::milliseconds(number_at(wait, "took_ms")));
  if (number_at(wait, "others") > 0) text += "; " + number("others") + " more cannot hold it: they run no hearsay";
  text += "\ncost: " + number("answer_bytes") + " bytes in " + number("answers") + " answers to this agent; " +
          number("question_bytes") + " bytes in " + number("questions") + " questions, told on like any rumor\n";
  const auto& missing = at(wait, "missing");
  if (at(wait, "error").is_object() && missing.is_array()) {
    for (const auto& name : missing.get_array())
      text +=
          "not known to hold it: " + printable(std::string_view(name.as_string().data(), name.as_string().size())) +
          "\n";
    const auto* more = wait.as_object().if_contains("more");
    if (more != nullptr && more->is_bool() && more->get_bool()) text += "not known to hold it: and others\n";
  }
  terminal.out(text);
}

int write(const ApiClient& client, const Arguments& arguments, Terminal& terminal, json::object body) {
  if (arguments.ttl) {
    const auto ttl = agent::parse_duration(*arguments.ttl);
    if (!ttl || *ttl < std::chrono::milliseconds(1))
      return wrong_usage(terminal, "\"" + *arguments.ttl + "\" is not a time to live",
                         "write for example --ttl 30s");
    body["ttl_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(*ttl).count();
  }
  if (arguments.if_version) {
    json::object versions;
    if (body.contains("set")) {
      for (const auto& entry : body["set"].get_object()) versions[entry.key()] = *arguments.if_version;
    } else {
      for (const auto& key : body["delete"].get_array()) versions[key.get_string()] = *arguments.if_version;
    }
    body["if_version"] = std::move(versions);
  }
  std::chrono::milliseconds patience = kPatience;
  if (arguments.wait) {
    if (const auto wanted = parse_holders(*arguments.wait); !wanted)
      return wrong_usage(terminal, wanted.error().cause, wanted.error().cure);
    const auto timeout = agent::parse_duration(arguments.timeout.value_or("10s"));
    if (!timeout || *timeout < std::chrono::milliseconds(1) || *timeout > kStateWatchMax)
      return wrong_usage(terminal, "\"" + *arguments.timeout + "\" is no time to wait",
                         "write for example --timeout 30s, at most 10m");
    body["wait"] = *arguments.wait;
    body["timeout_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout).count();
    patience += std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  }
  const auto answer = client.call("PATCH", "/v1/state", json::serialize(body), patience);
  if (!answer) return report(terminal, "state", answer.error());
  const auto& wait = at(*answer, "wait");
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
  } else {
    terminal.out("version " + std::to_string(number_at(*answer, "version")) + "\n");
    if (number_at(wait, "members") > 0) print_wait(terminal, wait);
  }
  const auto& error = at(wait, "error");
  if (!error.is_object()) return kDone;
  return report(terminal, "state", {Errc::timed_out, text_at(error, "cause"), text_at(error, "cure")});
}

}  // namespace

int run_state(const Arguments& arguments, Terminal& terminal) {
  if (arguments.state_action == "watch") {
    if (arguments.state_words.size() > 1)
      return wrong_usage(terminal, "one node at most", "write: hearsay state watch [NODE]");
    return run_watch(arguments, terminal);
  }
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "state", client.error());
  std::vector<std::string> words = arguments.state_words;
  words.insert(words.end(), arguments.more_words.begin(), arguments.more_words.end());
  if (arguments.state_action == "get") return get(*client, arguments, terminal);
  if (arguments.state_action == "delete") {
    if (words.empty()) return wrong_usage(terminal, "which key?", "write: hearsay state delete KEY...");
    json::array keys;
    for (const auto& key : words) keys.emplace_back(http::clean_text(key));
    return write(*client, arguments, terminal, {{"delete", std::move(keys)}});
  }
  json::object set;
  if (arguments.state_action == "set") {
    if (words.size() != 2)
      return wrong_usage(terminal, "a key and a value are needed", "write: hearsay state set KEY VALUE");
    std::string value = words[1];
    if (value == "-") value.assign(std::istreambuf_iterator<char>(std::cin), {});
    set[http::clean_text(words[0])] = http::clean_text(value);
  } else {
    for (const auto& pair : words) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos || equals == 0)
        return wrong_usage(terminal, "\"" + pair + "\" is not of the form KEY=VALUE", "write for example load=0.7");
      set[http::clean_text(pair.substr(0, equals))] = http::clean_text(pair.substr(equals + 1));
    }
    if (set.empty())
      return wrong_usage(terminal, "nothing is to be published", "write: hearsay state publish KEY=VALUE...");
  }
  for (const auto& [key, value] : set) {
    const auto fault =
        fault_of_value({key.data(), key.size()}, {value.get_string().data(), value.get_string().size()});
    if (fault) return report(terminal, "state", *fault);
  }
  return write(*client, arguments, terminal, {{"set", std::move(set)}});
}

}  // namespace hearsay::cli
