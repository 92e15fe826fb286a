// Who may be a member: by address and by a short list of rules. What the policy refuses never enters the table and
// is told to nobody. Give all nodes of a cluster the same policy: nodes that disagree about it never agree on the
// members.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hearsay/address.h"
#include "hearsay/member.h"
#include "hearsay/result.h"
#include "hearsay/time.h"

namespace hearsay {

inline constexpr std::size_t kAdmissionEntriesMax = 256;  // networks, and rules
inline constexpr std::size_t kReasonBytesMax = 200;

// A network: an address and how many of its leading bits count.
struct Cidr {
  Address network;  // port 0; the bits that do not count are zero
  std::uint8_t bits = 0;

  bool contains(const Address& address) const;
  bool operator==(const Cidr&) const = default;
};

// "10.0.0.0/8", "2001:db8::/32", "::1/128", or one address. IPv4-mapped IPv6 networks are held as IPv4, as
// addresses are. Errors: invalid_argument, naming the text; also when bits behind the prefix are set.
Result<Cidr> parse_cidr(std::string_view text);
std::string to_string(const Cidr& cidr);

// Applies to members that fit all of its conditions. In patterns '*' stands for any text and '?' for one byte.
struct AdmissionRule {
  std::string name = "*";    // a pattern
  std::optional<Cidr> cidr;  // none: any address
  std::string tag;           // the key of a tag that the member must carry; empty: none is asked for
  std::string value = "*";   // a pattern for that tag's value
  bool admit = true;
  std::string reason;  // told to the operator and to the refused node; "" .. 200 bytes
};

// The address must lie in one of the networks of `allow`, if there are any (memberlist CIDRsAllowed). Then the
// first rule that fits decides; when none fits, the member is admitted. This node itself is always admitted.
struct AdmissionConfig {
  std::vector<Cidr> allow;           // at most 256
  std::vector<AdmissionRule> rules;  // at most 256

  bool admits_all() const { return allow.empty() && rules.empty(); }
};

// Why the policy refuses such a member; none: it may come in. Pure.
std::optional<std::string> refuses(const AdmissionConfig& policy, std::string_view name, const Address& address,
                                   const Tags& tags);

// A member that was not taken, for `hearsay info`.
struct Refusal {
  std::string name;
  Address address;     // that it claims
  Address heard_from;  // who told us, the latest one
  std::string reason;
  Time last{};
  std::uint64_t count = 0;
};

}  // namespace hearsay
