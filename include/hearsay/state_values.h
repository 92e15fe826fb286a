// Values of the keys with a meaning that everybody agrees on (state_keys), as types.
//
//   host->write_state({{std::string(state_keys::kLoad), write_number(0.7).value(), {}, {}}});
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hearsay/result.h"
#include "hearsay/state.h"

namespace hearsay {

inline constexpr double kStateNumberMax = 1e9;
inline constexpr std::size_t kTokensMax = 4096;

// load, severity: 0 .. 10^9 as "0.7", rounded to six decimals. Errors: invalid_argument (out of range, not a
// number).
Result<std::string> write_number(double value);
// Digits, with a point and up to six more digits, and nothing else. Errors: invalid_argument.
Result<double> read_number(std::string_view text);

// tokens: the places on a ring that a node owns, as "1,42,7000": at most kTokensMax different ones. Errors:
// invalid_argument (none, one twice), too_large.
Result<std::string> write_tokens(std::span<const std::uint64_t> tokens);
Result<std::vector<std::uint64_t>> read_tokens(std::string_view text);

// health: what a node's own checks say of it, best first.
enum class Health : std::uint8_t { passing, warning, critical };
const char* name_of(Health health);
// Errors: invalid_argument.
Result<Health> read_health(std::string_view text);

// What is wrong with this value of this key; none for keys without a type. The node itself takes any bytes.
std::optional<Error> fault_of_value(std::string_view key, std::string_view value);

}  // namespace hearsay
