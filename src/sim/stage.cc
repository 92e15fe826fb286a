#include "sim/stage.h"

#include <algorithm>

namespace hearsay::sim {

namespace {
// What a host writes to disk ahead of use; see the agent's data directory.
constexpr std::uint32_t kIncarnationBlock = 16;
}  // namespace

Stage::Stage(const ClusterPlan& plan, Recorder& recorder)
    : plan_(plan), recorder_(recorder), world_({plan.seed, plan.network}) {
  for (const Fault& fault : plan.faults) plan_fault(fault);
  std::ranges::stable_sort(moments_, {}, &Moment::at);
}

void Stage::plan_fault(const Fault& fault) {
  const Place place = fault.place;
  const Duration end = fault.at + fault.lasts;
  const bool ends = fault.lasts > Duration{};
  switch (fault.what) {
    case Fault::What::crash:
      plan_at(fault.at, [this, place] { crash(place, true); });
      break;
    case Fault::What::restart:
    case Fault::What::wipe:
      plan_at(fault.at, [this, place] { crash(place, false); });
      plan_at(end, [this, place, disk = fault.what == Fault::What::restart] { restart(place, disk); });
      break;
    case Fault::What::pause:
      plan_at(fault.at, [this, place] { pause(place); });
      if (ends) plan_at(end, [this, place] { go_on(place); });
      break;
    case Fault::What::cut:
      plan_at(fault.at, [this, fault] { cut(fault.other, fault.place, true); });
      if (ends) plan_at(end, [this, fault] { cut(fault.other, fault.place, false); });
      break;
    case Fault::What::one_way:
      plan_at(fault.at, [this, fault] { world_.network().block(fault.place, fault.other); });
      if (ends) plan_at(end, [this, fault] { world_.network().unblock(fault.place, fault.other); });
      break;
    case Fault::What::leave:
      plan_at(fault.at, [this, place] { leave(place); });
      break;
    case Fault::What::tags:
      plan_at(fault.at, [this, place] { change_tags(place); });
      break;
    case Fault::What::loss:
      plan_at(fault.at, [this, fault] { world_.network().set_loss(fault.share); });
      if (ends) plan_at(end, [this] { world_.network().set_loss(plan_.network.loss); });
      break;
  }
}

void Stage::start() {
  for (Place place = 0; place < plan_.nodes; ++place) {
    add_node();
    if (place > 0) join(place, 0);
  }
}

void Stage::add_node() {
  const Place place = actors_.size();
  Config config = plan_.config;
  config.name = "n" + std::to_string(place);
  places_[config.name] = place;
  // As an agent does it: the peer to join is a seed as well, so that a refused join is tried again.
  if (place > 0) config.contact.seeds = {to_string(world_.config(0).advertise)};
  actors_.emplace_back();
  if (on_start) on_start(place);
  recorder_.on_start(place, world_.elapsed());
  world_.add(config);
}

void Stage::join(Place place, Place contact) {
  world_.command(place, Join{CommandId{++commands_}, {to_string(world_.config(contact).advertise)}});
}

void Stage::run_until(Duration until) {
  for (; next_moment_ < moments_.size() && moments_[next_moment_].at < until; ++next_moment_) {
    world_.run_for(zero_ + moments_[next_moment_].at - world_.elapsed());
    moments_[next_moment_].happens();
  }
  world_.run_for(zero_ + until - world_.elapsed());
  for (Place place = 0; place < actors_.size(); ++place) {
    if (actors_[place].has_left && world_.is_up(place)) crash(place, false);
  }
}

void Stage::heard(Place place, const Notice& notice) {
  if (std::holds_alternative<CommandDone>(notice.body) && actors_[place].leaves) actors_[place].has_left = true;
}

bool Stage::runs(Place place) const {
  return world_.is_up(place) && !actors_[place].paused && !actors_[place].leaves;
}

std::optional<Place> Stage::place_of(std::string_view name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) return std::nullopt;
  return found->second;
}

void Stage::crash(Place place, bool for_ever) {
  Actor& actor = actors_[place];
  if (!world_.is_up(place)) return;
  recorder_.on_crash(place, world_.elapsed(), for_ever);
  if (on_crash) on_crash(place);
  actor.incarnation = world_.node(place).info().self.incarnation.value;
  actor.paused = false;
  world_.crash(place);
}

void Stage::restart(Place place, bool disk) {
  Actor& actor = actors_[place];
  if (world_.is_up(place)) return;
  const Incarnation incarnation{disk ? actor.incarnation + kIncarnationBlock : 1};
  if (on_start) on_start(place);
  recorder_.on_start(place, world_.elapsed(), incarnation, Incarnation{actor.incarnation});
  world_.restart(place, incarnation);
  for (Place contact = 0; contact < actors_.size(); ++contact) {
    if (contact == place || !world_.is_up(contact)) continue;
    join(place, contact);
    return;
  }
}

void Stage::leave(Place place) {
  if (!runs(place)) return;
  actors_[place].leaves = true;
  recorder_.on_leave(place, world_.elapsed());
  world_.command(place, Leave{CommandId{++commands_}});
}

void Stage::change_tags(Place place) {
  if (!runs(place)) return;
  const Tags tags{{"version", std::to_string(++commands_)}};
  recorder_.on_tags(place, world_.elapsed(), tags);
  world_.command(place, SetTags{CommandId{commands_}, tags});
}

void Stage::pause(Place place) {
  if (!world_.is_up(place)) return;
  actors_[place].paused = true;
  recorder_.on_pause(place, world_.elapsed());
  world_.pause(place);
}

void Stage::go_on(Place place) {
  if (!world_.is_up(place) || !actors_[place].paused) return;
  actors_[place].paused = false;
  recorder_.on_go_on(place, world_.elapsed());
  world_.go_on(place);
}

void Stage::cut(Place first, Place last, bool blocked) {
  for (Place inside = first; inside <= last; ++inside) {
    for (Place outside = 0; outside < actors_.size(); ++outside) {
      if (outside >= first && outside <= last) continue;
      if (blocked) {
        world_.network().block(inside, outside);
        world_.network().block(outside, inside);
      } else {
        world_.network().unblock(inside, outside);
        world_.network().unblock(outside, inside);
      }
    }
  }
}

}  // namespace hearsay::sim
