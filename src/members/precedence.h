// Who wins when two claims disagree. Pure functions, each tested over all pairs.
#pragma once

#include "hearsay/bytes.h"
#include "hearsay/heartbeat.h"
#include "hearsay/ids.h"
#include "hearsay/time.h"
#include "members/row.h"

namespace hearsay::members {

// A verdict and the incarnation that it speaks of.
struct Standing {
  Verdict verdict = Verdict::alive;
  Incarnation incarnation;
};

// True when the claim replaces what is held (SWIM section 4.2, memberlist state.go aliveNode, suspectNode,
// deadNode). Only its owner raises an incarnation, so alive needs a higher one; an accusation needs one that
// is not older; and, unlike the paper's "confirm overrides all", the dead stay as they are until an alive
// with a higher incarnation comes, and a dead member does not become a left one.
bool supersedes(Standing claim, Standing held);

// The same in the heartbeat family, where an incarnation is a generation: a node's life. alive -> suspect -> dead
// -> alive within one are opinions of our own, so the room that claims them has decided; a leave ends the
// generation, and only a higher one begins anew.
bool heartbeat_supersedes(Standing claim, Standing held);
inline bool supersedes(Family family, Standing claim, Standing held) {
  return family == Family::swim ? supersedes(claim, held) : heartbeat_supersedes(claim, held);
}

// An incarnation rises by one or a few at a time. One far above the held one is nobody's honest doing, and
// believing it would take away the member's room to refute.
inline constexpr std::uint32_t kIncarnationJump = 1u << 20;
inline constexpr std::uint32_t kIncarnationMax = 0xffff'0000u;
bool believable(Incarnation claim, Incarnation held);

// May the member move to another address?
enum class AddressRuling : std::uint8_t {
  same,      // the bytes are equal
  take,      // accepted, whatever the incarnation: the old place was given up
  conflict,  // two nodes claim the name
};
// `down_for` is how long the member has been dead. A left member may come back anywhere; a dead one when it has
// been dead for `reclaim_after`, by which time memberlist peers have forgotten it and accept anything.
AddressRuling judge_address(bool same_bytes, Verdict held, Duration down_for, Duration reclaim_after);
// Heartbeat family: whoever is down may come back anywhere, for it answers for itself first.
AddressRuling judge_heartbeat_address(bool same_bytes, Verdict held);

// Do these version bytes let their owner take part in a cluster that speaks what `ours` says?
// Six bytes, 1 <= pmin <= pcur <= pmax, dmin <= dcur <= dmax, and each speaks what the other's ranges include.
bool versions_fit(ByteView vsn, const Versions& ours);

// An intent counts when its Lamport time is later than the one held (Serf handleNodeLeaveIntent).
inline bool intent_supersedes(LamportTime claim, LamportTime held) { return claim > held; }

}  // namespace hearsay::members
