#include "hearsay/state.h"

#include <charconv>

#include "base/utf8.h"

namespace hearsay {

Result<Holders> parse_holders(std::string_view text) {
  if (text == "all") return Holders{};
  const bool percent = !text.empty() && text.back() == '%';
  const std::string_view digits = percent ? text.substr(0, text.size() - 1) : text;
  Holders holders{percent, 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), holders.value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (whole && holders.value > 0 && (!percent || holders.value <= 100)) return holders;
  return fail(Errc::invalid_argument, "\"" + std::string(text.substr(0, 32)) + "\" says not how many members",
              "write for example 95%, all, or 7");
}

std::uint32_t needed(const Holders& holders, std::uint32_t members) {
  if (!holders.percent) return holders.value;
  return static_cast<std::uint32_t>((std::uint64_t{members} * holders.value + 99) / 100);
}

bool is_state_key(std::string_view key) {
  return !key.empty() && key.size() <= kStateKeyBytesMax && base::is_printable(key) &&
         key.find_first_of(" =") == std::string_view::npos;
}

std::optional<Error> fault_of(const StateWrite& write) {
  constexpr Duration kTtlMin = std::chrono::milliseconds(1);
  constexpr Duration kTtlMax = std::chrono::hours(24 * 49);  // 32 bits of milliseconds
  if (!is_state_key(write.key)) {
    if (write.key.size() > kStateKeyBytesMax) {
      return Error{Errc::too_large, "the key is " + std::to_string(write.key.size()) + " bytes long",
                   "use at most " + std::to_string(kStateKeyBytesMax) + " bytes"};
    }
    return Error{Errc::invalid_argument,
                 write.key.empty() ? "the key is empty"
                                   : "a key holds spaces, control characters, '=' or bytes that are no UTF-8",
                 "use letters, digits, '-', '_', '.' and '/'"};
  }
  if (write.value && write.value->size() > kStateValueBytesMax) {
    return Error{Errc::too_large,
                 "the value of \"" + write.key + "\" is " + std::to_string(write.value->size()) + " bytes long",
                 "use at most " + std::to_string(kStateValueBytesMax) + " bytes"};
  }
  if (write.ttl != Duration::zero() && (!write.value || write.ttl < kTtlMin || write.ttl > kTtlMax)) {
    return Error{Errc::invalid_argument,
                 write.value ? "the time to live of \"" + write.key + "\" is out of range"
                             : "a deletion of \"" + write.key + "\" cannot have a time to live",
                 write.value ? "use 1 ms to 49 days, or 0: until it is deleted" : "leave it out"};
  }
  return std::nullopt;
}

}  // namespace hearsay
