#include "net/alarm.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

namespace hearsay::net {
namespace {

int open_timer() {
  const int fd = ::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) throw boost::system::system_error(errno, boost::system::system_category(), "timerfd");
  return fd;
}

}  // namespace

Alarm::Alarm(asio::io_context& loop, std::function<void()> ring)
    : timer_(loop, open_timer()), ring_(std::move(ring)) {}

void Alarm::start() { wait(); }

void Alarm::set(Time at) {
  if (closed_ || at >= set_to_) return;
  set_to_ = at;
  // Zero would disarm it.
  const auto since_boot = std::max(at.time_since_epoch(), Duration(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  itimerspec spec{};
  spec.it_value.tv_sec = seconds.count();
  spec.it_value.tv_nsec = (since_boot - seconds).count();
  ::timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void Alarm::close() {
  closed_ = true;
  boost::system::error_code ignored;
  timer_.close(ignored);
}

void Alarm::wait() {
  if (closed_) return;
  timer_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& error) {
                      if (self->closed_ || error) return;
                      std::uint64_t times = 0;
                      if (::read(self->timer_.native_handle(), &times, sizeof times) > 0) {
                        self->set_to_ = kNever;
                        self->ring_();
                      }
                      self->wait();
                    });
}

}  // namespace hearsay::net
