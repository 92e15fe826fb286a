// Patterns for names, in which '*' stands for any text and '?' for one byte.
#pragma once

#include <string_view>

namespace hearsay::base {

// True when the whole text fits. At worst the product of both lengths; no recursion.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace hearsay::base
