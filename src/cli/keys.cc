// `hearsay keys`: the keys of the whole cluster.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <iostream>

#include "cli/api_client.h"
#include "http/json.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

// Each member may be asked three times, once before and once for the change itself.
constexpr std::chrono::seconds kKeyRoundMax{300};

std::string of_all(std::int64_t part, std::int64_t all) {
  return std::to_string(part) + " of " + std::to_string(all);
}

const char* done_word(std::string_view action) {
  return action == "install" ? "installed on " : action == "use" ? "used by " : "removed from ";
}

// Who failed, who stayed silent, and who had something to say.
void print_members(Terminal& terminal, const json::value& members) {
  if (!members.is_array()) return;
  Table table({});
  bool any = false;
  for (const auto& member : members.get_array()) {
    const std::string result = text_at(member, "result");
    const std::string message = text_at(member, "message");
    if (result == "done" && message.empty()) continue;
    any = true;
    const Style style = result == "done" ? Style::plain : result == "failed" ? Style::bad : Style::warn;
    table.add({{"  " + printable(text_at(member, "name"))}, {printable(result), style}, {printable(message)}});
  }
  if (any) terminal.out(table.render(terminal));
}

void print_keys(Terminal& terminal, const json::value& answer) {
  const std::int64_t asked = number_at(answer, "asked");
  Table table({"KEY", "HELD BY", "ENCRYPTS FOR"});
  if (const auto& keys = at(answer, "keys"); keys.is_array()) {
    for (const auto& key : keys.get_array()) {
      const std::int64_t held = number_at(key, "held_by");
      table.add({{printable(text_at(key, "key"))},
                 {of_all(held, asked), held == asked ? Style::plain : Style::warn},
                 {of_all(number_at(key, "encrypts_for"), asked)}});
    }
  }
  terminal.out(table.render(terminal));
}

}  // namespace

int run_keys(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "keys", client.error());
  const std::string& action = arguments.key_action;
  const bool list = action == "list";
  std::string key = arguments.key;
  if (list != key.empty()) {
    terminal.err(list ? "hearsay keys: list takes no key\n"
                      : "hearsay keys: " + action + " needs a key, or - to read it from standard input\n");
    return kUsage;
  }
  if (key == "-") std::getline(std::cin, key);
  const auto answer =
      list
          ? client->call("GET", "/v1/keys", {}, kKeyRoundMax)
          : client->call("POST", "/v1/keys",
                         json::serialize(json::object{{action, http::clean_text(key)}, {"force", arguments.force}}),
                         kKeyRoundMax);
  if (!answer) return report(terminal, "keys", answer.error());
  const bool failed = at(*answer, "error").is_object();
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
    return failed ? kFailed : kDone;
  }
  if (list) {
    print_keys(terminal, *answer);
  } else {
    terminal.out(done_word(action) + of_all(number_at(*answer, "done"), number_at(*answer, "asked")) +
                 " members\n");
  }
  print_members(terminal, at(*answer, "members"));
  if (!failed) return kDone;
  const auto& error = at(*answer, "error");
  return report(terminal, "keys", Error{Errc::refused, text_at(error, "cause"), text_at(error, "cure")});
}

}  // namespace hearsay::cli
