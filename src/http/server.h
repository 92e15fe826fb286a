// A small HTTP/1.1 server on an Asio event loop: TCP and Unix sockets, keep-alive, server-sent events.
//
// Everything a client can make it hold is bounded: connections, header and body bytes, the time a request may
// take to arrive, the time an answer may take to leave, the events that wait for a slow reader. What goes over
// a bound is refused or dropped, counted, and the client is told where it can still hear it.
//
// One thread: all functions and callbacks belong to the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hearsay/address.h"
#include "hearsay/result.h"
#include "http/message.h"
#include "http/parser.h"

namespace boost::asio {
class io_context;
}

namespace hearsay::http {

struct ServerOptions {
  ParserLimits limits;
  // The whole request must arrive within this time of its first byte.
  std::chrono::milliseconds request_timeout{10'000};
  // A connection without a request is closed after this.
  std::chrono::milliseconds idle_timeout{60'000};
  // The whole answer, or the next few events of a stream, must be taken within this time.
  std::chrono::milliseconds write_timeout{30'000};
  // Event streams send a comment after this much silence, so that both sides notice a dead connection.
  std::chrono::milliseconds heartbeat{15'000};
  std::size_t connections_max = 256;
  std::size_t streams_max = 64;
  std::size_t stream_queue_bytes = 256u << 10;
  // Host names under which this server is known, beside IP literals and localhost.
  std::vector<std::string> names;
};

struct ServerCounters {
  std::uint64_t connections = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_refused = 0;  // over connections_max
  std::uint64_t accept_errors = 0;        // times that no connection could be accepted
  std::uint64_t requests = 0;
  std::uint64_t requests_refused = 0;  // malformed, too large or foreign
  std::uint64_t timeouts = 0;          // clients too slow to ask or to listen
  std::uint64_t streams_open = 0;
  std::uint64_t events_dropped = 0;  // for readers that were too slow
};

class Connection;

// An open stream of server-sent events. Closes when the last reference goes or the client leaves.
class EventStream {
 public:
  explicit EventStream(std::weak_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  // Sends one event; `data` must be one line. When the reader is too slow the event is dropped, counted, and
  // once there is room again an event "dropped" {"dropped":n} says how many are missing.
  void send(std::string_view event, std::string_view data);
  bool open() const;

 private:
  std::weak_ptr<Connection> connection_;
};

// The chance to answer one request, once. When the last reference goes unanswered, the client gets a 500.
class Exchange {
 public:
  explicit Exchange(std::weak_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void respond(Response response);
  // Answers with a stream of events instead. Null: too many are open (the client has been told), it is gone, or it
  // asked for the head alone.
  std::shared_ptr<EventStream> stream();

 private:
  std::weak_ptr<Connection> connection_;
  bool answered_ = false;
};

using Handler = std::function<void(const Request&, std::shared_ptr<Exchange>)>;

class Server {
 public:
  Server(boost::asio::io_context& loop, ServerOptions options, Handler handler);
  // Closes everything at once.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Errors: io, naming the address and the cure. Returns the bound address.
  Result<Address> listen(const Address& address);
  // A stale socket file (nobody listens on it) is replaced; a live one or another file is an error.
  Result<void> listen_unix(const std::string& path);

  // Takes no new connections, ends idle ones and streams, lets requests in progress finish for at most `grace`,
  // then calls `done` once.
  void stop(std::chrono::milliseconds grace, std::function<void()> done);
  const ServerCounters& counters() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace hearsay::http
