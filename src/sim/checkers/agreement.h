// After all faults have ended and a stated time has passed (sim/swarm: quiet_time), every running node shows
// exactly the running ones as alive, each with the incarnation, the tags and the state that it claims itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hearsay/member.h"
#include "hearsay/state.h"
#include "sim/network.h"

namespace hearsay::sim {

struct View {
  Place observer = 0;
  std::vector<Member> members;
  // verdict = majority: where those that run are not more than half, nobody can be declared failed.
  bool majority = false;
};

// The first thing in this view that is not so; empty: all is. `claims`: what each running node says of itself, by
// place; none: it does not run. `place_of` knows all names; none: nobody has this name.
std::string disagreement_of(const View& view, const std::vector<std::optional<Member>>& claims,
                            const std::function<std::optional<Place>(std::string_view)>& place_of);

// What the observer knows of a state otherwise than its owner; empty: nothing. Times to live are left out.
std::string disagreement_of(Place observer, const std::optional<NodeState>& known,
                            const std::optional<NodeState>& own);

}  // namespace hearsay::sim
