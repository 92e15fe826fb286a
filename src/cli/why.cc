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
  if (source == "silence") return "its heartbeat stood still" + (accuser.empty() ? "" : " for " + accuser);
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
    const std::string asked = names_text(at(evidence, "helpers"));
    text += "; " + counted(direct, "probe", "probes") + " in a row, " + counted(helpers, "helper", "helpers") +
            " asked" + (asked.empty() ? "" : " (" + asked + ")") + ", " +
            std::to_string(number_at(evidence, "nacks")) + " of them got no answer either";
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

// The line is the same as in `hearsay monitor` and the log; below it what it means.
void print_change(Terminal& terminal, const json::value& change) {
  const std::string when = printable(text_at(change, "at"));
  terminal.out(when + "  " +
               terminal.paint(style_of(text_at(change, "status")), printable(text_at(change, "line"))) + "\n" +
               std::string(when.size() + 2, ' ') + terminal.paint(Style::dim, explain(change)) + "\n");
}

void print_testimony(Terminal& terminal, const json::value& said) {
  const std::string witness = printable(text_at(said, "witness"));
  const auto& available = at(said, "available");
  if (!available.is_bool() || !available.get_bool()) {
    terminal.out("\nEvidence of " + witness +
                 ", the first accuser, is not available: " + printable(text_at(said, "missing")) + "\n");
    return;
  }
  terminal.out("\nAsked for its evidence, " + witness + " says:\n  " + printable(text_at(said, "what")) + " " +
               seconds_text(number_at(said, "age_ms")) + " ago, incarnation " +
               std::to_string(number_at(said, "incarnation")) + ", " + printable(text_at(said, "line")) + "\n");
}

std::string probe_text(const json::value& probe) {
  const std::string answer = text_at(probe, "answer");
  const std::int64_t us = number_at(probe, "took_us");
  const std::string took = us < 100'000 ? std::to_string(us / 1000) + "." + std::to_string(us % 1000 / 100) + " ms"
                                        : seconds_text(us / 1000);
  if (answer == "direct") return "answered in " + took;
  const std::string through = printable(text_at(probe, "through"));
  std::string text = answer == "none" ? "no answer within " + took : "no answer to us";
  if (answer == "relayed") text += ", but to " + (through.empty() ? "a helper" : through) + " in " + took;
  if (answer == "stream") text += ", but over TCP";
  const std::int64_t helpers = number_at(probe, "helpers");
  if (answer != "relayed" && helpers > 0) {
    text += ", nor to " + counted(helpers, "helper", "helpers") + " (" + std::to_string(number_at(probe, "nacks")) +
            " said so)";
  }
  return text;
}

}  // namespace

int run_why(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "why", client.error());
  // The agent may ask the accuser, which takes a probe interval: 5 s on a WAN, more when set so.
  const auto answer =
      client->call("GET", "/v1/why/" + http::percent_encode(arguments.member), {}, std::chrono::seconds(60));
  if (!answer) return report(terminal, "why", answer.error());
  if (arguments.json) {
    terminal.out(http::pretty(*answer) + "\n");
    return kDone;
  }
  const std::string name = printable(arguments.member);
  const auto& member = at(*answer, "member");
  if (member.is_object()) {
    const std::string status = printable(text_at(member, "status"));
    terminal.out(terminal.paint(Style::bold, name) + " at " + printable(text_at(member, "addr")) + " is " +
                 terminal.paint(style_of(status), status) + " since " + printable(text_at(member, "status_since")) +
                 ", incarnation " + std::to_string(number_at(member, "incarnation")) + "\n");
    const auto contact = text_at(member, "last_contact");
    const auto& self = at(member, "self");
    if (self.is_bool() && self.get_bool()) {
      terminal.out("It is this agent itself.\n");
    } else {
      terminal.out(contact.empty() ? "It has never answered this agent directly.\n"
                                   : "It last answered this agent directly at " + printable(contact) + ".\n");
    }
  } else {
    terminal.out(terminal.paint(Style::bold, name) + " is forgotten\n");
  }
  if (at(*answer, "link").is_object()) {
    terminal.out(terminal.paint(Style::warn, "The link: " + printable(text_at(at(*answer, "link"), "line"))) +
                 "\n");
  }
  terminal.out("\n");
  const auto list = [&](std::string_view key) {
    return at(*answer, key).is_array() ? at(*answer, key).get_array() : json::array();
  };
  const json::array changes = list("changes");
  if (changes.empty()) terminal.out("Nothing is remembered of how it came to be so.\n");
  for (const auto& change : changes) print_change(terminal, change);
  if (at(*answer, "testimony").is_object()) print_testimony(terminal, at(*answer, "testimony"));
  if (at(*answer, "heartbeat").is_object())
    terminal.out("\nThe detector: " + printable(text_at(at(*answer, "heartbeat"), "line")) + "\n");
  const json::array probes = list("probes");
  if (!probes.empty()) terminal.out("\nThis agent's last probes of it:\n");
  for (const auto& probe : probes)
    terminal.out("  " + printable(text_at(probe, "at")) + "  " + probe_text(probe) + "\n");
  return kDone;
}

}  // namespace hearsay::cli
