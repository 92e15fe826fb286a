// One UDP socket, read and written in batches, shared by any number of nodes.
//
// System calls cost more than what is done with a packet, so one call takes up to 64 datagrams and one sends as
// many. That pays only where nodes share a socket: many nodes of one process sit on addresses of their own
// (127.x.y.z, or any address routed to this machine) behind one socket on 0.0.0.0. Which node a datagram is for
// is read from IP_PKTINFO, and the sender's address is set the same way.
//
// Asio waits for readiness, nothing else. Sending only queues; the queue goes out at the end of the wake-up in
// which it was filled, or when it is full, and what the system refused is reported afterwards, never from within
// send().
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "hearsay/bytes.h"
#include "hearsay/socket_counters.h"
#include "net/backoff.h"
#include "net/socket.h"

namespace hearsay::net {

namespace asio = boost::asio;

class DatagramHandler {
 public:
  virtual ~DatagramHandler() = default;
  // `to` has no port; it is invalid when the system did not say. The bytes are valid during the call.
  virtual void on_datagram(const Address& to, const Address& from, ByteView bytes) = 0;
  virtual void on_send_failed(const Address& from, const Address& to) = 0;
};

// Belongs to the thread of its loop. Lives until its last handler has run; close() ends its calls at once.
class Udp : public std::enable_shared_from_this<Udp> {
 public:
  static constexpr std::size_t kBatch = 64;
  // No UDP payload is larger.
  static constexpr std::size_t kDatagramBytesMax = 65536;
  // Datagrams taken per wake-up before the loop may do other things.
  static constexpr std::size_t kWakeMax = 1024;
  // As many of the smallest datagrams as a receive buffer of 2 MiB can hold, and some more: drained to this bound,
  // everything that arrived during a pause has been heard.
  static constexpr std::size_t kDrainMax = 8192;

  // Takes a socket made by open_udp.
  Udp(asio::io_context& loop, Fd fd, const Address& bind, DatagramHandler& handler, SocketCounters& counters,
      std::size_t datagram_bytes_max = kDatagramBytesMax);
  ~Udp();

  void start();
  // Hands over what has arrived, at most `datagrams_max` (rounded up to a batch), then sends what that caused.
  // Says how many there were.
  std::size_t drain(std::size_t datagrams_max);
  // Queues a copy. `from` invalid: the system chooses the sender's address.
  void send(const Address& from, const Address& to, ByteView bytes);
  void close();

 private:
  struct Incoming;
  struct Outgoing;
  void wait();
  void wait_after_error();
  bool receive_batch(std::size_t& taken);
  void request_flush();
  void flush();
  void transmit();

  asio::io_context& loop_;
  asio::posix::stream_descriptor socket_;
  asio::steady_timer pause_;
  Family family_;
  DatagramHandler* handler_;
  SocketCounters& counters_;
  Backoff backoff_;
  std::unique_ptr<Incoming> in_;
  std::unique_ptr<Outgoing> out_;
  bool draining_ = false;
  bool flush_requested_ = false;
  bool closed_ = false;
};

}  // namespace hearsay::net
