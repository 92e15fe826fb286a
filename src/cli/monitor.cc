// `hearsay monitor`: follows what the agent learns, until Ctrl-C.
#include <poll.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "cli/api_client.h"
#include "cli/interrupts.h"
#include "http/json.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kConnectTimeout{10};
// The agent sends a sign of life every 15 s.
constexpr std::chrono::seconds kSilenceMax{45};
constexpr int kRetryMs = 2000;

Style style_of_kind(std::string_view kind) {
  if (kind == "joined" || kind == "refuted") return Style::good;
  if (kind == "failed" || kind == "conflict" || kind == "defunct") return Style::bad;
  if (kind == "suspected" || kind == "confirmed" || kind == "link" || kind == "leaving" || kind == "warning")
    return Style::warn;
  return kind == "command" || kind == "evidence" ? Style::dim : Style::plain;
}

// `hearsay state watch`: what a node says of itself, key by key.
void print_state(const json::value& notice, const Arguments& arguments, Terminal& terminal) {
  const std::string member = text_at(notice, "member");
  if (text_at(notice, "kind") != "state") return;
  if (!arguments.state_words.empty() && arguments.state_words[0] != member) return;
  if (arguments.json) return terminal.out(json::serialize(notice) + "\n");
  const auto& values = at(notice, "values");
  if (!values.is_object()) return;
  for (const auto& entry : values.get_object()) {
    const std::string key(entry.key().data(), entry.key().size());
    const bool shown = entry.value().is_string();
    terminal.out(printable(member) + "  " + printable(key + (shown ? "=" + text_at(values, key) : "")) +
                 (shown ? "\n" : terminal.paint(Style::dim, "  deleted, or large") + "\n"));
  }
}

void print_event(const http::Client::Event& event, const Arguments& arguments, Terminal& terminal) {
  if (event.name == "notice" && arguments.state_action == "watch") {
    if (const auto notice = http::parse_json(event.data)) print_state(*notice, arguments, terminal);
  } else if (event.name == "notice") {
    if (arguments.json) return terminal.out(event.data + "\n");
    const auto notice = http::parse_json(event.data);
    if (!notice) return;
    const std::string line = printable(text_at(*notice, "line"));
    terminal.out(printable(text_at(*notice, "at")) + "  " +
                 terminal.paint(style_of_kind(text_at(*notice, "kind")), line) + "\n");
  } else if (event.name == "bye") {
    terminal.err("hearsay monitor: the agent stops\n");
  } else if (event.name == "dropped") {
    const auto dropped = http::parse_json(event.data);
    const std::int64_t count = dropped ? number_at(*dropped, "dropped") : 0;
    terminal.err("hearsay monitor: " + std::to_string(count) +
                 " notices are missing here: this reader was too slow\n");
  }
}

}  // namespace

int run_watch(const Arguments& arguments, Terminal& terminal) {
  Arguments from_now = arguments;
  from_now.last = 0;
  return run_monitor(from_now, terminal);
}

int run_monitor(const Arguments& arguments, Terminal& terminal) {
  const auto client = ApiClient::create(arguments);
  if (!client) return report(terminal, "monitor", client.error());
  const Interrupts interrupts;
  bool ever_open = false;
  bool lost = false;
  for (;;) {
    const auto ended = client->client().events(
        "/v1/monitor?last=" + std::to_string(ever_open ? 0 : arguments.last), kConnectTimeout, kSilenceMax,
        interrupts.fd(),
        [&] {
          if (lost) {
            terminal.err("hearsay monitor: connected again; `hearsay members` shows what has changed meanwhile\n");
          }
          ever_open = true;
          lost = false;
        },
        [&](const http::Client::Event& event) {
          print_event(event, arguments, terminal);
          return true;
        });
    if (ended || interrupts.wait(0)) return kDone;
    if (!ever_open) return report(terminal, "monitor", ApiClient::with_cure(ended.error()));
    if (!lost) {
      terminal.err("hearsay monitor: " + printable(ended.error().cause) +
                   "; trying again every 2 s, Ctrl-C ends\n");
    }
    lost = true;
    if (interrupts.wait(kRetryMs)) return kDone;
  }
}

}  // namespace hearsay::cli
