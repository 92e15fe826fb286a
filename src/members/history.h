// The bounded record of accepted changes with their evidence: no verdict without it.
//
// One pool of bytes per node. The oldest change goes first, except that the last verdict about each member that
// is not simply alive is kept for as long as its member is known, so that `why` can still answer for it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "hearsay/notice.h"

namespace hearsay::members {

class History {
 public:
  explicit History(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void add(const Now& at, const MemberChange& change);
  // Oldest first.
  std::vector<Notice> all() const;
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::uint64_t number = 0;
    Notice notice;
    std::size_t bytes = 0;
  };
  void shrink();
  static const MemberChange& change_of(const Entry& entry) { return std::get<MemberChange>(entry.notice.body); }

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;  // of recent_; what is kept beside it is bounded by the table's size
  std::uint64_t numbers_ = 0;
  std::deque<Entry> recent_;
  std::map<std::string, Entry, std::less<>> kept_;             // by member: last verdict, pushed out of recent_
  std::map<std::string, std::uint64_t, std::less<>> verdict_;  // by member: number of its last verdict
};

}  // namespace hearsay::members
