// Look before join: over a stream, a node says who it is and gets everybody in one piece. Whoever is asked refuses
// a name or an address that another member has, a generation beyond belief, and rounds that do not fit ours, and
// says so. The answer also tells what is known of the newcomer itself, so that one that lost its disk begins above
// its former life.
#pragma once

#include <string>

#include "heartbeat/ledger.h"

namespace hearsay::heartbeat {

// Rounds may differ by this factor: beyond it, one side's silence is the other's failure.
inline constexpr int kIntervalRatioMax = 4;

class Look final : public room::Introduction {
 public:
  explicit Look(Ledger& ledger) : ledger_(&ledger) {}

  StreamId introduce(room::Step& step, const Address& peer) override;
  // A look is answered, in any case.
  void on_request(room::Step& step, const room::Origin& origin, const wire::Heartbeat& look);
  void on_answer(room::Step& step, const room::Origin& origin, const wire::Heartbeat& reply);

 private:
  // Why it may not join; empty: it may.
  std::string objection(room::Step& step, const room::Origin& origin, const wire::Heartbeat& look) const;

  Ledger* ledger_;
};

}  // namespace hearsay::heartbeat
