// `hearsay monitor`: follows what the agent learns, until Ctrl-C.
#include <poll.h>

#include <boost/json/value.hpp>

#include "cli/api_client.h"
#include "cli/interrupts.h"
#include "http/json.h"

namespace hearsay::cli {
namespace {

constexpr std::chrono::seconds kConnectTimeout{10};
// The agent sends a sign of life every 15 s.
constexpr std::chrono::seconds kSilenceMax{45};
constexpr int kRetryMs = 2000;

Style style_of(std::string_view kind) {
  if (kind == "joined" || kind == "refuted") return Style::good;
  if (kind == "failed" || kind == "conflict" || kind == "defunct") return Style::bad;
  if (kind == "suspected" || kind == "confirmed" || kind == "link" || kind == "leaving" || kind == "warning")
    return Style::warn;
  return kind == "command" || kind == "evidence" ? Style::dim : Style::plain;
}

void print_event(const http::Client::Event& event, const Arguments& arguments, Terminal& terminal) {
  if (event.name == "notice") {
    if (arguments.json) return terminal.out(event.data + "\n");
    const auto notice = http::parse_json(event.data);
    if (!notice) return;
    const std::string line = printable(text_at(*notice, "line"));
    terminal.out(printable(text_at(*notice, "at")) + "  " +
                 terminal.paint(style_of(text_at(*notice, "kind")), line) + "\n");
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
