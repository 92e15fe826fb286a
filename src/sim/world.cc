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

Address address_of(Place place) {
  const std::array<std::uint8_t, 4> ip{10, 0, static_cast<std::uint8_t>(place / 250),
                                       static_cast<std::uint8_t>(place % 250 + 1)};
  return Address::from_ip(ip, kPort);
}
}  // namespace

World::World(const Options& options)
    : network_(base::Rng(options.seed).fork("network"), options.network),
      rng_(base::Rng(options.seed).fork("world")),
      nonces_(base::Rng(options.seed).fork("nonces")),
      interner_(make_interner()),
      now_(kStart) {}

World::~World() = default;

Time World::start_time() const { return kStart; }
Now World::now() const { return {now_, kWallStart + (now_ - kStart)}; }

Place World::add(Config config) {
  const Place place = actors_.size();
  config.advertise = address_of(place);
  actors_.emplace_back().config = std::move(config);
  start(place);
  return place;
}

void World::start(Place place) {
  Actor& actor = actors_[place];
  CHECK(actor.node == nullptr);
  ++actor.life;
  actor.paused = false;
  actor.tick_at = kNever;
  actor.held.clear();
  Resources resources;
  resources.seed = rng_.next();
  resources.interner = interner_;
  resources.aead = &aead_;
  resources.nonces = &nonces_;
  auto node = Node::create(actor.config, resources, now());
  CHECK(node.has_value());
  actor.node = std::move(*node);
  perform(place);
}

void World::crash(Place place) {
  actors_[place].waiting.clear();
  break_links(place);
  actors_[place].inbound = 0;
  actors_[place].node.reset();
  actors_[place].held.clear();
}

void World::restart(Place place, Incarnation incarnation) {
  actors_[place].config.first_incarnation = incarnation;
  start(place);
}

void World::pause(Place place) { actors_[place].paused = true; }

void World::go_on(Place place) {
  Actor& actor = actors_[place];
  actor.paused = false;
  while (!actor.held.empty() && actor.node) {
    const auto input = std::move(actor.held.front());
    actor.held.pop_front();
    input(actor);
    perform(place);
  }
  actor.tick_at = kNever;  // what was due meanwhile was passed over
  plan_tick(place);
}

void World::command(Place place, const Command& command) {
  actors_[place].node->on_command(now(), command);
  perform(place);
}

void World::intrude(Place to, const Address& from, ByteView bytes) {
  arrive(to, Duration::zero(),
         [this, from, copy = to_bytes(bytes)](Actor& actor) { actor.node->on_datagram(now(), from, copy); });
}

void World::run_for(Duration duration) {
  const Time end = now_ + duration;
  while (!events_.empty() && events_.front().at <= end) {
    std::ranges::pop_heap(events_, Later{});
    Event event = std::move(events_.back());
    events_.pop_back();
    now_ = event.at;
    Actor& actor = actors_[event.place];
    if (actor.node == nullptr || actor.life != event.life) continue;
    if (event.tick) {
      if (actor.paused || event.at != actor.tick_at) continue;
      actor.tick_at = kNever;
      actor.node->on_time(now());
    } else if (actor.paused) {
      actor.held.push_back(std::move(event.arrive));
      continue;
    } else {
      event.arrive(actor);
    }
    perform(event.place);
  }
  now_ = end;
}

void World::plan(Event event) {
  events_.push_back(std::move(event));
  std::ranges::push_heap(events_, Later{});
}

void World::arrive(Place place, Duration after, std::function<void(Actor&)> input) {
  plan({now_ + std::max(after, Duration{}), false, ++numbers_, place, actors_[place].life, std::move(input)});
}

void World::arrive_on(Link& link, bool at_acceptor, std::function<void(Actor&)> input) {
  if (at_acceptor && !link.admitted) return link.held.push_back(std::move(input));
  Time& latest = link.arrived[at_acceptor ? 1 : 0];
  latest = std::max(latest, now_ + network_.delay());
  arrive(at_acceptor ? link.acceptor : link.dialler, latest - now_, std::move(input));
}

void World::plan_tick(Place place) {
  Actor& actor = actors_[place];
  if (actor.node == nullptr || actor.paused) return;
  const Time due = std::max(now_, actor.node->next_deadline());
  if (due == kNever || due >= actor.tick_at) return;
  actor.tick_at = due;
  plan({due, true, ++numbers_, place, actor.life, {}});
}

void World::perform(Place place) {
  if (std::exchange(actors_[place].heard_nothing, false)) return;  // its actions are those of the input before
  for (const auto& action : actors_[place].node->actions()) {
    std::visit([&](const auto& body) { perform(place, body); }, action);
  }
  plan_tick(place);
}

std::optional<Place> World::place_of(const Address& address) const {
  if (!address.is_v4() || address.port != kPort || address.ip[0] != 10 || address.ip[3] == 0) return std::nullopt;
  const Place place = address.ip[2] * std::size_t{250} + address.ip[3] - 1;
  if (place >= actors_.size() || address_of(place) != address) return std::nullopt;
  return place;
}

void World::perform(Place place, const SendDatagram& send) {
  const auto to = place_of(send.to);
  if (!to) return;
  const bool lost = network_.loses(place, *to);
  if (on_sent) on_sent(place, *to, send.bytes, lost);
  if (lost) return;
  arrive(*to, network_.delay(), [this, from = address_of(place), bytes = to_bytes(send.bytes)](Actor& actor) {
    actor.node->on_datagram(now(), from, bytes);
  });
}

World::Link* World::link_of(Place place, StreamId stream) {
  const auto found = links_.find({place, stream.value});
  return found == links_.end() ? nullptr : found->second.get();
}

void World::perform(Place place, const OpenStream& open) {
  const auto to = place_of(open.to);
  const auto failed = [&](Duration after, const char* why) {
    arrive(place, after, [this, id = open.stream, why](Actor& actor) {
      actor.node->on_stream(now(), StreamFailed{id, why});
    });
  };
  if (!to || network_.is_blocked(place, *to) || network_.is_blocked(*to, place)) {
    failed(open.deadline - now_, "no answer in time");
    return;
  }
  Actor& acceptor = actors_[*to];
  if (acceptor.node == nullptr) {
    failed(2 * network_.delay(), "connection refused");
    return;
  }
  const bool admitted = acceptor.inbound < acceptor.config.limits.streams_max;
  if (!admitted && acceptor.waiting.size() >= kWaitingMax) {
    failed(2 * network_.delay(), "reset by the peer");
    return;
  }
  auto link = std::make_shared<Link>(Link{place, *to, open.stream, StreamId{2 * ++accepted_ + 1}, true});
  link->admitted = admitted;
  if (admitted) {
    ++acceptor.inbound;
  } else {
    acceptor.waiting.push_back(link);
  }
  links_[{place, link->dialler_id.value}] = link;
  links_[{*to, link->acceptor_id.value}] = link;
  // It may be held by the link, so it must not hold the link.
  arrive_on(*link, true, [this, id = link->acceptor_id, from = address_of(place)](Actor& actor) {
    actor.node->on_stream(now(), StreamOpened{id, from, true});
  });
  link->arrived[0] = link->arrived[1];
  arrive_on(*link, false, [this, link](Actor& actor) {
    if (link->open) {
      actor.node->on_stream(now(), StreamOpened{link->dialler_id, address_of(link->acceptor), false});
    } else {
      actor.heard_nothing = true;
    }
  });
}

void World::perform(Place place, const WriteStream& write) {
  Link* link = link_of(place, write.stream);
  if (link == nullptr || !link->open) return;
  const bool from_dialler = link->dialler == place && link->dialler_id == write.stream;
  const Place to = from_dialler ? link->acceptor : link->dialler;
  const StreamId id = from_dialler ? link->acceptor_id : link->dialler_id;
  if (network_.is_blocked(place, to)) return;  // it is sent again and again, and the deadline ends it
  arrive_on(*link, from_dialler, [this, id, bytes = to_bytes(write.bytes)](Actor& actor) {
    actor.node->on_stream(now(), StreamData{id, bytes});
  });
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
  if (network_.is_blocked(place, to)) return;
  arrive_on(*link, by_dialler, [this, id, abort = close.abort](Actor& actor) {
    actor.node->on_stream(now(), StreamClosed{id, abort ? "reset by the peer" : ""});
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
    arrive_on(*link, dialler, [this, id](Actor& actor) {
      actor.node->on_stream(now(), StreamClosed{id, "reset by the peer"});
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
  arrive(place, network_.delay(),
         [this, call = resolve.call, resolved](Actor& actor) { actor.node->on_reply(now(), call, resolved); });
}

// The disk keeps them, and only then says so: a crash in between leaves the new keys.
void World::perform(Place place, const SaveKeys& save) {
  actors_[place].config.crypto.keys = save.keys;
  arrive(place, kDiskDelay, [this, call = save.call](Actor& actor) { actor.node->on_reply(now(), call, Saved{}); });
}

void World::perform(Place place, const Notify& notify) {
  if (on_notice) on_notice(place, notify.notice);
}

}  // namespace hearsay::sim
