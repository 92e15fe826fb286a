#include "http/parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace hearsay::http {
namespace {

namespace beast = boost::beast::http;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string as_string(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Stops after the head where the parser is not eager.
template <class Parser>
boost::system::error_code feed(Parser& parser, std::string& input) {
  boost::system::error_code error;
  std::size_t used = 0;
  while (!parser.is_done() && used < input.size()) {
    const std::size_t step = parser.put(boost::asio::buffer(input.data() + used, input.size() - used), error);
    used += step;
    if (error || step == 0 || (!parser.eager() && parser.is_header_done())) break;
  }
  input.erase(0, used);
  if (error == beast::error::need_more) error = {};
  return error;
}

// A line that continues the one before (obsolete since RFC 7230). Others take it for a field of its own.
bool has_folded_line(std::string_view input) {
  const std::string_view head = input.substr(0, input.find("\r\n\r\n"));
  return head.find("\r\n ") != std::string_view::npos || head.find("\r\n\t") != std::string_view::npos;
}

ParseFault fault_of(const boost::system::error_code& error, const ParserLimits& limits) {
  if (error == beast::error::header_limit) {
    return {431, "header_too_large",
            "the request's header is over " + std::to_string(limits.header_bytes_max) + " bytes",
            "send fewer or shorter header fields"};
  }
  if (error == beast::error::body_limit) {
    return {413, "body_too_large", "the request's body is over " + std::to_string(limits.body_bytes_max) + " bytes",
            "send less in one request"};
  }
  if (error == beast::error::bad_version) {
    return {505, "bad_version", "the request is not HTTP/1.0 or HTTP/1.1", "speak HTTP/1.1"};
  }
  return {400, "bad_request", "the request is not valid HTTP: " + error.message(), "speak HTTP/1.1"};
}

}  // namespace

struct RequestParser::Impl {
  explicit Impl(const ParserLimits& limits) {
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    parser.body_limit(limits.body_bytes_max);
  }
  // What the head must fulfil beyond Beast's rules.
  std::optional<ParseFault> take_head();

  beast::request_parser<beast::string_body> parser;
  bool started = false;
  Fields fields;  // of the head alone: Beast adds those that follow a chunked body to its own
};

RequestParser::RequestParser(const ParserLimits& limits)
    : limits_(limits), impl_(std::make_unique<Impl>(limits_)) {}

RequestParser::~RequestParser() = default;

std::optional<ParseFault> RequestParser::Impl::take_head() {
  // Beast takes a coding that it does not know for "no body"; a proxy before us may see it differently.
  const auto& head = parser.get();
  const auto codings = head.equal_range(beast::field::transfer_encoding);
  if (codings.first != codings.second) {
    if (head.version() == 10) {
      return ParseFault{400, "bad_request", "HTTP/1.0 has no Transfer-Encoding", "speak HTTP/1.1"};
    }
    if (std::next(codings.first) != codings.second || lower(as_string(codings.first->value())) != "chunked") {
      return ParseFault{501, "unknown_coding", "the only transfer coding known here is chunked",
                        "send the body chunked or with a Content-Length"};
    }
  }
  for (const auto& field : head)
    fields.emplace_back(lower(as_string(field.name_string())), as_string(field.value()));
  parser.eager(true);
  return std::nullopt;
}

std::optional<ParseFault> RequestParser::put(std::string& input) {
  if (!input.empty()) impl_->started = true;
  auto& parser = impl_->parser;
  if (!parser.is_header_done()) {
    if (has_folded_line(input)) {
      return ParseFault{400, "bad_request", "a header field is folded over several lines", "write it in one line"};
    }
    if (const auto error = feed(parser, input)) return fault_of(error, limits_);
    if (parser.is_header_done()) {
      if (auto fault = impl_->take_head()) return fault;
    }
  }
  if (parser.is_header_done()) {
    if (const auto error = feed(parser, input)) return fault_of(error, limits_);
  }
  // Beast leaves incomplete heads and chunk heads with us.
  if (!parser.is_done() && input.size() > limits_.header_bytes_max) {
    return fault_of(beast::error::header_limit, limits_);
  }
  return std::nullopt;
}

bool RequestParser::done() const { return impl_->parser.is_done(); }
bool RequestParser::started() const { return impl_->started; }

Request RequestParser::take() {
  auto message = impl_->parser.release();
  Request request;
  request.method = as_string(message.method_string());
  request.target = as_string(message.target());
  request.fields = std::move(impl_->fields);
  request.http_1_0 = message.version() == 10;
  request.keep_alive = message.keep_alive();
  request.body = std::move(message.body());
  impl_ = std::make_unique<Impl>(limits_);
  return request;
}

struct ResponseParser::Impl {
  beast::response_parser<beast::string_body> parser;
};

ResponseParser::ResponseParser(std::size_t body_bytes_max, bool answers_head) : impl_(std::make_unique<Impl>()) {
  impl_->parser.eager(true);
  impl_->parser.skip(answers_head);
  impl_->parser.header_limit(64u << 10);
  if (body_bytes_max == 0) {
    impl_->parser.body_limit(boost::none);
  } else {
    impl_->parser.body_limit(body_bytes_max);
  }
}

ResponseParser::~ResponseParser() = default;

Result<void> ResponseParser::put(std::string& input) {
  const auto error = feed(impl_->parser, input);
  if (error) return fail(Errc::refused, "the answer is not valid HTTP: " + error.message());
  if (input.size() > (64u << 10)) return fail(Errc::refused, "the answer is not valid HTTP: its head never ends");
  return {};
}

Result<void> ResponseParser::put_end() {
  boost::system::error_code error;
  impl_->parser.put_eof(error);
  if (error) return fail(Errc::refused, "the connection was closed in the middle of the answer");
  return {};
}

bool ResponseParser::head_done() const { return impl_->parser.is_header_done(); }
bool ResponseParser::done() const { return impl_->parser.is_done(); }

Response ResponseParser::head() const {
  Response response;
  const auto& message = impl_->parser.get();
  response.status = message.result_int();
  response.type = as_string(message[beast::field::content_type]);
  for (const auto& field : message) {
    response.fields.emplace_back(lower(as_string(field.name_string())), as_string(field.value()));
  }
  return response;
}

std::string ResponseParser::take_body() {
  std::string out;
  out.swap(impl_->parser.get().body());
  return out;
}

}  // namespace hearsay::http
