// What an HTTP exchange consists of, free of any library: requests as handlers see them, responses as they
// write them, and the one shape in which every error leaves the house.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hearsay/result.h"

namespace hearsay::http {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // as sent: "GET"
  std::string target;  // as sent: "/v1/members?status=alive"
  std::string path;    // percent-decoded, without the query
  Fields query;        // percent-decoded, in order
  Fields fields;       // header fields; the names in lower case
  std::string body;
  bool http_1_0 = false;
  bool keep_alive = true;

  // The first header field of this (lower case) name.
  std::optional<std::string_view> field(std::string_view name) const;
  // The first query parameter of this name.
  std::optional<std::string_view> parameter(std::string_view name) const;
  std::size_t count_of(std::string_view field_name) const;
};

struct Response {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body;
  Fields fields;  // beside Content-Type, Content-Length and Connection
};

const char* reason_of(unsigned status);

// {"error":{"code":..,"cause":..,"cure":..}}
Response error_response(unsigned status, std::string_view code, std::string_view cause, std::string_view cure);
// The same from an Error, with the status that its code stands for.
Response error_response(const Error& error);

// The head of a response up to and including the empty line. `length` none: no Content-Length is written.
std::string encode_head(const Response& response, std::optional<std::size_t> length, bool keep_alive);

// Splits a target into path and query and percent-decodes both. False: not in origin form ("/..."), or a
// percent sign is not followed by two hex digits, or a NUL hides in it.
bool split_target(std::string_view target, std::string& path, Fields& query);

// The inverse for one component: everything but unreserved characters is percent-encoded.
std::string percent_encode(std::string_view text);

}  // namespace hearsay::http
