#include "net/socket.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "net/interfaces.h"

namespace hearsay::net {
namespace {

constexpr int kListenBacklog = 512;
constexpr int kBufferBytes = 2 << 20;  // memberlist udpRecvBufSize
constexpr int kBufferBytesMin = 64 << 10;
constexpr int kPortAttempts = 64;

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// The system may cut the request silently or refuse it; asks for less until it is taken.
void ask_buffer(int fd, int name) {
  for (int bytes = kBufferBytes; bytes >= kBufferBytesMin && !set_option(fd, SOL_SOCKET, name, bytes); bytes /= 2) {
  }
}

std::string machine_address_list() {
  std::string out;
  for (const auto& address : machine_addresses(Bridges::with)) {
    if (!out.empty()) out += ", ";
    out += ip_to_string(address);
  }
  return out;
}

Error bind_error(int error, const char* protocol, const Address& bind) {
  const std::string where = to_string(bind);
  const std::string port = std::to_string(bind.port);
  switch (error) {
    case EADDRINUSE:
      return {Errc::io,
              std::string(protocol) + " port " + port + " on " + ip_to_string(bind) + " is already in use",
              "stop the other program ('ss -lnptu sport = :" + port + "' shows it) or bind another port; port 0 " +
                  "lets the system choose"};
    case EADDRNOTAVAIL:
      return {Errc::io, ip_to_string(bind) + " is not an address of this machine",
              "bind one of " + machine_address_list() + ", or " + (bind.is_v4() ? "0.0.0.0" : "[::]") + " for all"};
    case EACCES:
    case EPERM:
      return {Errc::io, std::string("not permitted to bind ") + protocol + " on " + where,
              bind.port != 0 && bind.port < 1024
                  ? "bind a port above 1023, or grant the program CAP_NET_BIND_SERVICE"
                  : "ask the administrator which addresses this program may bind"};
    case EAFNOSUPPORT:
      return {Errc::io,
              "this machine has no " + std::string(bind.is_v4() ? "IPv4" : "IPv6") + " (bind " + where + ")",
              std::string("bind an ") + (bind.is_v4() ? "IPv6" : "IPv4") + " address"};
    case EINVAL:
      if (is_link_local(bind) && !bind.is_v4() && bind.scope == 0) {
        return {Errc::io, "the link-local address " + where + " does not say on which interface",
                "add the interface's number, as in [fe80::1%2]:7946 ('ip link' lists them)"};
      }
      break;
    case EMFILE:
    case ENFILE:
      return {Errc::io, std::string("no ") + protocol + " socket for " + where + ": " + system_message(error),
              "raise the limit of open files ('ulimit -n')"};
    default:
      break;
  }
  return {Errc::io, std::string("cannot bind ") + protocol + " on " + where + ": " + system_message(error), {}};
}

tl::unexpected<Error> failed_bind(int error, const char* protocol, const Address& bind) {
  return tl::unexpected<Error>(bind_error(error, protocol, bind));
}

int bind_fd(int fd, const Address& bind) {
  // One socket on :: serves both families. Where the system cannot, it serves IPv6 alone.
  if (!bind.is_v4()) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, bind.is_unspecified() ? 0 : 1);
  const SystemAddress address = to_system(bind, Family::of(bind));
  return ::bind(fd, address.get(), address.bytes) == 0 ? 0 : errno;
}

Result<Fd> open_socket(const Address& bind, int type, const char* protocol) {
  if (!bind.valid()) {
    return fail(Errc::invalid_argument, "no address to bind", "name one, for example 0.0.0.0:7946");
  }
  Fd fd(::socket(bind.is_v4() ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed_bind(errno, protocol, bind);
  return fd;
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

std::string system_message(int error) { return std::generic_category().message(error); }

bool is_link_local(const Address& address) {
  if (address.is_v4()) return address.ip[0] == 169 && address.ip[1] == 254;
  return address.valid() && address.ip[0] == 0xfe && (address.ip[1] & 0xc0) == 0x80;
}

SystemAddress to_system(const Address& address, const Family& family) {
  SystemAddress out;
  if (!address.valid() || (!family.v6 && !address.is_v4())) return out;
  if (!family.v6) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.ip.data(), 4);
    std::memcpy(&out.storage, &in, sizeof in);
    out.bytes = sizeof in;
    return out;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(address.port);
  if (address.is_v4()) {  // IPv4-mapped
    in.sin6_addr.s6_addr[10] = in.sin6_addr.s6_addr[11] = 0xff;
    std::memcpy(&in.sin6_addr.s6_addr[12], address.ip.data(), 4);
  } else {
    std::memcpy(&in.sin6_addr, address.ip.data(), 16);
    if (is_link_local(address)) in.sin6_scope_id = address.scope != 0 ? address.scope : family.link_scope;
  }
  std::memcpy(&out.storage, &in, sizeof in);
  out.bytes = sizeof in;
  return out;
}

Address from_system(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &storage, sizeof in);
    return Address::from_ip({reinterpret_cast<const std::uint8_t*>(&in.sin_addr), 4}, ntohs(in.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, &storage, sizeof in);
    Address out = Address::from_ip({in.sin6_addr.s6_addr, 16}, ntohs(in.sin6_port));
    if (!out.is_v4() && is_link_local(out)) out.scope = in.sin6_scope_id;
    return out;
  }
  return {};
}

Address local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return {};
  return from_system(storage);
}

void reset_on_close(int fd) {
  const linger none{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

Result<Fd> open_udp(const Address& bind) {
  auto fd = open_socket(bind, SOCK_DGRAM, "UDP");
  if (!fd) return fd;
  const bool told = bind.is_v4() ? set_option(fd->get(), IPPROTO_IP, IP_PKTINFO, 1)
                                 : set_option(fd->get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  if (!told) return failed_bind(errno, "UDP", bind);
  ask_buffer(fd->get(), SO_RCVBUF);
  ask_buffer(fd->get(), SO_SNDBUF);
  if (const int error = bind_fd(fd->get(), bind); error != 0) return failed_bind(error, "UDP", bind);
  return fd;
}

Result<Fd> open_listener(const Address& bind) {
  auto fd = open_socket(bind, SOCK_STREAM, "TCP");
  if (!fd) return fd;
  // Connections of the run before that linger in TIME_WAIT must not keep a restart from binding.
  set_option(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (const int error = bind_fd(fd->get(), bind); error != 0) return failed_bind(error, "TCP", bind);
  if (::listen(fd->get(), kListenBacklog) != 0) return failed_bind(errno, "TCP", bind);
  return fd;
}

Result<Bound> bind_both(const Address& bind) {
  for (int attempt = 1;; ++attempt) {
    auto listener = open_listener(bind);
    if (!listener) return tl::unexpected<Error>(listener.error());
    Address chosen = bind;
    chosen.port = local_address(listener->get()).port;
    auto udp = open_udp(chosen);
    if (udp) return Bound{std::move(*udp), std::move(*listener), chosen};
    // The port that was free for TCP may be taken for UDP; where the choice is ours, choose again.
    if (bind.port != 0 || attempt == kPortAttempts) return tl::unexpected<Error>(udp.error());
  }
}

}  // namespace hearsay::net
