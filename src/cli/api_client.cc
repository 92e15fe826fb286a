#include "cli/api_client.h"

#include <algorithm>

#include <boost/json/value.hpp>

#include "agent/config.h"
#include "http/json.h"

namespace hearsay::cli {

Result<ApiClient> ApiClient::create(const Arguments& arguments) {
  auto endpoint = http::parse_endpoint(arguments.http, agent::kHttpPort);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return ApiClient(std::move(*endpoint));
}

Error ApiClient::with_cure(Error error) {
  if (error.code == Errc::unreachable && error.cure.empty()) {
    error.cure = "Is one running? `hearsay agent` starts one; --http ADDR or HEARSAY_HTTP_ADDR names another.";
  }
  return error;
}

Result<boost::json::value> ApiClient::call(std::string_view method, std::string target, std::string body,
                                           std::chrono::milliseconds timeout) const {
  const auto response = client_.call({std::string(method), std::move(target), std::move(body), timeout});
  if (!response) return tl::unexpected(with_cure(response.error()));
  if (response->status >= 400) return tl::unexpected(http::error_of(*response));
  auto value = http::parse_json(response->body);
  if (!value) {
    return fail(Errc::refused, "what answers at " + address() + " is no hearsay agent: " + value.error().cause,
                "name the agent's address with --http ADDR or HEARSAY_HTTP_ADDR");
  }
  return value;
}

int report(Terminal& terminal, std::string_view command, const Error& error) {
  // A cause may have several lines, such as all faults of a configuration.
  std::string text = "hearsay " + std::string(command) + ": ";
  for (std::size_t begin = 0; begin <= error.cause.size();) {
    const std::size_t end = std::min(error.cause.find('\n', begin), error.cause.size());
    text += (begin == 0 ? "" : "  ") + printable(std::string_view(error.cause).substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  if (!error.cure.empty()) text += "  " + printable(error.cure) + "\n";
  terminal.err(text);
  return kFailed;
}

const boost::json::value& at(const boost::json::value& object, std::string_view key) {
  static const boost::json::value kNothing;
  if (!object.is_object()) return kNothing;
  const auto* found = object.get_object().if_contains(boost::json::string_view(key.data(), key.size()));
  return found == nullptr ? kNothing : *found;
}

std::string text_at(const boost::json::value& object, std::string_view key) {
  const auto& value = at(object, key);
  return value.is_string() ? std::string(value.get_string().data(), value.get_string().size()) : std::string();
}

std::int64_t number_at(const boost::json::value& object, std::string_view key) {
  const auto& value = at(object, key);
  if (value.is_int64()) return value.get_int64();
  return value.is_uint64() ? static_cast<std::int64_t>(value.get_uint64()) : 0;
}

}  // namespace hearsay::cli
