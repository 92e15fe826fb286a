// The command line's side of the agent's HTTP interface.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "hearsay/result.h"
#include "http/client.h"

namespace hearsay::cli {

class ApiClient {
 public:
  // Errors: invalid_argument, when the address is none.
  static Result<ApiClient> create(const Arguments& arguments);

  // The answer's JSON. Errors: what the agent said, or that none answers and how to start one.
  Result<boost::json::value> call(std::string_view method, std::string target, std::string body = {},
                                  std::chrono::milliseconds timeout = std::chrono::seconds(10)) const;
  const http::Client& client() const { return client_; }
  std::string address() const { return http::to_string(endpoint_); }
  // The cure for "no agent answers".
  static Error with_cure(Error error);

 private:
  explicit ApiClient(http::Endpoint endpoint) : endpoint_(endpoint), client_(std::move(endpoint)) {}
  http::Endpoint endpoint_;
  http::Client client_;
};

// "hearsay join: cause", the cure on a line of its own; kFailed.
int report(Terminal& terminal, std::string_view command, const Error& error);

// Reading answers: empty or 0 when a field is missing or of another kind.
std::string text_at(const boost::json::value& object, std::string_view key);
std::int64_t number_at(const boost::json::value& object, std::string_view key);
const boost::json::value& at(const boost::json::value& object, std::string_view key);

}  // namespace hearsay::cli
