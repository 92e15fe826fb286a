// Recorded bytes of peers: rows `name | ... | hex` of a file in tests/data/wire/.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "hearsay/bytes.h"
#include "support/source_dir.h"

namespace hearsay::tests {

inline Bytes from_hex(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return bytes;
}

inline std::string to_hex(ByteView bytes) {
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

inline Bytes read_file(const std::string& path_from_root) {
  std::ifstream file(in_source_dir(path_from_root), std::ios::binary);
  EXPECT_TRUE(file) << path_from_root;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// name -> bytes.
inline std::map<std::string, Bytes> read_vectors(const std::string& file_name) {
  const Bytes text = read_file("tests/data/wire/" + file_name);
  std::map<std::string, Bytes> rows;
  std::string_view rest = as_text(text);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto first = line.find(" | ");
    const auto last = line.rfind(" | ");
    if (line.starts_with('#') || first == std::string_view::npos) continue;
    rows[std::string(line.substr(0, first))] = from_hex(line.substr(last + 3));
  }
  return rows;
}

}  // namespace hearsay::tests
