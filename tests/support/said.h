// What `hearsay` says to these words, in this process.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace hearsay::tests {

struct Said {
  int status = 0;
  std::string out;
  std::string err;
};

inline Said say(const std::vector<std::string>& words, bool colour = false) {
  Said said;
  cli::Terminal terminal{[&](std::string_view text) { said.out += text; },
                         [&](std::string_view text) { said.err += text; }, colour};
  std::vector<const char*> pointers{"hearsay"};
  for (const auto& word : words) pointers.push_back(word.c_str());
  said.status = cli::run(static_cast<int>(pointers.size()), pointers.data(), terminal);
  return said;
}

// Words between single spaces.
inline Said say_line(const std::string& words) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < words.size();) {
    const auto space = std::min(words.find(' ', at), words.size());
    parts.push_back(words.substr(at, space - at));
    at = space + 1;
  }
  return say(parts);
}

}  // namespace hearsay::tests
