// What a node tells its application. Notices are data: they are handed out in the order in which things
// happened, after the input that caused them was processed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hearsay/command.h"
#include "hearsay/ids.h"
#include "hearsay/member.h"
#include "hearsay/result.h"
#include "hearsay/time.h"

namespace hearsay {

// How a change came to be known. No verdict without evidence: `hearsay why` prints these.
struct Evidence {
  enum class Source : std::uint8_t {
    own_probe,   // our own probes of the subject failed
    own_timer,   // our own suspicion timer ran out
    gossip,      // a rumor arrived
    push_pull,   // learned in a table exchange
    first_hand,  // the subject itself told us
    command,     // our application asked for it
    self,        // about ourselves, by ourselves
  };
  Source source = Source::self;
  std::string accuser;                  // who says so; empty when nobody accuses
  std::vector<std::string> confirmers;  // independent accusers beside the first
  Address heard_from;                   // the address that the message came from; invalid for our own doing
  std::uint8_t direct_probes = 0;       // own_probe: how many direct probes failed
  std::uint8_t indirect_probes = 0;     // own_probe: how many helpers were asked
  std::uint8_t nacks = 0;               // own_probe: helpers who said that they got no answer either
  bool stream_probe_failed = false;     // own_probe: the TCP fallback was tried and failed
  std::uint8_t local_health = 0;        // our own health score at that time (0 is healthy)
  Duration silent_for{};                // how long since the last first-hand sign of life; 0 when unknown
};
const char* name_of(Evidence::Source source);

// A member appeared or its status, tags or address changed.
struct MemberChange {
  enum class What : std::uint8_t { joined, updated, suspected, refuted, leaving, left, failed, forgotten };
  What what = What::joined;
  Member member;  // after the change
  Evidence evidence;
};
const char* name_of(MemberChange::What what);

// Two nodes claim one name.
struct NameConflict {
  std::string name;
  Address known;    // the address that we hold
  Address claimed;  // the address of the newcomer
};

// The end of a command. `value` counts the peers joined (Join), else 0.
struct CommandDone {
  CommandId id;
  std::uint32_t value = 0;
  std::optional<Error> error;
};

// What one member answered to a ManageKeys. Holds secrets: `describe` leaves the keys out, and so should you.
struct KeyAnswer {
  enum class Result : std::uint8_t {
    done,    // it did as asked
    failed,  // it refused or could not; the message says why
    silent,  // no answer came
  };
  CommandId id;
  std::string member;
  Result result = Result::silent;
  std::string message;            // may stand beside `done`, too: "truncated key list ..."
  std::vector<std::string> keys;  // list only: base64, the primary one first
};
const char* name_of(KeyAnswer::Result result);

// This node's own keyring has changed (and has been saved, with CryptoConfig::save_keys).
struct KeysChanged {
  KeyAction action = KeyAction::install;
  std::string asked_by;    // the member that asked for it
  std::uint32_t held = 0;  // how many keys it holds now
};

// Something an operator should know and that is nobody's verdict; rate-limited by the core.
struct Warning {
  std::string text;
};

// This node hit a fault of its own and does nothing any more.
struct Defunct {
  std::string why;
};

struct Notice {
  Now at{};
  std::variant<MemberChange, NameConflict, CommandDone, Warning, Defunct, KeyAnswer, KeysChanged> body;
};

// One line of text, the same in logs, scenarios and `hearsay monitor`.
std::string describe(const Notice& notice);

}  // namespace hearsay
