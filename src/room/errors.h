// Errors of commands that both families answer alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hearsay/config.h"
#include "hearsay/result.h"
#include "members/member_table.h"

namespace hearsay::room {

inline std::string quoted(std::string_view name) {
  return "\"" + std::string(name.substr(0, kNameBytesMax)) + "\"";
}

inline Error no_member(std::string_view name) {
  return {Errc::not_found, "no member is called " + quoted(name),
          "`hearsay members` lists those that this agent knows"};
}

// Why this member is not made to leave by force, whatever its status; none: it may be.
inline std::optional<Error> not_forced(const members::MemberTable& members, std::string_view name) {
  const MemberId id = members.find(name);
  if (!id.valid()) return no_member(name);
  if (!members.is_self(id)) return std::nullopt;
  return Error{Errc::invalid_argument, quoted(name) + " is this agent itself", "`hearsay leave` makes it leave"};
}

}  // namespace hearsay::room
