#include "http/message.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "http/json.h"

namespace hearsay::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool percent_decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return false;
    out.push_back(c);
  }
  return true;
}

std::optional<std::string_view> first_of(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return std::nullopt;
}

unsigned status_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
    case Errc::invalid_config:
      return 400;
    case Errc::too_large:
      return 413;
    case Errc::not_found:
      return 404;
    case Errc::wrong_state:
      return 409;
    case Errc::unreachable:
    case Errc::refused:
      return 502;
    case Errc::timed_out:
      return 504;
    case Errc::io:
      return 500;
    case Errc::defunct:
      return 503;
  }
  return 500;
}

}  // namespace

std::optional<std::string_view> Request::field(std::string_view name) const { return first_of(fields, name); }
std::optional<std::string_view> Request::parameter(std::string_view name) const { return first_of(query, name); }

std::size_t Request::count_of(std::string_view field_name) const {
  std::size_t count = 0;
  for (const auto& entry : fields) count += entry.first == field_name ? 1u : 0u;
  return count;
}

const char* reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

Response error_response(unsigned status, std::string_view code, std::string_view cause, std::string_view cure) {
  boost::json::object error;
  error["code"] = clean_text(code);
  error["cause"] = clean_text(cause);
  error["cure"] = clean_text(cure);
  boost::json::object body;
  body["error"] = std::move(error);
  Response response;
  response.status = status;
  response.body = boost::json::serialize(body) + "\n";
  return response;
}

Response error_response(const Error& error) {
  return error_response(status_of(error.code), name_of(error.code), error.cause, error.cure);
}

std::string encode_head(const Response& response, std::optional<std::size_t> length, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " + reason_of(response.status) + "\r\n";
  if (!response.type.empty()) head += "Content-Type: " + response.type + "\r\n";
  if (length) head += "Content-Length: " + std::to_string(*length) + "\r\n";
  for (const auto& [name, value] : response.fields) head += name + ": " + value + "\r\n";
  head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

bool split_target(std::string_view target, std::string& path, Fields& query) {
  query.clear();
  if (target.empty() || target.front() != '/') return false;
  target = target.substr(0, target.find('#'));
  const std::size_t mark = target.find('?');
  if (!percent_decode(target.substr(0, mark), false, path)) return false;
  if (mark == std::string_view::npos) return true;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    std::string key;
    std::string value;
    if (!percent_decode(part.substr(0, equals), true, key)) return false;
    if (equals != std::string_view::npos && !percent_decode(part.substr(equals + 1), true, value)) return false;
    query.emplace_back(std::move(key), std::move(value));
  }
  return true;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
  return out;
}

}  // namespace hearsay::http
