#include "hearsay/state_values.h"

#include <algorithm>
#include <charconv>

namespace hearsay {

namespace {

constexpr std::uint64_t kMillionths = 1'000'000;
constexpr std::size_t kDecimals = 6;

std::string in_quotes(std::string_view text) { return "\"" + std::string(text.substr(0, 64)) + "\""; }

bool read_digits(std::string_view digits, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size();
}

std::optional<Error> fault_of_tokens(std::vector<std::uint64_t> tokens) {
  if (tokens.empty()) return Error{Errc::invalid_argument, "there is no token", "name at least one, as 1,42,7000"};
  if (tokens.size() > kTokensMax) {
    return Error{Errc::too_large, std::to_string(tokens.size()) + " tokens are too many",
                 "use at most " + std::to_string(kTokensMax)};
  }
  std::ranges::sort(tokens);
  const auto twice = std::ranges::adjacent_find(tokens);
  if (twice == tokens.end()) return std::nullopt;
  return Error{Errc::invalid_argument, "the token " + std::to_string(*twice) + " is there twice", "name each once"};
}

}  // namespace

Result<std::string> write_number(double value) {
  if (!(value >= 0 && value <= kStateNumberMax))
    return fail(Errc::invalid_argument, "the number is out of range", "use 0 to 1000000000");
  const auto millionths = static_cast<std::uint64_t>(value * static_cast<double>(kMillionths) + 0.5);
  std::string text = std::to_string(millionths / kMillionths);
  std::string decimals = std::to_string(kMillionths + millionths % kMillionths).substr(1);
  while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
  return decimals.empty() ? text : text + "." + decimals;
}

Result<double> read_number(std::string_view text) {
  const auto point = text.find('.');
  std::string decimals(point == std::string_view::npos ? "0" : text.substr(point + 1));
  std::uint64_t whole = 0;
  std::uint64_t part = 0;
  bool good = read_digits(text.substr(0, point), whole) && whole <= 1'000'000'000 && decimals.size() <= kDecimals;
  decimals.resize(std::max(decimals.size(), std::size_t{1}), ' ');  // "1." is none
  if (good) decimals.resize(kDecimals, '0');
  good = good && read_digits(decimals, part) && whole * kMillionths + part <= 1'000'000'000 * kMillionths;
  if (good) return static_cast<double>(whole * kMillionths + part) / static_cast<double>(kMillionths);
  return fail(Errc::invalid_argument, in_quotes(text) + " is no number from 0 to 1000000000",
              "write it as 0.7, with at most six decimals");
}

Result<std::string> write_tokens(std::span<const std::uint64_t> tokens) {
  if (auto fault = fault_of_tokens({tokens.begin(), tokens.end()})) return tl::unexpected(*std::move(fault));
  std::string text;
  for (const std::uint64_t token : tokens) text += (text.empty() ? "" : ",") + std::to_string(token);
  return text;
}

Result<std::vector<std::uint64_t>> read_tokens(std::string_view text) {
  std::vector<std::uint64_t> tokens;
  for (std::size_t begin = 0; begin <= text.size() && tokens.size() <= kTokensMax;) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::uint64_t token = 0;
    if (!read_digits(text.substr(begin, end - begin), token)) {
      return fail(Errc::invalid_argument, in_quotes(text) + " is no list of tokens",
                  "write whole numbers below 2^64 with commas between them, as 1,42,7000");
    }
    tokens.push_back(token);
    begin = end + 1;
  }
  if (auto fault = fault_of_tokens(tokens)) return tl::unexpected(*std::move(fault));
  return tokens;
}

const char* name_of(Health health) {
  switch (health) {
    case Health::passing:
      return "passing";
    case Health::warning:
      return "warning";
    case Health::critical:
      return "critical";
  }
  return "?";
}

Result<Health> read_health(std::string_view text) {
  for (const Health health : {Health::passing, Health::warning, Health::critical}) {
    if (text == name_of(health)) return health;
  }
  return fail(Errc::invalid_argument, in_quotes(text) + " is no health", "write passing, warning or critical");
}

std::optional<Error> fault_of_value(std::string_view key, std::string_view value) {
  const auto fault_in = [&](const auto& read) -> std::optional<Error> {
    if (read) return std::nullopt;
    Error error = read.error();
    error.cause.insert(0, std::string(key) + ": ");
    return error;
  };
  if (key == state_keys::kLoad || key == state_keys::kSeverity) return fault_in(read_number(value));
  if (key == state_keys::kTokens) return fault_in(read_tokens(value));
  if (key == state_keys::kHealth) return fault_in(read_health(value));
  return std::nullopt;
}

}  // namespace hearsay
