// The host: a pool of one node, and what other threads may do with it.
//
// Other threads reach the node in two ways only: they post work to the loop, and they read snapshots of the members
// that the loop's thread built. A snapshot is built when a reader asks for one, the members have changed since the
// last, and that one is older than kSnapshotAge or than the end of a command.
#include "hearsay/host.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "net/interfaces.h"
#include "net/pool.h"

namespace hearsay {

namespace asio = boost::asio;
using net::Pool;
using net::Seat;

namespace {

constexpr auto kSnapshotAge = std::chrono::milliseconds(50);
// How long a reader waits for a newer snapshot before it takes the one there is: only a loop that stands still
// needs this.
constexpr auto kSnapshotPatience = std::chrono::seconds(1);

Error stopped() { return {Errc::wrong_state, "the host was stopped", {}}; }
Error defunct() {
  return {Errc::defunct, "the node hit a fault of its own and stopped", "restart it and report the fault"};
}

// Everything that runs on the loop's thread, and the snapshot.
class Core : public std::enable_shared_from_this<Core> {
 public:
  using Members = std::shared_ptr<const std::vector<Member>>;

  Core(asio::io_context& loop, HostOptions& options) : loop_(loop), pool_(loop, std::move(options.log)) {
    if (options.notices) listeners_.push_back(std::move(options.notices));
  }

  std::optional<Error> open(const HostOptions& options) {
    auto bound = pool_.open(options.bind);
    if (!bound) return bound.error();
    auto advertise =
        net::pick_advertise(options.config.advertise, *bound, net::machine_addresses(net::Bridges::without));
    if (!advertise) return advertise.error();
    advertised_ = *advertise;
    net::SeatOptions seat;
    seat.config = options.config;
    seat.config.advertise = advertised_;
    seat.seed = options.seed != 0 ? options.seed : net::random_seed();
    seat.save_keys = options.save_keys;
    seat.on_notice = [this](const Notice& notice) { on_notice(notice); };
    seat.on_members = [this](std::uint64_t version) { version_.store(version, std::memory_order_release); };
    auto added = pool_.add(std::move(seat));
    if (!added) return added.error();
    seat_ = *added;
    version_ = seat_->node().members_version();
    build_snapshot();
    return std::nullopt;
  }

  // ---- on the loop's thread ----

  void begin() {
    if (stopping_) return;
    pool_.log(LogLevel::info, "listening on " + to_string(pool_.bound()) + ", advertising " +
                                  to_string(advertised_) + " (UDP and TCP)");
    pool_.start();
  }

  void command(const std::function<Command(CommandId)>& make, Host::Done done) {
    if (stopping_ || defunct_) {
      if (done) done(tl::unexpected<Error>(stopping_ ? stopped() : defunct()));
      return;
    }
    CommandId id;
    if (done) {
      id.value = next_command_++;
      dones_.emplace(id.value, std::move(done));
    }
    seat_->command(make(id));
  }

  void manage_keys(KeyAction action, const Bytes& key, bool force, const Host::KeysDone& done) {
    const auto id = std::make_shared<CommandId>();
    const auto make = [&](CommandId given) {
      *id = given;
      return ManageKeys{given, action, key, force};
    };
    command(make, [this, id, done](const Result<std::uint32_t>& result) {
      const auto answers = key_answers_.extract(id->value);
      if (done) done(result, answers.empty() ? std::vector<KeyAnswer>() : answers.mapped());
    });
  }

  void why(std::string member, std::function<void(Result<Explanation>)> done) {
    // The explanation comes before the end of its command, which brings nothing but errors then.
    const auto answer = std::make_shared<Result<Explanation>>(tl::unexpected<Error>(stopped()));
    const std::uint64_t id = next_command_;
    explained_.emplace(id, answer);
    command(
        [&](CommandId command_id) {
          return Why{command_id, std::move(member)};
        },
        [this, id, answer, done = std::move(done)](const Result<std::uint32_t>& end) {
          explained_.erase(id);
          if (!end) *answer = tl::unexpected<Error>(end.error());
          done(std::move(*answer));
        });
  }

  // `id` is set to what withdraws it.
  void watch_state(WatchState wanted, const std::shared_ptr<CommandId>& id, const Host::WatchDone& done) {
    const auto make = [&](CommandId given) {
      *id = wanted.id = given;
      return wanted;
    };
    command(make, [this, id, done](const Result<std::uint32_t>& result) {
      const auto told = holders_.extract(id->value);
      done(result, told.empty() ? std::nullopt : std::optional(told.mapped()));
    });
  }

  void add_listener(std::function<void(const Notice&)> listener) { listeners_.push_back(std::move(listener)); }

  void use(const std::function<void(Node&, Now)>& work) {
    if (!stopping_) seat_->use(work);
  }

  void end_commands(const Error& error) {
    while (!dones_.empty()) dones_.extract(dones_.begin()).mapped()(tl::unexpected<Error>(error));
  }

  void close() {
    end_commands(stopped());
    pool_.close();
  }

  NodeInfo info() { return seat_->node().info(); }
  std::optional<NodeState> state(std::string_view member) { return seat_->node().state(member); }
  std::vector<Notice> history() { return seat_->node().history(); }
  SocketCounters socket_counters() { return pool_.counters(); }

  void refresh_snapshot() {
    if (!snapshot_serves()) build_snapshot();
  }

  // ---- on any thread ----

  bool on_loop() const { return loop_.get_executor().running_in_this_thread(); }
  asio::io_context& loop() const { return loop_; }
  void stop_soon() { stopping_ = true; }
  const Address& bound() const { return pool_.bound(); }
  const Address& advertised() const { return advertised_; }

  Members members() {
    if (snapshot_serves() || stopping_) return snapshot();
    if (on_loop()) {
      build_snapshot();
      return snapshot();
    }
    const auto built = std::make_shared<std::promise<void>>();
    auto future = built->get_future();
    asio::post(loop_, [self = shared_from_this(), built] {
      self->refresh_snapshot();
      built->set_value();
    });
    future.wait_for(kSnapshotPatience);
    return snapshot();
  }

 private:
  void on_notice(const Notice& notice) {
    if (stopping_) return;
    if (const auto* warning = std::get_if<Warning>(&notice.body)) pool_.log(LogLevel::warning, warning->text);
    if (std::holds_alternative<Defunct>(notice.body)) {
      defunct_ = true;
      pool_.log(LogLevel::error, describe(notice));
    }
    if (std::holds_alternative<CommandDone>(notice.body)) expire_snapshot();
    const auto* answer = std::get_if<KeyAnswer>(&notice.body);
    if (answer != nullptr && dones_.contains(answer->id.value)) key_answers_[answer->id.value].push_back(*answer);
    // A listener that ends the host ends the hearing of the others as well.
    for (std::size_t i = 0; i < listeners_.size() && !stopping_; ++i) listeners_[i](notice);
    if (const auto* told = std::get_if<Explanation>(&notice.body)) {
      if (const auto asked = explained_.find(told->id.value); asked != explained_.end()) *asked->second = *told;
    }
    if (const auto* told = std::get_if<StateHolders>(&notice.body);
        told != nullptr && dones_.contains(told->id.value))
      holders_[told->id.value] = *told;
    if (const auto* done = std::get_if<CommandDone>(&notice.body)) end_command(*done);
    if (defunct_ && !stopping_) end_commands(defunct());
  }

  void end_command(const CommandDone& end) {
    auto entry = dones_.extract(end.id.value);
    if (entry.empty()) return;
    if (end.error) {
      entry.mapped()(tl::unexpected<Error>(*end.error));
    } else {
      entry.mapped()(end.value);
    }
  }

  Members snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
  }

  bool snapshot_serves() const {
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    const std::lock_guard lock(mutex_);
    return snapshot_version_ == version || std::chrono::steady_clock::now() - snapshot_at_ < kSnapshotAge;
  }

  void expire_snapshot() {
    const std::lock_guard lock(mutex_);
    snapshot_at_ = {};
  }

  void build_snapshot() {
    const std::uint64_t version = seat_->node().members_version();
    auto members = std::make_shared<const std::vector<Member>>(seat_->node().members());
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(members);
    snapshot_version_ = version;
    snapshot_at_ = std::chrono::steady_clock::now();
  }

  asio::io_context& loop_;
  Pool pool_;
  std::shared_ptr<Seat> seat_;
  Address advertised_;
  std::vector<std::function<void(const Notice&)>> listeners_;
  std::map<std::uint64_t, Host::Done> dones_;
  std::map<std::uint64_t, std::vector<KeyAnswer>> key_answers_;              // of commands that have not ended
  std::map<std::uint64_t, StateHolders> holders_;                            // likewise
  std::map<std::uint64_t, std::shared_ptr<Result<Explanation>>> explained_;  // by the command that asked
  std::uint64_t next_command_ = 1;
  bool defunct_ = false;
  std::atomic<bool> stopping_ = false;

  std::atomic<std::uint64_t> version_ = 0;  // of the members, now
  mutable std::mutex mutex_;                // guards what follows
  Members snapshot_;
  std::uint64_t snapshot_version_ = 0;
  std::chrono::steady_clock::time_point snapshot_at_;
};

// The application's signals are no business of the host's thread: it starts with all of them blocked.
std::thread start_thread(std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread thread(std::move(body));
    ::pthread_setname_np(thread.native_handle(), "hearsay");
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
}

}  // namespace

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "?";
}

// Work that waits in the loop holds the core, so the loop is kept outside of it.
struct Host::Impl {
  std::shared_ptr<asio::io_context> own_loop;  // null: the embedder's
  std::shared_ptr<Core> core;
  std::thread thread;

  // The answer of `ask`, asked on the loop's thread.
  template <class Ask>
  auto wait_for(Ask ask) const {
    if (core->on_loop()) return ask(*core);
    const auto answer = std::make_shared<std::promise<decltype(ask(*core))>>();
    auto future = answer->get_future();
    asio::post(core->loop(), [self = core, answer, ask] { answer->set_value(ask(*self)); });
    return future.get();
  }
};

Host::Host(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Host>> Host::start(HostOptions options) {
  const auto impl = std::make_shared<Impl>();
  if (options.loop == nullptr) impl->own_loop = std::make_shared<asio::io_context>(1);
  asio::io_context& loop = options.loop != nullptr ? *options.loop : *impl->own_loop;
  impl->core = std::make_shared<Core>(loop, options);
  if (auto error = impl->core->open(options)) return tl::unexpected<Error>(*std::move(error));

  asio::post(loop, [core = impl->core] { core->begin(); });
  if (impl->own_loop != nullptr) {
    try {
      impl->thread = start_thread([own = impl->own_loop] { own->run(); });
    } catch (const std::system_error& error) {
      return fail(Errc::io, std::string("no thread for the host: ") + error.what(),
                  "raise the limit of threads, or pass an event loop");
    }
  }
  return std::unique_ptr<Host>(new Host(impl));
}

Host::~Host() {
  const auto& core = impl_->core;
  core->stop_soon();
  const bool on_loop = core->on_loop();
  // Later, because a callback of the pool may be what destroys us. The commands end now, while who waits for them
  // is certainly there.
  if (on_loop) core->end_commands(stopped());
  asio::post(core->loop(), [core] { core->close(); });
  if (!impl_->thread.joinable()) return;
  if (on_loop) {
    impl_->thread.detach();  // it ends by itself, and holds the loop until then
  } else {
    impl_->thread.join();
  }
}

void Host::join(std::vector<std::string> peers, Done done) {
  asio::post(impl_->core->loop(), [core = impl_->core, peers = std::move(peers), done = std::move(done)] {
    core->command([&](CommandId id) { return Join{id, peers}; }, done);
  });
}

void Host::leave(Done done) {
  asio::post(impl_->core->loop(), [core = impl_->core, done = std::move(done)] {
    core->command([](CommandId id) { return Leave{id}; }, done);
  });
}

void Host::set_tags(Tags tags, Done done) {
  asio::post(impl_->core->loop(), [core = impl_->core, tags = std::move(tags), done = std::move(done)] {
    core->command([&](CommandId id) { return SetTags{id, tags}; }, done);
  });
}

void Host::manage_keys(KeyAction action, Bytes key, bool force, KeysDone done) {
  asio::post(impl_->core->loop(), [core = impl_->core, action, key = std::move(key), force,
                                   done = std::move(done)] { core->manage_keys(action, key, force, done); });
}

void Host::why(std::string member, std::function<void(Result<Explanation>)> done) {
  asio::post(impl_->core->loop(),
             [core = impl_->core, member = std::move(member), done = std::move(done)] { core->why(member, done); });
}

void Host::force_leave(std::string name, bool prune, Done done) {
  asio::post(impl_->core->loop(), [core = impl_->core, name = std::move(name), prune, done = std::move(done)] {
    core->command([&](CommandId id) { return ForceLeave{id, name, prune}; }, done);
  });
}

void Host::write_state(std::vector<StateWrite> writes, Done done) {
  asio::post(impl_->core->loop(), [core = impl_->core, writes = std::move(writes), done = std::move(done)] {
    core->command([&](CommandId id) { return WriteState{id, writes}; }, done);
  });
}

std::function<void()> Host::watch_state(WatchState command, WatchDone done) {
  const auto id = std::make_shared<CommandId>();
  asio::post(impl_->core->loop(),
             [core = impl_->core, command, id, done = std::move(done)] { core->watch_state(command, id, done); });
  return [core = std::weak_ptr(impl_->core), id] {
    const auto held = core.lock();
    if (!held) return;
    asio::post(held->loop(), [core, id] {
      const auto again = core.lock();
      if (again) again->command([&](CommandId given) { return EndWatch{given, *id}; }, [](const auto&) {});
    });
  };
}

void Host::reconfigure(Config config, Done done) {
  asio::post(impl_->core->loop(), [core = impl_->core, config = std::move(config), done = std::move(done)] {
    core->command([&](CommandId id) { return Reconfigure{id, config}; }, done);
  });
}

void Host::on_notice(std::function<void(const Notice&)> listener) {
  asio::post(impl_->core->loop(),
             [core = impl_->core, listener = std::move(listener)] { core->add_listener(listener); });
}

MemberList Host::members() const { return MemberList(impl_->core->members()); }

NodeInfo Host::info() const {
  return impl_->wait_for([](Core& core) { return core.info(); });
}

std::optional<NodeState> Host::state(std::string member) const {
  return impl_->wait_for([&](Core& core) { return core.state(member); });
}

std::vector<Notice> Host::history() const {
  return impl_->wait_for([](Core& core) { return core.history(); });
}

SocketCounters Host::socket_counters() const {
  return impl_->wait_for([](Core& core) { return core.socket_counters(); });
}

Address Host::bound() const { return impl_->core->bound(); }

Address Host::advertised() const { return impl_->core->advertised(); }

void Host::post(std::function<void(Node&, Now)> work) {
  asio::post(impl_->core->loop(), [core = impl_->core, work = std::move(work)] { core->use(work); });
}

}  // namespace hearsay
