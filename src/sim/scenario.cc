#include "sim/scenario.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "sim/world.h"
#include "wire/describe.h"

namespace hearsay::sim {

namespace {

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < line.size()) {
    const auto begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) break;
    const auto end = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    at = end;
  }
  return words;
}

// "500us", "20ms", "5s", "2m".
std::optional<Duration> read_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0 || count > 1'000'000'000) return std::nullopt;
  const std::string_view unit(stop, static_cast<std::size_t>(text.data() + text.size() - stop));
  if (unit == "us") return std::chrono::microseconds(count);
  if (unit == "ms") return std::chrono::milliseconds(count);
  if (unit == "s") return std::chrono::seconds(count);
  if (unit == "m") return std::chrono::minutes(count);
  return std::nullopt;
}

std::optional<double> read_share(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0) || value > 1) return std::nullopt;
  return value;
}

template <class T>
std::optional<T> read_number(const std::string& text) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string stamp(Duration elapsed) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  std::string fraction = std::to_string(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  std::string text = std::to_string(ms / 1000) + "." + fraction;
  if (text.size() < 8) text.insert(0, 8 - text.size(), ' ');
  return text;
}

// Knobs of `set`. Few on purpose: scenarios tell stories, sweeps turn knobs.
bool set_knob(Config& config, const std::string& key, const std::string& value) {
  const auto duration = read_duration(value);
  const auto number = read_number<std::uint8_t>(value);
  auto& swim = config.swim;
  if (key == "swim.indirect_probes" && number)
    swim.indirect_probes = *number;
  else if (key == "swim.gossip_fanout" && number)
    swim.gossip_fanout = *number;
  else if (key == "swim.retransmit_mult" && number)
    swim.retransmit_mult = *number;
  else if (key == "swim.health_max" && number)
    swim.health_max = *number;
  else if (key == "swim.stream_probe" && number)
    swim.stream_probe = *number != 0;
  else if (key == "swim.push_pull_interval" && duration)
    swim.push_pull_interval = *duration;
  else if (key == "serf.forget_after" && duration)
    config.serf.forget_after = *duration;
  else if (key == "serf.tombstone_timeout" && duration)
    config.serf.tombstone_timeout = *duration;
  else
    return false;
  return true;
}

// 32 bytes, the name again and again.
Bytes key_of(std::string_view name) {
  Bytes key(32);
  for (std::size_t i = 0; i < key.size() && !name.empty(); ++i)
    key[i] = static_cast<std::uint8_t>(name[i % name.size()]);
  return key;
}

class Runner {
 public:
  Runner(const Scenario& scenario, std::optional<std::uint64_t> lose) : scenario_(scenario), lose_(lose) {}

  ScenarioRun run() {
    for (const auto& line : scenario_.lines) {
      line_ = &line;
      if (!execute(line.words)) complain("cannot be understood");
    }
    if (world_) {
      result_.datagrams = world_->network().datagrams();
      for (Place place = 0; place < world_->size(); ++place) {
        if (world_->is_up(place) && world_->node(place).info().defunct) complain(name(place) + " is defunct");
      }
    }
    return std::move(result_);
  }

 private:
  void complain(const std::string& what) {
    std::string words;
    for (const auto& word : line_->words) words += (words.empty() ? "" : " ") + word;
    result_.failures.push_back("line " + std::to_string(line_->number) + ": " + words + ": " + what);
  }

  World& world() {
    if (world_) return *world_;
    world_.emplace(options_);
    if (lose_) world_->network().lose_number(*lose_);
    world_->on_notice = [this](Place place, const Notice& notice) { trace(name(place) + " " + describe(notice)); };
    world_->on_sent = [this](Place from, Place to, ByteView bytes, bool lost) {
      if (!messages_) return;
      trace(name(from) + " -> " + name(to) + (lost ? " LOST " : " ") + wire::describe_datagram(bytes));
    };
    return *world_;
  }

  void trace(const std::string& text) { result_.trace += stamp(world_->elapsed()) + " " + text + "\n"; }
  const std::string& name(Place place) const { return world_->config(place).name; }

  std::optional<Place> place_of(const std::string& name) {
    const auto found = places_.find(name);
    if (found == places_.end()) return std::nullopt;
    return found->second;
  }

  bool execute(const std::vector<std::string>& words) {
    using Handler = bool (Runner::*)(const std::vector<std::string>&);
    static const std::map<std::string, Handler> handlers{
        {"seed", &Runner::seed},
        {"profile", &Runner::profile},
        {"latency", &Runner::latency},
        {"jitter", &Runner::jitter},
        {"nodes", &Runner::nodes},
        {"tags", &Runner::tags},
        {"set", &Runner::set},
        {"join", &Runner::join},
        {"leave", &Runner::leave},
        {"run", &Runner::advance},
        {"crash", &Runner::crash},
        {"restart", &Runner::restart},
        {"pause", &Runner::pause},
        {"continue", &Runner::go_on},
        {"block", &Runner::block},
        {"heal", &Runner::heal},
        {"loss", &Runner::loss},
        {"expect", &Runner::expect},
        {"expect-link", &Runner::expect_link},
        {"why", &Runner::why},
        {"agree", &Runner::agree},
        {"finally", &Runner::finally},
        {"trace", &Runner::choose_trace},
        {"keys", &Runner::keys},
        {"encrypt", &Runner::encrypt},
        {"force-leave", &Runner::force_leave},
    };
    const auto handler = handlers.find(words[0]);
    return handler != handlers.end() && (this->*handler->second)(words);
  }

  bool seed(const std::vector<std::string>& words) {
    const auto value = words.size() == 2 ? read_number<std::uint64_t>(words[1]) : std::nullopt;
    if (!value || world_) return false;
    options_.seed = *value;
    return true;
  }
  bool profile(const std::vector<std::string>& words) {
    if (words.size() != 2) return false;
    for (const Profile profile : {Profile::local, Profile::lan, Profile::wan}) {
      if (words[1] != name_of(profile)) continue;
      config_ = Config::of(profile);
      return true;
    }
    return false;
  }
  bool latency(const std::vector<std::string>& words) {
    const auto value = words.size() == 2 ? read_duration(words[1]) : std::nullopt;
    if (!value || world_) return false;
    options_.network.latency = *value;
    return true;
  }
  bool jitter(const std::vector<std::string>& words) {
    const auto value = words.size() == 2 ? read_duration(words[1]) : std::nullopt;
    if (!value || world_) return false;
    options_.network.jitter = *value;
    return true;
  }
  bool set(const std::vector<std::string>& words) {
    return words.size() == 3 && set_knob(config_, words[1], words[2]);
  }
  bool nodes(const std::vector<std::string>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      config_.name = words[i];
      places_[words[i]] = world().size();
      const Place place = world_->size();
      // The node speaks while it starts; its name must be known by then.
      world_->name_host(words[i], place);
      world_->add(config_);
    }
    return words.size() > 1;
  }
  bool tags(const std::vector<std::string>& words) {
    const auto place = words.size() > 1 ? place_of(words[1]) : std::nullopt;
    if (!place) return false;
    SetTags command{CommandId{++commands_}, {}};
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      if (equals == std::string::npos) return false;
      command.tags[words[i].substr(0, equals)] = words[i].substr(equals + 1);
    }
    world_->command(*place, command);
    return true;
  }
  bool join(const std::vector<std::string>& words) {
    const auto place = words.size() > 2 ? place_of(words[1]) : std::nullopt;
    if (!place) return false;
    world_->command(*place, Join{CommandId{++commands_}, {words.begin() + 2, words.end()}});
    return true;
  }
  bool leave(const std::vector<std::string>& words) {
    const auto place = words.size() == 2 ? place_of(words[1]) : std::nullopt;
    if (!place) return false;
    world_->command(*place, Leave{CommandId{++commands_}});
    return true;
  }
  bool encrypt(const std::vector<std::string>& words) {
    if (words.size() < 3) return false;
    CryptoConfig crypto;
    std::string_view names = words[2];
    while (!names.empty()) {
      const std::size_t comma = std::min(names.find(','), names.size());
      crypto.keys.push_back(key_of(names.substr(0, comma)));
      names.remove_prefix(std::min(comma + 1, names.size()));
    }
    for (std::size_t i = 3; i < words.size(); ++i) {
      if (words[i] != "plain_in" && words[i] != "plain_out") return false;
      (words[i] == "plain_in" ? crypto.verify_incoming : crypto.verify_outgoing) = false;
    }
    crypto.save_keys = true;
    if (words[1] == "all") {
      config_.crypto = crypto;
      return true;
    }
    const auto place = place_of(words[1]);
    if (place) world_->set_crypto(*place, crypto);
    return place.has_value();
  }
  bool keys(const std::vector<std::string>& words) {
    const auto place = words.size() > 2 ? place_of(words[1]) : std::nullopt;
    if (!place) return false;
    ManageKeys command{CommandId{++commands_}, KeyAction::list, {}, words.back() == "force"};
    const std::size_t expected = (words[2] == "list" ? 3u : 4u) + (command.force ? 1u : 0u);
    if (words.size() != expected) return false;
    for (const KeyAction action : {KeyAction::list, KeyAction::install, KeyAction::use, KeyAction::remove}) {
      if (words[2] == name_of(action)) command.action = action;
    }
    if (words[2] != name_of(command.action)) return false;
    if (command.action != KeyAction::list) command.key = key_of(words[3]);
    world_->command(*place, command);
    return true;
  }
  bool force_leave(const std::vector<std::string>& words) {
    const auto place = words.size() == 3 || words.size() == 4 ? place_of(words[1]) : std::nullopt;
    if (!place || (words.size() == 4 && words[3] != "prune")) return false;
    world_->command(*place, ForceLeave{CommandId{++commands_}, words[2], words.size() == 4});
    return true;
  }
  bool advance(const std::vector<std::string>& words) {
    const auto duration = words.size() == 2 ? read_duration(words[1]) : std::nullopt;
    if (!duration || !world_) return false;
    world_->run_for(*duration);
    return true;
  }
  bool crash(const std::vector<std::string>& words) {
    const auto place = words.size() == 2 ? place_of(words[1]) : std::nullopt;
    if (!place || !world_->is_up(*place)) return false;
    trace(words[1] + " crashes");
    world_->crash(*place);
    return true;
  }
  bool restart(const std::vector<std::string>& words) {
    const auto place = words.size() == 2 || words.size() == 3 ? place_of(words[1]) : std::nullopt;
    const auto incarnation =
        words.size() == 3 ? read_number<std::uint32_t>(words[2]) : std::optional<std::uint32_t>(1);
    if (!place || !incarnation || world_->is_up(*place)) return false;
    trace(words[1] + " restarts");
    world_->restart(*place, Incarnation{*incarnation});
    return true;
  }
  bool pause(const std::vector<std::string>& words) {
    const auto place = words.size() == 2 ? place_of(words[1]) : std::nullopt;
    if (!place) return false;
    trace(words[1] + " pauses");
    world_->pause(*place);
    return true;
  }
  bool go_on(const std::vector<std::string>& words) {
    const auto place = words.size() == 2 ? place_of(words[1]) : std::nullopt;
    if (!place) return false;
    trace(words[1] + " continues");
    world_->go_on(*place);
    return true;
  }
  bool block(const std::vector<std::string>& words) {
    const bool udp = words.size() == 4 && words[3] == "udp";
    const auto from = udp || words.size() == 3 ? place_of(words[1]) : std::nullopt;
    const auto to = udp || words.size() == 3 ? place_of(words[2]) : std::nullopt;
    if (!from || !to) return false;
    udp ? world_->network().block_datagrams(*from, *to) : world_->network().block(*from, *to);
    return true;
  }
  bool heal(const std::vector<std::string>& words) {
    if (!world_) return false;
    world_->network().heal();
    return words.size() == 1;
  }
  bool loss(const std::vector<std::string>& words) {
    const auto share = words.size() == 2 ? read_share(words[1]) : std::nullopt;
    if (!share) return false;
    world().network().set_loss(*share);
    return true;
  }
  bool finally(const std::vector<std::string>& words) {
    finally_ = true;
    return words.size() == 1;
  }
  bool choose_trace(const std::vector<std::string>& words) {
    if (words.size() != 2 || (words[1] != "messages" && words[1] != "notices")) return false;
    messages_ = words[1] == "messages";
    return true;
  }
  // Is this line to be judged in this run?
  bool judged() const { return !lose_ || finally_; }

  std::string status_at(Place place, const std::string& member) {
    for (const auto& row : world_->node(place).members()) {
      if (row.name == member) return name_of(row.status);
    }
    return "unknown";
  }
  bool expect(const std::vector<std::string>& words) {
    const auto place = words.size() == 4 ? place_of(words[1]) : std::nullopt;
    if (!place) return false;
    if (!judged()) return true;
    if (!world_->is_up(*place)) {
      complain("it is not running");
    } else if (const std::string status = status_at(*place, words[2]); status != words[3]) {
      complain("it shows " + status);
    }
    return true;
  }
  bool expect_link(const std::vector<std::string>& words) {
    const auto place = words.size() == 4 ? place_of(words[1]) : std::nullopt;
    if (!place || !world_->is_up(*place)) return false;
    if (!judged()) return true;
    std::string shown = "none";
    for (const Link& link : world_->node(*place).info().links) {
      if (link.member == words[2]) shown = name_of(link.fault);
    }
    if (shown != words[3]) complain("it shows " + shown);
    return true;
  }
  bool why(const std::vector<std::string>& words) {
    const auto place = words.size() == 3 ? place_of(words[1]) : std::nullopt;
    if (!place) return false;
    world_->command(*place, Why{CommandId{++commands_}, words[2]});
    return true;
  }
  bool agree(const std::vector<std::string>& words) {
    if (!world_ || words.size() != 1) return false;
    if (!judged()) return true;
    std::optional<std::string> first;
    for (Place place = 0; place < world_->size(); ++place) {
      if (!world_->is_up(place)) continue;
      std::vector<std::string> rows;
      for (const auto& row : world_->node(place).members()) {
        rows.push_back(row.name + " " + name_of(row.status) + " " + std::to_string(row.incarnation.value));
      }
      std::ranges::sort(rows);
      std::string view;
      for (const auto& row : rows) view += (view.empty() ? "" : ", ") + row;
      if (!first) first = view;
      if (*first != view) complain("one shows {" + *first + "}, " + name(place) + " shows {" + view + "}");
    }
    return true;
  }

  const Scenario& scenario_;
  std::optional<std::uint64_t> lose_;
  const Scenario::Line* line_ = nullptr;
  World::Options options_;
  Config config_ = Config::of(Profile::lan);
  std::optional<World> world_;
  std::map<std::string, Place> places_;
  std::uint64_t commands_ = 0;
  bool finally_ = false;
  bool messages_ = false;
  ScenarioRun result_;
};

}  // namespace

Result<Scenario> parse_scenario(std::string_view text) {
  Scenario scenario;
  std::size_t number = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    ++number;
    at = std::min(end + 1, text.size());
    if (line.starts_with("----")) {
      scenario.trace = text.substr(at);
      return scenario;
    }
    scenario.commands += std::string(line) + "\n";
    auto words = split(line.substr(0, line.find('#')));
    if (!words.empty()) scenario.lines.push_back({number, std::move(words)});
  }
  return fail(Errc::invalid_argument, "the scenario has no line of dashes",
              "end its commands with a line \"----\"");
}

ScenarioRun run_scenario(const Scenario& scenario, std::optional<std::uint64_t> lose) {
  return Runner(scenario, lose).run();
}

}  // namespace hearsay::sim
