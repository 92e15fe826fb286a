#include "net/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace hearsay::net {

Stream::Stream(asio::io_context& loop, StreamOwner& owner, StreamId id, Address peer, Duration close_max,
               std::span<std::uint8_t> read_buffer)
    : loop_(loop),
      owner_(&owner),
      id_(id),
      peer_(peer),
      close_max_(close_max),
      read_buffer_(read_buffer),
      socket_(loop),
      timer_(loop) {}

void Stream::adopt(Fd fd) {
  // Requests and answers are written whole; waiting for more would only delay them.
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  boost::system::error_code error;
  socket_.assign(fd.get(), error);
  if (!error) fd.release();
}

void Stream::connect(const Address& own, const Family& family, Duration within) {
  Fd fd(::socket(family.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail_soon("no socket: " + system_message(errno));
  if (own.valid() && !own.is_unspecified()) {
    // The port is chosen at connect, so that it needs to be unique per peer only.
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    Address source = own;
    source.port = 0;
    const SystemAddress from = to_system(source, family);
    if (from.bytes == 0 || ::bind(fd.get(), from.get(), from.bytes) != 0) {
      return fail_soon("cannot dial from " + ip_to_string(own) + ": " + system_message(errno));
    }
  }
  const SystemAddress to = to_system(peer_, family);
  if (to.bytes == 0) return fail_soon("an IPv4 socket reaches no IPv6 address");
  const int result = ::connect(fd.get(), to.get(), to.bytes);
  if (result != 0 && errno != EINPROGRESS) return fail_soon(system_message(errno));
  adopt(std::move(fd));
  if (!socket_.is_open()) return fail_soon("the event loop takes no more sockets");

  timer_.expires_after(std::max(within, Duration::zero()));
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->state_ != State::connecting) return;
    self->fail_soon("no answer in time");
  });
  socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error && self->state_ == State::connecting) self->finish_connect();
                     });
}

void Stream::finish_connect() {
  int error = 0;
  socklen_t bytes = sizeof error;
  ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &bytes);
  if (error != 0) return fail_soon(system_message(error));
  timer_.cancel();
  state_ = State::open;
  wait_readable();
  if (owner_ != nullptr) owner_->on_opened(*this);
}

// Told in a turn of its own, because the owner may be in the middle of asking for this very stream.
void Stream::fail_soon(std::string why) {
  shut();
  asio::post(loop_, [self = shared_from_this(), why = std::move(why)]() mutable {
    if (self->owner_ != nullptr) self->owner_->on_failed(*self, std::move(why));
  });
}

void Stream::accept(Fd fd) {
  adopt(std::move(fd));
  state_ = State::open;
  wait_readable();  // which also finds out when the loop took no more sockets
}

void Stream::wait_readable() {
  if (waits_readable_ || (state_ != State::open && state_ != State::draining)) return;
  waits_readable_ = true;
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waits_readable_ = false;
                       if (error == asio::error::operation_aborted || self->state_ == State::gone) return;
                       if (error) return self->end_by_peer(error.message());
                       self->read_available();
                       self->wait_readable();
                     });
}

void Stream::read_available() {
  const auto self = shared_from_this();  // the owner may let go of us meanwhile
  for (std::size_t reads = 0; reads < kReadsPerWake; ++reads) {
    if (state_ != State::open && state_ != State::draining) return;
    const ssize_t got = ::recv(socket_.native_handle(), read_buffer_.data(), read_buffer_.size(), MSG_DONTWAIT);
    if (got == 0) return end_by_peer({});
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return end_by_peer(system_message(errno));
      return broken_.empty() ? void() : end_by_peer(broken_);
    }
    const auto bytes = static_cast<std::size_t>(got);
    if (state_ == State::draining) {
      discarded_ += bytes;
      if (discarded_ > kDiscardMax) return end_by_peer("talks on");
    } else if (owner_ != nullptr) {
      owner_->on_data(*this, {read_buffer_.data(), bytes});
    }
    if (bytes < read_buffer_.size()) return;
  }
}

bool Stream::write(ByteView bytes, std::size_t queue_bytes_max) {
  if (state_ != State::open) return true;
  if (queue_.size() - pushed_ + bytes.size() > queue_bytes_max) {
    abort();
    asio::post(loop_, [self = shared_from_this()] {
      if (self->owner_ != nullptr) self->owner_->on_closed(*self, "the peer takes too few bytes");
    });
    return false;
  }
  queue_.insert(queue_.end(), bytes.begin(), bytes.end());
  if (waits_writable_) return true;
  if (!push()) {
    // Reading finds out what happened, and hands over what the peer said before it went.
    asio::post(loop_, [self = shared_from_this()] { self->read_available(); });
  } else if (pushed_ < queue_.size()) {
    wait_writable();
  } else if (!writable_requested_) {
    writable_requested_ = true;
    asio::post(loop_, [self = shared_from_this()] {
      self->writable_requested_ = false;
      if (self->state_ == State::open && self->queue_.empty() && self->owner_ != nullptr) {
        self->owner_->on_writable(*self);
      }
    });
  }
  return true;
}

bool Stream::push() {
  while (pushed_ < queue_.size() && broken_.empty()) {
    const ssize_t done = ::send(socket_.native_handle(), queue_.data() + pushed_, queue_.size() - pushed_,
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done >= 0) {
      pushed_ += static_cast<std::size_t>(done);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    } else if (errno != EINTR) {
      broken_ = system_message(errno);
    }
  }
  queue_ = Bytes{};
  pushed_ = 0;
  return broken_.empty();
}

void Stream::wait_writable() {
  waits_writable_ = true;
  socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waits_writable_ = false;
                       if (error || (self->state_ != State::open && self->state_ != State::flushing)) return;
                       self->on_write_ready();
                     });
}

void Stream::on_write_ready() {
  if (!push()) return state_ == State::open ? read_available() : end_by_peer(broken_);
  if (!queue_.empty()) return wait_writable();
  if (state_ == State::flushing) return start_draining();
  if (owner_ != nullptr) owner_->on_writable(*this);
}

void Stream::close() {
  if (state_ == State::connecting) return abort();
  if (state_ != State::open) return;
  if (!broken_.empty()) return abort();
  begin_closing();
  if (queue_.empty()) start_draining();
}

void Stream::start_draining() {
  state_ = State::draining;
  ::shutdown(socket_.native_handle(), SHUT_WR);
  wait_readable();
}

void Stream::begin_closing() {
  state_ = State::flushing;
  timer_.expires_after(close_max_);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || (self->state_ != State::flushing && self->state_ != State::draining)) return;
    // Only bytes that nobody took make it a stall; a peer that keeps its side open has all of ours.
    const bool stalled = self->state_ == State::flushing;
    if (stalled) {
      self->abort();
    } else {
      self->shut();
    }
    if (self->owner_ != nullptr) self->owner_->on_gone(*self, stalled);
  });
}

// The peer closed, reset or broke the connection.
void Stream::end_by_peer(std::string why) {
  const State before = state_;
  if (before == State::gone) return;
  if (before == State::open && why.empty() && !queue_.empty()) {
    // The peer has nothing more to say, but it may still listen: it gets what the node wrote.
    begin_closing();
  } else {
    shut();
  }
  if (owner_ == nullptr) return;
  if (before == State::open) {
    owner_->on_closed(*this, std::move(why));
  } else {
    owner_->on_gone(*this, false);
  }
}

void Stream::abort() {
  if (socket_.is_open()) reset_on_close(socket_.native_handle());
  shut();
}

void Stream::disown() {
  owner_ = nullptr;
  abort();
}

void Stream::shut() {
  state_ = State::gone;
  boost::system::error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  queue_ = Bytes{};
  pushed_ = 0;
}

}  // namespace hearsay::net
