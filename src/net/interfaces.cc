#include "net/interfaces.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>

#include "net/socket.h"

namespace hearsay::net {
namespace {

// The source address that the system would use towards the world. Connecting a datagram socket sends nothing.
Address default_source(const Address& anywhere) {
  const Fd fd(::socket(anywhere.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SystemAddress to = to_system(anywhere, Family::of(anywhere));
  if (!fd.valid() || ::connect(fd.get(), to.get(), to.bytes) != 0) return {};
  Address source = local_address(fd.get());
  source.port = 0;
  return source;
}

bool is_bridge(const char* interface) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  ifreq request{};
  std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&driver);
  return fd.valid() && ::ioctl(fd.get(), SIOCETHTOOL, &request) == 0 && std::strcmp(driver.driver, "bridge") == 0;
}

}  // namespace

std::vector<Address> machine_addresses(Bridges bridges) {
  // Any global addresses do: a documentation prefix (RFC 5737, RFC 3849) is routed like all others.
  const Address v4 = default_source(Address::from_ip(Bytes{203, 0, 113, 1}, 9));
  Bytes documentation(16);
  documentation[0] = 0x20, documentation[1] = 0x01, documentation[2] = 0x0d, documentation[3] = 0xb8;
  const Address v6 = default_source(Address::from_ip(documentation, 9));

  std::vector<Address> out;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return out;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, entry->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    const Address address = from_system(storage);
    if (bridges == Bridges::without && address != v4 && address != v6 && is_bridge(entry->ifa_name)) continue;
    out.push_back(address);
  }
  ::freeifaddrs(list);

  const auto rank = [&](const Address& address) {
    return (address.is_v4() ? 0 : 2) + (address == v4 || address == v6 ? 0 : 1);
  };
  std::stable_sort(out.begin(), out.end(), [&](const Address& a, const Address& b) { return rank(a) < rank(b); });
  return out;
}

bool is_private(const Address& address) {
  const auto& ip = address.ip;
  if (address.is_v4()) {
    return ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) || (ip[0] == 192 && ip[1] == 168) ||
           (ip[0] == 100 && (ip[1] & 0xc0) == 64);
  }
  return address.valid() && (ip[0] & 0xfe) == 0xfc;
}

Result<Address> pick_advertise(const Address& wanted, const Address& bound, const std::vector<Address>& machine) {
  if (wanted.valid()) {
    // A socket on :: serves both families, any other one its own.
    if (wanted.is_v4() != bound.is_v4() && !(wanted.is_v4() && bound.is_unspecified())) {
      return fail(Errc::invalid_config,
                  "the address to advertise, " + to_string(wanted) +
                      ", cannot be reached through a socket bound to " + to_string(bound),
                  "bind and advertise addresses of the same family, or bind [::] for both");
    }
    Address out = wanted;
    if (out.port == 0) out.port = bound.port;
    return out;
  }
  if (!bound.is_unspecified()) return bound;
  std::string others;
  for (const auto& address : machine) {
    // A socket on 0.0.0.0 cannot be reached over IPv6; one on :: serves both.
    if (bound.is_v4() && !address.is_v4()) continue;
    if (is_private(address)) {
      Address out = address;
      out.port = bound.port;
      return out;
    }
    if (address.is_loopback() || is_link_local(address)) continue;
    others += (others.empty() ? "" : ", ") + ip_to_string(address);
  }
  return fail(
      Errc::invalid_config,
      "bound to all addresses (" + ip_to_string(bound) + "), and this machine has no private one to advertise",
      others.empty() ? "bind a specific address, or advertise the one that others can reach"
                     : "advertise the address that others can reach; this machine has " + others);
}

}  // namespace hearsay::net
