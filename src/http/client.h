// A blocking HTTP/1.1 client with deadlines, for the command line: one connection per call, TCP or Unix socket.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "hearsay/result.h"
#include "http/message.h"

namespace hearsay::http {

// Where a server listens: "HOST:PORT", "unix:PATH", or either after "http://".
struct Endpoint {
  std::string host;  // empty: a Unix socket
  std::uint16_t port = 0;
  std::string path;  // of the Unix socket
};
// Errors: invalid_argument.
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);
std::string to_string(const Endpoint& endpoint);

struct Call {
  std::string method = "GET";
  std::string target = "/";
  std::string body;  // sent as application/json when not empty
  std::chrono::milliseconds timeout{10'000};
};

inline constexpr std::size_t kAnswerBytesMax = 64u << 20;

class Client {
 public:
  explicit Client(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  // Any status is a success here. Errors: unreachable (nobody listens), timed_out, refused (not HTTP), io.
  Result<Response> call(const Call& call) const;

  // One server-sent event; comments are left out.
  struct Event {
    std::string name;
    std::string data;
  };
  // Reads a stream of events until `on_event` says false (a success), `cancel_fd` becomes readable (a success),
  // or the stream ends (an error: unreachable, timed_out when nothing came for `silence_max`, or the server's
  // own error as its Response in `refused`). `on_open` is called once when the stream has begun.
  Result<void> events(const std::string& target, std::chrono::milliseconds connect_timeout,
                      std::chrono::milliseconds silence_max, int cancel_fd, const std::function<void()>& on_open,
                      const std::function<bool(const Event&)>& on_event) const;

 private:
  Endpoint endpoint_;
};

// Takes bytes of an event stream and yields whole events; lines over 1 MiB are dropped.
class EventReader {
 public:
  void put(std::string_view bytes, const std::function<bool(const Client::Event&)>& on_event);
  bool stopped() const { return stopped_; }

 private:
  void on_line(std::string_view line, const std::function<bool(const Client::Event&)>& on_event);
  std::string rest_;
  Client::Event event_;
  bool stopped_ = false;
};

// The error that a response with a status of 400 and more carries.
Error error_of(const Response& response);

}  // namespace hearsay::http
