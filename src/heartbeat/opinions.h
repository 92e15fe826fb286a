// Who suspects whom: the rows (observer, subject) of `verdict = majority`.
//
// A row is worth as much as its observer's heartbeat at which it was said: while the observer goes on suspecting,
// it says so again with a higher heartbeat; when it stops, the row grows old and counts no more. So nothing is ever
// taken back, and a crashed observer's opinion ends with it. Bounded.
//
// Who has declared the member failed, or heard that it left, suspects it no more; while anybody else still does, it
// says that it has settled this, or the last one to suspect would find no majority left. Settled rows count, and
// are no reason to say more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heartbeat/ledger.h"

namespace hearsay::heartbeat {

inline constexpr std::size_t kOpinionsMax = 16384;  // rows kept
inline constexpr std::size_t kOpinionsTold = 24;    // rows in one message
inline constexpr std::uint64_t kOpinionLife = 32;   // heartbeats of its observer

// More than half of those that are up agree.
inline bool is_majority(std::size_t agree, std::uint32_t up) { return 2 * agree > up; }

class Opinions {
 public:
  // Our own: one for each suspect of ours, and each one that is down and that others suspect. Called once in a
  // round.
  void say_own(room::Step& step, Ledger& ledger);
  void hear(room::Step& step, Ledger& ledger, const wire::Heartbeat& message);
  // Adds rows to a message; each message takes the next ones.
  void tell(const room::Step& step, Ledger& ledger, std::size_t room_bytes, wire::Heartbeat& message);
  // Members that are up and suspect this one, ourselves included.
  std::vector<std::string> suspecting(const room::Step& step, Ledger& ledger, MemberId subject) const;
  // Those that count no more go.
  void forget_old(const room::Step& step, Ledger& ledger);

  template <class Archive>
  void fields(Archive& archive) {
    archive(rows_, next_);
  }

 private:
  struct Row {
    MemberId observer;
    MemberId subject;
    Incarnation generation;
    std::uint64_t heartbeat = 0;
    bool settled = false;
    template <class Archive>
    void fields(Archive& archive) {
      archive(observer, subject, generation, heartbeat, settled);
    }
  };
  // Does anybody else suspect this one, and has not settled it?
  bool is_open(const room::Step& step, Ledger& ledger, MemberId subject) const;
  void put(room::Step& step, const Row& row);
  static bool counts(const room::Step& step, Ledger& ledger, const Row& row);

  std::vector<Row> rows_;  // by subject and observer
  std::size_t next_ = 0;
};

}  // namespace hearsay::heartbeat
