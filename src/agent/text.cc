#include "agent/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "http/json.h"

namespace hearsay::agent {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// In the order in which duration_text tries them; "ms" must be matched before "m" when reading.
constexpr std::array<Unit, 7> kUnits{{{"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000},
                                      {"us", 1'000},
                                      {"ns", 1}}};

// Marks and overrides of the writing direction (a name could show as another one), line and paragraph separators.
bool turns_or_ends_a_line(unsigned code) {
  return code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  if (text.empty()) return std::nullopt;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t total = 0;
  while (!text.empty()) {
    // whole * unit + fraction / scale * unit, all in integers so that "0.1s" is exact
    std::int64_t whole = 0;
    std::int64_t fraction = 0;
    std::int64_t scale = 1;
    std::size_t digits = 0;
    std::size_t i = 0;
    for (; i < text.size() && is_digit(text[i]); ++i, ++digits) {
      const std::int64_t digit = text[i] - '0';
      if (whole > (kMost - digit) / 10) return std::nullopt;
      whole = whole * 10 + digit;
    }
    if (i < text.size() && text[i] == '.') {
      for (++i; i < text.size() && is_digit(text[i]); ++i, ++digits) {
        if (scale >= 1'000'000) return std::nullopt;
        fraction = fraction * 10 + (text[i] - '0');
        scale *= 10;
      }
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(i);
    std::size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& u) { return u.name == text.substr(0, letters); });
    if (unit == kUnits.end()) return std::nullopt;
    text.remove_prefix(letters);
    if (whole > kMost / unit->nanoseconds) return std::nullopt;
    const std::int64_t part = whole * unit->nanoseconds;
    const std::int64_t rest =
        fraction * (unit->nanoseconds / scale) + fraction * (unit->nanoseconds % scale) / scale;
    if (part > kMost - rest || total > kMost - rest - part) return std::nullopt;
    total += part + rest;
  }
  return Duration(total);
}

std::string duration_text(Duration duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string out = left < 0 ? "-" : "";
  // The negative range is the larger one.
  if (left > 0) left = -left;
  for (const Unit& unit : kUnits) {
    if (unit.name == "d") continue;  // hours are what people write: "72h"
    const std::int64_t count = -(left / unit.nanoseconds);
    if (count == 0) continue;
    out += std::to_string(count);
    out += unit.name;
    left += count * unit.nanoseconds;
  }
  return out;
}

std::string time_text(WallTime time) {
  using namespace std::chrono;
  const auto since = time.time_since_epoch();
  const auto day = floor<days>(since);
  const year_month_day date{sys_days(day)};
  const auto ms = floor<milliseconds>(since - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), ms / 3'600'000,
                     ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

WallTime wall_now() {
  return WallTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

std::string_view closest(std::string_view text, std::span<const std::string_view> candidates) {
  const auto fold = [](char c) {
    if (c == '-') return '_';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  // Optimal string alignment: insert, delete, replace, swap two neighbours.
  const auto distance = [&](std::string_view a, std::string_view b) {
    std::vector<std::size_t> older(b.size() + 1);
    std::vector<std::size_t> old(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) old[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const bool same = fold(a[i - 1]) == fold(b[j - 1]);
        row[j] = std::min({old[j] + 1, row[j - 1] + 1, old[j - 1] + (same ? 0 : 1)});
        if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1])) {
          row[j] = std::min(row[j], older[j - 2] + 1);
        }
      }
      older.swap(old);
      old.swap(row);
    }
    return old[b.size()];
  };
  if (text.size() > 64) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, text.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t d = distance(text, candidate);
    if (d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string printable(std::string_view text) {
  const std::string clean = http::clean_text(text);
  std::string out;
  for (std::size_t i = 0; i < clean.size();) {
    const auto lead = static_cast<unsigned char>(clean[i]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    unsigned code = bytes == 1 ? lead : lead & (0x7fu >> bytes);
    for (std::size_t k = 1; k < bytes; ++k) code = code << 6 | (static_cast<unsigned char>(clean[i + k]) & 0x3f);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {  // C0, DEL, C1: U+009B is CSI in one character
      out += fmt::format("\\x{:02x}", code);
    } else if (turns_or_ends_a_line(code)) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out.append(clean, i, bytes);
    }
    i += bytes;
  }
  return out;
}

std::string toml_text(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) {
      out += "\\u00";
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace hearsay::agent
