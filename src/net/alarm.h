// Wakes a loop at a time of the core's steady clock.
//
// Asio's timers run on a clock that stands still while the machine is suspended; this one goes on (a timerfd on
// CLOCK_BOOTTIME), so that a deadline that passed meanwhile is told at once after the machine wakes up.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "hearsay/time.h"
#include "net/socket.h"

namespace hearsay::net {

namespace asio = boost::asio;

// Belongs to the thread of its loop. Lives until its last handler has run; close() ends its calls at once.
class Alarm : public std::enable_shared_from_this<Alarm> {
 public:
  // Throws boost::system::system_error when there is no descriptor for it.
  Alarm(asio::io_context& loop, std::function<void()> ring);
  void start();
  // Rings once, at this time or as soon as it has passed. It may ring early when it was set to an earlier time
  // before: setting it later is free, the ringer looks at the clock anyway.
  void set(Time at);
  void close();

 private:
  void wait();

  asio::posix::stream_descriptor timer_;
  std::function<void()> ring_;
  Time set_to_ = kNever;
  bool closed_ = false;
};

}  // namespace hearsay::net
