// What the application asks of a node.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "hearsay/bytes.h"
#include "hearsay/config.h"
#include "hearsay/ids.h"
#include "hearsay/member.h"
#include "hearsay/state.h"
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

// What to do with the encryption keys of the cluster (Serf's key queries).
enum class KeyAction : std::uint8_t {
  list,     // tell which keys you hold
  install,  // hold this key, too: what is encrypted with it can be read
  use,      // encrypt with this key from now on
  remove,   // forget this key
};
const char* name_of(KeyAction action);

// Ask every up member, this one included, to change its keyring or to list it. Each member's answer comes as a
// KeyAnswer notice, also that of a member that stayed silent; then CommandDone, whose value counts those that did
// it. A step after which members could not read each other any more (use of a key that not all hold, removal of one
// that somebody encrypts with) is refused after a look at all keyrings, unless it is forced. Errors:
// invalid_argument (the key), wrong_state (encryption is off, another ManageKeys runs, the step is unsafe): nothing
// changed and there is no KeyAnswer. refused, timed_out: some members failed or stayed silent, the others did it;
// the same command may be given again.
struct ManageKeys {
  CommandId id;
  KeyAction action = KeyAction::list;
  Bytes key;  // 16, 24 or 32 bytes; none for list
  bool force = false;
};

// Why does this node believe what it believes of a member? Its first accuser, if that is another hearsay node, is
// asked for its evidence, once. An Explanation comes within about a probe interval, then CommandDone. Errors:
// not_found, when nothing is known of such a member.
struct Why {
  CommandId id;
  std::string member;
};

// Say of a member that failed that it left: it is contacted no more, and forgotten with those that left. Everybody
// is told (Serf's force-leave: a leave intent in its name). With `prune` it is forgotten at once. Errors: not_found
// (no such member), invalid_argument (ourselves), wrong_state (it is up and would refute, or we are leaving).
struct ForceLeave {
  CommandId id;
  std::string name;
  bool prune = false;
};

// Take over what a running node can change: tags, swim, heartbeat, serf, contact, admission and limits.members_max;
// the rest of `config` is ignored. Intervals that run end as they began. Members that the new admission policy
// refuses are forgotten. All or nothing. Errors: invalid_config (all faults in the cause), wrong_state (other tags
// while leaving).
struct Reconfigure {
  CommandId id;
  Config config;
};

// Write keys of this node's own state: set them, delete them, or only if they have a certain version. All or
// nothing; the others hear of it. Errors: invalid_argument (a key or a time to live), too_large (a key, a value or
// the whole state), not_found (deletion of a key that is not there), wrong_state (another version than expected).
struct WriteState {
  CommandId id;
  std::vector<StateWrite> writes;
};

// Wait until so many members are known to hold this version of our own state, or a later one; we count as one of
// them. Only hearsay nodes can hold it: members that answered first-hand without saying that they are hearsay nodes
// are counted apart. A StateHolders tells how it ended, then CommandDone, whose value counts the holders. Errors:
// invalid_argument (the holders, the timeout), not_found (there is no such version yet), wrong_state (as many
// watches run as may, or we have left): nothing is watched. timed_out: fewer hold it, or did not say so in time;
// wrong_state: it was withdrawn, both after a StateHolders.
struct WatchState {
  CommandId id;
  std::uint64_t version = 0;  // 0: the latest
  Holders wanted{};
  Duration timeout = std::chrono::seconds(10);  // 1 ms .. kStateWatchMax
};

// Withdraw a watch. Errors: not_found (it has ended already).
struct EndWatch {
  CommandId id;
  CommandId watch;
};

using Command =
    std::variant<Join, Leave, SetTags, ManageKeys, Why, ForceLeave, Reconfigure, WriteState, WatchState, EndWatch>;

}  // namespace hearsay
