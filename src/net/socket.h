// File descriptors, addresses as the system spells them, and binding with errors that tell what to do.
//
// The driver asks Asio only to wait; the calls themselves are made here and in udp and stream, on descriptors
// that are non-blocking and closed on exec from their first moment.
#pragma once

#include <sys/socket.h>

#include <string>
#include <utility>

#include "hearsay/address.h"
#include "hearsay/result.h"

namespace hearsay::net {

// A descriptor that is closed once.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd();
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// An address as system calls take it; no bytes when this family of socket cannot reach it.
struct SystemAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// What kind of socket an address is bound with. An IPv6 socket on :: also carries IPv4.
struct Family {
  bool v6 = false;
  std::uint32_t link_scope = 0;  // for link-local addresses that came without an interface

  static Family of(const Address& bind) { return {!bind.is_v4(), bind.scope}; }
  bool reaches_v4(const Address& bind) const { return !v6 || bind.is_unspecified(); }
};

bool is_link_local(const Address& address);
SystemAddress to_system(const Address& address, const Family& family);
Address from_system(const sockaddr_storage& storage);
// The local end of a socket; invalid when the system does not say.
Address local_address(int fd);

// Closing this connection will reset it: what was not sent is dropped, and the peer learns at once.
void reset_on_close(int fd);

// "Connection refused" and the like.
std::string system_message(int error);

// Both sockets of a node, bound to the same port, not blocking.
struct Bound {
  Fd udp;
  Fd listener;
  Address address;  // with the port that was chosen
};
// Errors: io, saying which address and what to do. Port 0: the system chooses one that is free for both.
Result<Bound> bind_both(const Address& bind);
// Enables what udp needs (destinations, a large buffer). Exposed for tests with a port of their own.
Result<Fd> open_udp(const Address& bind);
Result<Fd> open_listener(const Address& bind);

}  // namespace hearsay::net
