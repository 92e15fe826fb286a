// The frame of a report's page: styles for light, dark, paper and narrow screens. One file, without scripts.
#pragma once

#include <string>
#include <string_view>

namespace hearsay::cli {

// `title` is text; `body` is HTML.
std::string make_page(std::string_view title, std::string_view body);

}  // namespace hearsay::cli
