// Outcomes -> notices and history: what the application hears, with the evidence.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "members/history.h"
#include "room/step.h"

namespace hearsay::node {

class Notices {
 public:
  explicit Notices(std::size_t history_bytes) : history_(history_bytes) {}

  void on_outcome(room::Step& step, const room::Outcome& outcome);
  const members::History& history() const { return history_; }
  // Those seen within the last five minutes, by name.
  std::vector<NameConflict> conflicts(Time now) const;

 private:
  struct Seen {
    NameConflict conflict;
    Time told{};
    Time seen{};
  };
  void tell_conflict(room::Step& step, const room::Outcome& outcome);

  members::History history_;
  std::map<std::string, Seen, std::less<>> conflicts_;  // by name
};

// A member for people and programs, with its tags decoded.
Member describe(const members::MemberTable& members, MemberId id);

}  // namespace hearsay::node
