// One TCP connection of a node: dialled or accepted, read as bytes come, written in order, closed after the last
// byte went out.
//
//   connecting -> open -> flushing -> draining -> gone
//
// "Flushing" and "draining" come after the node has closed: what it wrote is still handed to the system, then our
// side says that it is done and waits for the peer to say the same, discarding what it sends. Closing at once
// would reset the connection if the peer had sent more than we read, and the reset would overtake our answer.
// All of that has one deadline: a peer that takes our bytes one at a time must not hold a stream for hours.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "hearsay/bytes.h"
#include "hearsay/ids.h"
#include "hearsay/time.h"
#include "net/socket.h"

namespace hearsay::net {

namespace asio = boost::asio;

class Stream;

// Who is told. Nothing is called from within connect, write, close or abort.
class StreamOwner {
 public:
  virtual ~StreamOwner() = default;
  virtual void on_opened(Stream& stream) = 0;
  virtual void on_failed(Stream& stream, std::string why) = 0;
  virtual void on_data(Stream& stream, ByteView bytes) = 0;
  virtual void on_writable(Stream& stream) = 0;
  virtual void on_closed(Stream& stream, std::string why) = 0;
  // A stream that the owner had closed is gone; `stalled` if it was cut off.
  virtual void on_gone(Stream& stream, bool stalled) = 0;
};

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  static constexpr std::size_t kReadBytes = 64u << 10;  // the buffer that all streams of a pool read into
  static constexpr std::size_t kReadsPerWake = 8;       // then others get their turn
  static constexpr std::size_t kDiscardMax = 1u << 20;  // bytes of a peer that talks on after we closed

  enum class State : std::uint8_t { connecting, open, flushing, draining, gone };

  // `close_max`: from the node's close (or the peer's, when bytes still wait) until the stream is gone.
  Stream(asio::io_context& loop, StreamOwner& owner, StreamId id, Address peer, Duration close_max,
         std::span<std::uint8_t> read_buffer);

  // Dials from `own` (invalid: the system chooses) and says on_opened or, within `within`, on_failed.
  void connect(const Address& own, const Family& family, Duration within);
  // Takes an accepted connection. The owner says itself that it is open.
  void accept(Fd fd);
  // False: more than `queue_bytes_max` would wait; the connection was reset, which on_closed will say.
  bool write(ByteView bytes, std::size_t queue_bytes_max);
  void close();
  void abort();
  // Hands over what has arrived.
  void read_available();
  // No calls any more; the connection is reset.
  void disown();

  StreamId id() const { return id_; }
  const Address& peer() const { return peer_; }
  State state() const { return state_; }

 private:
  void adopt(Fd fd);
  void finish_connect();
  void fail_soon(std::string why);
  void wait_readable();
  void wait_writable();
  void on_write_ready();
  // Hands bytes to the system; false when the connection broke.
  bool push();
  void start_draining();
  void begin_closing();
  void end_by_peer(std::string why);
  void shut();

  asio::io_context& loop_;
  StreamOwner* owner_;
  const StreamId id_;
  const Address peer_;
  const Duration close_max_;
  std::span<std::uint8_t> read_buffer_;
  asio::posix::stream_descriptor socket_;
  asio::steady_timer timer_;
  State state_ = State::connecting;
  Bytes queue_;
  std::size_t pushed_ = 0;  // of the queue
  std::size_t discarded_ = 0;
  bool waits_writable_ = false;
  bool waits_readable_ = false;
  bool writable_requested_ = false;
  std::string broken_;  // a write failed: why
};

}  // namespace hearsay::net
