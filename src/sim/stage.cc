#include "sim/stage.h"

#include <algorithm>
#include <charconv>

namespace hearsay::sim {

namespace {
// What a host writes to disk ahead of use; see the agent's data directory.
constexpr std::uint32_t kIncarnationBlock = 16;
constexpr Duration kJoinInterval = std::chrono::seconds(5);  // the agent's join_interval
constexpr Duration kSaveDelay = std::chrono::seconds(1);     // from a change to the file that knows of it
constexpr std::uint64_t kStateKeys = 6;                      // few, so that they are deleted and written again
}  // namespace

Stage::Stage(const ClusterPlan& plan, Recorder& recorder)
    : plan_(plan), recorder_(recorder), world_({plan.seed, plan.network}) {
  base::Rng rng = base::Rng(plan.seed).fork("faults");
  for (const Fault& fault : plan.faults) {
    plan_fault(fault, rng);
    rng = rng.fork("next");
  }
  std::ranges::stable_sort(moments_, {}, &Moment::at);
}

void Stage::plan_fault(const Fault& fault, const base::Rng& rng) {
  const Place place = fault.place;
  const Duration end = fault.at + fault.lasts;
  const bool ends = fault.lasts > Duration{};
  switch (fault.what) {
    case Fault::What::crash:
      plan_crash(fault.at, place, true);
      break;
    case Fault::What::restart:
    case Fault::What::wipe:
      plan_crash(fault.at, place, false);
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
      plan_at(fault.at, [this, fault] {
        say(fault.place, ("is not heard any more by n" + std::to_string(fault.other)).c_str());
        world_.network().block(fault.place, fault.other);
      });
      if (ends)
        plan_at(end, [this, fault] {
          say(fault.place, ("is heard again by n" + std::to_string(fault.other)).c_str());
          world_.network().unblock(fault.place, fault.other);
        });
      break;
    case Fault::What::leave:
      plan_at(fault.at, [this, place] { leave(place); });
      break;
    case Fault::What::tags:
      plan_at(fault.at, [this, place] { change_tags(place); });
      break;
    case Fault::What::loss:
      plan_at(fault.at, [this, fault] { world_.network().set_loss(fault.share); });
      if (ends) plan_at(end, [this] { world_.network().set_loss({}); });
      break;
    case Fault::What::flap:
      for (Duration turn = fault.at; turn < end; turn += 2 * fault.amount) {
        plan_at(turn, [this, fault] { cut(fault.other, fault.place, true); });
        plan_at(std::min(turn + fault.amount, end), [this, fault] { cut(fault.other, fault.place, false); });
      }
      break;
    case Fault::What::swizzle:
      plan_swizzle(fault, rng);
      break;
    case Fault::What::slow:
      plan_at(fault.at, [this, fault] { world_.set_slow(fault.place, fault.amount); });
      plan_at(end, [this, place] { world_.set_slow(place, {}); });
      break;
    case Fault::What::jump:
      plan_at(fault.at, [this, fault] { world_.jump_wall(fault.place, fault.amount); });
      break;
    case Fault::What::drift:
      plan_at(fault.at, [this, fault] { world_.set_drift(fault.place, fault.ppm); });
      plan_at(end, [this, place] { world_.set_drift(place, 0); });
      break;
    case Fault::What::corrupt:
      plan_at(fault.at, [this, fault] { world_.network().set_corrupt(fault.share); });
      plan_at(end, [this] { world_.network().set_corrupt({}); });
      break;
    case Fault::What::mass_restart:
      plan_mass_restart(fault, rng);
      break;
    case Fault::What::join_storm:
      plan_at(fault.at, [this, fault] {
        for (std::size_t i = 0; i < fault.count; ++i) join_anybody(add_node());
      });
      break;
    case Fault::What::lose_disk:
      plan_at(fault.at, [this, place] { actors_[place].has_disk = false; });
      break;
    case Fault::What::write:
      plan_at(fault.at, [this, place, rng] { write_state(place, rng); });
      break;
  }
}

void Stage::plan_swizzle(const Fault& fault, base::Rng rng) {
  const Duration half = fault.lasts / 2;
  for (Place inside = fault.other; inside <= fault.place; ++inside) {
    for (Place outside = 0; outside < plan_.nodes; ++outside) {
      if (outside >= fault.other && outside <= fault.place) continue;
      const Duration cut = rng.within(half);
      const Duration heal = rng.within(half);
      plan_at(fault.at + cut, [this, inside, outside] { cut_link(inside, outside, true); });
      plan_at(fault.at + half + heal, [this, inside, outside] { cut_link(inside, outside, false); });
    }
  }
}

void Stage::plan_mass_restart(const Fault& fault, base::Rng rng) {
  std::vector<Place> all(plan_.nodes);
  for (Place place = 0; place < all.size(); ++place) all[place] = place;
  rng.shuffle(std::span<Place>(all));
  all.resize(static_cast<std::size_t>(fault.share * static_cast<double>(all.size()) + 0.5));
  for (const Place place : all) {
    const Duration at = fault.at + rng.within(fault.amount);
    plan_crash(at, place, false);
    plan_at(at + fault.lasts, [this, place] { restart(place, true); });
  }
}

void Stage::start_joined() {
  known_ = members_of(plan_.config, plan_.nodes);
  for (Place place = 0; place < plan_.nodes; ++place) add_node(known_);
  recorder_.on_joined(plan_.nodes);
}

void Stage::start() {
  if (plan_.joined) return start_joined();
  for (Place place = 0; place < plan_.nodes; ++place) {
    add_node();
    if (place > 0) join(place, 0);
  }
}

Place Stage::add_node(std::span<const Member> known) {
  const Place place = actors_.size();
  Config config = plan_.config;
  config.name = name_of(place);
  // As an agent does it: the peer to join is a seed as well, so that a refused join is tried again.
  if (place > 0) config.contact.seeds = {to_string(world_.config(0).advertise)};
  actors_.emplace_back();
  if (on_start) on_start(place);
  recorder_.on_start(place, world_.elapsed());
  return world_.add(std::move(config), known);
}

std::optional<Place> Stage::anybody_but(Place place) const {
  for (Place contact = 0; contact < actors_.size(); ++contact) {
    if (contact != place && world_.is_up(contact)) return contact;
  }
  return std::nullopt;
}

void Stage::join_anybody(Place place) {
  if (const auto contact = anybody_but(place)) join(place, *contact);
}

std::vector<Place> Stage::contacts(Place place) const {
  std::vector<Place> all;
  if (place > 0) all.push_back(0);  // add_node
  const bool joins = join_again_.contains(place) ||
                     std::ranges::any_of(joins_, [place](const auto& join) { return join.second == place; });
  if (const auto anybody = joins ? anybody_but(place) : std::nullopt) all.push_back(*anybody);
  return all;
}

void Stage::join(Place place, Place contact) {
  ++commands_;
  if (begun_) joins_[commands_] = place;
  world_.command(place, Join{CommandId{commands_}, {to_string(world_.config(contact).advertise)}});
}

void Stage::run_until(Duration until) {
  for (; next_moment_ < moments_.size() && moments_[next_moment_].at < until; ++next_moment_) {
    world_.run_for(zero_ + moments_[next_moment_].at - world_.elapsed());
    moments_[next_moment_].happens();
  }
  if (!healed_ && next_moment_ == moments_.size()) {
    healed_ = true;
    if (on_healed) on_healed();
  }
  world_.run_for(zero_ + until - world_.elapsed());
  for (Place place = 0; place < actors_.size(); ++place) {
    if (!actors_[place].has_left || !world_.is_up(place)) continue;
    save(place);
    crash(place, false);
  }
  for (auto again = join_again_.begin(); again != join_again_.end();) {
    if (again->second > clock()) {
      ++again;
      continue;
    }
    const Place place = again->first;
    again = join_again_.erase(again);
    if (runs(place)) join_anybody(place);
  }
}

void Stage::heard(Place place, const Notice& notice) {
  const auto* done = std::get_if<CommandDone>(&notice.body);
  if (done == nullptr) return;
  if (actors_[place].leaves == done->id.value) actors_[place].has_left = true;
  const bool is_join = joins_.erase(done->id.value) > 0;
  if (is_join && done->error) join_again_[place] = clock() + kJoinInterval;
}

bool Stage::runs(Place place) const {
  return world_.is_up(place) && !actors_[place].paused && actors_[place].leaves == 0;
}

std::optional<Place> Stage::place_of(std::string_view name) const {
  Place place = 0;
  if (!name.starts_with('n')) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), place);
  if (error != std::errc() || place >= actors_.size() || name != name_of(place)) return std::nullopt;
  return place;
}

// What an agent writes as it goes, other than what it reserves: a crash finds it as it was a moment before.
void Stage::save(Place place) {
  if (world_.is_up(place)) actors_[place].lamport = world_.node(place).info().lamport;
}

void Stage::plan_crash(Duration at, Place place, bool for_ever) {
  plan_at(std::max(Duration{}, at - kSaveDelay), [this, place] { save(place); });
  plan_at(at, [this, place, for_ever] { crash(place, for_ever); });
}

void Stage::crash(Place place, bool for_ever) {
  Actor& actor = actors_[place];
  if (!world_.is_up(place)) return;
  say(place, "crashes");
  recorder_.on_crash(place, world_.elapsed(), for_ever);
  if (on_crash) on_crash(place);
  actor.incarnation = world_.node(place).info().self.incarnation.value;
  actor.generation = world_.node(place).info().generation;
  actor.paused = false;
  world_.crash(place);
  std::erase_if(joins_, [place](const auto& join) { return join.second == place; });
  join_again_.erase(place);
}

void Stage::restart(Place place, bool disk) {
  Actor& actor = actors_[place];
  if (world_.is_up(place)) return;
  const bool kept = disk && actor.has_disk;
  say(place, kept ? "starts again" : "starts again without its disk");
  const Incarnation incarnation{kept ? actor.incarnation + kIncarnationBlock : 1};
  if (!kept) actor.lamport = LamportTime{1};
  actor.has_disk = true;
  actor.leaves = 0;
  actor.has_left = false;
  if (on_start) on_start(place);
  recorder_.on_start(place, world_.elapsed(), incarnation, Incarnation{actor.incarnation});
  world_.restart(place, incarnation, actor.lamport, kept ? actor.generation + 1 : 1);
  join_anybody(place);
}

void Stage::leave(Place place) {
  if (!runs(place)) return;
  say(place, "is told to leave");
  actors_[place].leaves = ++commands_;
  recorder_.on_leave(place, world_.elapsed());
  world_.command(place, Leave{CommandId{commands_}});
}

void Stage::change_tags(Place place) {
  if (!runs(place)) return;
  const Tags tags{{"version", std::to_string(++commands_)}};
  recorder_.on_tags(place, world_.elapsed(), tags);
  world_.command(place, SetTags{CommandId{commands_}, tags});
}

void Stage::write_state(Place place, base::Rng rng) {
  if (!runs(place)) return;
  const auto state = world_.node(place).state(world_.config(place).name);
  std::vector<StateWrite> writes(rng.chance(0.3) ? 2 + rng.bounded(3) : 1);
  const std::uint64_t first = rng.bounded(kStateKeys);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    StateWrite& write = writes[i];
    write.key = "k" + std::to_string((first + i) % kStateKeys);
    const bool there = state && std::ranges::find(state->items, write.key, &StateItem::key) != state->items.end();
    if (there && rng.chance(0.4)) continue;  // it is deleted
    write.value = std::to_string(commands_ + 1);
    if (rng.chance(0.1)) write.value->resize(rng.bounded(4096), 'v');
    if (rng.chance(0.2)) write.ttl = std::chrono::seconds(1 + static_cast<std::int64_t>(rng.bounded(30)));
  }
  world_.command(place, WriteState{CommandId{++commands_}, std::move(writes)});
}

void Stage::pause(Place place) {
  if (!world_.is_up(place)) return;
  say(place, "is stopped");
  actors_[place].paused = true;
  recorder_.on_pause(place, world_.elapsed());
  world_.pause(place);
}

void Stage::go_on(Place place) {
  if (!world_.is_up(place) || !actors_[place].paused) return;
  say(place, "goes on");
  actors_[place].paused = false;
  recorder_.on_go_on(place, world_.elapsed());
  world_.go_on(place);
}

void Stage::cut_link(Place left, Place right, bool blocked) {
  auto& network = world_.network();
  if (blocked) {
    network.block(left, right);
    network.block(right, left);
  } else {
    network.unblock(left, right);
    network.unblock(right, left);
  }
}

void Stage::cut(Place first, Place last, bool blocked) {
  if (on_fault) {
    on_fault("n" + std::to_string(first) + " to n" + std::to_string(last) +
             (blocked ? " are cut off from all others" : " reach all others again"));
  }
  for (Place inside = first; inside <= last; ++inside) {
    for (Place outside = 0; outside < actors_.size(); ++outside) {
      if (outside < first || outside > last) cut_link(inside, outside, blocked);
    }
  }
}

}  // namespace hearsay::sim
