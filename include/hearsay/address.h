// Where a node can be reached: an IP address and a port.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "hearsay/bytes.h"
#include "hearsay/result.h"

namespace hearsay {

// A normalised address: IPv4-mapped IPv6 addresses are held as IPv4. It serves dialling, display and
// equality; the bytes that a peer sent of itself are kept apart, verbatim, in the member's row.
struct Address {
  std::array<std::uint8_t, 16> ip{};  // the first `ip_bytes` of it count, the rest is zero
  std::uint8_t ip_bytes = 0;          // 4, 16, or 0 for "no address"
  std::uint16_t port = 0;
  std::uint32_t scope = 0;  // interface index of a link-local IPv6 address, else 0; local to this machine

  bool valid() const { return ip_bytes != 0; }
  bool is_v4() const { return ip_bytes == 4; }
  // 0.0.0.0 or ::
  bool is_unspecified() const;
  bool is_loopback() const;
  ByteView ip_view() const { return {ip.data(), ip_bytes}; }
  // The machine, as a key of tables: no port and no scope. What is compared and not stored, same_ip compares.
  Address machine() const { return {ip, ip_bytes}; }
  auto operator<=>(const Address&) const = default;

  // From 4 or 16 bytes as they travel on the wire; any other length gives an invalid address.
  static Address from_ip(ByteView ip, std::uint16_t port);
};

// The same machine as far as addresses tell: ports are not compared, because a peer behind an address translator
// may answer from another one. A scope counts only where both have one: addresses on the wire have none, while that
// of an arriving packet names the interface. Invalid addresses are nobody's.
bool same_ip(const Address& left, const Address& right);
// The same with the port: the very place where a member listens.
inline bool same_place(const Address& left, const Address& right) {
  return left.port == right.port && same_ip(left, right);
}

// "10.0.0.1:7946", "[2001:db8::1]:7946" or "[fe80::1%3]:7946"; "-" for an invalid address.
std::string to_string(const Address& address);
// The same without the port and the brackets.
std::string ip_to_string(const Address& address);

// Reads "IP", "IP:PORT", "[IP6]:PORT" or a bare "IP6". Errors: invalid_argument, naming the text.
// Host names are not addresses: see split_host_port.
Result<Address> parse_address(std::string_view text, std::uint16_t default_port);

// "host", "host:port", "[v6]:port", bare v6 -> host and port. Errors: invalid_argument.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostPort> split_host_port(std::string_view text, std::uint16_t default_port);

}  // namespace hearsay
