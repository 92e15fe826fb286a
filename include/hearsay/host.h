// Door 2: a node with sockets and a thread of its own, or on your own event loop.
//
//   auto host = hearsay::Host::start({.config = config, .bind = bind}).value();
//   host->on_notice([](const hearsay::Notice& n) { std::puts(describe(n).c_str()); });
//   host->join({"10.0.0.1:7946"}, [](hearsay::Result<std::uint32_t> joined) { ... });
//   for (const auto& member : host->members()) ...
//   host->leave([](auto done) { ... });
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hearsay/address.h"
#include "hearsay/config.h"
#include "hearsay/member.h"
#include "hearsay/node.h"
#include "hearsay/notice.h"
#include "hearsay/result.h"
#include "hearsay/socket_counters.h"

namespace boost::asio {
class io_context;
}

namespace hearsay {

// How important a log line is.
enum class LogLevel : std::uint8_t { debug, info, warning, error };
const char* name_of(LogLevel level);
// Where log lines go. Called on the host's thread; must not block for long. The library logs nothing itself.
using LogSink = std::function<void(LogLevel, std::string_view line)>;

// Keeps a keyring for the next start, the key that encrypts first. `done` may be called from any thread, at once or
// later, once and not after the host is gone: with nothing when the keys are safe, else with what went wrong.
using SaveKeysWith = std::function<void(std::vector<Bytes> keys, std::function<void(std::string fault)> done)>;

// The members at one moment: shared, immutable, cheap to copy. It may be walked where it is made
// (`for (const auto& member : host->members())`), for it holds what it shows.
class MemberList {
 public:
  using Members = std::vector<Member>;
  explicit MemberList(std::shared_ptr<const Members> members) : members_(std::move(members)) {}
  Members::const_iterator begin() const { return members_->begin(); }
  Members::const_iterator end() const { return members_->end(); }
  std::size_t size() const { return members_->size(); }
  bool empty() const { return members_->empty(); }
  const Member& operator[](std::size_t index) const { return (*members_)[index]; }
  // The very same list, not an equal one.
  bool same_as(const MemberList& other) const { return members_ == other.members_; }

 private:
  std::shared_ptr<const Members> members_;
};

struct HostOptions {
  // config.advertise may be left invalid: the bound address is advertised then, or, when bound to an
  // unspecified address, the first private address of this machine; a bridge's (containers) only if it is the way
  // to the world.
  Config config{};
  // Where to listen, UDP and TCP. Port 0: the system chooses one (the same for both).
  Address bind{};
  // The event loop to run on, run by one thread at a time and living longer than the host; null: the host runs its
  // own in a thread of its own.
  boost::asio::io_context* loop = nullptr;
  LogSink log{};
  // Called with every notice, on the host's thread. More can be added with on_notice.
  std::function<void(const Notice&)> notices{};
  // Called on the host's thread before a change of the keyring takes effect (Host::manage_keys, or `serf keys` on a
  // peer); must not block. Null: the keyring changes in memory only, and a restart begins with config.crypto.keys.
  SaveKeysWith save_keys{};
  // Seed of the node's randomness; 0: taken from the system.
  std::uint64_t seed = 0;
};

// All functions may be called from any thread, unless said otherwise; callbacks run on the host's thread (the one
// that runs the loop) and must not throw. With a loop of the embedder's, functions that wait need it to be running.
class Host {
 public:
  // Binds and starts. Errors: invalid_config, io (naming the address and what to do about it).
  static Result<std::unique_ptr<Host>> start(HostOptions options);
  // Stops without leaving: the others will find this node failed. Use leave() first to be seen as left. Commands
  // that have not ended end with wrong_state. No callback runs any more when this returns; on an embedder's loop
  // that holds only where it is called on the loop's thread or while nobody runs the loop.
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  using Done = std::function<void(Result<std::uint32_t>)>;
  // Exchange tables with these peers; the result is how many answered. Host names are resolved each time.
  void join(std::vector<std::string> peers, Done done = {});
  // Leave gracefully; afterwards the host may be destroyed or join again.
  void leave(Done done = {});
  void set_tags(Tags tags, Done done = {});
  // Lists or changes the keys of all up members; see ManageKeys for what is refused. The answers say who did what;
  // none when nobody was asked.
  using KeysDone = std::function<void(Result<std::uint32_t>, const std::vector<KeyAnswer>& answers)>;
  void manage_keys(KeyAction action, Bytes key, bool force, KeysDone done = {});
  // Why this node believes what it believes of a member; asks its accuser, which takes up to a probe interval.
  // Errors: not_found.
  void why(std::string member, std::function<void(Result<Explanation>)> done);
  // Say of a failed member that it left; `prune`: forget it at once.
  void force_leave(std::string name, bool prune, Done done = {});
  // Write keys of this node's own state, all or nothing (command.h: WriteState).
  void write_state(std::vector<StateWrite> writes, Done done = {});
  // Wait until so many members hold a version of our own state (command.h: WatchState; `command.id` is not used).
  // The holders come with the result, unless nothing was watched. The returned function withdraws the watch; it may
  // be called from any thread, and later than the end.
  using WatchDone = std::function<void(Result<std::uint32_t>, const std::optional<StateHolders>& holders)>;
  std::function<void()> watch_state(WatchState command, WatchDone done);
  // Take over what can change in a running node (command.h: Reconfigure).
  void reconfigure(Config config, Done done = {});
  // Adds a listener; it hears what happens from now on.
  void on_notice(std::function<void(const Notice&)> listener);

  // The members as of at most 50 ms ago (a shared immutable snapshot, built only after somebody asked). What a
  // command changed is in it when the command is done.
  MemberList members() const;
  // Copies taken on the host's thread; other threads wait for it.
  NodeInfo info() const;
  std::vector<Notice> history() const;
  // What is known of a member's own keys; none: it has published nothing.
  std::optional<NodeState> state(std::string member) const;
  SocketCounters socket_counters() const;

  // The address that this node really listens on, and the one that it advertises.
  Address bound() const;
  Address advertised() const;
  // Runs the function on the host's thread with the node; inputs that it gives take effect. For tools and tests.
  void post(std::function<void(Node&, Now)> work);

 private:
  struct Impl;
  explicit Host(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace hearsay
