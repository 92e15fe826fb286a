#include "http/admission.h"

#include <arpa/inet.h>

#include <algorithm>

namespace hearsay::http {
namespace {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return low(x) == low(y); });
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_ip(int family, std::string_view text) {
  in6_addr out{};
  return inet_pton(family, std::string(text).c_str(), &out) == 1;
}

// A copy of the value for an error message: short and printable.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 80)) out.push_back(c >= ' ' && c <= '~' ? c : '?');
  return out + "\"";
}

}  // namespace

bool is_own_host(std::string_view host, std::span<const std::string> names) {
  if (!host.empty() && host.front() == '[') {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view rest = host.substr(end + 1);
    return is_ip(AF_INET6, host.substr(1, end - 1)) &&
           (rest.empty() || (rest[0] == ':' && is_port(rest.substr(1))));
  }
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos && !is_port(host.substr(colon + 1))) return false;
  std::string_view name = host.substr(0, colon);
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  if (is_ip(AF_INET, name) || equals_ignoring_case(name, "localhost")) return true;
  static constexpr std::string_view kBelow = ".localhost";
  if (name.size() > kBelow.size() && equals_ignoring_case(name.substr(name.size() - kBelow.size()), kBelow))
    return true;
  return !name.empty() && std::any_of(names.begin(), names.end(),
                                      [&](const std::string& own) { return equals_ignoring_case(own, name); });
}

std::optional<Response> refuse_foreign(const Request& request, std::span<const std::string> names) {
  const auto host = request.field("host");
  if (request.count_of("host") > 1 || (!host && !request.http_1_0)) {
    return error_response(400, "bad_request", "the request has no Host field, or several", "send exactly one");
  }
  if (host && !is_own_host(*host, names)) {
    return error_response(403, "foreign_host", "the Host field " + quoted(*host) + " is not a name of this agent",
                          "use the agent's IP address or localhost, or add the name to http_names");
  }
  const auto origin = request.field("origin");
  if (request.count_of("origin") > 1 ||
      (origin && (!host || !equals_ignoring_case(*origin, "http://" + std::string(*host))))) {
    return error_response(403, "foreign_origin", "a page from " + quoted(*origin) + " may not use this agent",
                          "call the agent from its own pages, or from a program that sends no Origin field");
  }
  const auto site = request.field("sec-fetch-site");
  if (site && *site != "same-origin" && *site != "none") {
    return error_response(403, "foreign_origin", "a page from another site may not use this agent",
                          "call the agent from its own pages, or from a program");
  }
  return std::nullopt;
}

}  // namespace hearsay::http
