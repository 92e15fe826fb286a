// Ctrl-C without ending the process at once: long commands end in order and show what they have.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace hearsay::cli {

// SIGINT and SIGTERM as a descriptor, so that waiting can be interrupted without a race.
class Interrupts {
 public:
  Interrupts() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, &before_);
    fd_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Interrupts() {
    signalfd_siginfo info;
    // What has been handled must not end the process once it is unblocked.
    while (::read(fd_, &info, sizeof info) > 0) {
    }
    ::close(fd_);
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
  int fd_ = -1;
  sigset_t before_{};
};

}  // namespace hearsay::cli
