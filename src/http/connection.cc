#include "http/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "http/admission.h"

namespace hearsay::http {
namespace asio = boost::asio;

namespace {

std::string hex(std::size_t value) {
  std::string out;
  do {
    out.insert(out.begin(), "0123456789abcdef"[value & 15]);
    value >>= 4;
  } while (value != 0);
  return out;
}

constexpr std::size_t kLingerBytesMax = 1u << 20;
constexpr std::chrono::milliseconds kLinger{2000};

}  // namespace

Connection::Connection(std::shared_ptr<Server::State> server, Socket socket)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      timer_(server_->loop),
      parser_(server_->options.limits) {}

void Connection::start() {
  arm(server_->options.idle_timeout);
  read();
}

void Connection::arm(std::chrono::milliseconds after) {
  const std::uint64_t mine = ++deadline_;
  timer_.expires_after(after);
  timer_.async_wait([self = shared_from_this(), mine](const boost::system::error_code& error) {
    if (!error && mine == self->deadline_) self->on_deadline();
  });
}

void Connection::on_deadline() {
  if (mode_ == Mode::streaming && !writing_ && !ending_) {
    append_event(": still here\n\n");
    pump_events();
    return;
  }
  if (lingering_) return close();
  if (mode_ == Mode::reading && !parser_.started()) return close();
  ++server_->counters.timeouts;
  if (mode_ == Mode::reading) {
    refuse({408, "timed_out", "the request did not arrive in time", "send it in one go"});
    return;
  }
  close();
}

void Connection::close() {
  if (mode_ == Mode::closed) return;
  if (mode_ == Mode::streaming) --server_->counters.streams_open;
  mode_ = Mode::closed;
  ++deadline_;
  timer_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  --server_->counters.connections_open;
  const auto self = shared_from_this();
  server_->connections.erase(self);
  server_->maybe_stopped();
}

void Connection::wind_down() {
  if (lingering_) return close();
  if (mode_ == Mode::streaming) {
    send_event("bye", R"({"reason":"the agent stops"})");
    end_stream();
  } else if (mode_ == Mode::reading) {
    close();
  } else {
    keep_alive_ = false;
  }
}

void Connection::read() {
  if (reading_) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(chunk_),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                            self->reading_ = false;
                            if (self->mode_ == Mode::closed) return;
                            if (error) return self->close();
                            self->on_input(bytes);
                          });
}

void Connection::on_input(std::size_t bytes) {
  if (mode_ != Mode::reading) {  // after a refusal or in a stream nothing counts but the client's farewell
    lingered_bytes_ += bytes;
    if (lingered_bytes_ > kLingerBytesMax) return close();
    return read();
  }
  input_.append(chunk_.data(), bytes);
  take_request();
}

void Connection::take_request() {
  const bool fresh = !parser_.started();
  if (const auto fault = parser_.put(input_)) return refuse(*fault);
  if (!parser_.done()) {
    if (fresh && parser_.started()) arm(server_->options.request_timeout);
    return read();
  }
  Request request = parser_.take();
  ++server_->counters.requests;
  mode_ = Mode::handling;
  ++deadline_;  // the handler has deadlines of its own
  timer_.cancel();
  keep_alive_ = request.keep_alive && !server_->stopping;
  head_only_ = request.method == "HEAD";
  chunked_ = !request.http_1_0;

  std::optional<Response> refusal = refuse_foreign(request, server_->options.names);
  if (!refusal && !split_target(request.target, request.path, request.query)) {
    refusal = error_response(400, "bad_request", "the request's target is not a valid path",
                             "ask for a path such as /v1/members");
  }
  if (!refusal && request.field("expect")) {
    refusal = error_response(417, "expectation_failed", "this server fulfils no expectations",
                             "send the request without an Expect field");
  }
  if (refusal) {
    ++server_->counters.requests_refused;
    keep_alive_ = false;
    return respond(std::move(*refusal));
  }
  auto exchange = std::make_shared<Exchange>(weak_from_this());
  if (head_only_) request.method = "GET";
  server_->handler(request, std::move(exchange));
}

void Connection::refuse(const ParseFault& fault) {
  ++server_->counters.requests_refused;
  keep_alive_ = false;
  mode_ = Mode::handling;
  respond(error_response(fault.status, fault.code, fault.cause, fault.cure));
}

void Connection::respond(Response response) {
  if (mode_ != Mode::handling) return;
  mode_ = Mode::writing;
  keep_alive_ = keep_alive_ && !server_->stopping;
  std::string bytes = encode_head(response, response.body.size(), keep_alive_);
  if (!head_only_) bytes += response.body;
  write(std::move(bytes));
}

void Connection::write(std::string bytes) {
  output_ = std::move(bytes);
  writing_ = true;
  arm(server_->options.write_timeout);
  asio::async_write(socket_, asio::buffer(output_),
                    [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                      self->writing_ = false;
                      if (self->mode_ == Mode::closed) return;
                      if (error) return self->close();
                      if (self->mode_ == Mode::streaming) return self->pump_events();
                      self->on_answered();
                    });
}

void Connection::on_answered() {
  if (!keep_alive_) return linger();
  mode_ = Mode::reading;
  arm(server_->options.idle_timeout);
  // What was sent ahead (pipelining) is answered one by one, through the loop so that others get their turn.
  if (input_.empty()) return read();
  asio::post(server_->loop, [self = shared_from_this()] {
    if (self->mode_ == Mode::reading) self->take_request();
  });
}

// Closing at once would make the kernel reset the connection if unread input is left, and the client might
// never see our answer.
void Connection::linger() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  lingering_ = true;
  if (server_->stopping) return close();
  arm(kLinger);
  read();
}

bool Connection::begin_stream() {
  if (mode_ != Mode::handling) return false;
  if (server_->stopping || server_->counters.streams_open >= server_->options.streams_max) {
    respond(
        error_response(503, "too_many_streams", "too many event streams are open", "close another monitor first"));
    return false;
  }
  Response response;
  response.type = "text/event-stream";
  if (chunked_) response.fields.emplace_back("Transfer-Encoding", "chunked");
  keep_alive_ = false;
  if (head_only_) {
    mode_ = Mode::writing;
    write(encode_head(response, std::nullopt, false));
    return false;
  }
  mode_ = Mode::streaming;
  ++server_->counters.streams_open;
  write(encode_head(response, std::nullopt, false));
  read();
  return true;
}

void Connection::send_event(std::string_view event, std::string_view data) {
  if (mode_ != Mode::streaming || ending_) return;
  std::string text;
  text.reserve(event.size() + data.size() + 16);
  text.append("event: ").append(event).append("\ndata: ").append(data).append("\n\n");
  if (event_bytes_ + text.size() > server_->options.stream_queue_bytes) {
    ++dropped_;
    ++server_->counters.events_dropped;
    return;
  }
  if (dropped_ != 0) {
    append_event("event: dropped\ndata: {\"dropped\":" + std::to_string(dropped_) + "}\n\n");
    dropped_ = 0;
  }
  append_event(text);
  pump_events();
}

void Connection::append_event(std::string_view text) {
  std::string framed = chunked_ ? hex(text.size()) + "\r\n" : std::string();
  framed += text;
  if (chunked_) framed += "\r\n";
  event_bytes_ += framed.size();
  events_.push_back(std::move(framed));
}

void Connection::pump_events() {
  if (writing_) return;
  if (events_.empty() && dropped_ != 0) {
    const auto missing = dropped_;
    dropped_ = 0;
    append_event("event: dropped\ndata: {\"dropped\":" + std::to_string(missing) + "}\n\n");
  }
  if (!events_.empty()) {
    std::string bytes;
    while (!events_.empty() && bytes.size() < (16u << 10)) {
      bytes += events_.front();
      event_bytes_ -= events_.front().size();
      events_.pop_front();
    }
    return write(std::move(bytes));
  }
  if (ending_ && chunked_) {
    chunked_ = false;  // the last chunk
    return write("0\r\n\r\n");
  }
  if (ending_) return linger();
  arm(server_->options.heartbeat);
}

void Connection::end_stream() {
  if (mode_ != Mode::streaming || ending_) return;
  ending_ = true;
  pump_events();
}

}  // namespace hearsay::http
