// One connection of the HTTP server. Private to src/http.
//
// A connection is in one of four modes: it reads a request, waits for its handler, writes the answer, or
// streams events. In each mode exactly one deadline runs.
#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <set>

#include "http/server.h"

namespace hearsay::http {

struct Server::State : std::enable_shared_from_this<Server::State> {
  State(boost::asio::io_context& the_loop, ServerOptions the_options, Handler the_handler)
      : loop(the_loop), options(std::move(the_options)), handler(std::move(the_handler)), stop_timer(the_loop) {}

  struct Listener;
  void accept(const std::shared_ptr<Listener>& listener);
  void admit(boost::asio::generic::stream_protocol::socket socket);
  void close_listeners();
  void maybe_stopped();

  boost::asio::io_context& loop;
  ServerOptions options;
  Handler handler;
  ServerCounters counters;
  std::vector<std::shared_ptr<Listener>> listeners;
  std::set<std::shared_ptr<Connection>> connections;
  boost::asio::steady_timer stop_timer;
  std::function<void()> stopped;
  bool stopping = false;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  Connection(std::shared_ptr<Server::State> server, Socket socket);

  void start();
  // For a stopping server: ends the connection unless a request is in progress.
  void wind_down();
  void close();

  void respond(Response response);
  bool begin_stream();
  void end_stream();
  void send_event(std::string_view event, std::string_view data);
  bool streaming() const { return mode_ == Mode::streaming; }

 private:
  enum class Mode { reading, handling, writing, streaming, closed };
  void read();
  void on_input(std::size_t bytes);
  void take_request();
  void refuse(const ParseFault& fault);
  void write(std::string bytes);
  void on_answered();
  void pump_events();
  void append_event(std::string_view text);
  void linger();
  void arm(std::chrono::milliseconds after);
  void on_deadline();

  std::shared_ptr<Server::State> server_;
  Socket socket_;
  boost::asio::steady_timer timer_;
  RequestParser parser_;
  Mode mode_ = Mode::reading;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool chunked_ = true;
  bool reading_ = false;
  bool writing_ = false;
  bool ending_ = false;     // a stream that closes once its queue is empty
  bool lingering_ = false;  // everything is said, we wait for the client to close
  std::size_t lingered_bytes_ = 0;
  std::uint64_t deadline_ = 0;  // tells the running deadline from cancelled ones
  std::array<char, 8192> chunk_{};
  std::string input_;
  std::string output_;
  std::deque<std::string> events_;
  std::size_t event_bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace hearsay::http
