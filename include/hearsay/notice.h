// What a node tells its application. Notices are data: they are handed out in the order in which things
// happened, after the input that caused them was processed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hearsay/command.h"
#include "hearsay/heartbeat.h"
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
    silence,     // its heartbeat stood still for longer than the detector allows
  };
  Source source = Source::self;
  std::string accuser;                  // who says so; empty when nobody accuses
  std::vector<std::string> confirmers;  // independent accusers beside the first
  Address heard_from;                   // the address that the message came from; invalid for our own doing
  std::uint8_t direct_probes = 0;       // own_probe: how many direct probes failed
  std::uint8_t indirect_probes = 0;     // own_probe: how many helpers were asked
  std::vector<std::string> helpers;     // own_probe: who they are
  std::uint8_t nacks = 0;               // own_probe: helpers who said that they got no answer either
  bool stream_probe_failed = false;     // own_probe: the TCP fallback was tried and failed
  std::uint8_t local_health = 0;        // our own health score at that time (0 is healthy)
  Duration silent_for{};                // how long since the last first-hand sign of life; 0 when unknown
};
const char* name_of(Evidence::Source source);

// A member appeared, its status, tags or address changed, or one more node accuses it (`confirmed`; only those that
// shorten its suspicion are told).
struct MemberChange {
  enum class What : std::uint8_t {
    joined,
    updated,
    suspected,
    refuted,
    leaving,
    left,
    failed,
    forgotten,
    confirmed,
  };
  What what = What::joined;
  Member member;  // after the change
  Evidence evidence;
};
const char* name_of(MemberChange::What what);

// Two nodes claim one name; what came of it is ConflictPolicy's doing.
struct NameConflict {
  std::string name;
  Address known;              // the address that we hold
  Address claimed;            // the address of the newcomer
  bool own = false;           // it is our own name
  bool join_refused = false;  // the newcomer wanted to join through us and was told why it cannot
};

// One of our own probes of a member, and how it ended.
struct OwnProbe {
  enum class Answer : std::uint8_t {
    direct,   // the member answered our ping
    relayed,  // only a helper got an answer
    stream,   // only a ping over TCP was answered
    none,     // nothing came
  };
  Time began{};
  Answer answer = Answer::none;
  Duration took{};           // until it was answered or given up
  std::string through;       // relayed: the helper, if it is known
  std::uint8_t helpers = 0;  // how many were asked
  std::uint8_t nacks = 0;    // helpers who said that they got no answer either
};
const char* name_of(OwnProbe::Answer answer);

// A link that does not carry datagrams as it should, although the member at its end is well.
struct Link {
  enum class Fault : std::uint8_t {
    outgoing,  // our packets do not arrive there: probes go unanswered while packets of the member arrive here
    unheard,   // nothing of it arrives here, so its packets are lost or both directions are; it answers otherwise
  };
  std::string self;  // our own name
  std::string member;
  Address address;
  Fault fault = Fault::outgoing;
  Time since{};
  std::uint32_t failed_probes = 0;                   // direct ones, in a row
  OwnProbe::Answer answer = OwnProbe::Answer::none;  // how the last probe was answered in the end
};
const char* name_of(Link::Fault fault);
// "n3 -> n1 does not carry UDP (...)".
std::string describe(const Link& link);

struct LinkChange {
  enum class What : std::uint8_t {
    broken,
    restored,  // it carries datagrams both ways again
    unknown,   // the member left, or nothing at all is heard of it any more
  };
  What what = What::broken;
  Link link;
};
const char* name_of(LinkChange::What what);

// What the accuser of a member says when it is asked for its evidence.
struct Testimony {
  std::string witness;  // the node that was asked
  std::string missing;  // why there is no evidence of it; empty: what follows holds
  MemberChange::What what = MemberChange::What::suspected;  // suspected, confirmed or failed
  Incarnation incarnation;
  Duration age{};  // how long ago, as the witness says
  Evidence evidence;
};

// The answer to Why; told before its CommandDone.
struct Explanation {
  CommandId id;
  std::string member;
  std::vector<OwnProbe> probes;  // our last ones of this member, oldest first
  std::vector<Link> links;       // what is known of the link to it: at most one
  // What the first accuser says; none when nobody but this node accuses it.
  std::optional<Testimony> testimony;
  // Heartbeat family: what the detector sees of it.
  std::optional<HeartbeatView> heartbeat{};
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

// A member's own keys changed, this node's included; what changes within a tenth of a second is told at once. Read
// the values with Node::state.
struct StateChanged {
  std::string member;
  std::uint32_t generation = 0;
  std::uint64_t version = 0;
  std::vector<std::string> keys;  // in order; at most 64
  bool more = false;              // more keys than these
};

// How a WatchState ended; told before its CommandDone.
struct StateHolders {
  CommandId id;
  std::uint64_t version = 0;
  std::uint32_t needed = 0;
  std::uint32_t held = 0;            // members known to hold it, ourselves included
  std::uint32_t members = 0;         // that could: all that are up, but for the others
  std::uint32_t others = 0;          // up, and no hearsay nodes: they never hold it
  std::vector<std::string> missing;  // not known to hold it, by name; at most kMissingToldMax
  bool more = false;                 // more than these
  Duration took{};
  // What it cost, in messages and bytes before compression, encryption and headers: questions, which all members
  // tell on as they do any rumor, and answers that came here. Watches that run together share both.
  std::uint64_t questions = 0;
  std::uint64_t question_bytes = 0;
  std::uint64_t answers = 0;
  std::uint64_t answer_bytes = 0;
};
inline constexpr std::size_t kMissingToldMax = 64;

// Something an operator should know and that is nobody's verdict; rate-limited by the core.
struct Warning {
  std::string text;
};

// This node hit a fault of its own, or lost its name to another (ConflictPolicy::stop), and does nothing any more.
struct Defunct {
  std::string why;
};

struct Notice {
  Now at{};
  std::variant<MemberChange, NameConflict, CommandDone, Warning, Defunct, KeyAnswer, KeysChanged, LinkChange,
               Explanation, StateChanged, StateHolders>
      body;
};

// One line of text, the same in logs, scenarios and `hearsay monitor`.
std::string describe(const Notice& notice);
// The part of it that says why.
std::string describe(const Evidence& evidence);

}  // namespace hearsay
