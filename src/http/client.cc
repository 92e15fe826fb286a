#include "http/client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/value.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "hearsay/address.h"
#include "http/json.h"
#include "http/parser.h"

namespace hearsay::http {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

enum class Ready { yes, no, cancelled };

// Waits until the descriptor is ready, the deadline passed, or `cancel_fd` (-1: none) became readable.
Ready wait(int fd, short events, Clock::time_point deadline, int cancel_fd) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return Ready::no;
    pollfd fds[2] = {{fd, events, 0}, {cancel_fd, POLLIN, 0}};
    const int ready = ::poll(fds, 2, static_cast<int>(std::min<long long>(left, 1'000'000)));
    if (ready < 0 && errno != EINTR) return Ready::no;
    if (ready <= 0) continue;
    if (fds[1].revents != 0) return Ready::cancelled;
    if (fds[0].revents != 0) return Ready::yes;
  }
}

tl::unexpected<Error> unreachable(const Endpoint& endpoint, std::string_view why) {
  return fail(Errc::unreachable, "no agent answers at " + to_string(endpoint) + ": " + std::string(why));
}

Result<Descriptor> connect_one(const Endpoint& endpoint, int family, const sockaddr* address, socklen_t bytes,
                               Clock::time_point deadline, int cancel_fd) {
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return fail(Errc::io, std::string("cannot make a socket: ") + std::strerror(errno));
  if (::connect(socket.get(), address, bytes) == 0) return socket;
  if (errno != EINPROGRESS) return unreachable(endpoint, std::strerror(errno));
  switch (wait(socket.get(), POLLOUT, deadline, cancel_fd)) {
    case Ready::no:
      return fail(Errc::timed_out, "no agent answers at " + to_string(endpoint) + ": connecting took too long");
    case Ready::cancelled:
      return fail(Errc::timed_out, "interrupted");
    case Ready::yes:
      break;
  }
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return unreachable(endpoint, std::strerror(error));
  return socket;
}

Result<Descriptor> connect(const Endpoint& endpoint, Clock::time_point deadline, int cancel_fd) {
  if (endpoint.host.empty()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (endpoint.path.size() >= sizeof address.sun_path) {
      return fail(Errc::invalid_argument, "the path of the Unix socket is too long: " + endpoint.path);
    }
    std::memcpy(address.sun_path, endpoint.path.c_str(), endpoint.path.size() + 1);
    return connect_one(endpoint, AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline,
                       cancel_fd);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int code = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, &::freeaddrinfo);
  if (code != 0) return unreachable(endpoint, ::gai_strerror(code));
  Result<Descriptor> last = unreachable(endpoint, "the name has no address");
  for (const addrinfo* it = found.get(); it != nullptr; it = it->ai_next) {
    last = connect_one(endpoint, it->ai_family, it->ai_addr, it->ai_addrlen, deadline, cancel_fd);
    if (last) break;
  }
  return last;
}

Result<void> send_all(int fd, std::string_view bytes, Clock::time_point deadline, int cancel_fd) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    // The server may have answered and closed before it read everything: what it said counts.
    if (errno == EPIPE || errno == ECONNRESET) return {};
    if (errno != EAGAIN) return fail(Errc::io, std::string("cannot send: ") + std::strerror(errno));
    if (wait(fd, POLLOUT, deadline, cancel_fd) != Ready::yes) {
      return fail(Errc::timed_out, "the agent does not take the request");
    }
  }
  return {};
}

std::string encode(const Endpoint& endpoint, const Call& call, std::string_view accept) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  // A zone (fe80::1%eth0) means something on this machine only (RFC 6874).
  const std::string bare = endpoint.host.substr(0, endpoint.host.find('%'));
  std::string host = endpoint.host.empty() ? "localhost" : v6 ? "[" + bare + "]" : bare;
  if (!endpoint.host.empty()) host += ":" + std::to_string(endpoint.port);
  std::string bytes = call.method + " " + call.target + " HTTP/1.1\r\nHost: " + host + "\r\nAccept: ";
  bytes += accept;
  bytes += "\r\nUser-Agent: hearsay\r\nConnection: close\r\n";
  if (!call.body.empty()) bytes += "Content-Type: application/json\r\n";
  if (!call.body.empty() || call.method != "GET")
    bytes += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  return bytes + "\r\n" + call.body;
}

// Reads once. Yes: bytes were appended; no: an orderly end.
Result<bool> receive(int fd, std::string& input) {
  char chunk[16384];
  const ssize_t got = ::recv(fd, chunk, sizeof chunk, 0);
  if (got > 0) input.append(chunk, static_cast<std::size_t>(got));
  if (got < 0 && errno != EAGAIN && errno != EINTR) {
    return fail(Errc::unreachable, std::string("the connection to the agent broke: ") + std::strerror(errno));
  }
  return got != 0;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  static constexpr std::string_view kUnix = "unix:";
  static constexpr std::string_view kHttp = "http://";
  if (text.substr(0, kHttp.size()) == kHttp) {
    text.remove_prefix(kHttp.size());
    if (!text.empty() && text.back() == '/') text.remove_suffix(1);
  }
  Endpoint endpoint;
  if (text.substr(0, kUnix.size()) == kUnix) {
    endpoint.path = text.substr(kUnix.size());
    if (endpoint.path.empty())
      return fail(Errc::invalid_argument, "unix: is followed by no path", "write unix:/run/hearsay.sock");
    return endpoint;
  }
  auto split = split_host_port(text, default_port);
  if (!split) return tl::unexpected(split.error());
  if (split->host.empty()) split->host = "127.0.0.1";
  endpoint.host = std::move(split->host);
  endpoint.port = split->port;
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.host.empty()) return "unix:" + endpoint.path;
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Result<Response> Client::call(const Call& call) const {
  const auto deadline = Clock::now() + call.timeout;
  auto socket = connect(endpoint_, deadline, -1);
  if (!socket) return tl::unexpected(socket.error());
  if (auto sent = send_all(socket->get(), encode(endpoint_, call, "application/json"), deadline, -1); !sent) {
    return tl::unexpected(sent.error());
  }
  ResponseParser parser(kAnswerBytesMax, call.method == "HEAD");
  std::string input;
  std::string body;
  while (!parser.done()) {
    if (wait(socket->get(), POLLIN, deadline, -1) != Ready::yes) {
      return fail(Errc::timed_out,
                  "the agent at " + to_string(endpoint_) + " did not answer within " +
                      std::to_string(call.timeout.count()) + " ms",
                  "look whether it is busy or stopped: `ps`, its log");
    }
    const auto more = receive(socket->get(), input);
    if (!more) return tl::unexpected(more.error());
    if (auto put = *more ? parser.put(input) : parser.put_end(); !put) return tl::unexpected(put.error());
    body += parser.take_body();
  }
  Response response = parser.head();
  response.body = std::move(body);
  return response;
}

Result<void> Client::events(const std::string& target, std::chrono::milliseconds connect_timeout,
                            std::chrono::milliseconds silence_max, int cancel_fd,
                            const std::function<void()>& on_open,
                            const std::function<bool(const Event&)>& on_event) const {
  auto deadline = Clock::now() + connect_timeout;
  auto socket = connect(endpoint_, deadline, cancel_fd);
  if (!socket) return tl::unexpected(socket.error());
  const Call call{"GET", target, {}, connect_timeout};
  if (auto sent = send_all(socket->get(), encode(endpoint_, call, "text/event-stream"), deadline, cancel_fd);
      !sent) {
    return tl::unexpected(sent.error());
  }
  ResponseParser parser(0);
  EventReader reader;
  std::string input;
  std::string refusal;
  bool open = false;
  while (!parser.done()) {
    const Ready ready = wait(socket->get(), POLLIN, deadline, cancel_fd);
    if (ready == Ready::cancelled) return {};
    if (ready == Ready::no)
      return fail(Errc::timed_out, "the agent at " + to_string(endpoint_) + " has fallen silent");
    const auto more = receive(socket->get(), input);
    if (!more) return tl::unexpected(more.error());
    if (auto put = *more ? parser.put(input) : parser.put_end(); !put) return tl::unexpected(put.error());
    if (!parser.head_done()) continue;
    deadline = Clock::now() + silence_max;
    if (parser.head().status != 200) {
      refusal += parser.take_body();
      continue;
    }
    if (!open) on_open();
    open = true;
    reader.put(parser.take_body(), on_event);
    if (reader.stopped()) return {};
  }
  if (open) return fail(Errc::unreachable, "the agent at " + to_string(endpoint_) + " ended the stream");
  Response response = parser.head();
  response.body = std::move(refusal);
  return tl::unexpected(error_of(response));
}

void EventReader::put(std::string_view bytes, const std::function<bool(const Client::Event&)>& on_event) {
  static constexpr std::size_t kLineBytesMax = 1u << 20;
  rest_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos && !stopped_; end = rest_.find('\n', begin)) {
    std::string_view line(rest_.data() + begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    on_line(line, on_event);
    begin = end + 1;
  }
  rest_.erase(0, begin);
  if (rest_.size() > kLineBytesMax) rest_.clear();
}

void EventReader::on_line(std::string_view line, const std::function<bool(const Client::Event&)>& on_event) {
  if (line.empty()) {
    if (!event_.data.empty()) stopped_ = !on_event(event_);
    event_ = {};
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) return;
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "event") event_.name = value;
  if (name == "data") {
    if (!event_.data.empty()) event_.data += "\n";
    event_.data += value;
  }
}

Error error_of(const Response& response) {
  Error error{Errc::refused,
              "the agent answered " + std::to_string(response.status) + " " + reason_of(response.status),
              {}};
  const auto parsed = parse_json(response.body);
  if (!parsed || !parsed->is_object()) return error;
  const auto* inner = parsed->get_object().if_contains("error");
  if (inner == nullptr || !inner->is_object()) return error;
  const auto text = [&](const char* key) -> std::string {
    const auto* value = inner->get_object().if_contains(key);
    if (value == nullptr || !value->is_string()) return {};
    const auto& string = value->get_string();
    return {string.data(), string.size()};
  };
  if (auto cause = text("cause"); !cause.empty()) error.cause = std::move(cause);
  error.cure = text("cure");
  const std::string code = text("code");
  for (const Errc known :
       {Errc::invalid_argument, Errc::invalid_config, Errc::too_large, Errc::not_found, Errc::wrong_state,
        Errc::unreachable, Errc::refused, Errc::timed_out, Errc::io, Errc::defunct}) {
    if (code == name_of(known)) error.code = known;
  }
  return error;
}

}  // namespace hearsay::http
