#include "hearsay/admission.h"

#include <algorithm>
#include <charconv>

#include "base/glob.h"

namespace hearsay {

namespace {

constexpr unsigned kMappedBits = 96;  // ::ffff:0:0/96 holds the IPv4-mapped addresses

// The byte's leading `bits` (0 .. 8) as a mask.
constexpr std::uint8_t leading(unsigned bits) { return static_cast<std::uint8_t>(0xff00u >> std::min(bits, 8u)); }

// How many bits of byte number `index` count.
constexpr unsigned bits_of(unsigned bits, std::size_t index) {
  const auto before = static_cast<unsigned>(index) * 8;
  return bits > before ? std::min(bits - before, 8u) : 0;
}

}  // namespace

bool Cidr::contains(const Address& address) const {
  if (!network.valid() || address.ip_bytes != network.ip_bytes) return false;
  for (std::size_t i = 0; i < network.ip_bytes; ++i) {
    const std::uint8_t mask = leading(bits_of(bits, i));
    if ((address.ip[i] & mask) != network.ip[i]) return false;
  }
  return true;
}

Result<Cidr> parse_cidr(std::string_view text) {
  const std::string quoted = "\"" + std::string(text.substr(0, 64)) + "\"";
  const std::string cure = "write a network such as \"10.0.0.0/8\" or \"2001:db8::/32\", or one address";
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const bool v6_text = ip.find("::") != std::string_view::npos || std::ranges::count(ip, ':') > 1;
  const auto address = parse_address(ip, 0);
  if (!address || address->port != 0 || address->scope != 0 || ip.find('[') != std::string_view::npos) {
    return fail(Errc::invalid_argument, quoted + " is not a network", cure);
  }
  Cidr cidr{*address, static_cast<std::uint8_t>(address->ip_bytes * 8)};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const unsigned most = v6_text ? 128 : 32;
    if (error != std::errc() || end != digits.data() + digits.size() || bits > most) {
      return fail(Errc::invalid_argument, quoted + " has no prefix length of 0 to " + std::to_string(most), cure);
    }
    if (v6_text && address->is_v4()) {
      if (bits < kMappedBits) {
        return fail(Errc::invalid_argument, quoted + " cuts through the IPv4-mapped addresses",
                    "write the IPv4 network itself");
      }
      bits -= kMappedBits;
    }
    cidr.bits = static_cast<std::uint8_t>(bits);
  }
  Cidr clean = cidr;
  for (std::size_t i = 0; i < clean.network.ip_bytes; ++i) clean.network.ip[i] &= leading(bits_of(clean.bits, i));
  if (!(clean == cidr)) {
    return fail(Errc::invalid_argument, quoted + " sets bits behind its prefix",
                "write \"" + to_string(clean) + "\"");
  }
  return cidr;
}

std::string to_string(const Cidr& cidr) { return ip_to_string(cidr.network) + "/" + std::to_string(cidr.bits); }

std::optional<std::string> refuses(const AdmissionConfig& policy, std::string_view name, const Address& address,
                                   const Tags& tags) {
  const auto holds = [&](const Cidr& cidr) { return cidr.contains(address); };
  if (!policy.allow.empty() && std::ranges::none_of(policy.allow, holds)) {
    return "its address " + ip_to_string(address) + " lies in none of the allowed networks";
  }
  std::size_t number = 0;
  for (const AdmissionRule& rule : policy.rules) {
    ++number;
    if (!base::matches(rule.name, name)) continue;
    if (rule.cidr && !rule.cidr->contains(address)) continue;
    if (!rule.tag.empty()) {
      const auto tag = tags.find(rule.tag);
      if (tag == tags.end() || !base::matches(rule.value, tag->second)) continue;
    }
    if (rule.admit) return std::nullopt;
    return rule.reason.empty() ? "admission rule " + std::to_string(number) + " refuses it" : rule.reason;
  }
  return std::nullopt;
}

}  // namespace hearsay
