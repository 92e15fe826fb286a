// The virtual driver: the very same nodes, under virtual time, in one process, repeatable to the byte.
//
// One queue of events orders everything: by time, then arrivals before ticks (drain before time), then in the
// order in which they were made. A paused node's arrivals and ticks wait and come in that same order when it goes
// on.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "hearsay/node.h"
#include "sim/network.h"
#include "sim/toy_seal.h"

namespace hearsay::sim {

class World {
 public:
  struct Options {
    std::uint64_t seed = 1;
    Network::Options network;
  };
  explicit World(const Options& options);
  ~World();

  // Adds a node and starts it now. Its address is 10.0.X.Y:7946 by its number; name, tags and knobs from config.
  Place add(Config config);
  // The process is gone: no leave, memory lost. Its peers' streams break.
  void crash(Place place);
  // Starts it again with the same configuration. Its incarnation starts at `incarnation`.
  void restart(Place place, Incarnation incarnation = Incarnation{1});
  // The encryption that it starts with next time.
  void set_crypto(Place place, CryptoConfig crypto) { actors_[place].config.crypto = std::move(crypto); }
  // SIGSTOP and SIGCONT.
  void pause(Place place);
  void go_on(Place place);
  // The host name resolves to this node's address.
  void name_host(const std::string& host, Place place) { hosts_[host] = place; }

  void command(Place place, const Command& command);
  // A datagram of somebody who is none of these nodes arrives now.
  void intrude(Place to, const Address& from, ByteView bytes);
  void run_for(Duration duration);

  Now now() const;
  Time start_time() const;
  Duration elapsed() const { return now_ - start_time(); }
  bool is_up(Place place) const { return actors_[place].node != nullptr; }
  Node& node(Place place) { return *actors_[place].node; }
  const Node& node(Place place) const { return *actors_[place].node; }
  const Config& config(Place place) const { return actors_[place].config; }
  std::size_t size() const { return actors_.size(); }
  Network& network() { return network_; }

  // Hears every notice, and every datagram as it is sent (`lost`: it will not arrive).
  std::function<void(Place, const Notice&)> on_notice;
  std::function<void(Place from, Place to, ByteView bytes, bool lost)> on_sent;

 private:
  struct Link;
  struct Actor {
    Config config;
    std::unique_ptr<Node> node;
    std::uint64_t life = 0;  // grows with each start: events of an earlier life are void
    bool paused = false;
    bool heard_nothing = false;                    // the last arrival was void, so there is nothing to perform
    Time tick_at = kNever;                         // the earliest tick that is queued
    std::deque<std::function<void(Actor&)>> held;  // arrivals while paused
    std::size_t inbound = 0;                       // open streams that others dialled
    std::deque<std::shared_ptr<Link>> waiting;     // dialled by others, over the cap: not yet told to the node
  };
  struct Event {
    Time at;
    bool tick = false;
    std::uint64_t number = 0;
    Place place = 0;
    std::uint64_t life = 0;
    std::function<void(Actor&)> arrive;  // empty for a tick
  };
  struct Later {
    bool operator()(const Event& left, const Event& right) const {
      if (left.at != right.at) return left.at > right.at;
      if (left.tick != right.tick) return left.tick;
      return left.number > right.number;
    }
  };
  struct Link {  // one stream, seen from both ends
    Place dialler = 0;
    Place acceptor = 0;
    StreamId dialler_id;
    StreamId acceptor_id;
    bool open = false;
    Time arrived[2] = {};  // the latest arrival planned at the dialler and at the acceptor: streams keep order
    bool admitted = true;
    std::vector<std::function<void(Actor&)>> held{};  // for the acceptor, until it is admitted
  };

  void start(Place place);
  // An arrival at one end of a stream, never before those planned earlier.
  void arrive_on(Link& link, bool at_acceptor, std::function<void(Actor&)> input);
  void arrive(Place place, Duration after, std::function<void(Actor&)> input);
  void perform(Place place);
  void perform(Place place, const SendDatagram& send);
  void perform(Place place, const OpenStream& open);
  void perform(Place place, const WriteStream& write);
  void perform(Place place, const CloseStream& close);
  void perform(Place place, const ResolveName& resolve);
  void perform(Place place, const SaveKeys& save);
  void perform(Place place, const Notify& notify);
  void plan(Event event);
  void plan_tick(Place place);
  // The link is closed: its place at the acceptor is free for whoever waits longest.
  void release(const std::shared_ptr<Link>& link);
  void break_links(Place place);
  Link* link_of(Place place, StreamId stream);
  std::optional<Place> place_of(const Address& address) const;

  Network network_;
  base::Rng rng_;
  ToyAead aead_;
  SeededNonces nonces_;
  std::shared_ptr<base::Interner> interner_;
  Time now_;
  std::uint64_t numbers_ = 0;
  std::uint64_t accepted_ = 0;
  std::deque<Actor> actors_;
  std::vector<Event> events_;                                               // a heap: the earliest in front
  std::map<std::pair<Place, std::uint64_t>, std::shared_ptr<Link>> links_;  // by each end
  std::map<std::string, Place> hosts_;
};

}  // namespace hearsay::sim
