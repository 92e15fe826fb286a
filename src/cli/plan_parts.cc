#include "cli/plan_parts.h"

#include <algorithm>
#include <utility>

#include "agent/text.h"
#include "cli/fault_words.h"

namespace hearsay::cli {
namespace {

using agent::Given;

// A field of one way from a node to another.
Complaint read_path(std::string_view field, const Given& given, sim::Path& path, bool& known) {
  known = true;
  if (field == "latency") return read_duration(given, path.latency);
  if (field == "jitter") return read_duration(given, path.jitter);
  if (field == "sigma") return read_number(given, path.sigma);
  if (field == "loss") return read_share(given, path.loss);
  known = false;
  return std::nullopt;
}

using Subject = sim::FaultKind::Subject;
using Lasts = sim::FaultKind::Lasts;
using Extra = sim::FaultKind::Extra;

// "eu", "3" or "2-4", or a number.
Complaint read_group(const Given& given, const std::vector<PlanParts::Zone>& zones, sim::Place& first,
                     sim::Place& last) {
  if (const auto* text = std::get_if<std::string>(&given.value)) {
    for (const auto& zone : zones) {
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
  for (const auto& zone : zones) names += (names.empty() ? "" : ", ") + zone.name;
  return agent::Complaint{
      value_text(given) + " is neither a zone nor a range of nodes",
      names.empty() ? "write for example \"0-2\"; there are no zones" : "the zones are " + names};
}

// The nodes of a fault. A bare number is refused: everywhere else `nodes = 3` says how many.
Complaint read_struck(const Given& given, const std::vector<PlanParts::Zone>& zones, sim::Place& first,
                      sim::Place& last) {
  const auto* number = std::get_if<std::int64_t>(&given.value);
  if (number == nullptr || *number < 0) return read_group(given, zones, first, last);
  const std::string text = std::to_string(*number);
  return agent::Complaint{text + " may be a node or how many",
                          "write \"" + text + "\" for that node alone, or a range such as \"0-2\" for three"};
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
  if (extra != Extra::ppm && extra != Extra::by) return read_duration(given, fault.amount);
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
Complaint read_field(const std::string& field, const Given& given, const std::vector<PlanParts::Zone>& zones,
                     sim::Fault& fault) {
  const auto& kind = sim::kind_of(fault.what);
  if (field == "at") return read_duration(given, fault.at);
  if (field == "lasts" && kind.lasts != Lasts::no) return read_duration(given, fault.lasts);
  if (field == "node" && kind.subject == Subject::node) return read_count(given, fault.place);
  if (field == "nodes" && kind.subject == Subject::group) {
    return read_struck(given, zones, fault.other, fault.place);
  }
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

std::string field_of(const Given& given) { return given.key.substr(given.key.find("].") + 2); }

}  // namespace

bool PlanParts::read(const Given& given) {
  if (given.key == "fault") {
    read_words(given);
  } else if (given.key == "link") {
    read_link_words(given);
  } else if (given.key.starts_with("fault[") || given.key.starts_with("link[") || given.key.starts_with("zone[")) {
    read_part(given);
  } else {
    return false;
  }
  return true;
}

void PlanParts::check_zones() {
  if (zones_.empty() || zones_.back().last < sim::nodes_in_all(draft_.plan)) return;
  draft_.fault(zones_where_, "zone", "the zones hold " + std::to_string(zones_.back().last + 1) + " nodes",
               "the cluster has " + std::to_string(draft_.plan.nodes));
}

// "crash 3@20s", as on the command line.
void PlanParts::read_words(const Given& given) {
  end_part();
  const auto* text = std::get_if<std::string>(&given.value);
  const auto space = text == nullptr ? std::string::npos : text->find(' ');
  const auto what = space == std::string::npos ? std::nullopt : sim::fault_named(text->substr(0, space));
  if (!what) {
    return draft_.note(given,
                       agent::Complaint{value_text(given) + " is no fault", "write for example \"crash 3@20s\""});
  }
  const auto words = text->substr(space + 1);
  const auto read = parse_fault(*what, words);
  if (!read) {
    return draft_.note(given, agent::Complaint{"\"" + words + "\" has not the form of this fault",
                                               "write for example " + fault_example(*what)});
  }
  draft_.places["fault[" + std::to_string(draft_.plan.faults.size()) + "]"] = given.where;
  draft_.plan.faults.push_back(*read);
}

// "fault[2].at": all parts of one fault stand together, in any order.
void PlanParts::read_part(const Given& given) {
  const auto close = given.key.find("].");
  if (close == std::string::npos) return draft_.note(given, not_a(given, "a table, such as [[fault]]"));
  const std::string head = given.key.substr(0, close + 1);
  if (head != head_) end_part();
  head_ = head;
  parts_.push_back(given);
}

void PlanParts::end_part() {
  if (parts_.empty()) return;
  const std::vector<Given> parts = std::exchange(parts_, {});
  if (head_.starts_with("zone[")) return end_zone(parts);
  if (head_.starts_with("link[")) return end_link(parts);
  end_fault(parts);
}

// Zones take the nodes in order.
void PlanParts::end_zone(const std::vector<Given>& parts) {
  Zone zone;
  std::size_t nodes = 0;
  for (const Given& part : parts) {
    const auto* text = std::get_if<std::string>(&part.value);
    if (field_of(part) == "name" && text != nullptr && !text->empty())
      zone.name = *text;
    else if (field_of(part) == "name")
      draft_.note(part, not_a(part, "a text"));
    else if (field_of(part) == "nodes")
      draft_.note(part, read_count(part, nodes));
    else
      draft_.fault(part.where, part.key, "there is no such key", "the keys of a zone are name and nodes");
  }
  if (zone.name.empty() || nodes == 0 || nodes > sim::kClusterNodesMax) {
    return draft_.fault(parts[0].where, head_, "a zone has a name and some nodes",
                        "add name = \"eu\" and nodes = 3");
  }
  zone.first = zones_.empty() ? 0 : zones_.back().last + 1;
  zone.last = zone.first + nodes - 1;
  zones_.push_back(zone);
  zones_where_ = parts[0].where;
}

// What is not said of a link is as in [network].
void PlanParts::end_link(const std::vector<Given>& parts) {
  sim::Network::Special special{.path = draft_.plan.network};
  bool one_way = false;
  int ends = 0;
  for (const Given& part : parts) {
    const auto field = field_of(part);
    if (field == "from" || field == "to") {
      ++ends;
      draft_.note(part, field == "from" ? read_group(part, zones_, special.from_first, special.from_last)
                                        : read_group(part, zones_, special.to_first, special.to_last));
    } else if (field == "one_way") {
      const auto* flag = std::get_if<bool>(&part.value);
      if (flag == nullptr) draft_.note(part, not_a(part, "true or false"));
      one_way = flag != nullptr && *flag;
    } else {
      bool known = false;
      draft_.note(part, read_path(field, part, special.path, known));
      if (!known) {
        draft_.fault(part.where, part.key, "there is no such key",
                     "the keys of a link are from, to, one_way, latency, jitter, sigma and loss");
      }
    }
  }
  if (ends != 2)
    return draft_.fault(parts[0].where, head_, "a link has two ends", "add from and to: zones or nodes");
  add_link(special, one_way, parts[0].where);
}

void PlanParts::add_link(const sim::Network::Special& special, bool one_way, const std::string& where) {
  auto& all = draft_.plan.network.special;
  draft_.places["link[" + std::to_string(all.size()) + "]"] = where;
  all.push_back(special);
  const bool within = special.from_first == special.to_first && special.from_last == special.to_last;
  if (one_way || within) return;
  draft_.places["link[" + std::to_string(all.size()) + "]"] = where;
  all.push_back({special.to_first, special.to_last, special.from_first, special.from_last, special.path});
}

// "0-2:3-9 latency=80ms,sigma=0.2", one way.
void PlanParts::read_link_words(const Given& given) {
  const auto* text = std::get_if<std::string>(&given.value);
  const auto wrong = [&] {
    draft_.note(given, agent::Complaint{value_text(given) + " is no link",
                                        "write for example 0-2:3-9 latency=80ms,loss=0.1"});
  };
  if (text == nullptr) return wrong();
  const auto colon = text->find(':');
  const auto space = std::min(text->find(' '), text->size());
  sim::Network::Special special{.path = draft_.plan.network};
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
    draft_.note(given, read_path(text->substr(at, equals - at), field, special.path, known));
    if (!known) return wrong();
    at = end + 1;
  }
  add_link(special, true, given.where);
}

void PlanParts::end_fault(const std::vector<Given>& parts) {
  const std::string own = "fault[" + std::to_string(draft_.plan.faults.size()) + "]";
  sim::Fault read{};
  const auto named = std::ranges::find(parts, "what", &field_of);
  if (named == parts.end()) {
    return draft_.fault(parts[0].where, head_ + ".what", "it does not say what happens",
                        "add for example what = \"crash\"");
  }
  const auto* name = std::get_if<std::string>(&named->value);
  const auto what = name == nullptr ? std::nullopt : sim::fault_named(*name);
  if (!what) {
    const auto names = fault_names();
    const auto near = name == nullptr ? std::string_view() : agent::closest(*name, names);
    std::string list;
    for (const auto one : names) list += (list.empty() ? "" : ", ") + std::string(one);
    return draft_.fault(named->where, named->key, value_text(*named) + " is no kind of fault",
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
    draft_.note(part, read_field(field, part, zones_, read));
    draft_.places[own + "." + field] = part.where;
  }
  draft_.places[own] = named->where;
  if (!has_at) draft_.fault(named->where, head_ + ".at", "it does not say when", "add for example at = \"20s\"");
  if (!has_subject) {
    draft_.fault(named->where, head_, std::string("this ") + *name + " does not say whom it strikes",
                 "on the command line it would be --" + *name + " " + fault_example(*what));
  }
  draft_.plan.faults.push_back(read);
}

}  // namespace hearsay::cli
