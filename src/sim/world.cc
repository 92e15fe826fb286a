#include "sim/world.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace hearsay::sim {

namespace {
constexpr Time kStart{std::chrono::hours(1)};  // not zero: a time that was never set must not look like the start
constexpr WallTime kWallStart{std::chrono::seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z
constexpr std::uint16_t kPort = 7946;
// Streams over the cap of a node that wait for their turn, as at the real driver.
constexpr std::size_t kWaitingMax = 512;
constexpr Duration kDiskDelay = std::chrono::milliseconds(5);
// Arrivals that have arrived and whose memory waits for the next; that of a storm is given back.
constexpr std::size_t kArrivalsKept = 4096;
// Datagrams that wait for a node that is stopped or slow, about what a socket of a few megabytes holds.
constexpr std::size_t kHeldMax = 8192;
// A slow node is told the time after so many inputs, even if more wait; the real driver drains as many.
constexpr std::size_t kDrainMax = 64;
}  // namespace

std::string name_of(Place place) { return "n" + std::to_string(place); }

Address address_of(Place place) {
  const std::array<std::uint8_t, 4> ip{10, 0, static_cast<std::uint8_t>(place / 250),
                                       static_cast<std::uint8_t>(place % 250 + 1)};
  return Address::from_ip(ip, kPort);
}

std::vector<Member> members_of(const Config& config, Place nodes) {
  std::vector<Member> all(nodes);
  for (Place place = 0; place < nodes; ++place) {
    all[place].name = name_of(place);
    all[place].address = address_of(place);
    all[place].tags = config.tags;
    all[place].incarnation = config.first_incarnation;
  }
  std::ranges::sort(all, {}, &Member::name);
  return all;
}

World::World(const Options& options)
    : network_(base::Rng(options.seed).fork("network"), options.network),
      rng_(base::Rng(options.seed).fork("world")),
      nonces_(base::Rng(options.seed).fork("nonces")),
      interner_(make_interner()),
      now_(kStart) {}

World::~World() = default;

Time World::start_time() const { return kStart; }
Now World::now() const { return {now_, kWallStart + (now_ - kStart)}; }

Now World::now(const Actor& actor) const {
  const Duration passed = now_ - actor.drift_from;
  Time steady = actor.local_from + passed;
  if (actor.drift_ppm != 0) {
    constexpr std::int64_t kMillion = 1'000'000;
    steady += passed / kMillion * actor.drift_ppm + passed % kMillion * actor.drift_ppm / kMillion;
  }
  return {steady, kWallStart + (steady - kStart) + actor.wall_offset};
}

Time World::world_time(const Actor& actor, Time local) const {
  if (local == kNever) return kNever;
  const Duration passed = local - actor.local_from;
  if (actor.drift_ppm == 0) return actor.drift_from + passed;
  constexpr std::int64_t kMillion = 1'000'000;
  const std::int64_t rate = kMillion + actor.drift_ppm;
  // Rounded up: a node that is woken too early would find nothing due.
  return actor.drift_from + passed / rate * kMillion + passed % rate * kMillion / rate + Duration(2);
}

void World::set_drift(Place place, std::int64_t ppm) {
  Actor& actor = actors_[place];
  actor.local_from = now(actor).steady;
  actor.drift_from = now_;
  actor.drift_ppm = ppm;
  actor.tick_at = kNever;  // what was planned was planned by another clock
  plan_tick(place);
}

void World::set_slow(Place place, Duration takes) {
  actors_[place].takes = takes;
  actors_[place].drained = 0;
}

template <class Input>
void World::tell(Actor& actor, Place place, Input&& input) {
  const Now at = now(actor);
  if (tape_ != nullptr && place == taped_) tape_->hear(at, input);
  Tape::feed(*actor.node, at, input);
}

Place World::add(Config config, std::span<const Member> known) {
  const Place place = actors_.size();
  config.advertise = address_of(place);
  Actor& actor = actors_.emplace_back();
  actor.config = std::move(config);
  actor.drift_from = actor.local_from = kStart;
  start(place, known);
  return place;
}

void World::start(Place place, std::span<const Member> known) {
  Actor& actor = actors_[place];
  CHECK(actor.node == nullptr);
  ++actor.life;
  actor.paused = false;
  actor.tick_at = kNever;
  actor.born = kTick | (numbers_ + 1);
  Resources resources;
  resources.seed = rng_.next();
  resources.interner = interner_;
  resources.aead = &aead_;
  resources.nonces = &nonces_;
  resources.known = known;
  actor.busy_until = now_;
  if (tape_ != nullptr && place == taped_) tape_->start(actor.config, resources, now(actor));
  auto node = Node::create(actor.config, resources, now(actor));
  CHECK(node.has_value());
  actor.node = std::move(*node);
  perform(place);
}

void World::crash(Place place) {
  actors_[place].waiting.clear();
  break_links(place);
  actors_[place].inbound = 0;
  actors_[place].node.reset();
  for (const std::uint32_t number : actors_[place].held) free_arrival(number);
  actors_[place].held.clear();
}

void World::restart(Place place, Incarnation incarnation, LamportTime lamport, std::uint32_t generation) {
  actors_[place].config.first_incarnation = incarnation;
  actors_[place].config.first_lamport = lamport;
  actors_[place].config.first_generation = generation;
  start(place);
}

void World::pause(Place place) { actors_[place].paused = true; }

void World::go_on(Place place) {
  Actor& actor = actors_[place];
  actor.paused = false;
  while (!actor.held.empty() && actor.node && actor.takes == Duration{}) {
    const std::uint32_t number = actor.held.front();
    actor.held.pop_front();
    if (hand_over(actor, number)) perform(place);
    free_arrival(number);
  }
  actor.tick_at = kNever;  // what was due meanwhile was passed over
  plan_tick(place);
}

void World::command(Place place, const Command& command) {
  tell(actors_[place], place, command);
  perform(place);
}

void World::intrude(Place to, const Address& from, ByteView bytes) { arrive(to, Duration::zero(), from, bytes); }

void World::run_for(Duration duration) {
  const Time end = now_ + duration;
  while (!events_.empty() && events_.front().at <= end) {
    std::ranges::pop_heap(events_, Later{});
    const Event event = events_.back();
    events_.pop_back();
    now_ = event.at;
    if ((event.order & kTick) != 0) {
      Actor& actor = actors_[event.what];
      if (actor.node == nullptr || actor.paused) continue;
      if (event.at != actor.tick_at || event.order < actor.born) continue;
      actor.tick_at = kNever;
      // What it was planned for may be done, such as the wait for an ack.
      if (actor.held.empty() && world_time(actor, actor.node->next_deadline()) > now_) {
        plan_tick(event.what);
      } else {
        tell_time(event.what);
      }
      continue;
    }
    const Place place = arrivals_[event.what].place;
    Actor& actor = actors_[place];
    const bool busy = !actor.held.empty() || now_ < actor.busy_until;
    if (actor.node != nullptr && (actor.paused || busy)) {
      hold(actor, event.what);
      if (!actor.paused) plan_tick(place);
      continue;
    }
    actor.busy_until = now_ + actor.takes;
    if (hand_over(actor, event.what)) perform(place);
    free_arrival(event.what);
  }
  now_ = end;
}

void World::hold(Actor& actor, std::uint32_t number) {
  if (actor.held.size() >= kHeldMax && !arrivals_[number].input) {
    network_.count_overrun();
    return free_arrival(number);
  }
  actor.held.push_back(number);
}

// The processor has time: for what has arrived first, then for what is due.
void World::tell_time(Place place) {
  Actor& actor = actors_[place];
  if (!actor.held.empty() && actor.drained < kDrainMax) {
    const std::uint32_t number = actor.held.front();
    actor.held.pop_front();
    ++actor.drained;
    actor.busy_until = now_ + actor.takes;
    if (hand_over(actor, number))
      perform(place);
    else
      plan_tick(place);
    return free_arrival(number);
  }
  actor.drained = 0;
  if (!actor.held.empty() && world_time(actor, actor.node->next_deadline()) > now_) return plan_tick(place);
  actor.busy_until = now_ + actor.takes;
  tell(actor, place, Tape::Tick{});
  perform(place);
}

void World::plan(const Event& event) {
  events_.push_back(event);
  std::ranges::push_heap(events_, Later{});
}

World::Arrival& World::plan_arrival(Place place, Duration after) {
  if (free_arrivals_.empty()) {
    free_arrivals_.push_back(static_cast<std::uint32_t>(arrivals_.size()));
    arrivals_.emplace_back();
  }
  const std::uint32_t number = free_arrivals_.back();
  free_arrivals_.pop_back();
  plan({now_ + std::max(after, Duration{}), ++numbers_, number});
  Arrival& arrival = arrivals_[number];
  arrival.place = place;
  arrival.life = actors_[place].life;
  return arrival;
}

void World::arrive(Place place, Duration after, std::function<void(Actor&)> input) {
  plan_arrival(place, after).input = std::move(input);
}

World::Arrival& World::arrive(Place place, Duration after, const Address& from, ByteView datagram) {
  Arrival& arrival = plan_arrival(place, after);
  arrival.from = from;
  arrival.datagram.assign(datagram.begin(), datagram.end());
  return arrival;
}

bool World::hand_over(Actor& actor, std::uint32_t number) {
  const Arrival& arrival = arrivals_[number];
  if (actor.node == nullptr || actor.life != arrival.life) return false;
  if (arrival.input) {
    arrival.input(actor);
  } else {
    tell(actor, arrival.place, Tape::Datagram{arrival.from, arrival.datagram});
  }
  return true;
}

void World::free_arrival(std::uint32_t number) {
  Arrival& arrival = arrivals_[number];
  arrival.input = {};
  if (free_arrivals_.size() >= kArrivalsKept) Bytes().swap(arrival.datagram);
  free_arrivals_.push_back(number);
}

void World::arrive_on(Link& link, bool at_acceptor, std::function<void(Actor&)> input, std::size_t bytes) {
  if (at_acceptor && !link.admitted) return link.held.push_back(std::move(input));
  Time& latest = link.arrived[at_acceptor ? 1 : 0];
  const Place from = at_acceptor ? link.dialler : link.acceptor;
  const Place to = at_acceptor ? link.acceptor : link.dialler;
  latest = std::max(latest, now_ + network_.delay(from, to, bytes, now_));
  arrive(to, latest - now_, std::move(input));
}

void World::plan_tick(Place place) {
  Actor& actor = actors_[place];
  if (actor.node == nullptr || actor.paused) return;
  Time due = std::max(now_, actor.busy_until);
  if (actor.held.empty()) due = std::max(due, world_time(actor, actor.node->next_deadline()));
  if (due == kNever || due >= actor.tick_at) return;
  actor.tick_at = due;
  plan({due, kTick | ++numbers_, static_cast<std::uint32_t>(place)});
}

void World::perform(Place place) {
  if (std::exchange(actors_[place].heard_nothing, false)) return;  // its actions are those of the input before
  if (tape_ != nullptr && place == taped_) tape_->did(actors_[place].node->actions());
  for (const auto& action : actors_[place].node->actions()) {
    std::visit([&](const auto& body) { perform(place, body); }, action);
  }
  plan_tick(place);
}

std::optional<Place> World::place_of(const Address& address) const {
  if (!address.is_v4() || address.port != kPort || address.ip[0] != 10 || address.ip[3] == 0) return std::nullopt;
  const Place place = address.ip[2] * std::size_t{250} + address.ip[3] - 1;
  const bool is_own = address.ip[1] == 0 && address.ip[3] <= 250 && address.scope == 0;
  return is_own && place < actors_.size() ? std::optional(place) : std::nullopt;
}

void World::perform(Place place, const SendDatagram& send) {
  const auto to = place_of(send.to);
  if (!to) return;
  const auto fate = network_.carry(place, *to, send.bytes.size(), now_);
  if (on_sent) on_sent(place, *to, send.bytes, fate.lost);
  if (fate.lost) return;
  const Address& from = actors_[place].config.advertise;
  Arrival& arrival = arrive(*to, fate.delay, from, send.bytes);
  if (fate.flipped) arrival.datagram[*fate.flipped / 8] ^= static_cast<std::uint8_t>(1u << *fate.flipped % 8);
  if (fate.again) arrive(*to, *fate.again, from, send.bytes);
}

World::Link* World::link_of(Place place, StreamId stream) {
  const auto found = links_.find({place, stream.value});
  return found == links_.end() ? nullptr : found->second.get();
}

void World::perform(Place place, const OpenStream& open) {
  const auto to = place_of(open.to);
  const auto failed = [&](Duration after, const char* why) {
    arrive(place, after, [this, place, id = open.stream, why](Actor& actor) {
      tell(actor, place, StreamInput{StreamFailed{id, why}});
    });
  };
  if (!to || network_.is_blocked(place, *to) || network_.is_blocked(*to, place)) {
    failed(world_time(actors_[place], open.deadline) - now_, "no answer in time");
    return;
  }
  Actor& acceptor = actors_[*to];
  if (acceptor.node == nullptr) {
    failed(2 * network_.delay(place, *to, 0, now_), "connection refused");
    return;
  }
  const auto stream_fate = network_.open(place, *to);
  if (stream_fate == Network::StreamFate::refused) {
    failed(2 * network_.delay(place, *to, 0, now_), "connection refused");
    return;
  }
  const bool admitted = acceptor.inbound < acceptor.config.limits.streams_max;
  if (!admitted && acceptor.waiting.size() >= kWaitingMax) {
    failed(2 * network_.delay(place, *to, 0, now_), "reset by the peer");
    return;
  }
  auto link = std::make_shared<Link>(Link{place, *to, open.stream, StreamId{2 * ++accepted_ + 1}, true});
  link->admitted = admitted;
  link->fate = stream_fate;
  if (admitted) {
    ++acceptor.inbound;
  } else {
    acceptor.waiting.push_back(link);
  }
  links_[{place, link->dialler_id.value}] = link;
  links_[{*to, link->acceptor_id.value}] = link;
  // It may be held by the link, so it must not hold the link.
  arrive_on(*link, true, [this, at = *to, id = link->acceptor_id, from = address_of(place)](Actor& actor) {
    tell(actor, at, StreamInput{StreamOpened{id, from, true}});
  });
  link->arrived[0] = link->arrived[1];
  arrive_on(*link, false, [this, link](Actor& actor) {
    if (link->open) {
      tell(actor, link->dialler, StreamInput{StreamOpened{link->dialler_id, address_of(link->acceptor), false}});
    } else {
      actor.heard_nothing = true;
    }
  });
}

void World::perform(Place place, const WriteStream& write) {
  const auto found = links_.find({place, write.stream.value});
  if (found == links_.end() || !found->second->open) return;
  const std::shared_ptr<Link> link = found->second;
  const bool from_dialler = link->dialler == place && link->dialler_id == write.stream;
  const Place to = from_dialler ? link->acceptor : link->dialler;
  const StreamId id = from_dialler ? link->acceptor_id : link->dialler_id;
  // Lost bytes are sent again and again, and the deadline ends it.
  if (network_.is_blocked(place, to) || link->stalled) return;
  ByteView bytes = write.bytes;
  if (link->fate != Network::StreamFate::well) bytes = bytes.first(bytes.size() / 2);
  if (!bytes.empty()) {
    arrive_on(
        *link, from_dialler,
        [this, to, id, copy = to_bytes(bytes)](Actor& actor) {
          tell(actor, to, StreamInput{StreamData{id, copy}});
        },
        bytes.size());
  }
  if (link->fate == Network::StreamFate::stall) link->stalled = true;
  if (link->fate == Network::StreamFate::reset) break_link(link);
}

void World::perform(Place place, const CloseStream& close) {
  const auto found = links_.find({place, close.stream.value});
  if (found == links_.end()) return;
  const auto link = found->second;
  links_.erase(found);
  if (!link->open) return;
  release(link);
  const bool by_dialler = link->dialler == place && link->dialler_id == close.stream;
  const Place to = by_dialler ? link->acceptor : link->dialler;
  const StreamId id = by_dialler ? link->acceptor_id : link->dialler_id;
  links_.erase({to, id.value});
  if (network_.is_blocked(place, to) || link->stalled) return;
  arrive_on(*link, by_dialler, [this, to, id, abort = close.abort](Actor& actor) {
    tell(actor, to, StreamInput{StreamClosed{id, abort ? "reset by the peer" : ""}});
  });
}

void World::release(const std::shared_ptr<Link>& link) {
  link->open = false;
  Actor& acceptor = actors_[link->acceptor];
  if (!link->admitted) {
    std::erase(acceptor.waiting, link);
    return;
  }
  --acceptor.inbound;
  if (acceptor.waiting.empty()) return;
  const auto next = std::move(acceptor.waiting.front());
  acceptor.waiting.pop_front();
  ++acceptor.inbound;
  next->admitted = true;
  for (auto& input : next->held) arrive_on(*next, true, std::move(input));
  next->held.clear();
}

// Both ends hear of it.
void World::break_link(const std::shared_ptr<Link>& link) {
  links_.erase({link->dialler, link->dialler_id.value});
  links_.erase({link->acceptor, link->acceptor_id.value});
  release(link);
  for (const bool at_acceptor : {true, false}) {
    const Place place = at_acceptor ? link->acceptor : link->dialler;
    const StreamId id = at_acceptor ? link->acceptor_id : link->dialler_id;
    arrive_on(*link, at_acceptor, [this, place, id](Actor& actor) {
      tell(actor, place, StreamInput{StreamClosed{id, "reset by the peer"}});
    });
  }
}

void World::break_links(Place place) {
  for (auto at = links_.begin(); at != links_.end();) {
    const auto link = at->second;
    const bool dialler = link->dialler == place;
    if (!dialler && link->acceptor != place) {
      ++at;
      continue;
    }
    at = links_.erase(at);
    if (!link->open) continue;
    release(link);
    const StreamId id = dialler ? link->acceptor_id : link->dialler_id;
    arrive_on(*link, dialler, [this, to = dialler ? link->acceptor : link->dialler, id](Actor& actor) {
      tell(actor, to, StreamInput{StreamClosed{id, "reset by the peer"}});
    });
  }
}

void World::perform(Place place, const ResolveName& resolve) {
  Resolved resolved;
  if (const auto found = hosts_.find(resolve.host); found != hosts_.end()) {
    Address address = address_of(found->second);
    address.port = resolve.port;
    resolved.addresses.push_back(address);
  } else {
    resolved.why = "no such host";
  }
  arrive(place, network_.delay(place, place, 0, now_), [this, place, call = resolve.call, resolved](Actor& actor) {
    tell(actor, place, Tape::Answer{call, resolved});
  });
}

// The disk keeps them, and only then says so: a crash in between leaves the new keys.
void World::perform(Place place, const SaveKeys& save) {
  actors_[place].config.crypto.keys = save.keys;
  arrive(place, kDiskDelay, [this, place, call = save.call](Actor& actor) {
    tell(actor, place, Tape::Answer{call, Saved{}});
  });
}

void World::perform(Place place, const Notify& notify) {
  if (on_notice) on_notice(place, notify.notice);
}

}  // namespace hearsay::sim
