#include "sim/checkers/agreement.h"

#include <algorithm>

namespace hearsay::sim {

std::string disagreement_of(const View& view, const std::vector<std::optional<Member>>& claims,
                            const std::function<std::optional<Place>(std::string_view)>& place_of) {
  const std::string observer = "n" + std::to_string(view.observer);
  std::size_t alive = 0;
  for (const Member& member : view.members) {
    const auto shows = [&] { return observer + " shows " + member.name + " as " + name_of(member.status); };
    const bool up = member.status == Status::alive || member.status == Status::suspect;
    const auto subject = place_of(member.name);
    if (!subject || !claims[*subject]) {
      if (up) return shows() + (subject ? ", but it does not run" : ", but there is nobody of this name");
      continue;
    }
    const Member& claim = *claims[*subject];
    if (member.status != Status::alive) return shows() + ", but it runs";
    if (member.incarnation != claim.incarnation) return shows() + " at another incarnation than its own";
    if (member.tags != claim.tags) return shows() + " with other tags than its own";
    ++alive;
  }
  const auto running = std::ranges::count_if(claims, [](const auto& claim) { return claim.has_value(); });
  return alive == static_cast<std::size_t>(running) ? "" : observer + " does not know all running members";
}

}  // namespace hearsay::sim
