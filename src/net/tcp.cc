#include "net/tcp.h"

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace hearsay::net {
namespace {

constexpr bool is_inbound(std::uint64_t id) { return id % 2 == 1; }

// Failures of a connection that is already gone, which accept reports as its own; the next one may be fine.
bool is_of_the_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

}  // namespace

// ---- Listener ----

Listener::Listener(asio::io_context& loop, Fd fd, AcceptHandler& handler, SocketCounters& counters)
    : socket_(loop, fd.release()), pause_(loop), handler_(&handler), counters_(counters) {}

void Listener::start() { wait(); }

void Listener::close() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  pause_.cancel();
}

void Listener::wait() {
  if (closed_) return;
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (self->closed_ || error == asio::error::operation_aborted) return;
                       self->drain();
                       if (!error && !self->failing_) return self->wait();
                       self->pause_.expires_after(self->backoff_.next());
                       self->pause_.async_wait([self](const boost::system::error_code&) { self->wait(); });
                     });
}

void Listener::drain() {
  failing_ = false;
  for (std::size_t i = 0; i < kAcceptsPerWake && !closed_; ++i) {
    sockaddr_storage from{};
    socklen_t bytes = sizeof from;
    Fd fd(::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&from), &bytes,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      backoff_.reset();
      const Address local = local_address(fd.get());
      handler_->on_accept(std::move(fd), local, from_system(from));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (is_of_the_connection(errno)) continue;
    ++counters_.accept_errors;
    failing_ = true;
    if (backoff_.is_fresh()) handler_->on_accept_error(system_message(errno));
    return;
  }
}

// ---- Streams ----

Streams::Streams(asio::io_context& loop, const Address& own, const Family& family, StreamLimits limits,
                 StreamHandler& handler, SocketCounters& counters, std::span<std::uint8_t> read_buffer)
    : loop_(loop),
      own_(own),
      family_(family),
      limits_(limits),
      handler_(handler),
      counters_(counters),
      read_buffer_(read_buffer),
      self_(std::make_shared<Streams*>(this)) {}

Streams::~Streams() {
  for (const auto& waiting : waiting_) reset_on_close(waiting.fd.get());
  for (auto* table : {&streams_, &closing_}) {
    for (auto& [id, stream] : *table) stream->disown();
  }
}

void Streams::open(StreamId id, const Address& to, Duration within) {
  CHECK(!is_inbound(id.value));
  auto stream = std::make_shared<Stream>(loop_, owner(), id, to, limits_.close_max, read_buffer_);
  CHECK(streams_.emplace(id.value, stream).second);
  stream->connect(own_, family_, within);
}

bool Streams::accept(Fd fd, const Address& peer) {
  if (inbound_ < limits_.inbound_max && waiting_.empty()) {
    admit(std::move(fd), peer);
    return true;
  }
  if (waiting_.size() >= limits_.waiting_max) {
    ++counters_.streams_refused;
    reset_on_close(fd.get());
    return false;
  }
  waiting_.push_back({std::move(fd), peer});
  return true;
}

void Streams::admit(Fd fd, const Address& peer) {
  ++inbound_;
  const StreamId id{std::exchange(next_inbound_, next_inbound_ + 2)};
  const auto stream = std::make_shared<Stream>(loop_, owner(), id, peer, limits_.close_max, read_buffer_);
  streams_.emplace(id.value, stream);
  stream->accept(std::move(fd));
  handler_.on_stream(StreamOpened{id, peer, true});
}

// A place is free. Who waits for it comes in a turn of its own, because the node may be in the middle of something.
void Streams::release_inbound() {
  --inbound_;
  if (waiting_.empty() || std::exchange(admission_requested_, true)) return;
  asio::post(loop_, [self = std::weak_ptr(self_)] {
    const auto alive = self.lock();
    if (alive == nullptr) return;
    Streams& streams = **alive;
    streams.admission_requested_ = false;
    while (alive.use_count() > 1 && !streams.waiting_.empty() && streams.inbound_ < streams.limits_.inbound_max) {
      Waiting next = std::move(streams.waiting_.front());
      streams.waiting_.pop_front();
      streams.admit(std::move(next.fd), next.peer);
    }
  });
}

void Streams::write(StreamId id, ByteView bytes) {
  const auto found = streams_.find(id.value);
  if (found == streams_.end()) return;
  if (!found->second->write(bytes, limits_.queue_bytes_max)) ++counters_.streams_stalled;
}

void Streams::close(StreamId id, bool abort) {
  const auto stream = take(id);
  if (stream == nullptr) return;
  if (abort) {
    stream->abort();
  } else {
    stream->close();
  }
  keep_closing(stream);
}

// A stream that the node knows no more lives on while it has something to deliver.
void Streams::keep_closing(std::shared_ptr<Stream> stream) {
  const std::uint64_t id = stream->id().value;
  if (stream->state() != Stream::State::gone && closing_.size() < limits_.inbound_max) {
    closing_.emplace(id, std::move(stream));
    return;
  }
  stream->disown();
  if (is_inbound(id)) release_inbound();
}

std::shared_ptr<Stream> Streams::take(StreamId id) {
  auto node = streams_.extract(id.value);
  return node.empty() ? nullptr : std::move(node.mapped());
}

void Streams::drain() {
  if (streams_.empty()) return;
  std::vector<std::shared_ptr<Stream>> present;
  present.reserve(streams_.size());
  for (const auto& [id, stream] : streams_) present.push_back(stream);
  for (const auto& stream : present) stream->read_available();
}

void Streams::on_opened(Stream& stream) { handler_.on_stream(StreamOpened{stream.id(), stream.peer(), false}); }

void Streams::on_failed(Stream& stream, std::string why) {
  if (take(stream.id()) != nullptr) handler_.on_stream(StreamFailed{stream.id(), std::move(why)});
}

void Streams::on_data(Stream& stream, ByteView bytes) { handler_.on_stream(StreamData{stream.id(), bytes}); }

void Streams::on_writable(Stream& stream) { handler_.on_stream(StreamWritable{stream.id()}); }

void Streams::on_closed(Stream& stream, std::string why) {
  auto known = take(stream.id());
  if (known == nullptr) return;
  keep_closing(std::move(known));
  handler_.on_stream(StreamClosed{stream.id(), std::move(why)});
}

void Streams::on_gone(Stream& stream, bool stalled) {
  if (stalled) ++counters_.streams_stalled;
  if (closing_.erase(stream.id().value) != 0 && is_inbound(stream.id().value)) release_inbound();
}

}  // namespace hearsay::net
