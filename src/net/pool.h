// Nodes on one event loop: their sockets, their alarm, and whatever they may share.
//
// A host is the pool of one node. A load test is the pool of a thousand: they sit on addresses of their own behind
// one UDP socket and one listener, and share the interner, the encryption contexts, the nonces and the resolver.
//
//   wake-up: datagrams, stream bytes --> node.on_*(now, input); perform(node.actions())
//   alarm:   first everything that has arrived (bounded), then node.on_time(now) for all nodes that are due
//
// Invariants: a node is never called from within the performing of its own actions; nothing outlives close() but
// handlers that find it closed. A pool belongs to the thread of its loop once started; before that it may be made
// and filled by another one.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "hearsay/host.h"
#include "hearsay/node.h"
#include "net/alarm.h"
#include "net/clock.h"
#include "net/resolver.h"
#include "net/seal.h"
#include "net/tcp.h"
#include "net/udp.h"

namespace hearsay::net {

class Pool;

struct SeatOptions {
  Config config;  // `advertise` has an address; port 0: that of the pool
  // Which datagrams and streams are for this node, and where its own come from: an address without port.
  // Invalid: all that have no other seat, and the system chooses where from. For the only node of a pool.
  Address own;
  std::uint64_t seed = 0;
  // Called for each notice, within the performing of actions.
  std::function<void(const Notice&)> on_notice;
  // Saves the keyring, and calls `done` on the loop's thread, at once or later, with the fault or nothing. Without
  // it changes of the keyring are not kept. May be called within the performing of actions.
  SaveKeysWith save_keys{};
  // Called when an input changed what members() answers, before its notices.
  std::function<void(std::uint64_t version)> on_members;
};

// A node's place in a pool.
class Seat : StreamHandler {
 public:
  ~Seat() override = default;
  const Node& node() const { return *node_; }
  // May be called from on_notice: then the node hears of it when it is done with the present input.
  void command(Command command);
  // Lets `work` read the node or give inputs to it; what it asks for then is performed.
  // REQUIRES: not called from on_notice.
  void use(const std::function<void(Node&, Now)>& work);

 private:
  friend class Pool;
  Seat(Pool& pool, SeatOptions options, std::uint64_t number, std::unique_ptr<Node> node);
  // Performs what the node asked for when it was made; before any input, for that would make it unreadable.
  void begin();
  template <class Give>
  void input(Give give);
  void perform();
  void perform(const SendDatagram& action);
  void perform(const OpenStream& action);
  void perform(const WriteStream& action);
  void perform(const CloseStream& action);
  void perform(const ResolveName& action);
  void perform(const SaveKeys& action);
  void perform(const Notify& action);
  void perform_input();
  void note_members();
  void on_stream(const StreamInput& input) override;
  void on_datagram(const Address& to, const Address& from, ByteView bytes);

  Pool* pool_;  // null: removed
  SeatOptions options_;
  const std::uint64_t number_;
  std::weak_ptr<Seat> self_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Streams> streams_;
  Time deadline_ = kNever;  // as known to the pool's schedule
  std::uint64_t members_version_ = 0;
  Address asked_at_, asked_by_;  // the ends of the datagram that the node hears just now
  bool begun_ = false;
  bool performing_ = false;
};

class Pool final : DatagramHandler, AcceptHandler {
 public:
  Pool(asio::io_context& loop, LogSink log);
  ~Pool() override;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Binds both sockets. Errors: io. REQUIRES: not open.
  Result<Address> open(const Address& bind);
  // REQUIRES: open. Errors: invalid_config, also when another node has that address. The seat is valid until it
  // is removed or the pool closed; its first notices come after this returned.
  Result<std::shared_ptr<Seat>> add(SeatOptions options);
  // Begins to receive and to tell the time. REQUIRES: open; on the loop's thread.
  void start();
  // The node vanishes as if its process had been killed. REQUIRES: not called from a callback of the seat.
  void remove(Seat& seat);
  // All nodes vanish; the loop has no work of ours any more. REQUIRES: not called from a callback of a seat.
  void close();

  const Address& bound() const { return bound_; }
  std::size_t size() const { return seats_.size(); }
  const SocketCounters& counters() const { return counters_; }
  Now now() { return clock_.now(); }
  void log(LogLevel level, const std::string& line) const;

 private:
  friend class Seat;
  void on_datagram(const Address& to, const Address& from, ByteView bytes) override;
  void on_send_failed(const Address& from, const Address& to) override;
  void on_accept(Fd fd, const Address& local, const Address& peer) override;
  void on_accept_error(const std::string& why) override;
  void schedule(Seat& seat);
  void ring();
  // Whose address this is; null when nobody's.
  Seat* find(Address own) const;

  asio::io_context& loop_;
  LogSink log_;
  SystemClock clock_;
  SocketCounters counters_;
  OpenSslAead aead_;
  SystemNonces nonces_;
  std::shared_ptr<base::Interner> interner_;
  std::vector<std::uint8_t> read_buffer_;
  Address bound_;
  Family family_;
  std::shared_ptr<Udp> udp_;
  std::shared_ptr<Listener> listener_;
  std::shared_ptr<Alarm> alarm_;
  std::unique_ptr<Resolver> resolver_;
  std::map<std::uint64_t, std::shared_ptr<Seat>> seats_;  // by number: in the order of their adding
  std::map<Address, Seat*> by_address_;
  Seat* rest_ = nullptr;  // takes what is for no other
  std::map<std::pair<Time, std::uint64_t>, Seat*> schedule_;
  std::vector<std::weak_ptr<Seat>> due_;
  std::uint64_t next_number_ = 0;
  bool started_ = false;
};

}  // namespace hearsay::net
