// The nodes of one experiment and all that is done to them: started, joined, crashed, paused, cut off. Faults
// happen here, at their moments of the plan's clock; what came of them is measured elsewhere (sim/measure).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/measure.h"
#include "sim/plan.h"
#include "sim/world.h"

namespace hearsay::sim {

class Stage {
 public:
  Stage(const ClusterPlan& plan, Recorder& recorder);

  World& world() { return world_; }
  const World& world() const { return world_; }

  // Called just before a node's process starts with an empty memory, and just before it is gone.
  std::function<void(Place)> on_start;
  std::function<void(Place)> on_crash;
  // Called once when the last fault has ended.
  std::function<void()> on_healed;
  // Hears in words what is done to whom.
  std::function<void(const std::string&)> on_fault;

  // Starts all nodes of the plan; all but node 0 join it, unless they know each other from the start.
  void start();
  // The plan's clock is zero now.
  void begin() {
    zero_ = world_.elapsed();
    begun_ = true;
  }
  Duration clock() const { return world_.elapsed() - zero_; }
  // Runs until the clock shows this; the faults before then happen.
  void run_until(Duration until);
  // To be told of every notice: a node that has left ends at the end of run_until, and one whose join failed after
  // the clock's zero tries another member some seconds later, as an agent does.
  void heard(Place place, const Notice& notice);

  // Whom this node turns to without knowing it as a member: its seed, and whoever it tries to join.
  std::vector<Place> contacts(Place place) const;
  // Up, not paused, and not about to leave: everybody should see it as alive.
  bool runs(Place place) const;
  std::optional<Place> place_of(std::string_view name) const;

 private:
  struct Moment {
    Duration at;
    std::function<void()> happens;
  };
  struct Actor {
    bool paused = false;
    std::uint64_t leaves = 0;  // the command that told it to; none: it stays
    bool has_left = false;
    std::uint32_t incarnation = 1;  // what it had claimed when it ended
    std::uint32_t generation = 1;   // of its own state, likewise
    LamportTime lamport{1};         // as its disk has it
    bool has_disk = true;           // and what it kept is still there
  };

  void plan_fault(const Fault& fault, const base::Rng& rng);
  void say(Place place, const char* what) {
    if (on_fault) on_fault(world_.config(place).name + " " + what);
  }
  void plan_at(Duration at, std::function<void()> happens) { moments_.push_back({at, std::move(happens)}); }
  void plan_crash(Duration at, Place place, bool for_ever);
  Place add_node(std::span<const Member> known = {});
  void start_joined();
  void join(Place place, Place contact);
  void save(Place place);
  void crash(Place place, bool for_ever);
  void restart(Place place, bool disk);
  void leave(Place place);
  void change_tags(Place place);
  void write_state(Place place, base::Rng rng);
  void pause(Place place);
  void go_on(Place place);
  void plan_swizzle(const Fault& fault, base::Rng rng);
  void plan_mass_restart(const Fault& fault, base::Rng rng);
  std::optional<Place> anybody_but(Place place) const;
  void join_anybody(Place place);
  void cut_link(Place left, Place right, bool blocked);
  void cut(Place first, Place last, bool blocked);

  const ClusterPlan& plan_;
  Recorder& recorder_;
  World world_;
  std::vector<Member> known_;  // by name; to all nodes from the start
  std::vector<Actor> actors_;
  std::vector<Moment> moments_;  // in order
  std::size_t next_moment_ = 0;
  std::uint64_t commands_ = 0;
  bool begun_ = false;
  bool healed_ = false;
  std::map<std::uint64_t, Place> joins_;  // that have been asked for since the zero, by command
  std::map<Place, Duration> join_again_;  // when
  Duration zero_{};
};

}  // namespace hearsay::sim
