// Text as code points.
#pragma once

#include <string_view>

namespace hearsay::base {

inline constexpr char32_t kRuneMax = 0x10ffff;  // the last rune that there is

// Takes one code point off the text; a byte that begins none is U+FFFD and, if asked for, `broken`.
// REQUIRES: !text.empty()
char32_t take_rune(std::string_view& text, bool* broken = nullptr);

// Valid UTF-8 (RFC 3629) without control characters.
bool is_printable(std::string_view text);

}  // namespace hearsay::base
