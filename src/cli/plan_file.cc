#include "cli/plan_file.h"

#include <algorithm>
#include <functional>

#include "agent/settings.h"
#include "agent/text.h"
#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/plan_parts.h"
#include "cli/run_figures.h"
#include "cli/sweep_table.h"

namespace hearsay::cli {

namespace {

using agent::Given;
// ---- the table of keys ----

struct Key {
  std::string_view key;
  std::string_view kind;
  std::function<Complaint(sim::ClusterPlan&, const Given&)> read;
};

const std::vector<Key>& keys() {
  using sim::ClusterPlan;
  static const std::vector<Key> all{
      {"cluster.nodes", "a whole number, 2 to 20000",
       [](ClusterPlan& plan, const Given& given) { return read_count(given, plan.nodes); }},
      {"cluster.joined", "true or false",
       [](ClusterPlan& plan, const Given& given) { return read_flag(given, plan.joined); }},
      {"cluster.seed", "a whole number",
       [](ClusterPlan& plan, const Given& given) { return read_count(given, plan.seed); }},
      {"cluster.for", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read_duration(given, plan.duration); }},
      {"cluster.tape", "a node, by its number",
       [](ClusterPlan& plan, const Given& given) { return read_count(given, plan.taped.emplace()); }},
      {"measure.from", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read_duration(given, plan.count_from); }},
      {"measure.until", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read_duration(given, plan.count_until.emplace()); }},
      {"network.latency", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read_duration(given, plan.network.latency); }},
      {"network.jitter", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read_duration(given, plan.network.jitter); }},
      {"network.sigma", "a number, 0 to 3",
       [](ClusterPlan& plan, const Given& given) { return read_number(given, plan.network.sigma); }},
      {"network.loss", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.loss); }},
      {"network.duplicate", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.duplicate); }},
      {"network.reorder", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.reorder); }},
      {"network.reorder_by", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read_duration(given, plan.network.reorder_by); }},
      {"network.corrupt", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.corrupt); }},
      {"network.bandwidth", "bytes per second, a whole number; 0 for no limit",
       [](ClusterPlan& plan, const Given& given) { return read_count(given, plan.network.bandwidth); }},
      {"network.queue_bytes", kCountKind,
       [](ClusterPlan& plan, const Given& given) { return read_count(given, plan.network.queue_bytes); }},
      {"network.mtu_bytes", kCountKind,
       [](ClusterPlan& plan, const Given& given) { return read_count(given, plan.network.mtu_bytes); }},
      {"network.refuse", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.refuse); }},
      {"network.reset", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.reset); }},
      {"network.stall", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.stall); }},
  };
  return all;
}

const Key* find_key(std::string_view key) {
  for (const Key& one : keys()) {
    if (one.key == key || (one.key.substr(0, 8) == "cluster." && one.key.substr(8) == key)) return &one;
  }
  return nullptr;
}

// The keys of the agent's configuration that nodes read under virtual time.
bool is_knob(std::string_view key) {
  static constexpr std::string_view kSingles[] = {"family",       "profile", "compression",
                                                  "packet_bytes", "label",   "name_conflict"};
  static constexpr std::string_view kTables[] = {"swim.", "heartbeat.", "serf.", "contact.", "limits."};
  return std::ranges::count(kSingles, key) > 0 ||
         std::ranges::any_of(kTables, [&](std::string_view table) { return key.starts_with(table); });
}

std::string suggest(std::string_view key) {
  std::vector<std::string_view> all;
  for (const Key& one : keys()) all.push_back(one.key);
  for (const auto& setting : agent::settings()) {
    if (is_knob(setting.key)) all.push_back(setting.key);
  }
  const std::string_view leaf = key.substr(key.rfind('.') + 1);
  const auto same_leaf = std::ranges::find_if(
      all, [&](std::string_view one) { return one != key && one.substr(one.rfind('.') + 1) == leaf; });
  const std::string_view near = same_leaf != all.end() ? *same_leaf : agent::closest(key, all);
  return near.empty() ? "docs/simulation.md lists all keys" : "did you mean " + std::string(near) + "?";
}

// ---- from values to a plan ----

class PlanMaker {
 public:
  LoadedPlan make(const std::vector<Given>& values, const std::optional<std::string>& agent_file,
                  std::optional<double> memory_bytes) {
    std::vector<Given> knobs;
    for (const Given& given : values) {
      draft_.places[plan_key(given.key)] = given.where;
      if (const Key* key = find_key(given.key)) {
        draft_.note(given, key->read(draft_.plan, given));
      } else if (parts_.read(given)) {
        continue;
      } else if (given.key == "measure.figures") {
        read_figures(given);
      } else if (given.key.starts_with("expect.")) {
        expect(given);
      } else if (const std::string knob = plan_key(given.key); is_knob(knob)) {
        knobs.push_back(given);
        knobs.back().key = knob;
      } else if (agent::find_setting(given.key) != nullptr) {
        draft_.fault(given.where, given.key, "no node reads it under virtual time", "leave it out");
      } else {
        draft_.fault(given.where, given.key, "there is no such key", suggest(given.key));
      }
    }
    parts_.end_part();
    read_knobs(knobs, agent_file);
    if (draft_.faults.empty()) check(memory_bytes);
    return {std::move(draft_.plan), std::move(draft_.faults), std::move(figures_), std::move(expectations_)};
  }

 private:
  // A list, or a text with commas.
  void read_figures(const Given& given) {
    const auto* list = std::get_if<std::vector<std::string>>(&given.value);
    const auto* text = std::get_if<std::string>(&given.value);
    figures_ = list != nullptr ? *list : text != nullptr ? split(*text, ',') : std::vector<std::string>();
    if (figures_.empty()) draft_.note(given, not_a(given, "a list, such as [\"detection.all_s\", \"agreed\"]"));
    for (const auto& name : figures_) {
      if (const auto wrong = complaint_about_figure(name)) {
        draft_.fault(given.where, given.key, "\"" + name + "\": " + wrong->cause, wrong->cure);
      }
    }
  }

  // A later limit of a figure replaces the earlier one.
  void expect(const Given& given) {
    Expectation read;
    if (const auto wrong = read_expectation(given, read)) return draft_.note(given, wrong);
    const auto known = std::ranges::find(expectations_, read.figure, &Expectation::figure);
    if (known == expectations_.end()) {
      expectations_.push_back(std::move(read));
    } else {
      *known = std::move(read);
    }
  }

  void read_knobs(const std::vector<Given>& knobs, const std::optional<std::string>& agent_file) {
    auto config = agent_file ? agent::load_config(agent_file, knobs) : agent::load_config_text("", "", knobs);
    for (auto& wrong : config.faults) draft_.faults.push_back(std::move(wrong));
    draft_.plan.config = std::move(config.config.node);
    draft_.plan.config.crypto = {};  // the trace is that of the messages; sealing would only hide them
    draft_.plan.config.contact.seeds.clear();
  }

  void check(std::optional<double> memory_bytes) {
    const auto& plan = draft_.plan;
    parts_.check_zones();
    for (const Expectation& one : expectations_) {
      if (auto wrong = complaint_about_plan(one, plan)) {
        draft_.fault(one.where, "expect." + one.figure, std::move(wrong->cause), std::move(wrong->cure));
      }
    }
    const double wanted = cluster_bytes(plan);
    const auto there = memory_bytes ? memory_bytes : available_memory();
    if (there && wanted > *there) {
      const auto place = draft_.places.find("cluster.nodes");
      draft_.fault(place == draft_.places.end() ? "" : place->second, "cluster.nodes",
                   std::to_string(sim::nodes_in_all(plan)) + " nodes need about " + gib_text(wanted) + " of memory",
                   gib_text(*there) + " are free; choose fewer");
    }
    for (auto& wrong : sim::faults_of(draft_.plan)) {
      auto place = draft_.places.find(wrong.key);
      if (place == draft_.places.end()) place = draft_.places.find(wrong.key.substr(0, wrong.key.rfind('.')));
      draft_.fault(place == draft_.places.end() ? "" : place->second, std::move(wrong.key), std::move(wrong.cause),
                   std::move(wrong.cure));
    }
  }

  PlanDraft draft_;
  PlanParts parts_{draft_};
  std::vector<std::string> figures_;
  std::vector<Expectation> expectations_;
};

}  // namespace

LoadedPlan make_plan(const std::vector<Given>& values, const std::optional<std::string>& agent_file,
                     std::optional<double> memory_bytes) {
  return PlanMaker().make(values, agent_file, memory_bytes);
}

LoadedPlan load_plan(const Arguments& arguments) {
  PlanValues values;
  if (arguments.sim_cluster.file) values = read_plan_file(*arguments.sim_cluster.file);
  LoadedPlan loaded;
  loaded.faults = std::move(values.faults);
  if (!loaded.faults.empty()) return loaded;
  const auto& words = arguments.sim_cluster.values;
  SweepWords unused;  // the table is of another command, but a file is right or wrong for all
  auto faults = take_sweep_table(values.values, words, unused);
  values.values.insert(values.values.end(), words.begin(), words.end());
  loaded = make_plan(values.values, arguments.config_file);
  std::ranges::move(faults, std::back_inserter(loaded.faults));
  return loaded;
}

std::string plan_key(const std::string& key) {
  if (key == "cluster.profile") return "profile";
  if (key == "cluster.family") return "family";
  const Key* known = find_key(key);
  return known == nullptr ? key : std::string(known->key);
}

std::vector<std::pair<std::string_view, std::string_view>> plan_keys() {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  for (const Key& key : keys()) all.emplace_back(key.key, key.kind);
  return all;
}

}  // namespace hearsay::cli
