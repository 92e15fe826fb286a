#include "sim/checkers/agreement.h"

#include <algorithm>

namespace hearsay::sim {

std::string disagreement_of(const View& view, const std::vector<std::optional<Member>>& claims,
                            const std::function<std::optional<Place>(std::string_view)>& place_of) {
  const std::string observer = "n" + std::to_string(view.observer);
  const auto running = std::ranges::count_if(claims, [](const auto& claim) { return claim.has_value(); });
  const auto is_up = [](const Member& member) {
    return member.status == Status::alive || member.status == Status::suspect;
  };
  // All that run, against those that are up but the suspect itself.
  const bool no_majority = view.majority && 2 * running <= std::ranges::count_if(view.members, is_up) - 1;
  std::size_t alive = 0;
  for (const Member& member : view.members) {
    const auto shows = [&] { return observer + " shows " + member.name + " as " + name_of(member.status); };
    const auto subject = place_of(member.name);
    if (!subject || !claims[*subject]) {
      if (member.status == Status::suspect && no_majority) continue;
      if (is_up(member))
        return shows() + (subject ? ", but it does not run" : ", but there is nobody of this name");
      continue;
    }
    const Member& claim = *claims[*subject];
    if (member.status != Status::alive) return shows() + ", but it runs";
    if (member.incarnation != claim.incarnation) return shows() + " at another incarnation than its own";
    if (member.tags != claim.tags) return shows() + " with other tags than its own";
    ++alive;
  }
  return alive == static_cast<std::size_t>(running) ? "" : observer + " does not know all running members";
}

std::string disagreement_of(Place observer, const std::optional<NodeState>& known,
                            const std::optional<NodeState>& own) {
  const auto text = [](const std::optional<NodeState>& state) {
    if (!state) return std::string("none");
    std::string out = std::to_string(state->generation) + "." + std::to_string(state->life) + " at version " +
                      std::to_string(state->version) + ":";
    for (const auto& item : state->items)
      out += " " + item.key + "=" + item.value.substr(0, 20) + "@" + std::to_string(item.version);
    return out;
  };
  const std::string says = text(own);
  const std::string believed = text(known);
  if (says == believed) return {};
  return "n" + std::to_string(observer) + " knows of " + (own ? own->member : known->member) + " the state " +
         believed + ", which is " + says;
}

}  // namespace hearsay::sim
