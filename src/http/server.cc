#include "http/server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>

#include "http/connection.h"

namespace hearsay::http {
namespace asio = boost::asio;
using boost::system::error_code;

struct Server::State::Listener {
  explicit Listener(asio::io_context& loop) : tcp(loop), local(loop), retry(loop) {}
  asio::ip::tcp::acceptor tcp;
  asio::local::stream_protocol::acceptor local;
  asio::steady_timer retry;
  std::string path;  // of a Unix socket
};

EventStream::~EventStream() {
  if (const auto connection = connection_.lock()) connection->end_stream();
}

void EventStream::send(std::string_view event, std::string_view data) {
  if (const auto connection = connection_.lock()) connection->send_event(event, data);
}

bool EventStream::open() const {
  const auto connection = connection_.lock();
  return connection && connection->streaming();
}

Exchange::~Exchange() {
  if (answered_) return;
  respond(error_response(500, "internal", "the agent gave no answer", "look at the agent's log"));
}

void Exchange::respond(Response response) {
  if (answered_) return;
  answered_ = true;
  if (const auto connection = connection_.lock()) connection->respond(std::move(response));
}

std::shared_ptr<EventStream> Exchange::stream() {
  if (answered_) return nullptr;
  answered_ = true;
  const auto connection = connection_.lock();
  if (!connection || !connection->begin_stream()) return nullptr;
  return std::make_shared<EventStream>(connection);
}

void Server::State::accept(const std::shared_ptr<Listener>& listener) {
  const auto taken = [self = shared_from_this(), listener](const error_code& error, auto socket) {
    if (self->stopping || error == asio::error::operation_aborted) return;
    if (!error) {
      self->admit(asio::generic::stream_protocol::socket(std::move(socket)));
      return self->accept(listener);
    }
    // Out of descriptors or memory: the connection stays in the kernel's queue, so trying again at once would
    // spin.
    ++self->counters.accept_errors;
    listener->retry.expires_after(std::chrono::milliseconds(100));
    listener->retry.async_wait([self, listener](const error_code& cancelled) {
      if (!cancelled && !self->stopping) self->accept(listener);
    });
  };
  if (listener->path.empty()) {
    listener->tcp.async_accept(taken);
  } else {
    listener->local.async_accept(taken);
  }
}

void Server::State::admit(asio::generic::stream_protocol::socket socket) {
  if (counters.connections_open >= options.connections_max) {
    ++counters.connections_refused;
    const Response response = error_response(503, "too_many_connections", "too many connections are open",
                                             "close some, or ask again later");
    const std::string bytes = encode_head(response, response.body.size(), false) + response.body;
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(bytes), ignored);
    return;
  }
  ++counters.connections;
  ++counters.connections_open;
  const auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
  connections.insert(connection);
  connection->start();
}

void Server::State::close_listeners() {
  for (const auto& listener : listeners) {
    error_code ignored;
    listener->tcp.close(ignored);
    listener->local.close(ignored);
    listener->retry.cancel();
    if (!listener->path.empty()) ::unlink(listener->path.c_str());
  }
  listeners.clear();
}

void Server::State::maybe_stopped() {
  if (!stopping || !connections.empty() || !stopped) return;
  stop_timer.cancel();
  asio::post(loop, std::move(stopped));
  stopped = nullptr;
}

Server::Server(asio::io_context& loop, ServerOptions options, Handler handler)
    : state_(std::make_shared<State>(loop, std::move(options), std::move(handler))) {}

Server::~Server() {
  state_->stopping = true;
  state_->stopped = nullptr;
  state_->stop_timer.cancel();
  state_->close_listeners();
  const auto connections = state_->connections;
  for (const auto& connection : connections) connection->close();
  state_->handler = nullptr;
}

Result<Address> Server::listen(const Address& address) {
  const auto listener = std::make_shared<State::Listener>(state_->loop);
  asio::ip::tcp::endpoint endpoint;
  if (address.is_v4()) {
    asio::ip::address_v4::bytes_type bytes{};
    std::copy_n(address.ip.begin(), 4, bytes.begin());
    endpoint = {asio::ip::address_v4(bytes), address.port};
  } else {
    asio::ip::address_v6::bytes_type bytes{};
    std::copy_n(address.ip.begin(), 16, bytes.begin());
    endpoint = {asio::ip::address_v6(bytes, address.scope), address.port};
  }
  error_code error;
  listener->tcp.open(endpoint.protocol(), error);
  if (!error) listener->tcp.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && !address.is_v4()) listener->tcp.set_option(asio::ip::v6_only(true), error);
  if (!error) listener->tcp.bind(endpoint, error);
  if (!error) listener->tcp.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    std::string cure = "check the address and try again";
    if (error == asio::error::address_in_use) {
      cure = "another program has this port: choose another with --http, or find it with `ss -ltnp`";
    } else if (error.value() == EADDRNOTAVAIL) {
      cure = "this machine has no such address: `ip addr` lists those it has";
    } else if (error == asio::error::access_denied) {
      cure = "ports below 1024 need privileges: choose another with --http";
    }
    return fail(Errc::io, "cannot listen for HTTP on " + to_string(address) + ": " + error.message(), cure);
  }
  Address bound = address;
  bound.port = listener->tcp.local_endpoint(error).port();
  state_->listeners.push_back(listener);
  state_->accept(listener);
  return bound;
}

Result<void> Server::listen_unix(const std::string& path) {
  const std::string what = "cannot listen for HTTP on the Unix socket " + path + ": ";
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Errc::invalid_argument, what + "the path is too long",
                "use at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
  }
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return fail(Errc::io, what + "there is a file of that name", "choose another path, or remove the file");
    }
    asio::local::stream_protocol::socket probe(state_->loop);
    error_code error;
    probe.connect(asio::local::stream_protocol::endpoint(path), error);
    if (error != asio::error::connection_refused) {
      return fail(Errc::io, what + (error ? error.message() : "another program listens there"),
                  "stop the other program, or choose another path with --http-socket");
    }
    ::unlink(path.c_str());
  }
  const auto listener = std::make_shared<State::Listener>(state_->loop);
  listener->path = path;
  error_code error;
  listener->local.open(asio::local::stream_protocol(), error);
  // Only the owner may connect, from the first moment on: whoever can, controls the agent.
  const mode_t before = ::umask(0177);
  if (!error) listener->local.bind(asio::local::stream_protocol::endpoint(path), error);
  ::umask(before);
  if (!error) listener->local.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(Errc::io, what + error.message(), "check that the directory exists and can be written to");
  }
  state_->listeners.push_back(listener);
  state_->accept(listener);
  return {};
}

void Server::stop(std::chrono::milliseconds grace, std::function<void()> done) {
  state_->stopping = true;
  state_->stopped = std::move(done);
  state_->close_listeners();
  const auto connections = state_->connections;
  for (const auto& connection : connections) connection->wind_down();
  state_->stop_timer.expires_after(grace);
  state_->stop_timer.async_wait([state = state_](const error_code& cancelled) {
    if (cancelled) return;
    const auto rest = state->connections;
    for (const auto& connection : rest) connection->close();
  });
  state_->maybe_stopped();
}

const ServerCounters& Server::counters() const { return state_->counters; }

}  // namespace hearsay::http
