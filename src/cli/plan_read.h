// One value of a plan as what it means. Each reader leaves the target as it is and says what is wrong, or returns
// nothing. Texts are understood throughout, for a command line has nothing else.
#pragma once

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config.h"
#include "agent/settings.h"
#include "hearsay/time.h"

namespace hearsay::cli {

using Complaint = std::optional<agent::Complaint>;

// As it stands in the file: texts in quotes.
std::string value_text(const agent::Given& given);
// As it would stand on a command line; a list with commas.
std::string plain_text(const agent::Given& given);
// "12 is not a duration; write a duration, such as ...": a kind is a noun, and after a comma what it looks like.
Complaint not_a(const agent::Given& given, std::string_view kind);

inline constexpr std::string_view kDurationKind = "a duration, such as \"500ms\", \"30s\" or \"5m\"";
inline constexpr std::string_view kShareKind = "a share, 0 to 1";
inline constexpr std::string_view kCountKind = "a whole number";
inline constexpr std::string_view kNumberKind = "a number";

// Without the spaces around it.
std::string trimmed(std::string_view text);
// "a, b" by ',' is "a" and "b"; nothing is one empty text.
std::vector<std::string> split(std::string_view text, char by);

Complaint read_duration(const agent::Given& given, Duration& into);
Complaint read_share(const agent::Given& given, double& into);
Complaint read_flag(const agent::Given& given, bool& into);
Complaint read_number(const agent::Given& given, double& into);

template <class T>
Complaint read_count(const agent::Given& given, T& into) {
  std::optional<std::uint64_t> value;
  if (const auto* number = std::get_if<std::int64_t>(&given.value); number != nullptr && *number >= 0) {
    value = static_cast<std::uint64_t>(*number);
  }
  if (const auto* text = std::get_if<std::string>(&given.value)) {
    std::uint64_t parsed = 0;
    const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), parsed);
    if (error == std::errc() && stop == text->data() + text->size() && !text->empty()) value = parsed;
  }
  if (!value) return not_a(given, kCountKind);
  if (*value > std::numeric_limits<T>::max()) {
    return agent::Complaint{std::to_string(*value) + " is out of range",
                            "choose at most " + std::to_string(std::numeric_limits<T>::max())};
  }
  into = static_cast<T>(*value);
  return std::nullopt;
}

}  // namespace hearsay::cli
