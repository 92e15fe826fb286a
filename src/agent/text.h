// Small texts that configuration, API and command line share: durations, times, suggestions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hearsay/bytes.h"
#include "hearsay/time.h"

namespace hearsay::agent {

// "500ms", "30s", "1m30s", "1.5h", "24h", "0s": numbers with a unit of ns, us, ms, s, m, h or d, largest first or
// not. None: anything else, a bare number (but 0) included, and what does not fit into a Duration.
std::optional<Duration> parse_duration(std::string_view text);
// The shortest such text, exact: "1m30s", "500ms", "0s".
std::string duration_text(Duration duration);

// "2026-11-21T01:47:08.123Z", UTC.
std::string time_text(WallTime time);
// What the machine's clock says.
WallTime wall_now();

// The candidate that the text was most likely meant to be; empty when none is near. Case and the difference
// between '-' and '_' cost nothing.
std::string_view closest(std::string_view text, std::span<const std::string_view> candidates);

// Text from peers, fit for a line of a terminal or a log: control characters as \xNN, those that turn the direction
// of writing or end a line as \uNNNN, broken UTF-8 as U+FFFD.
std::string printable(std::string_view text);

// As TOML has a text, with its quotes.
std::string toml_text(std::string_view text);

}  // namespace hearsay::agent
