// What the application asks of a node.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "hearsay/ids.h"
#include "hearsay/member.h"
#include "hearsay/time.h"

namespace hearsay {

// Contact each of the peers and exchange the whole table with it. Succeeds when at least one answers.
// Its CommandDone says how many did. After leave(), join() brings the same node back with a new incarnation.
struct Join {
  CommandId id;
  std::vector<std::string> peers;  // "host", "host:port", "ip:port"; 1 .. kJoinPeersMax of them
};
inline constexpr std::size_t kJoinPeersMax = 256;

// Tell the others that we leave, wait until that was sent often enough (Serf: intent first, then the dead
// message, then the propagation delay), then CommandDone. The node keeps answering afterwards.
struct Leave {
  CommandId id;
};

// Replace all tags by these. Errors: too_large when their encoding exceeds 512 bytes.
struct SetTags {
  CommandId id;
  Tags tags;
};

using Command = std::variant<Join, Leave, SetTags>;

}  // namespace hearsay
