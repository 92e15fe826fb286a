// Ctrl-C without ending the process at once: long commands end in order and show what they have.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>

namespace hearsay::cli {

// SIGINT and SIGTERM as a descriptor, so that waiting can be interrupted without a race. Whoever read what we print
// and went (`hearsay monitor | head`) is an interrupt, too: on a quiet cluster no write would find it out.
class Interrupts {
 public:
  Interrupts() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, &before_);
    signals_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    fd_ = ::epoll_create1(EPOLL_CLOEXEC);
    add(signals_, EPOLLIN);
    add(STDOUT_FILENO, 0);  // an error or hang-up is told without asking; a file refuses, it has no reader
  }
  ~Interrupts() {
    signalfd_siginfo info;
    // What has been handled must not end the process once it is unblocked.
    while (::read(signals_, &info, sizeof info) > 0) {
    }
    ::close(fd_);
    ::close(signals_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  int fd() const { return fd_; }
  // True: interrupted within this time.
  bool wait(int ms) const {
    pollfd fd{fd_, POLLIN, 0};
    return ::poll(&fd, 1, ms) > 0;
  }

 private:
  void add(int fd, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    ::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event);
  }

  int signals_ = -1;
  int fd_ = -1;
  sigset_t before_{};
};

}  // namespace hearsay::cli
