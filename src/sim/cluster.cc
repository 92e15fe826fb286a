#include "sim/cluster.h"

#include <algorithm>

#include "base/hash.h"
#include "sim/checkers/agreement.h"
#include "sim/checkers/checker.h"
#include "sim/islands.h"
#include "sim/measure.h"
#include "sim/stage.h"
#include "sim/tape.h"
#include "sim/traffic.h"

namespace hearsay::sim {

namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
std::uint64_t nanoseconds(Duration duration) { return static_cast<std::uint64_t>(duration.count()); }

class Run {
 public:
  Run(const ClusterPlan& plan, const Watch& watch)
      : plan_(plan), watch_(watch), recorder_(nodes_in_all(plan)), stage_(plan, recorder_), world_(stage_.world()) {
    if (plan.taped) world_.record(*plan.taped, &tape_);
    stage_.on_start = [this](Place place) {
      for (const auto& checker : checkers_) checker->on_start(place);
    };
    stage_.on_crash = [this](Place place) {
      traffic_.take(world_, place);
      play_tape(place);
      for (const auto& checker : checkers_) checker->on_end(place);
    };
    stage_.on_fault = [this](const std::string& what) {
      if (watch_.fault) watch_.fault(stage_.clock(), what);
    };
    stage_.on_healed = [this] { note_contacts(); };
    world_.on_notice = [this](Place place, const Notice& notice) { heard(place, notice); };
    world_.on_sent = [this](Place from, Place to, ByteView bytes, bool lost) {
      trace_.add(nanoseconds(world_.elapsed()));
      trace_.add(from << 33 | to << 1 | (lost ? 1 : 0));
      trace_.add(bytes);
      if (watch_.datagram) watch_.datagram(stage_.clock(), joining_, from, to, bytes, lost);
    };
  }

  ClusterReport run(const std::function<bool(double)>& go_on) {
    stage_.start();
    settle(go_on);
    measure(go_on);
    wait_for_agreement();
    finish();
    return std::move(report_);
  }

 private:
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
      if (!go_on(0)) {
        report_.interrupted = true;
        return;
      }
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
    }
  }

  void measure(const std::function<bool(double)>& go_on) {
    if (!report_.interrupted && !go_on(0)) report_.interrupted = true;
    stage_.begin();
    joining_ = false;
    recorder_.begin(world_.elapsed());
    traffic_.begin(world_);
    Duration done{};
    while (done < plan_.duration && !report_.interrupted) {
      const Duration next = std::min(plan_.duration, (done / kSecond + 1) * kSecond);
      stage_.run_until(next);
      done = next;
      traffic_.sample(world_, done);
      if (done == plan_.count_from) {
        traffic_.count_from(world_);
        recorder_.count_from(world_.elapsed());
      } else if (done == plan_.count_until) {
        traffic_.count_until(world_);
        recorder_.count_until(world_.elapsed());
      }
      if (done / kSecond % 10 == 0) look();
      const double share = static_cast<double>(done.count()) / static_cast<double>(plan_.duration.count());
      if (!go_on(share) && done < plan_.duration) report_.interrupted = true;
    }
    report_.measured = done;
    report_.counted_from = done >= plan_.count_from ? plan_.count_from : Duration{};
    report_.counted_until = std::min(plan_.count_until.value_or(done), done);
  }

  void finish() {
    traffic_.end(world_, report_);
    recorder_.end(world_.elapsed(), report_);
    report_.datagrams = world_.network().datagrams();
    report_.network = world_.network().counts();
    report_.simulated = world_.elapsed();
    look();
    if (plan_.taped && world_.is_up(*plan_.taped)) play_tape(*plan_.taped);
    if (judged_at_ != world_.elapsed()) judge_agreement();
    report_.violations = findings_.all();
    report_.trace_hash = trace_.value();
  }

  bool runs(Place place) const { return stage_.runs(place); }

  void wait_for_agreement() {
    const Duration end = plan_.duration + plan_.patience;
    while (!report_.interrupted && stage_.clock() < end) {
      judge_agreement();
      if (report_.avoidable.empty()) return;
      stage_.run_until(stage_.clock() + kSecond);
    }
  }

  void judge_agreement() {
    judged_at_ = world_.elapsed();
    report_.disagreement.clear();
    report_.avoidable.clear();
    std::vector<std::optional<Member>> claims(world_.size());
    std::vector<std::optional<NodeState>> states(world_.size());
    for (Place place = 0; place < world_.size(); ++place) {
      if (!runs(place)) continue;
      claims[place] = world_.node(place).info().self;
      states[place] = world_.node(place).state(claims[place]->name);
    }
    const bool any_state = std::ranges::any_of(states, [](const auto& state) { return state.has_value(); });
    const auto place_of = [this](std::string_view name) { return stage_.place_of(name); };
    note_contacts();
    for (Place place = 0; place < world_.size(); ++place) {
      if (!runs(place)) continue;
      const auto& config = world_.config(place);
      const bool majority = config.family == Family::heartbeat && config.heartbeat.verdict == VerdictRule::majority;
      const View view{place, world_.node(place).members(), majority};
      const auto wrong = disagreement_of(view, claims, place_of);
      if (report_.disagreement.empty()) report_.disagreement = wrong;
      if (!report_.avoidable.empty()) continue;
      // Whom it knows, it has a contact to: who agrees with all agrees with its island.
      if (!wrong.empty()) report_.avoidable = disagreement_of(view, claims_on_island(claims, place), place_of);
      if (!any_state && world_.node(place).info().states_known == 0) continue;
      for (Place owner = 0; owner < world_.size() && report_.avoidable.empty(); ++owner) {
        if (!claims[owner] || !islands_.share(place, owner)) continue;
        report_.avoidable = disagreement_of(place, world_.node(place).state(claims[owner]->name), states[owner]);
      }
    }
    report_.agreed = report_.disagreement.empty();
  }

  std::vector<std::optional<Member>> claims_on_island(std::vector<std::optional<Member>> claims,
                                                      Place place) const {
    for (Place other = 0; other < world_.size(); ++other) {
      if (!islands_.share(place, other)) claims[other] = std::nullopt;
    }
    return claims;
  }

  // Who could turn to whom now: members that have not left, a seed, whoever it tries to join.
  void note_contacts() {
    const auto meet = [this](Place one, Place other) {
      if (runs(one) && runs(other)) islands_.meet(one, other);
    };
    for (Place place = 0; place < world_.size(); ++place) {
      if (islands_.are_one(world_.size())) return;
      if (!runs(place)) continue;
      for (const Place contact : stage_.contacts(place)) meet(place, contact);
      for (const Member& member : world_.node(place).members()) {
        const auto known = member.status == Status::left ? std::nullopt : stage_.place_of(member.name);
        if (known) meet(place, *known);
      }
    }
  }

  // A life of the node on tape is over.
  void play_tape(Place place) {
    if (!plan_.taped || place != *plan_.taped) return;
    if (const auto wrong = tape_.replay(&world_.node(place)); !wrong.empty()) {
      findings_.add(moment() + world_.config(place).name + ": checkpoint and replay equal the original: " + wrong);
    }
  }

  // Every checker looks at every node.
  void look() {
    for (Place place = 0; place < world_.size(); ++place) {
      if (!world_.is_up(place)) continue;
      for (const auto& checker : checkers_) {
        if (const auto wrong = checker->look(world_, place); !wrong.empty()) found(*checker, place, wrong);
      }
    }
  }

  // On the plan's clock, as in `hearsay sim replay`.
  std::string moment() const {
    const auto ms = stage_.clock() / std::chrono::milliseconds(1);
    return std::to_string(ms) + (joining_ ? " ms, joining: " : " ms: ");
  }

  void found(const Checker& checker, Place place, const std::string& what) {
    findings_.add(moment() + world_.config(place).name + ": " + checker.name() + ": " + what);
  }

  void heard(Place observer, const Notice& notice) {
    trace_.add(nanoseconds(world_.elapsed()));
    trace_.add(observer);
    trace_.add(describe(notice));
    if (watch_.notice) watch_.notice(stage_.clock(), joining_, observer, notice);
    stage_.heard(observer, notice);
    if (const auto* defunct = std::get_if<Defunct>(&notice.body)) {
      findings_.add(moment() + world_.config(observer).name + ": defunct: " + defunct->why);
    }
    if (const auto* changed = std::get_if<StateChanged>(&notice.body)) {
      const auto state = world_.node(observer).state(changed->member);
      if (!state) return;
      for (const auto& checker : checkers_) {
        if (const auto wrong = checker->on_state(observer, *state); !wrong.empty())
          found(*checker, observer, wrong);
      }
    }
    const auto* change = std::get_if<MemberChange>(&notice.body);
    if (change == nullptr) return;
    for (const auto& checker : checkers_) {
      const auto wrong = checker->on_change(observer, *change);
      if (!wrong.empty()) found(*checker, observer, wrong + ", says: " + describe(notice));
    }
    const auto subject = stage_.place_of(change->member.name);
    if (subject) recorder_.on_change(observer, *subject, *change, world_.elapsed());
  }

  const ClusterPlan& plan_;
  const Watch& watch_;
  Tape tape_;
  bool joining_ = true;
  Recorder recorder_;
  Stage stage_;
  World& world_;
  TrafficMeter traffic_;
  base::Hasher trace_;
  std::vector<std::unique_ptr<Checker>> checkers_ = all_checkers(plan_.config.family);
  Findings findings_;
  Islands islands_;
  Duration judged_at_{-1};
  ClusterReport report_;
};

}  // namespace

ClusterReport run_cluster(const ClusterPlan& plan, const std::function<bool(double done)>& go_on,
                          const Watch& watch) {
  return Run(plan, watch).run(go_on);
}

}  // namespace hearsay::sim
