// HTTP/1.1 from bytes, bounded. Beast's parsers do the reading; this is the only door to them, because their
// templates cost seconds of compile time wherever they are seen.
//
// What makes request smuggling possible is refused by them (Content-Length beside Transfer-Encoding, several
// different lengths, a bare CR or LF) or here (other codings than chunked, folded lines); fields that follow a
// chunked body are read over.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace hearsay::http {

struct ParserLimits {
  std::size_t header_bytes_max = 16u << 10;
  std::size_t body_bytes_max = 64u << 10;
};

// Why a request cannot be taken; the connection is closed after the answer.
struct ParseFault {
  unsigned status = 400;
  std::string code;
  std::string cause;
  std::string cure;
};

class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes bytes from the front of `input` until the request is complete, more are needed, or they are wrong.
  std::optional<ParseFault> put(std::string& input);
  bool done() const;
  // True from the first byte of a request on.
  bool started() const;
  // REQUIRES: done(). Afterwards the parser is ready for the next request of the connection.
  Request take();

 private:
  struct Impl;
  ParserLimits limits_;
  std::unique_ptr<Impl> impl_;
};

// For the client: a response whose body is handed out as it comes.
class ResponseParser {
 public:
  explicit ResponseParser(std::size_t body_bytes_max, bool answers_head = false);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // Errors: refused, when this is not HTTP or too large.
  Result<void> put(std::string& input);
  // The peer closed the connection. Errors: refused, when the response is incomplete.
  Result<void> put_end();
  bool head_done() const;
  bool done() const;
  // REQUIRES: head_done().
  Response head() const;
  // The part of the body that arrived since the last call.
  std::string take_body();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearsay::http
