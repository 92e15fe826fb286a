// Repairing what gossip missed. A rumor is told a bounded number of times, so now and then a node misses it, and
// memberlist repairs that only with the next push/pull, half a minute later or more.
//
// hearsay nodes put a hash of what they believe on every ping and ack. When two differ, the one that notices sends
// the other what it has learned lately, in a few bytes each; the other answers with its own late news that are
// newer than that, or missing. So a missed update is repaired within a probe or two, at a price that depends on the
// rate of changes and not on the size of the cluster. Views that go on differing although nothing changed lately
// are repaired by a table exchange.
//
// Real Serf and memberlist peers never see any of it but the extra key, which they skip.
#pragma once

#include <deque>
#include <vector>

#include "base/rng.h"
#include "room/step.h"
#include "wire/extension.h"

namespace hearsay::swim {

// Changes remembered, and of those the ones that are told when asked.
inline constexpr std::size_t kRecentMax = 1024;
inline constexpr std::size_t kRepairsMax = 64;

// Late news of this age count as "lately" when we answer, and of twice this when we ask, so that what both know is
// not told again.
Duration repair_window(const SwimConfig& config);

class Repair {
 public:
  Repair(base::Rng rng);

  // What this node puts on its pings and acks. Valid until the next call.
  ByteView extension(const members::MemberTable& members);
  // A ping or ack carried an extension and came from the member's own address.
  void on_extension(room::Step& step, MemberId sender, ByteView extension);
  void on_message(room::Step& step, MemberId sender, const wire::ViewPull& pull);
  void on_outcome(room::Step& step, const room::Outcome& outcome);

  template <class Archive>
  void fields(Archive& archive) {
    archive(run_id_, recent_, asked_at_, doubted_at_, exchanged_at_, answers_, answers_since_);
  }

 private:
  struct Recent {
    Time at{};
    MemberId member;
    template <class Archive>
    void fields(Archive& archive) {
      archive(at, member);
    }
  };
  void ask(room::Step& step, MemberId peer);
  void tell(room::Step& step, MemberId peer, MemberId subject);
  // Members that changed within `window`, latest first, each once.
  const std::vector<MemberId>& changed(const room::Step& step, Duration window);

  std::uint32_t run_id_;
  std::deque<Recent> recent_;
  Time asked_at_{};
  Time doubted_at_{};  // the first difference seen since something changed or views agreed; none: zero
  Time exchanged_at_{};
  unsigned answers_ = 0;  // of the present second
  Time answers_since_{};
  Bytes extension_;  // of the view with the hash below; made anew when that changes
  std::uint64_t encoded_hash_ = 0;
  std::vector<MemberId> changed_;  // scratch
};

}  // namespace hearsay::swim
