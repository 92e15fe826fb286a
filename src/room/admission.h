// The door of the member table: claims about members that the policy refuses stop here (hearsay/admission.h).
//
// A refused member's news arrives with every packet that carries it: each is counted, the latest few names are kept
// with their reasons, and people hear of one name once in a while, of all names together only so often.
#pragma once

#include <string>
#include <vector>

#include "hearsay/admission.h"
#include "hearsay/counters.h"
#include "hearsay/time.h"
#include "members/claim.h"
#include "members/member_table.h"
#include "room/outbox.h"

namespace hearsay::room {

inline constexpr std::size_t kRefusalsKept = 16;
inline constexpr unsigned kRefusalWarningsMax = 8;  // in one interval, whatever the names
inline constexpr Duration kRefusalInterval = std::chrono::seconds(60);

class Admission {
 public:
  // Why the claim may not come in; none: it may. Claims about ourselves, and those that repeat what the table
  // holds, have been admitted already.
  std::optional<std::string> refuses(const AdmissionConfig& policy, const members::MemberTable& table,
                                     const members::AliveClaim& alive) const;
  // Keeps it in mind, and warns unless that was done lately.
  void refused(const Now& now, Outbox& out, const members::AliveClaim& alive, const Address& heard_from,
               std::string reason);
  // The latest first.
  std::vector<Refusal> latest() const;

  template <class Archive>
  void fields(Archive& archive) {
    archive(interval_since_, warnings_);
    for (Entry& entry : entries_) {
      archive(entry.refusal.name, entry.refusal.address, entry.refusal.reason, entry.refusal.last,
              entry.refusal.count, entry.warned);
    }
  }

 private:
  struct Entry {
    Refusal refusal;
    Time warned{};  // Time{}: not yet
  };
  std::vector<Entry> entries_;
  Time interval_since_{};
  unsigned warnings_ = 0;
};

}  // namespace hearsay::room
