#include "http/json.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

namespace hearsay::http {
namespace {

// The length of the valid UTF-8 sequence at the start of the text; 0 when there is none (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t sequence_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// As few digits as bring the same number back, and no exponent where people would not write one.
std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::isfinite(value) ? std::string(text, end) : "null";
}

bool is_list_of_numbers(const boost::json::array& array) {
  return std::all_of(array.begin(), array.end(), [](const auto& entry) { return entry.is_number(); });
}

void write_pretty(const boost::json::value& value, std::size_t indent, std::string& out) {
  if (value.is_object() && !value.get_object().empty()) {
    out += "{";
    const char* separator = "\n";
    for (const auto& [key, entry] : value.get_object()) {
      out += separator;
      out.append(indent + 2, ' ');
      out += boost::json::serialize(boost::json::string_view(key)) + ": ";
      write_pretty(entry, indent + 2, out);
      separator = ",\n";
    }
    out += "\n";
    out.append(indent, ' ');
    out += "}";
  } else if (value.is_double()) {
    out += number_text(value.get_double());
  } else if (value.is_array() && is_list_of_numbers(value.get_array())) {
    out += "[";
    const char* separator = "";
    for (const auto& entry : value.get_array()) {
      out += separator;
      write_pretty(entry, 0, out);
      separator = ", ";
    }
    out += "]";
  } else if (value.is_array()) {
    out += "[";
    const char* separator = "\n";
    for (const auto& entry : value.get_array()) {
      out += separator;
      out.append(indent + 2, ' ');
      write_pretty(entry, indent + 2, out);
      separator = ",\n";
    }
    out += "\n";
    out.append(indent, ' ');
    out += "]";
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::json::stream_parser parser({}, options);
  boost::json::error_code error;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (!error) parser.finish(error);
  if (!error) return parser.release();
  const std::string_view before = text.substr(0, used);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fail(Errc::invalid_argument, "not valid JSON: " + error.message() + " at line " + std::to_string(line) +
                                          ", column " + std::to_string(used - line_start + 1));
}

std::string clean_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bytes = sequence_bytes(text);
    if (bytes == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
    } else {
      out += text.substr(0, bytes);
      text.remove_prefix(bytes);
    }
  }
  return out;
}

std::string pretty(const boost::json::value& value) {
  std::string out;
  write_pretty(value, 0, out);
  return out;
}

Response ok_json(const boost::json::value& value) {
  return {200, "application/json", boost::json::serialize(value) + "\n", {}};
}

}  // namespace hearsay::http
