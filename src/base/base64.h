// Base64 (RFC 4648, with padding): keys in configuration, on the command line and in Serf's key answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hearsay/bytes.h"

namespace hearsay::base {

std::string to_base64(ByteView bytes);
// Nothing when it is not base64: wrong letters, wrong length, or bits that no encoder leaves.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace hearsay::base
