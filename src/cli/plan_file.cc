#include "cli/plan_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <functional>
#include <map>
#include <system_error>

#include "agent/settings.h"
#include "agent/text.h"
#include "cli/fault_words.h"

namespace hearsay::cli {

namespace {

using agent::Given;
using Complaint = std::optional<agent::Complaint>;

constexpr std::size_t kFileBytesMax = 1u << 20;

std::string value_text(const Given& given) {
  if (const auto* text = std::get_if<std::string>(&given.value)) return "\"" + *text + "\"";
  if (const auto* number = std::get_if<std::int64_t>(&given.value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&given.value)) return number_text(*number);
  if (const auto* flag = std::get_if<bool>(&given.value)) return *flag ? "true" : "false";
  return "a list or a table";
}

Complaint not_a(const Given& given, std::string_view kind) {
  return agent::Complaint{value_text(given) + " is not " + std::string(kind.substr(0, kind.find(','))),
                          "write " + std::string(kind)};
}

// ---- values ----

constexpr std::string_view kDurationKind = "a duration, such as \"500ms\", \"30s\" or \"5m\"";
constexpr std::string_view kShareKind = "a share, 0 to 1";
constexpr std::string_view kCountKind = "a whole number";

Complaint read(const Given& given, Duration& into) {
  const auto* text = std::get_if<std::string>(&given.value);
  const auto value = text == nullptr ? std::nullopt : agent::parse_duration(*text);
  if (!value) return not_a(given, kDurationKind);
  into = *value;
  return std::nullopt;
}

Complaint read_share(const Given& given, double& into) {
  std::optional<double> value;
  if (const auto* number = std::get_if<double>(&given.value)) value = *number;
  if (const auto* number = std::get_if<std::int64_t>(&given.value)) value = static_cast<double>(*number);
  if (const auto* text = std::get_if<std::string>(&given.value)) value = parse_share(*text);
  if (!value || !(*value >= 0 && *value <= 1)) return not_a(given, kShareKind);
  into = *value;
  return std::nullopt;
}

template <class T>
Complaint read_count(const Given& given, T& into) {
  std::optional<std::uint64_t> value;
  if (const auto* number = std::get_if<std::int64_t>(&given.value); number != nullptr && *number >= 0) {
    value = static_cast<std::uint64_t>(*number);
  }
  if (const auto* text = std::get_if<std::string>(&given.value)) {
    std::uint64_t parsed = 0;
    const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), parsed);
    if (error == std::errc() && stop == text->data() + text->size() && !text->empty()) value = parsed;
  }
  if (!value) return not_a(given, kCountKind);
  into = static_cast<T>(*value);
  return std::nullopt;
}

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
      {"cluster.seed", "a whole number",
       [](ClusterPlan& plan, const Given& given) { return read_count(given, plan.seed); }},
      {"cluster.for", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read(given, plan.duration); }},
      {"cluster.family", "\"swim\"",
       [](ClusterPlan&, const Given& given) -> Complaint {
         if (value_text(given) == "\"swim\"") return std::nullopt;
         return agent::Complaint{value_text(given) + " is no family of protocols that can run",
                                 "there is \"swim\"; the heartbeat family is still to come"};
       }},
      {"network.latency", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read(given, plan.network.latency); }},
      {"network.jitter", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read(given, plan.network.jitter); }},
      {"network.loss", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.loss); }},
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
  static constexpr std::string_view kSingles[] = {"profile", "compression", "packet_bytes", "label",
                                                  "name_conflict"};
  static constexpr std::string_view kTables[] = {"swim.", "serf.", "contact.", "limits."};
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

// ---- faults ----

using Subject = sim::FaultKind::Subject;
using Lasts = sim::FaultKind::Lasts;

Complaint read_nodes(const Given& given, sim::Fault& fault) {
  const auto* text = std::get_if<std::string>(&given.value);
  const auto dash = text == nullptr ? std::string::npos : text->find('-');
  if (dash == std::string::npos) return not_a(given, "a range of nodes, such as \"0-2\"");
  Complaint wrong = read_count(Given{given.key, given.where, text->substr(0, dash)}, fault.other);
  if (!wrong) wrong = read_count(Given{given.key, given.where, text->substr(dash + 1)}, fault.place);
  return wrong;
}

// Reads one field of a fault whose kind is known.
Complaint read_field(const std::string& field, const Given& given, sim::Fault& fault) {
  const auto& kind = sim::kind_of(fault.what);
  if (field == "at") return read(given, fault.at);
  if (field == "lasts" && kind.lasts != Lasts::no) return read(given, fault.lasts);
  if (field == "node" && kind.subject == Subject::node) return read_count(given, fault.place);
  if (field == "nodes" && kind.subject == Subject::group) return read_nodes(given, fault);
  if (field == "from" && kind.subject == Subject::link) return read_count(given, fault.place);
  if (field == "to" && kind.subject == Subject::link) return read_count(given, fault.other);
  if (field == "share" && kind.subject == Subject::share) return read_share(given, fault.share);
  std::string takes = "at";
  if (kind.subject == Subject::node) takes += ", node";
  if (kind.subject == Subject::group) takes += ", nodes";
  if (kind.subject == Subject::link) takes += ", from, to";
  if (kind.subject == Subject::share) takes += ", share";
  if (kind.lasts != Lasts::no) takes += ", lasts";
  return agent::Complaint{std::string("a fault of the kind ") + kind.name + " has no such key",
                          "its keys are what, " + takes};
}

std::vector<std::string_view> fault_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < sim::kFaultKinds; ++i) names.push_back(name_of(static_cast<sim::Fault::What>(i)));
  return names;
}

// ---- from values to a plan ----

class Maker {
 public:
  LoadedPlan make(const std::vector<Given>& values, const std::optional<std::string>& agent_file) {
    std::vector<Given> knobs;
    for (const Given& given : values) {
      places_[given.key.find('.') == std::string::npos && find_key(given.key) != nullptr
                  ? std::string(find_key(given.key)->key)
                  : given.key] = given.where;
      if (const Key* key = find_key(given.key)) {
        note(given, key->read(loaded_.plan, given));
      } else if (given.key == "fault") {
        read_words(given);
      } else if (given.key.starts_with("fault[")) {
        read_part(given);
      } else if (const std::string knob = given.key == "cluster.profile" ? "profile" : given.key; is_knob(knob)) {
        knobs.push_back(given);
        knobs.back().key = knob;
      } else if (agent::find_setting(given.key) != nullptr) {
        fault(given.where, given.key, "no node reads it under virtual time", "leave it out");
      } else {
        fault(given.where, given.key, "there is no such key", suggest(given.key));
      }
    }
    end_fault();
    read_knobs(knobs, agent_file);
    if (loaded_.faults.empty()) check();
    return std::move(loaded_);
  }

 private:
  void fault(std::string where, std::string key, std::string cause, std::string cure) {
    loaded_.faults.push_back({std::move(where), std::move(key), std::move(cause), std::move(cure)});
  }
  void note(const Given& given, const Complaint& complaint) {
    if (complaint) fault(given.where, given.key, complaint->cause, complaint->cure);
  }

  // "crash 3@20s", as on the command line.
  void read_words(const Given& given) {
    end_fault();
    const auto* text = std::get_if<std::string>(&given.value);
    const auto space = text == nullptr ? std::string::npos : text->find(' ');
    const auto what = space == std::string::npos ? std::nullopt : sim::fault_named(text->substr(0, space));
    if (!what) {
      return note(given, agent::Complaint{value_text(given) + " is no fault", "write for example \"crash 3@20s\""});
    }
    const auto words = text->substr(space + 1);
    const auto read = parse_fault(*what, words);
    if (!read) {
      return note(given, agent::Complaint{"\"" + words + "\" has not the form of this fault",
                                          "write for example " + fault_example(*what)});
    }
    places_["fault[" + std::to_string(loaded_.plan.faults.size()) + "]"] = given.where;
    loaded_.plan.faults.push_back(*read);
  }

  // "fault[2].at": all parts of one fault stand together, in any order.
  void read_part(const Given& given) {
    const auto close = given.key.find("].");
    if (close == std::string::npos) return note(given, not_a(given, "a table [[fault]]"));
    const std::string head = given.key.substr(0, close + 1);
    if (head != head_) end_fault();
    head_ = head;
    parts_.push_back(given);
  }

  void end_fault() {
    if (parts_.empty()) return;
    const std::vector<Given> parts = std::exchange(parts_, {});
    const std::string own = "fault[" + std::to_string(loaded_.plan.faults.size()) + "]";
    sim::Fault read{};
    const auto field_of = [](const Given& given) { return given.key.substr(given.key.find("].") + 2); };
    const auto named = std::ranges::find(parts, "what", field_of);
    if (named == parts.end()) {
      return fault(parts[0].where, head_ + ".what", "it does not say what happens",
                   "add for example what = \"crash\"");
    }
    const auto* name = std::get_if<std::string>(&named->value);
    const auto what = name == nullptr ? std::nullopt : sim::fault_named(*name);
    if (!what) {
      const auto names = fault_names();
      const auto near = name == nullptr ? std::string_view() : agent::closest(*name, names);
      std::string list;
      for (const auto one : names) list += (list.empty() ? "" : ", ") + std::string(one);
      return fault(named->where, named->key, value_text(*named) + " is no kind of fault",
                   near.empty() ? "choose one of " + list : "did you mean \"" + std::string(near) + "\"?");
    }
    read.what = *what;
    bool has_at = false;
    bool has_subject = false;
    for (const Given& part : parts) {
      const auto field = field_of(part);
      if (field == "what") continue;
      if (field == "at") has_at = true;
      if (field != "at" && field != "lasts") has_subject = true;
      note(part, read_field(field, part, read));
      places_[own + "." + field] = part.where;
    }
    places_[own] = named->where;
    if (!has_at) fault(named->where, head_ + ".at", "it does not say when", "add for example at = \"20s\"");
    if (!has_subject) {
      fault(named->where, head_, std::string("this ") + *name + " does not say whom it strikes",
            "on the command line it would be --" + *name + " " + fault_example(*what));
    }
    loaded_.plan.faults.push_back(read);
  }

  void read_knobs(const std::vector<Given>& knobs, const std::optional<std::string>& agent_file) {
    auto config = agent_file ? agent::load_config(agent_file, knobs) : agent::load_config_text("", "", knobs);
    for (auto& wrong : config.faults) loaded_.faults.push_back(std::move(wrong));
    loaded_.plan.config = std::move(config.config.node);
    loaded_.plan.config.crypto = {};  // the trace is that of the messages; sealing would only hide them
    loaded_.plan.config.contact.seeds.clear();
  }

  void check() {
    for (auto& wrong : sim::faults_of(loaded_.plan)) {
      auto place = places_.find(wrong.key);
      if (place == places_.end()) place = places_.find(wrong.key.substr(0, wrong.key.rfind('.')));
      fault(place == places_.end() ? "" : place->second, std::move(wrong.key), std::move(wrong.cause),
            std::move(wrong.cure));
    }
  }

  LoadedPlan loaded_;
  std::map<std::string, std::string> places_;
  std::string head_;  // of the fault that is being collected: "fault[2]"
  std::vector<Given> parts_;
};

// ---- files ----

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  PlanValues read(std::string_view text) {
    try {
      walk(toml::parse(text), "");
    } catch (const toml::parse_error& error) {
      result_.values.clear();  // half a file would only raise faults that are none
      result_.faults.push_back({where(error.source()), "", "not valid TOML: " + std::string(error.description()),
                                "texts need quotes, tables a head such as [network]"});
    }
    return std::move(result_);
  }

 private:
  std::string where(const toml::source_region& source) const {
    return name_ + ":" + std::to_string(source.begin.line);
  }

  // In the order of the lines: a table's keys are sorted by name in toml++.
  void walk(const toml::table& table, const std::string& prefix) {
    std::vector<std::pair<const toml::key*, const toml::node*>> entries;
    for (const auto& [key, node] : table) entries.emplace_back(&key, &node);
    std::ranges::stable_sort(entries, {}, [](const auto& entry) { return entry.second->source().begin.line; });
    for (const auto& [key, node] : entries) read_node(*node, prefix + std::string(key->str()));
  }

  void read_node(const toml::node& node, const std::string& path) {
    if (const auto* table = node.as_table()) return walk(*table, path + ".");
    if (const auto* list = node.as_array(); list != nullptr && list->is_array_of_tables()) {
      std::size_t number = 0;
      for (const auto& entry : *list) {
        const std::string head = path + "[" + std::to_string(number++) + "]";
        if (entry.as_table()->empty()) {
          result_.faults.push_back({where(entry.source()), head, "it is empty", "say what it is, or remove it"});
        }
        walk(*entry.as_table(), head + ".");
      }
      return;
    }
    Given given{path, where(node.source()), std::string()};
    if (const auto* text = node.as_string())
      given.value = text->get();
    else if (const auto* number = node.as_integer())
      given.value = number->get();
    else if (const auto* fraction = node.as_floating_point())
      given.value = fraction->get();
    else if (const auto* flag = node.as_boolean())
      given.value = flag->get();
    else
      given.value = std::vector<std::string>{};  // nothing takes a list: whoever reads it says so
    result_.values.push_back(std::move(given));
  }

  std::string name_;
  PlanValues result_;
};

}  // namespace

PlanValues read_plan_text(std::string_view toml, std::string_view name) { return Reader(name).read(toml); }

PlanValues read_plan_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  PlanValues none;
  if (!file.is_open() || file.bad() || (text.empty() && !file.eof())) {
    none.faults.push_back({path, "", "cannot be read: " + std::generic_category().message(errno),
                           "check the path and its permissions"});
    return none;
  }
  if (text.size() > kFileBytesMax) {
    none.faults.push_back({path, "", "it is over 1 MiB", "is it the right file?"});
    return none;
  }
  return read_plan_text(text, path);
}

LoadedPlan make_plan(const std::vector<Given>& values, const std::optional<std::string>& agent_file) {
  return Maker().make(values, agent_file);
}

std::vector<std::pair<std::string_view, std::string_view>> plan_keys() {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  for (const Key& key : keys()) all.emplace_back(key.key, key.kind);
  return all;
}

}  // namespace hearsay::cli
