// JSON at the borders: bounded reading, clean text, layout for people. Boost.JSON does the work
// (docs/decisions/0004-json-library.md).
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "hearsay/result.h"
#include "http/message.h"

namespace hearsay::http {

inline constexpr std::size_t kJsonDepthMax = 32;

// Errors: invalid_argument, naming the line and column. Nesting is at most kJsonDepthMax deep.
Result<boost::json::value> parse_json(std::string_view text);

// Text that came from peers as valid UTF-8: what is not, becomes U+FFFD. Everything that goes into JSON passes
// here, because the serializer passes bytes through.
std::string clean_text(std::string_view text);

// Indented by two spaces, one entry a line; empty containers and lists of numbers stay on one line.
std::string pretty(const boost::json::value& value);

// 200 with this as its body, on one line.
Response ok_json(const boost::json::value& value);

}  // namespace hearsay::http
