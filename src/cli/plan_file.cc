#include "cli/plan_file.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>

#include "agent/settings.h"
#include "agent/text.h"
#include "cli/commands.h"
#include "cli/fault_words.h"

namespace hearsay::cli {

namespace {

using agent::Given;
using Complaint = std::optional<agent::Complaint>;

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
constexpr std::string_view kNumberKind = "a number";

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

Complaint read_number(const Given& given, double& into) {
  std::optional<double> value;
  if (const auto* number = std::get_if<double>(&given.value)) value = *number;
  if (const auto* number = std::get_if<std::int64_t>(&given.value)) value = static_cast<double>(*number);
  if (const auto* text = std::get_if<std::string>(&given.value); text != nullptr && !text->empty()) {
    char* end = nullptr;
    const double parsed = std::strtod(text->c_str(), &end);
    if (*end == '\0') value = parsed;
  }
  if (!value) return not_a(given, kNumberKind);
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
  if (*value > std::numeric_limits<T>::max()) {
    return agent::Complaint{std::to_string(*value) + " is out of range",
                            "choose at most " + std::to_string(std::numeric_limits<T>::max())};
  }
  into = static_cast<T>(*value);
  return std::nullopt;
}

// A field of one way from a node to another.
Complaint read_path(std::string_view field, const Given& given, sim::Path& path, bool& known) {
  known = true;
  if (field == "latency") return read(given, path.latency);
  if (field == "jitter") return read(given, path.jitter);
  if (field == "sigma") return read_number(given, path.sigma);
  if (field == "loss") return read_share(given, path.loss);
  known = false;
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
      {"cluster.tape", "a node, by its number",
       [](ClusterPlan& plan, const Given& given) { return read_count(given, plan.taped.emplace()); }},
      {"network.latency", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read(given, plan.network.latency); }},
      {"network.jitter", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read(given, plan.network.jitter); }},
      {"network.sigma", "a number, 0 to 3",
       [](ClusterPlan& plan, const Given& given) { return read_number(given, plan.network.sigma); }},
      {"network.loss", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.loss); }},
      {"network.duplicate", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.duplicate); }},
      {"network.reorder", kShareKind,
       [](ClusterPlan& plan, const Given& given) { return read_share(given, plan.network.reorder); }},
      {"network.reorder_by", kDurationKind,
       [](ClusterPlan& plan, const Given& given) { return read(given, plan.network.reorder_by); }},
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
using Extra = sim::FaultKind::Extra;

struct Zone {
  std::string name;
  sim::Place first = 0;
  sim::Place last = 0;
};

// "eu", "3" or "2-4", or a number.
Complaint read_group(const Given& given, const std::vector<Zone>& zones, sim::Place& first, sim::Place& last) {
  if (const auto* text = std::get_if<std::string>(&given.value)) {
    for (const Zone& zone : zones) {
      if (zone.name != *text) continue;
      first = zone.first;
      last = zone.last;
      return std::nullopt;
    }
    if (parse_range(*text, first, last)) return std::nullopt;
  }
  if (const auto* number = std::get_if<std::int64_t>(&given.value); number != nullptr && *number >= 0) {
    first = last = static_cast<sim::Place>(*number);
    return std::nullopt;
  }
  std::string names;
  for (const Zone& zone : zones) names += (names.empty() ? "" : ", ") + zone.name;
  return agent::Complaint{
      value_text(given) + " is neither a zone nor a range of nodes",
      names.empty() ? "write for example \"0-2\"; there are no zones" : "the zones are " + names};
}

// What the extra of a fault is called in files.
const char* name_of(Extra extra) {
  switch (extra) {
    case Extra::none:
      break;
    case Extra::period:
      return "period";
    case Extra::takes:
      return "takes";
    case Extra::by:
      return "by";
    case Extra::window:
      return "window";
    case Extra::ppm:
      return "ppm";
  }
  return "";
}

Complaint read_extra(const Given& given, Extra extra, sim::Fault& fault) {
  if (extra != Extra::ppm && extra != Extra::by) return read(given, fault.amount);
  const auto* text = std::get_if<std::string>(&given.value);
  if (extra == Extra::by) {
    const auto leap = text == nullptr ? std::nullopt : parse_leap(*text);
    if (!leap) return not_a(given, "a duration, such as \"1h\" or \"-1h\"");
    fault.amount = *leap;
    return std::nullopt;
  }
  std::optional<std::int64_t> ppm;
  if (text != nullptr) ppm = parse_ppm(*text);
  if (const auto* number = std::get_if<std::int64_t>(&given.value)) ppm = *number;
  if (!ppm) return not_a(given, "a whole number of millionths");
  fault.ppm = *ppm;
  return std::nullopt;
}

// Reads one field of a fault whose kind is known.
Complaint read_field(const std::string& field, const Given& given, const std::vector<Zone>& zones,
                     sim::Fault& fault) {
  const auto& kind = sim::kind_of(fault.what);
  if (field == "at") return read(given, fault.at);
  if (field == "lasts" && kind.lasts != Lasts::no) return read(given, fault.lasts);
  if (field == "node" && kind.subject == Subject::node) return read_count(given, fault.place);
  if (field == "nodes" && kind.subject == Subject::group) return read_group(given, zones, fault.other, fault.place);
  if (field == "from" && kind.subject == Subject::link) return read_count(given, fault.place);
  if (field == "to" && kind.subject == Subject::link) return read_count(given, fault.other);
  if (field == "share" && kind.subject == Subject::share) return read_share(given, fault.share);
  if (field == "count" && kind.subject == Subject::count) return read_count(given, fault.count);
  if (kind.extra != Extra::none && field == name_of(kind.extra)) return read_extra(given, kind.extra, fault);
  std::string takes = "at";
  if (kind.subject == Subject::node) takes += ", node";
  if (kind.subject == Subject::group) takes += ", nodes";
  if (kind.subject == Subject::link) takes += ", from, to";
  if (kind.subject == Subject::share) takes += ", share";
  if (kind.subject == Subject::count) takes += ", count";
  if (kind.lasts != Lasts::no) takes += ", lasts";
  if (kind.extra != Extra::none) takes += std::string(", ") + name_of(kind.extra);
  return agent::Complaint{std::string("a fault of the kind ") + kind.name + " has no such key",
                          "its keys are what, " + takes};
}

std::vector<std::string_view> fault_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < sim::kFaultKinds; ++i)
    names.push_back(sim::name_of(static_cast<sim::Fault::What>(i)));
  return names;
}

// ---- from values to a plan ----

class Maker {
 public:
  LoadedPlan make(const std::vector<Given>& values, const std::optional<std::string>& agent_file,
                  std::optional<double> memory_bytes) {
    std::vector<Given> knobs;
    for (const Given& given : values) {
      places_[given.key.find('.') == std::string::npos && find_key(given.key) != nullptr
                  ? std::string(find_key(given.key)->key)
                  : given.key] = given.where;
      if (const Key* key = find_key(given.key)) {
        note(given, key->read(loaded_.plan, given));
      } else if (given.key == "fault") {
        read_words(given);
      } else if (given.key == "link") {
        read_link_words(given);
      } else if (given.key.starts_with("fault[") || given.key.starts_with("link[") ||
                 given.key.starts_with("zone[")) {
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
    end_part();
    read_knobs(knobs, agent_file);
    if (loaded_.faults.empty()) check(memory_bytes);
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
    end_part();
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
    if (close == std::string::npos) return note(given, not_a(given, "a table, such as [[fault]]"));
    const std::string head = given.key.substr(0, close + 1);
    if (head != head_) end_part();
    head_ = head;
    parts_.push_back(given);
  }

  void end_part() {
    if (parts_.empty()) return;
    const std::vector<Given> parts = std::exchange(parts_, {});
    if (head_.starts_with("zone[")) return end_zone(parts);
    if (head_.starts_with("link[")) return end_link(parts);
    end_fault(parts);
  }

  static std::string field_of(const Given& given) { return given.key.substr(given.key.find("].") + 2); }

  // Zones take the nodes in order.
  void end_zone(const std::vector<Given>& parts) {
    Zone zone;
    std::size_t nodes = 0;
    for (const Given& part : parts) {
      const auto* text = std::get_if<std::string>(&part.value);
      if (field_of(part) == "name" && text != nullptr && !text->empty())
        zone.name = *text;
      else if (field_of(part) == "name")
        note(part, not_a(part, "a text"));
      else if (field_of(part) == "nodes")
        note(part, read_count(part, nodes));
      else
        fault(part.where, part.key, "there is no such key", "the keys of a zone are name and nodes");
    }
    if (zone.name.empty() || nodes == 0 || nodes > sim::kClusterNodesMax) {
      return fault(parts[0].where, head_, "a zone has a name and some nodes", "add name = \"eu\" and nodes = 3");
    }
    zone.first = zones_.empty() ? 0 : zones_.back().last + 1;
    zone.last = zone.first + nodes - 1;
    zones_.push_back(zone);
    zones_where_ = parts[0].where;
  }

  // What is not said of a link is as in [network].
  void end_link(const std::vector<Given>& parts) {
    sim::Network::Special special{.path = loaded_.plan.network};
    bool one_way = false;
    int ends = 0;
    for (const Given& part : parts) {
      const auto field = field_of(part);
      if (field == "from" || field == "to") {
        ++ends;
        note(part, field == "from" ? read_group(part, zones_, special.from_first, special.from_last)
                                   : read_group(part, zones_, special.to_first, special.to_last));
      } else if (field == "one_way") {
        const auto* flag = std::get_if<bool>(&part.value);
        if (flag == nullptr) note(part, not_a(part, "true or false"));
        one_way = flag != nullptr && *flag;
      } else {
        bool known = false;
        note(part, read_path(field, part, special.path, known));
        if (!known) {
          fault(part.where, part.key, "there is no such key",
                "the keys of a link are from, to, one_way, latency, jitter, sigma and loss");
        }
      }
    }
    if (ends != 2) return fault(parts[0].where, head_, "a link has two ends", "add from and to: zones or nodes");
    add_link(special, one_way, parts[0].where);
  }

  void add_link(const sim::Network::Special& special, bool one_way, const std::string& where) {
    auto& all = loaded_.plan.network.special;
    places_["link[" + std::to_string(all.size()) + "]"] = where;
    all.push_back(special);
    const bool within = special.from_first == special.to_first && special.from_last == special.to_last;
    if (one_way || within) return;
    places_["link[" + std::to_string(all.size()) + "]"] = where;
    all.push_back({special.to_first, special.to_last, special.from_first, special.from_last, special.path});
  }

  // "0-2:3-9 latency=80ms,sigma=0.2", one way.
  void read_link_words(const Given& given) {
    const auto* text = std::get_if<std::string>(&given.value);
    const auto wrong = [&] {
      note(given,
           agent::Complaint{value_text(given) + " is no link", "write for example 0-2:3-9 latency=80ms,loss=0.1"});
    };
    if (text == nullptr) return wrong();
    const auto colon = text->find(':');
    const auto space = std::min(text->find(' '), text->size());
    sim::Network::Special special{.path = loaded_.plan.network};
    if (colon >= space || !parse_range(text->substr(0, colon), special.from_first, special.from_last) ||
        !parse_range(text->substr(colon + 1, space - colon - 1), special.to_first, special.to_last)) {
      return wrong();
    }
    for (std::size_t at = space + 1; at < text->size();) {
      const auto end = std::min(text->find(',', at), text->size());
      const auto equals = text->find('=', at);
      if (equals >= end) return wrong();
      bool known = false;
      const Given field{given.key, given.where, text->substr(equals + 1, end - equals - 1)};
      note(given, read_path(text->substr(at, equals - at), field, special.path, known));
      if (!known) return wrong();
      at = end + 1;
    }
    add_link(special, true, given.where);
  }

  void end_fault(const std::vector<Given>& parts) {
    const std::string own = "fault[" + std::to_string(loaded_.plan.faults.size()) + "]";
    sim::Fault read{};
    const auto named = std::ranges::find(parts, "what", &Maker::field_of);
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
      note(part, read_field(field, part, zones_, read));
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

  void check(std::optional<double> memory_bytes) {
    const auto& plan = loaded_.plan;
    if (!zones_.empty() && zones_.back().last >= sim::nodes_in_all(plan)) {
      fault(zones_where_, "zone", "the zones hold " + std::to_string(zones_.back().last + 1) + " nodes",
            "the cluster has " + std::to_string(plan.nodes));
    }
    // Each node holds a row for each.
    constexpr double kBytesOfRow = 260;
    const auto nodes = static_cast<double>(sim::nodes_in_all(plan));
    const double wanted = nodes * nodes * kBytesOfRow;
    const double there = memory_bytes.value_or(static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
                                               static_cast<double>(::sysconf(_SC_PAGESIZE)));
    if (wanted > there) {
      const auto gib = [](double bytes) {
        return std::to_string(static_cast<int>(bytes / (1 << 30) + 0.5)) + " GiB";
      };
      const auto place = places_.find("cluster.nodes");
      fault(place == places_.end() ? "" : place->second, "cluster.nodes",
            std::to_string(sim::nodes_in_all(plan)) + " nodes need about " + gib(wanted) + " of memory",
            "this machine has " + gib(there) + "; choose fewer");
    }
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
  std::vector<Zone> zones_;
  std::string zones_where_;
};

}  // namespace

LoadedPlan make_plan(const std::vector<Given>& values, const std::optional<std::string>& agent_file,
                     std::optional<double> memory_bytes) {
  return Maker().make(values, agent_file, memory_bytes);
}

LoadedPlan load_plan(const Arguments& arguments) {
  PlanValues values;
  if (arguments.sim_cluster.file) values = read_plan_file(*arguments.sim_cluster.file);
  if (!values.faults.empty()) return {{}, std::move(values.faults)};
  const auto& words = arguments.sim_cluster.values;
  values.values.insert(values.values.end(), words.begin(), words.end());
  return make_plan(values.values, arguments.config_file);
}

std::vector<std::pair<std::string_view, std::string_view>> plan_keys() {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  for (const Key& key : keys()) all.emplace_back(key.key, key.kind);
  return all;
}

}  // namespace hearsay::cli
