// Claims and outcomes. A room submits a claim; the table answers with an outcome; nobody else writes a verdict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "hearsay/bytes.h"
#include "hearsay/ids.h"
#include "hearsay/member.h"
#include "hearsay/notice.h"
#include "members/row.h"

namespace hearsay::members {

// The owner's facts.
struct AliveClaim {
  std::string_view name;
  Incarnation incarnation;
  ByteView addr;
  std::uint16_t port = 0;
  ByteView meta;
  ByteView vsn;
};
struct SuspectClaim {
  std::string_view name;
  Incarnation incarnation;
  std::string_view from;
};
struct DeadClaim {  // from == name: it left on purpose
  std::string_view name;
  Incarnation incarnation;
  std::string_view from;
};
struct IntentClaim {
  std::string_view name;
  LamportTime time;
  Intent intent = Intent::none;  // joining or leaving
  bool prune = false;            // a leave after which the member is to be forgotten
};
struct ForgetClaim {   // the row is to be erased
  std::string name{};  // a copy: the row's own record goes with it
};

struct Claim {
  std::variant<AliveClaim, SuspectClaim, DeadClaim, IntentClaim, ForgetClaim> body;
  Evidence evidence;
  bool own = false;           // about ourselves, by ourselves
  ByteView verbatim{};        // the message as it came, to be passed on as it is; empty: made here
  bool known = false;         // to everybody whom we could tell: it is not gossiped
  bool vouched = true;        // false: a stranger's word, which brings no newcomer into the table (room::vouches)
  bool join_refused = false;  // an alive of a newcomer that is turned away because its name is taken
};

struct Outcome {
  enum class Kind : std::uint8_t {
    accepted,    // the table changed
    confirmed,   // a suspicion has a new independent accuser; `accusers` counts them
    about_self,  // somebody accuses us or misquotes us at an incarnation that counts: refute
    stale,       // we hold newer news (or the very same)
    conflict,    // another address claims the name
    unvetted,    // a stranger's word about somebody unknown: see whether it is there
    refused,     // not valid, unknown, or over a bound
  };
  Kind kind = Kind::refused;
  const Claim* claim = nullptr;  // valid while the outcome is offered
  MemberId member;               // invalid when there is no such row
  Incarnation held;              // what the table holds now (before the change for stale and about_self)
  Status before = Status::failed;
  Status after = Status::failed;
  Verdict verdict = Verdict::dead;
  bool appeared = false;  // the row is new
  bool absurd = false;    // refused because its incarnation is too high to be believed
  std::uint8_t accusers = 0;
  std::optional<MemberChange::What> what;  // set when users should hear of it

  bool accepted() const { return kind == Kind::accepted; }
};

}  // namespace hearsay::members
