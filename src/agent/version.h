// Which hearsay this is, and what it speaks.
#pragma once

#include <string_view>

namespace hearsay::agent {

std::string_view version();

// Spoken, lowest and highest understood version of each protocol.
struct Protocol {
  int spoken;
  int min;
  int max;
};
inline constexpr Protocol kMemberlistProtocol{2, 1, 5};
inline constexpr Protocol kSerfProtocol{5, 2, 5};

}  // namespace hearsay::agent
