// The listener of a pool, and the streams of one node.
//
// As with datagrams, many nodes can share one listener: the local address of an accepted connection says which
// node it is for. A node's inbound streams are capped; what comes over the cap waits, first come first served, and
// is reset only when too many wait: where hundreds join one node at once, all of them get their turn. When the
// system runs out of descriptors, accepting pauses (5 ms, doubling to 1 s).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hearsay/action.h"
#include "hearsay/node.h"
#include "hearsay/socket_counters.h"
#include "net/backoff.h"
#include "net/socket.h"
#include "net/stream.h"

namespace hearsay::net {

class AcceptHandler {
 public:
  virtual ~AcceptHandler() = default;
  // `local` is the address that was dialled.
  virtual void on_accept(Fd fd, const Address& local, const Address& peer) = 0;
  // Accepting failed, for the first time since it last worked; it will be tried again.
  virtual void on_accept_error(const std::string& why) = 0;
};

// Belongs to the thread of its loop. Lives until its last handler has run; close() ends its calls at once.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  static constexpr std::size_t kAcceptsPerWake = 64;

  // Takes a socket made by open_listener.
  Listener(asio::io_context& loop, Fd fd, AcceptHandler& handler, SocketCounters& counters);
  void start();
  // Accepts what is waiting, at most kAcceptsPerWake.
  void drain();
  void close();

 private:
  void wait();

  asio::posix::stream_descriptor socket_;
  asio::steady_timer pause_;
  AcceptHandler* handler_;
  SocketCounters& counters_;
  Backoff backoff_;
  bool failing_ = false;
  bool closed_ = false;
};

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // Never called from within a function of Streams but drain().
  virtual void on_stream(const StreamInput& input) = 0;
};

struct StreamLimits {
  std::size_t inbound_max = 128;            // at once; streams that the node has closed count until they are gone
  std::size_t queue_bytes_max = 20u << 20;  // written, not yet taken by the system; beyond it a stream is reset
  Duration close_max =
      std::chrono::seconds(10);   // after a close: to deliver what is left, and for the peer to close
  std::size_t waiting_max = 512;  // accepted, not yet told to the node; each costs a descriptor
};

// Belongs to the thread of its loop. Destroying it resets all streams and ends its calls at once.
class Streams final : StreamOwner {
 public:
  // `own`: the address to dial from; invalid when the system shall choose. `read_buffer` may be shared by
  // everybody on this loop.
  Streams(asio::io_context& loop, const Address& own, const Family& family, StreamLimits limits,
          StreamHandler& handler, SocketCounters& counters, std::span<std::uint8_t> read_buffer);
  ~Streams() override;
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  void open(StreamId id, const Address& to, Duration within);
  void write(StreamId id, ByteView bytes);
  void close(StreamId id, bool abort);
  // False: too many wait; the connection was reset.
  bool accept(Fd fd, const Address& peer);
  // Hands over what has arrived on all streams.
  void drain();

  std::size_t count() const { return streams_.size() + closing_.size(); }

 private:
  StreamOwner& owner() { return *this; }
  void on_opened(Stream& stream) override;
  void on_failed(Stream& stream, std::string why) override;
  void on_data(Stream& stream, ByteView bytes) override;
  void on_writable(Stream& stream) override;
  void on_closed(Stream& stream, std::string why) override;
  void on_gone(Stream& stream, bool stalled) override;
  std::shared_ptr<Stream> take(StreamId id);
  void keep_closing(std::shared_ptr<Stream> stream);
  void admit(Fd fd, const Address& peer);
  void release_inbound();

  using Table = std::map<std::uint64_t, std::shared_ptr<Stream>>;
  asio::io_context& loop_;
  const Address own_;
  const Family family_;
  const StreamLimits limits_;
  StreamHandler& handler_;
  SocketCounters& counters_;
  std::span<std::uint8_t> read_buffer_;
  Table streams_;  // those that the node knows
  Table closing_;  // those that it has closed and that still have bytes to deliver
  std::size_t inbound_ = 0;
  std::uint64_t next_inbound_ = 1;
  struct Waiting {
    Fd fd;
    Address peer;
  };
  std::deque<Waiting> waiting_;
  bool admission_requested_ = false;
  const std::shared_ptr<Streams*> self_;  // gone with us: for handlers that come later
};

}  // namespace hearsay::net
