#include "members/precedence.h"

namespace hearsay::members {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::alive:
      return "alive";
    case Verdict::suspect:
      return "suspect";
    case Verdict::dead:
      return "dead";
    case Verdict::left:
      return "left";
  }
  return "unknown";
}

bool supersedes(Standing claim, Standing held) {
  switch (claim.verdict) {
    case Verdict::alive:
      return claim.incarnation > held.incarnation;
    case Verdict::suspect:
      return held.verdict == Verdict::alive && claim.incarnation >= held.incarnation;
    case Verdict::dead:
    case Verdict::left:
      return is_up(held.verdict) && claim.incarnation >= held.incarnation;
  }
  return false;
}

bool heartbeat_supersedes(Standing claim, Standing held) {
  if (claim.incarnation != held.incarnation) {
    // Opinions are about the life that we know; a word of the member itself may be about its next one.
    const bool own_word = claim.verdict == Verdict::alive || claim.verdict == Verdict::left;
    return own_word && claim.incarnation > held.incarnation;
  }
  if (held.verdict == Verdict::left) return false;
  switch (claim.verdict) {
    case Verdict::alive:
    case Verdict::left:
      return true;
    case Verdict::suspect:
      return held.verdict == Verdict::alive;
    case Verdict::dead:
      return is_up(held.verdict);
  }
  return false;
}

bool believable(Incarnation claim, Incarnation held) {
  if (claim.value >= kIncarnationMax) return false;
  return held.value == 0 || claim <= held || claim.value - held.value <= kIncarnationJump;
}

AddressRuling judge_address(bool same_bytes, Verdict held, Duration down_for, Duration reclaim_after) {
  if (same_bytes) return AddressRuling::same;
  if (held == Verdict::left) return AddressRuling::take;
  if (held == Verdict::dead && down_for > reclaim_after) return AddressRuling::take;
  return AddressRuling::conflict;
}

AddressRuling judge_heartbeat_address(bool same_bytes, Verdict held) {
  if (same_bytes) return AddressRuling::same;
  return is_up(held) ? AddressRuling::conflict : AddressRuling::take;
}

bool versions_fit(ByteView vsn, const Versions& ours) {
  if (vsn.size() != ours.size()) return false;
  const auto fits = [&](std::size_t at) {
    const std::uint8_t least = vsn[at];
    const std::uint8_t most = vsn[at + 1];
    const std::uint8_t spoken = vsn[at + 2];
    return least <= spoken && spoken <= most && least <= ours[at + 2] && ours[at + 2] <= most &&
           ours[at] <= spoken && spoken <= ours[at + 1];
  };
  return vsn[0] >= 1 && fits(0) && fits(3);
}

}  // namespace hearsay::members
