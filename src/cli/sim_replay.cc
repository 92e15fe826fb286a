// `hearsay sim replay`: the trace of a plan or of a seed of the swarm, between two moments, for some of the nodes.
// The same words give the same text.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "agent/text.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/plan_file.h"
#include "http/json.h"
#include "sim/cluster.h"
#include "sim/swarm.h"
#include "wire/describe.h"

namespace hearsay::cli {
namespace {

std::string stamp(Duration at) {
  const auto ms = at / std::chrono::milliseconds(1);
  std::string fraction = std::to_string(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  std::string text = std::to_string(ms / 1000) + "." + fraction;
  if (text.size() < 9) text.insert(0, 9 - text.size(), ' ');
  return text;
}

class Replay {
 public:
  Replay(const Arguments& arguments, Terminal& terminal, Duration from, Duration to)
      : words_(arguments.sim_replay), json_(arguments.json), terminal_(terminal), from_(from), to_(to) {}

  sim::Watch watch() {
    sim::Watch watch;
    watch.notice = [this](Duration at, bool joining, sim::Place place, const Notice& notice) {
      if (shows(at, joining) && concerns(place, place))
        line(at, joining, "n" + std::to_string(place) + " " + describe(notice));
    };
    if (words_.datagrams) {
      watch.datagram = [this](Duration at, bool joining, sim::Place from, sim::Place to, ByteView bytes,
                              bool lost) {
        if (!shows(at, joining) || !concerns(from, to)) return;
        line(at, joining,
             "n" + std::to_string(from) + " -> n" + std::to_string(to) + (lost ? " LOST " : " ") +
                 wire::describe_datagram(bytes));
      };
    }
    watch.fault = [this](Duration at, const std::string& what) {
      if (shows(at, false)) line(at, false, "*** " + what);
    };
    return watch;
  }
  bool is_over(Duration at) const { return at > to_; }

 private:
  bool shows(Duration at, bool joining) const { return joining ? words_.joining : at >= from_ && at <= to_; }
  bool concerns(sim::Place one, sim::Place other) const {
    const auto& only = words_.nodes;
    return only.empty() || std::ranges::count(only, one) > 0 || std::ranges::count(only, other) > 0;
  }
  void line(Duration at, bool joining, const std::string& what) {
    if (!words_.match.empty() && what.find(words_.match) == std::string::npos) return;
    if (json_) {
      terminal_.out(boost::json::serialize(boost::json::object{{"at_s", std::chrono::duration<double>(at).count()},
                                                               {"joining", joining},
                                                               {"what", http::clean_text(what)}}) +
                    "\n");
      return;
    }
    if (!joining && was_joining_ && words_.joining) terminal_.out("--- all have joined; the plan's clock starts\n");
    was_joining_ = joining;
    terminal_.out(stamp(at) + " " + printable(what) + "\n");
  }

  const SimReplayArguments& words_;
  bool json_;
  Terminal& terminal_;
  Duration from_;
  Duration to_;
  bool was_joining_ = true;
};

}  // namespace

int run_sim_replay(const Arguments& arguments, Terminal& terminal) {
  const auto& words = arguments.sim_replay;
  const auto complain = [&](const std::string& what) {
    terminal.err("hearsay sim replay: " + printable(what) + "\n");
    return kUsage;
  };
  sim::ClusterPlan plan;
  if (words.swarm_seed) {
    Family family = Family::swim;
    bool more = arguments.sim_cluster.file.has_value();
    for (const auto& given : arguments.sim_cluster.values) {
      const auto* word = std::get_if<std::string>(&given.value);
      more = more || given.key != "family" || word == nullptr || (*word != "swim" && *word != "heartbeat");
      if (!more && *word == "heartbeat") family = Family::heartbeat;
    }
    if (more) {
      return complain(
          "--swarm-seed: the seed chooses the whole plan, but for its --family; leave out everything else that "
          "describes one");
    }
    plan = sim::swarm_plan(*words.swarm_seed, family);
  } else {
    auto loaded = load_plan(arguments);
    for (const auto& fault : loaded.faults) complain(describe(fault));
    if (!loaded.faults.empty()) return kUsage;
    plan = std::move(loaded.plan);
  }
  const auto from = agent::parse_duration(words.from);
  const auto to = words.to.empty() ? std::optional<Duration>(plan.duration) : agent::parse_duration(words.to);
  if (!from) return complain("--from \"" + words.from + "\": a time has a unit, such as 20s");
  if (!to || *to < *from) return complain("--to \"" + words.to + "\": it is no time after --from, such as 20s");
  for (const auto node : words.nodes) {
    if (node < sim::nodes_in_all(plan)) continue;
    return complain("--node " + std::to_string(node) + ": with " + std::to_string(sim::nodes_in_all(plan)) +
                    " nodes the last one is " + std::to_string(sim::nodes_in_all(plan) - 1));
  }
  Replay replay(arguments, terminal, *from, *to);
  const Interrupts interrupts;
  bool interrupted = false;
  const auto report = run_cluster(
      plan,
      [&](double done) {
        interrupted = interrupted || interrupts.wait(0);
        return !interrupted && !replay.is_over(std::chrono::duration_cast<Duration>(done * plan.duration));
      },
      replay.watch());
  for (const auto& violation : report.violations) terminal.err("broken: " + printable(violation) + "\n");
  if (!report.interrupted && !report.agreed) terminal.err("in the end: " + printable(report.disagreement) + "\n");
  return interrupted || !report.violations.empty() ? kFailed : kDone;
}

}  // namespace hearsay::cli
