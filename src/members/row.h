// One member's hot row: four parts that are ordered separately, folded by status_of().
#pragma once

#include <cstdint>

#include "base/interner.h"
#include "hearsay/ids.h"
#include "hearsay/member.h"
#include "hearsay/time.h"

namespace hearsay::members {

// Part 2, the shared verdict at an incarnation (memberlist `NodeStateType`).
enum class Verdict : std::uint8_t { alive, suspect, dead, left };
const char* name_of(Verdict verdict);

// Part 3, the intent at a Lamport time (Serf's status beyond memberlist's verdict).
enum class Intent : std::uint8_t { none, joining, leaving };

struct Row {
  // Part 1, the owner's facts, ordered by incarnation.
  base::Interner::Handle name = 0;
  base::Interner::Handle addr = 0;  // 4 or 16 bytes, verbatim
  base::Interner::Handle meta = 0;  // verbatim
  std::uint32_t incarnation = 0;
  std::uint16_t port = 0;
  Versions versions{};
  // Part 2.
  Verdict verdict = Verdict::alive;
  // Part 3.
  Intent intent = Intent::none;
  // Part 4, our own opinion: never merged from a peer.
  std::uint8_t failed_probes = 0;  // since the last contact; saturates
  bool used : 1 = false;
  bool speaks_hearsay : 1 = false;  // it told us so itself, at this address and incarnation
  bool tells_evidence : 1 = false;  // ... and that it answers evidence requests
  bool keeps_state : 1 = false;     // ... and that it exchanges the states of nodes
  bool is_plain : 1 = false;        // it pinged or answered us without saying any of this
  std::uint32_t reuse = 0;
  LamportTime intent_time;
  Time verdict_since{};
  Time status_since{};
  Time last_contact{};  // first hand; Time{} when there was none
};
static_assert(sizeof(Row) <= 64, "a hot row fits a cache line");

// The status that people see: the verdict, and for a member that is (or was) going on purpose, its intent.
// A dead member that meant to leave has left; a member that says so itself has left even if its intent was
// never heard (Serf shows the latter as failed).
constexpr Status status_of(Verdict verdict, Intent intent) {
  const bool leaving = intent == Intent::leaving;
  switch (verdict) {
    case Verdict::alive:
      return leaving ? Status::leaving : Status::alive;
    case Verdict::suspect:
      return leaving ? Status::leaving : Status::suspect;
    case Verdict::dead:
      return leaving ? Status::left : Status::failed;
    case Verdict::left:
      return Status::left;
  }
  return Status::failed;
}
constexpr Status status_of(const Row& row) { return status_of(row.verdict, row.intent); }

constexpr bool is_up(Verdict verdict) { return verdict == Verdict::alive || verdict == Verdict::suspect; }

}  // namespace hearsay::members
