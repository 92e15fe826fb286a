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
#include "sim/tape.h"
#include "sim/toy_seal.h"

namespace hearsay::sim {

// What nodes of every world are called, and where they are.
std::string name_of(Place place);
Address address_of(Place place);
// The first so many nodes, all with this configuration, as they know each other; by name (Resources::known).
std::vector<Member> members_of(const Config& config, Place nodes);

class World {
 public:
  struct Options {
    std::uint64_t seed = 1;
    Network::Options network;
  };
  explicit World(const Options& options);
  ~World();

  // Adds a node and starts it now. Its address is 10.0.X.Y:7946 by its number; name, tags and knobs from config.
  // It begins with these members (Resources::known), which must outlive the tape.
  Place add(Config config, std::span<const Member> known = {});
  // The process is gone: no leave, memory lost. Its peers' streams break.
  void crash(Place place);
  // Starts it again with the same configuration and what its disk kept.
  void restart(Place place, Incarnation incarnation = Incarnation{1}, LamportTime lamport = LamportTime{1},
               std::uint32_t generation = 1);
  // The encryption that it starts with next time.
  void set_crypto(Place place, CryptoConfig crypto) { actors_[place].config.crypto = std::move(crypto); }
  // SIGSTOP and SIGCONT.
  void pause(Place place);
  void go_on(Place place);
  // Each input of this node takes that long, and the next ones wait meanwhile; zero: it is fast again.
  void set_slow(Place place, Duration takes);
  // Its clock that orders everything runs fast by so many millionths (slow: < 0) from now on; the other one with
  // it.
  void set_drift(Place place, std::int64_t ppm);
  // Its wall clock is set forward, or back.
  void jump_wall(Place place, Duration by) { actors_[place].wall_offset += by; }
  // The host name resolves to this node's address.
  void name_host(const std::string& host, Place place) { hosts_[host] = place; }

  void command(Place place, const Command& command);
  // A datagram of somebody who is none of these nodes arrives now.
  void intrude(Place to, const Address& from, ByteView bytes);
  void run_for(Duration duration);

  Now now() const;  // as a node whose clocks are right reads it
  Now now(Place place) const { return now(actors_[place]); }
  Time start_time() const;
  Duration elapsed() const { return now_ - start_time(); }
  bool is_up(Place place) const { return actors_[place].node != nullptr; }
  Node& node(Place place) { return *actors_[place].node; }
  const Node& node(Place place) const { return *actors_[place].node; }
  const Config& config(Place place) const { return actors_[place].config; }
  std::size_t size() const { return actors_.size(); }
  Network& network() { return network_; }

  // The tape that all inputs and actions of one node go to; see sim/tape.
  void record(Place place, Tape* tape) {
    taped_ = place;
    tape_ = tape;
  }

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
    Duration takes{};         // each input, when the processor is slow
    Time busy_until{};        // with the last one
    std::size_t drained = 0;  // inputs since it was last told the time
    // Its steady clock showed `local_from` when the world's showed `drift_from`.
    Time drift_from;
    Time local_from;
    std::int64_t drift_ppm = 0;
    Duration wall_offset{};
    bool heard_nothing = false;                 // the last arrival was void, so there is nothing to perform
    Time tick_at = kNever;                      // the earliest tick that is queued
    std::uint64_t born = 0;                     // ticks with lower numbers are of an earlier life
    std::deque<std::uint32_t> held;             // arrivals while paused or busy, at most kHeldMax datagrams
    std::size_t inbound = 0;                    // open streams that others dialled
    std::deque<std::shared_ptr<Link>> waiting;  // dialled by others, over the cap: not yet told to the node
  };
  // What is on its way to a node. Its memory is used again.
  struct Arrival {
    Place place = 0;
    std::uint64_t life = 0;
    Address from;    // of a datagram
    Bytes datagram;  // its bytes, unless there is another input
    std::function<void(Actor&)> input{};
  };
  // Small, because a heap moves its entries about.
  struct Event {
    Time at;
    std::uint64_t order = 0;  // kTick for ticks, and the number in which it was made
    std::uint32_t what = 0;   // a tick: whose; else which arrival
  };
  static constexpr std::uint64_t kTick = std::uint64_t{1} << 63;
  struct Later {
    bool operator()(const Event& left, const Event& right) const {
      if (left.at != right.at) return left.at > right.at;
      return left.order > right.order;
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
    Network::StreamFate fate = Network::StreamFate::well;
    bool stalled = false;                             // nothing arrives any more
    std::vector<std::function<void(Actor&)>> held{};  // for the acceptor, until it is admitted
  };

  void start(Place place, std::span<const Member> known = {});
  Now now(const Actor& actor) const;
  // When that clock of the node's will show this.
  Time world_time(const Actor& actor, Time local) const;
  void tell_time(Place place);
  // What a node hears, and the tape with it.
  template <class Input>
  void tell(Actor& actor, Place place, Input&& input);
  void hold(Actor& actor, std::uint32_t number);
  void break_link(const std::shared_ptr<Link>& link);
  // An arrival at one end of a stream, never before those planned earlier.
  void arrive_on(Link& link, bool at_acceptor, std::function<void(Actor&)> input, std::size_t bytes = 0);
  void arrive(Place place, Duration after, std::function<void(Actor&)> input);
  Arrival& arrive(Place place, Duration after, const Address& from, ByteView datagram);
  // An arrival to be filled in, that comes after this time.
  Arrival& plan_arrival(Place place, Duration after);
  // False: it was for an earlier life of the node.
  bool hand_over(Actor& actor, std::uint32_t number);
  void free_arrival(std::uint32_t number);
  void perform(Place place);
  void perform(Place place, const SendDatagram& send);
  void perform(Place place, const OpenStream& open);
  void perform(Place place, const WriteStream& write);
  void perform(Place place, const CloseStream& close);
  void perform(Place place, const ResolveName& resolve);
  void perform(Place place, const SaveKeys& save);
  void perform(Place place, const Notify& notify);
  void plan(const Event& event);
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
  Place taped_ = 0;
  Tape* tape_ = nullptr;
  std::uint64_t numbers_ = 0;
  std::uint64_t accepted_ = 0;
  std::deque<Actor> actors_;
  std::vector<Event> events_;     // a heap: the earliest in front
  std::deque<Arrival> arrivals_;  // by number
  std::vector<std::uint32_t> free_arrivals_;
  std::map<std::pair<Place, std::uint64_t>, std::shared_ptr<Link>> links_;  // by each end
  std::map<std::string, Place> hosts_;
};

}  // namespace hearsay::sim
