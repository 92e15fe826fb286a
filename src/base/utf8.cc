#include "base/utf8.h"

namespace hearsay::base {

namespace {
constexpr char32_t kReplacement = 0xfffd;
}  // namespace

char32_t take_rune(std::string_view& text, bool* broken) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  char32_t rune = length == 1 ? first : length == 0 ? 0 : first & (0x7fu >> length);
  bool good = length != 0 && length <= text.size();
  for (std::size_t i = 1; good && i < length; ++i) {
    good = (byte(i) & 0xc0) == 0x80;
    rune = rune << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  good = good && rune >= kLeast[length] && rune <= kRuneMax && !(rune >= 0xd800 && rune < 0xe000);
  if (!good && broken != nullptr) *broken = true;
  text.remove_prefix(good ? length : 1);
  return good ? rune : kReplacement;
}

bool is_printable(std::string_view text) {
  bool broken = false;
  while (!text.empty() && !broken) {
    const char32_t rune = take_rune(text, &broken);
    if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0)) return false;
  }
  return !broken;
}

}  // namespace hearsay::base
