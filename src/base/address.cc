#include "hearsay/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace hearsay {

namespace {

constexpr std::array<std::uint8_t, 12> kV4Mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class T>
bool read_number(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return !text.empty() && error == std::errc() && stop == end;
}

auto bad_address(std::string_view text) {
  return fail(Errc::invalid_argument, "\"" + std::string(text) + "\" is not an address",
              "write IP, IP:PORT or [IPv6]:PORT");
}

}  // namespace

bool Address::is_unspecified() const {
  return valid() && std::all_of(ip.begin(), ip.begin() + ip_bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool Address::is_loopback() const {
  if (ip_bytes == 4) return ip[0] == 127;
  return ip_bytes == 16 && ip[15] == 1 &&
         std::all_of(ip.begin(), ip.begin() + 15, [](std::uint8_t byte) { return byte == 0; });
}

Address Address::from_ip(ByteView bytes, std::uint16_t port) {
  Address address;
  if (bytes.size() == 16 && std::equal(kV4Mapped.begin(), kV4Mapped.end(), bytes.begin()))
    bytes = bytes.subspan(12);
  if (bytes.size() != 4 && bytes.size() != 16) return address;
  std::copy(bytes.begin(), bytes.end(), address.ip.begin());
  address.ip_bytes = static_cast<std::uint8_t>(bytes.size());
  address.port = port;
  return address;
}

bool same_ip(const Address& left, const Address& right) {
  const bool same_scope = left.scope == right.scope || left.scope == 0 || right.scope == 0;
  return left.valid() && same_scope && left.ip_bytes == right.ip_bytes && left.ip == right.ip;
}

std::string ip_to_string(const Address& address) {
  if (!address.valid()) return "-";
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(address.is_v4() ? AF_INET : AF_INET6, address.ip.data(), text, sizeof text) == nullptr) return "-";
  std::string result = text;
  if (address.scope != 0) result += "%" + std::to_string(address.scope);
  return result;
}

std::string to_string(const Address& address) {
  if (!address.valid()) return "-";
  const std::string ip = ip_to_string(address);
  const std::string port = std::to_string(address.port);
  return address.is_v4() ? ip + ":" + port : "[" + ip + "]:" + port;
}

Result<HostPort> split_host_port(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return bad_address(text);
    host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    has_port = !rest.empty();
    if (has_port && rest.front() != ':') return bad_address(text);
    if (has_port) port = rest.substr(1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  HostPort result{std::string(host), default_port};
  if (host.empty() || (has_port && !read_number(port, result.port))) return bad_address(text);
  return result;
}

Result<Address> parse_address(std::string_view text, std::uint16_t default_port) {
  const auto parts = split_host_port(text, default_port);
  if (!parts) return tl::unexpected<Error>(parts.error());
  std::string ip = parts->host;
  std::uint32_t scope = 0;
  if (const auto percent = ip.find('%'); percent != std::string::npos) {
    if (!read_number(std::string_view(ip).substr(percent + 1), scope)) return bad_address(text);
    ip.resize(percent);
  }
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, ip.c_str(), bytes.data()) == 1) {
    if (scope != 0) return bad_address(text);
    return Address::from_ip(ByteView(bytes).first(4), parts->port);
  }
  if (inet_pton(AF_INET6, ip.c_str(), bytes.data()) == 1) {
    Address address = Address::from_ip(bytes, parts->port);
    address.scope = scope;
    return address;
  }
  return bad_address(text);
}

}  // namespace hearsay
