#include "sim/cluster.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "sim/checkers/checker.h"
#include "sim/measure.h"

namespace hearsay::sim {

namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
// What a host writes to disk ahead of use; see the agent's data directory.
constexpr std::uint32_t kIncarnationBlock = 16;

std::uint64_t nanoseconds(Duration duration) { return static_cast<std::uint64_t>(duration.count()); }

class Run {
 public:
  explicit Run(const ClusterPlan& plan) : plan_(plan), world_({plan.seed, plan.network}), recorder_(plan.nodes) {
    world_.on_notice = [this](Place place, const Notice& notice) { heard(place, notice); };
    world_.on_sent = [this](Place from, Place to, ByteView bytes, bool lost) {
      trace_.add(nanoseconds(world_.elapsed()));
      trace_.add(from << 33 | to << 1 | (lost ? 1 : 0));
      trace_.add(bytes);
      second_bytes_ += bytes.size();
    };
    for (const Fault& fault : plan.faults) plan_fault(fault);
    std::ranges::stable_sort(moments_, {}, &Moment::at);
  }

  ClusterReport run(const std::function<bool(double)>& go_on) {
    start();
    settle(go_on);
    measure(go_on);
    finish();
    return std::move(report_);
  }

 private:
  struct Moment {
    Duration at;
    std::function<void()> happens;
  };
  struct Actor {
    bool paused = false;
    bool leaves = false;
    bool has_left = false;  // its process ends at the next second
  };

  void plan_fault(const Fault& fault) {
    const auto at = [&](Duration when, std::function<void()> what) { moments_.push_back({when, std::move(what)}); };
    const Place place = fault.place;
    const Duration end = fault.at + fault.lasts;
    const bool ends = fault.lasts > Duration{};
    switch (fault.what) {
      case Fault::What::crash:
        at(fault.at, [this, place] { crash(place, true); });
        break;
      case Fault::What::restart:
      case Fault::What::wipe:
        at(fault.at, [this, place] { crash(place, false); });
        at(end, [this, place, disk = fault.what == Fault::What::restart] { restart(place, disk); });
        break;
      case Fault::What::pause:
        at(fault.at, [this, place] { pause(place); });
        if (ends) at(end, [this, place] { go_on(place); });
        break;
      case Fault::What::cut:
        at(fault.at, [this, place] { cut(place, true); });
        if (ends) at(end, [this, place] { cut(place, false); });
        break;
      case Fault::What::one_way:
        at(fault.at, [this, fault] { world_.network().block(fault.place, fault.other); });
        if (ends) at(end, [this, fault] { world_.network().unblock(fault.place, fault.other); });
        break;
      case Fault::What::leave:
        at(fault.at, [this, place] { leave(place); });
        break;
      case Fault::What::tags:
        at(fault.at, [this, place] { change_tags(place); });
        break;
      case Fault::What::loss:
        at(fault.at, [this, fault] { world_.network().set_loss(fault.share); });
        if (ends) at(end, [this] { world_.network().set_loss(plan_.network.loss); });
        break;
    }
  }

  void start() {
    actors_.resize(plan_.nodes);
    for (Place place = 0; place < plan_.nodes; ++place) {
      Config config = plan_.config;
      config.name = "n" + std::to_string(place);
      places_[config.name] = place;
      // As an agent does it: the peer to join is a seed as well, so that a refused join is tried again.
      if (place > 0) config.contact.seeds = {to_string(world_.config(0).advertise)};
      recorder_.on_start(place, world_.elapsed());
      world_.add(config);
      if (place > 0) join(place, 0);
    }
  }

  void join(Place place, Place contact) {
    world_.command(place, Join{CommandId{++commands_}, {to_string(world_.config(contact).advertise)}});
  }

  bool complete() {
    for (Place place = 0; place < plan_.nodes; ++place) {
      const auto info = world_.node(place).info();
      if (info.members[static_cast<std::size_t>(Status::alive)] != plan_.nodes) return false;
    }
    return true;
  }

  void settle(const std::function<bool(double)>& go_on) {
    constexpr Duration kLook = std::chrono::milliseconds(100);
    Place look_at = 0;
    while (world_.elapsed() < plan_.settle_max) {
      world_.run_for(kLook);
      // One that is not complete yet spares a look at all others.
      const auto& info = world_.node(look_at % plan_.nodes).info();
      if (info.members[static_cast<std::size_t>(Status::alive)] != plan_.nodes) continue;
      ++look_at;
      if (complete()) {
        report_.settled = true;
        report_.settle_time = world_.elapsed();
        // The rumors of the join are still being told; what is measured is a cluster at rest.
        world_.run_for(10 * kSecond);
        return;
      }
      if (!go_on(0)) {
        report_.interrupted = true;
        return;
      }
    }
  }

  void measure(const std::function<bool(double)>& go_on) {
    zero_ = world_.elapsed();
    recorder_.begin(zero_);
    for (Place place = 0; place < plan_.nodes; ++place) before_.push_back(world_.node(place).info().counters);
    second_bytes_ = 0;
    auto moment = moments_.begin();
    Duration done{};
    while (done < plan_.duration && !report_.interrupted) {
      const Duration next = std::min(plan_.duration, (done / kSecond + 1) * kSecond);
      for (; moment != moments_.end() && moment->at < next; ++moment) {
        world_.run_for(zero_ + moment->at - world_.elapsed());
        moment->happens();
      }
      world_.run_for(zero_ + next - world_.elapsed());
      for (Place place = 0; place < plan_.nodes; ++place) {
        if (actors_[place].has_left && world_.is_up(place)) crash(place, false);
      }
      const double seconds = static_cast<double>((next - done).count()) / static_cast<double>(kSecond.count());
      done = next;
      report_.bytes_per_node_s.push_back(static_cast<double>(second_bytes_) / seconds /
                                         static_cast<double>(plan_.nodes));
      second_bytes_ = 0;
      if (done / kSecond % 10 == 0) look();
      const double share = static_cast<double>(done.count()) / static_cast<double>(plan_.duration.count());
      if (done < plan_.duration && !go_on(share)) report_.interrupted = true;
    }
    report_.measured = done;
  }

  void finish() {
    for (Place place = 0; place < plan_.nodes; ++place) {
      if (world_.is_up(place)) take_counters(place);
    }
    recorder_.end(world_.elapsed(), report_);
    report_.datagrams = world_.network().datagrams();
    report_.simulated = world_.elapsed();
    look();
    judge_agreement();
    report_.violations = findings_.all();
    report_.trace_hash = trace_.value();
  }

  bool runs(Place place) const { return world_.is_up(place) && !actors_[place].paused && !actors_[place].leaves; }

  // What is wrong with one node's view; empty: nothing is.
  std::string fault_of_view(Place observer, const std::vector<Member>& truths) {
    std::size_t alive = 0;
    for (const auto& member : world_.node(observer).members()) {
      const Place subject = places_.find(member.name)->second;
      const std::string shows =
          world_.config(observer).name + " shows " + member.name + " as " + name_of(member.status);
      if (!runs(subject)) {
        if (member.status == Status::alive || member.status == Status::suspect)
          return shows + ", but it does not run";
        continue;
      }
      if (member.status != Status::alive) return shows + ", but it runs";
      if (member.incarnation != truths[subject].incarnation) return shows + " at another incarnation than its own";
      if (member.tags != truths[subject].tags) return shows + " with other tags than its own";
      ++alive;
    }
    return alive == running_ ? "" : world_.config(observer).name + " does not know all running members";
  }

  void judge_agreement() {
    std::vector<Member> truths(plan_.nodes);
    running_ = 0;
    for (Place place = 0; place < plan_.nodes; ++place) {
      if (!runs(place)) continue;
      truths[place] = world_.node(place).info().self;
      ++running_;
    }
    for (Place place = 0; place < plan_.nodes && report_.disagreement.empty(); ++place) {
      if (runs(place)) report_.disagreement = fault_of_view(place, truths);
    }
    report_.agreed = report_.disagreement.empty();
  }

  // Every checker looks at every node.
  void look() {
    for (Place place = 0; place < plan_.nodes; ++place) {
      if (!world_.is_up(place)) continue;
      for (const auto& checker : checkers_) {
        if (const auto wrong = checker->look(world_, place); !wrong.empty()) found(*checker, place, wrong);
      }
    }
  }

  std::string moment() const { return std::to_string(world_.elapsed() / std::chrono::milliseconds(1)) + " ms: "; }

  void found(const Checker& checker, Place place, const std::string& what) {
    findings_.add(std::to_string(world_.elapsed() / std::chrono::milliseconds(1)) +
                  " ms: " + world_.config(place).name + ": " + checker.name() + ": " + what);
  }

  // Adds what this node counted; only the messages count from the very start.
  void take_counters(Place place) {
    const Counters& now = world_.node(place).info().counters;
    for (std::size_t i = 0; i < kCounts; ++i)
      report_.counters.values[i] += now.values[i] - before_[place].values[i];
    report_.messages += now[Count::messages_in];
    before_[place] = {};
  }

  void crash(Place place, bool for_ever) {
    if (!world_.is_up(place)) return;
    recorder_.on_crash(place, world_.elapsed(), for_ever);
    incarnations_[place] = world_.node(place).info().self.incarnation.value;
    take_counters(place);
    actors_[place].paused = false;
    world_.crash(place);
  }

  void restart(Place place, bool disk) {
    if (world_.is_up(place)) return;
    for (const auto& checker : checkers_) checker->on_start(place);
    const std::uint32_t held = incarnations_[place];
    const Incarnation incarnation{disk ? held + kIncarnationBlock : 1};
    recorder_.on_start(place, world_.elapsed(), incarnation, Incarnation{held});
    world_.restart(place, incarnation);
    for (Place contact = 0; contact < plan_.nodes; ++contact) {
      if (contact == place || !world_.is_up(contact)) continue;
      join(place, contact);
      return;
    }
  }

  void leave(Place place) {
    if (!runs(place)) return;
    actors_[place].leaves = true;
    recorder_.on_leave(place, world_.elapsed());
    world_.command(place, Leave{CommandId{++commands_}});
  }

  void change_tags(Place place) {
    if (!runs(place)) return;
    const Tags tags{{"version", std::to_string(++commands_)}};
    recorder_.on_tags(place, world_.elapsed(), tags);
    world_.command(place, SetTags{CommandId{commands_}, tags});
  }

  void pause(Place place) {
    if (!world_.is_up(place)) return;
    actors_[place].paused = true;
    recorder_.on_pause(place, world_.elapsed());
    world_.pause(place);
  }

  void go_on(Place place) {
    if (!world_.is_up(place) || !actors_[place].paused) return;
    actors_[place].paused = false;
    recorder_.on_go_on(place, world_.elapsed());
    world_.go_on(place);
  }

  void cut(Place last, bool blocked) {
    for (Place left = 0; left <= last; ++left) {
      for (Place right = last + 1; right < plan_.nodes; ++right) {
        if (blocked) {
          world_.network().block(left, right);
          world_.network().block(right, left);
        } else {
          world_.network().unblock(left, right);
          world_.network().unblock(right, left);
        }
      }
    }
  }

  void heard(Place observer, const Notice& notice) {
    trace_.add(nanoseconds(world_.elapsed()));
    trace_.add(observer);
    trace_.add(describe(notice));
    // A process that has left ends.
    if (std::holds_alternative<CommandDone>(notice.body) && actors_[observer].leaves)
      actors_[observer].has_left = true;
    if (const auto* defunct = std::get_if<Defunct>(&notice.body)) {
      findings_.add(moment() + world_.config(observer).name + ": defunct: " + defunct->why);
    }
    const auto* change = std::get_if<MemberChange>(&notice.body);
    if (change == nullptr) return;
    for (const auto& checker : checkers_) {
      const auto wrong = checker->on_change(observer, *change);
      if (!wrong.empty()) found(*checker, observer, wrong + ", says: " + describe(notice));
    }
    const auto subject = places_.find(change->member.name);
    if (subject != places_.end()) recorder_.on_change(observer, subject->second, *change, world_.elapsed());
  }

  const ClusterPlan& plan_;
  World world_;
  Recorder recorder_;
  std::vector<Actor> actors_;
  std::vector<Moment> moments_;
  std::vector<Counters> before_;
  std::map<std::string, Place, std::less<>> places_;
  std::map<Place, std::uint32_t> incarnations_;  // of crashed nodes
  std::uint64_t commands_ = 0;
  Duration zero_{};  // the plan's clock starts here
  std::uint64_t second_bytes_ = 0;
  std::size_t running_ = 0;
  base::Hasher trace_;
  std::vector<std::unique_ptr<Checker>> checkers_ = all_checkers();
  Findings findings_;
  ClusterReport report_;
};

}  // namespace

const char* name_of(Fault::What what) {
  switch (what) {
    case Fault::What::crash:
      return "crash";
    case Fault::What::restart:
      return "restart";
    case Fault::What::wipe:
      return "wipe";
    case Fault::What::pause:
      return "pause";
    case Fault::What::cut:
      return "cut";
    case Fault::What::one_way:
      return "one-way";
    case Fault::What::leave:
      return "leave";
    case Fault::What::tags:
      return "tags";
    case Fault::What::loss:
      return "loss";
  }
  return "unknown";
}

std::vector<std::string> faults_of(const ClusterPlan& plan) {
  std::vector<std::string> faults;
  const auto complain = [&](std::string what) { faults.push_back(std::move(what)); };
  const std::string nodes = std::to_string(plan.nodes) + " nodes";
  if (plan.nodes < 2 || plan.nodes > kClusterNodesMax) {
    complain(nodes + ": a cluster has 2 to " + std::to_string(kClusterNodesMax));
  }
  if (plan.duration <= Duration{}) complain("the duration must be longer than nothing");
  if (!(plan.network.loss >= 0 && plan.network.loss <= 1)) complain("the loss must be in 0 .. 1");
  for (const Fault& fault : plan.faults) {
    const std::string what = name_of(fault.what);
    const bool has_place = fault.what != Fault::What::loss;
    if (has_place && fault.place >= plan.nodes) {
      complain(what + " of node " + std::to_string(fault.place) + ": with " + nodes + " the last one is " +
               std::to_string(plan.nodes - 1));
    }
    if (fault.what == Fault::What::one_way && fault.other >= plan.nodes) {
      complain(what + " to node " + std::to_string(fault.other) + ": with " + nodes + " the last one is " +
               std::to_string(plan.nodes - 1));
    }
    if (fault.at < Duration{} || fault.at >= plan.duration) {
      complain(what + " at " + std::to_string(fault.at / kSecond) + " s: the run ends after " +
               std::to_string(plan.duration / kSecond) + " s");
    }
    if (fault.what == Fault::What::loss && !(fault.share >= 0 && fault.share <= 1)) {
      complain("the loss must be in 0 .. 1");
    }
    const bool must_end = fault.what == Fault::What::restart || fault.what == Fault::What::wipe;
    if (must_end && fault.lasts <= Duration{}) complain(what + " needs how long the node is down");
  }
  Config config = plan.config;
  config.name = "n0";
  config.advertise = Address::from_ip(std::array<std::uint8_t, 4>{10, 0, 0, 1}, 7946);
  for (const auto& fault : validate(config)) complain(fault.key + ": " + fault.cause + "; " + fault.cure);
  return faults;
}

ClusterReport run_cluster(const ClusterPlan& plan, const std::function<bool(double done)>& go_on) {
  return Run(plan).run(go_on);
}

}  // namespace hearsay::sim
