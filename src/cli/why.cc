// `hearsay why NAME`: what an agent believes of a member, and each verdict with its evidence, oldest first.
#include <boost/json/value.hpp>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "http/json.h"
#include "http/message.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

std::string seconds_text(std::int64_t ms) {
  const std::string tenths = std::to_string(ms % 1000 / 100);
  return std::to_string(ms / 1000) + "." + tenths + " s";
}

std::string names_text(const json::value& names) {
  std::string out;
  if (!names.is_array()) return out;
  for (const auto& name : names.get_array()) {
    if (name.is_string()) out += (out.empty() ? "" : ", ") + printable(std::string_view(name.get_string()));
  }
  return out;
}

std::string counted(std::int64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// How this agent came to know it.
std::string source_text(const json::value& evidence) {
  const std::string source(text_at(evidence, "source"));
  const std::string accuser = printable(text_at(evidence, "accuser"));
  const std::string from = printable(text_at(evidence, "heard_from"));
  if (source == "own_probe") return "our own probe got no answer";
  if (source == "own_timer") {
    return accuser.empty() ? "our timer ran out" : "our suspicion timer ran out; first accused by " + accuser;
  }
  if (source == "command") return "we were told to";
  if (source == "self") return "by ourselves";
  if (source == "first_hand") return "the member itself told us";
  const std::string how = source == "push_pull" ? "in a table exchange" : "by gossip";
  return how + (from.empty() ? "" : " from " + from) + (accuser.empty() ? "" : ", accused by " + accuser);
}

// One change in a sentence.
std::string explain(const json::value& change) {
  const auto& evidence = at(change, "evidence");
  std::string text = source_text(evidence);
  if (const auto confirmers = names_text(at(evidence, "confirmers")); !confirmers.empty()) {
    text += "; confirmed by " + confirmers;
  }
  if (const std::int64_t direct = number_at(evidence, "direct_probes"); direct > 0) {
    const std::int64_t helpers = number_at(evidence, "indirect_probes");
    text += "; " + counted(direct, "probe", "probes") + " in a row, " + counted(helpers, "helper", "helpers") +
            " asked, " + std::to_string(number_at(evidence, "nacks")) + " of them got no answer either";
    const auto& tcp = at(evidence, "stream_probe_failed");
    if (tcp.is_bool() && tcp.get_bool()) text += "; TCP failed too";
    const std::int64_t health = number_at(evidence, "local_health");
    text +=
        health == 0 ? "; we were healthy" : "; our own health was " + std::to_string(health) + " (0 is healthy)";
  }
  if (const std::int64_t silent = number_at(evidence, "silent_for_ms"); silent > 0) {
    text += "; silent for " + seconds_text(silent);
  }
  return text;
}

}  // namespace

int run_why(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "why", client.error());
  const auto member = client->call("GET", "/v1/members/" + http::percent_encode(arguments.member));
  const auto answer = client->call("GET", "/v1/history?member=" + http::percent_encode(arguments.member));
  if (!answer) return report(terminal, "why", answer.error());
  const json::array changes =
      at(*answer, "history").is_array() ? at(*answer, "history").get_array() : json::array();
  // A member that was forgotten has no row any more, but may still have a past.
  if (!member && changes.empty()) return report(terminal, "why", member.error());
  if (arguments.json) {
    terminal.out(http::pretty(json::object{{"member", member ? *member : json::value()}, {"changes", changes}}) +
                 "\n");
    return kDone;
  }
  const std::string name = printable(arguments.member);
  if (member) {
    const std::string status = printable(text_at(*member, "status"));
    terminal.out(terminal.paint(Style::bold, name) + " at " + printable(text_at(*member, "addr")) + " is " +
                 terminal.paint(style_of(status), status) + " since " +
                 printable(text_at(*member, "status_since")) + ", incarnation " +
                 std::to_string(number_at(*member, "incarnation")) + "\n");
    const auto contact = text_at(*member, "last_contact");
    const auto& self = at(*member, "self");
    if (self.is_bool() && self.get_bool()) {
      terminal.out("It is this agent itself.\n");
    } else {
      terminal.out(contact.empty() ? "It has never answered this agent directly.\n"
                                   : "It last answered this agent directly at " + printable(contact) + ".\n");
    }
  } else {
    terminal.out(terminal.paint(Style::bold, name) + " is forgotten\n");
  }
  terminal.out("\n");
  if (changes.empty()) {
    terminal.out("Nothing is remembered of how it came to be so.\n");
    return kDone;
  }
  Table table({"When", "Change", "Incarnation", "Why this agent believes it"});
  for (const auto& change : changes) {
    const std::string kind = printable(text_at(change, "kind"));
    table.add({{printable(text_at(change, "at"))},
               {kind, style_of(text_at(change, "status"))},
               {std::to_string(number_at(change, "incarnation"))},
               {explain(change)}});
  }
  terminal.out(table.render(terminal));
  return kDone;
}

}  // namespace hearsay::cli
