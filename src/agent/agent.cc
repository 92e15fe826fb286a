#include "agent/agent.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <limits>
#include <random>

#include "agent/api.h"
#include "agent/data_dir.h"
#include "agent/keyring_file.h"
#include "agent/text.h"
#include "agent/version.h"

namespace hearsay::agent {
namespace asio = boost::asio;

namespace {

// The largest value of a state, in JSON.
constexpr std::size_t kRequestBytesMax = 512u << 10;
// The incarnation is reserved on disk in blocks of this size, before use, so that not every refutation has to
// wait for a disk.
constexpr std::uint32_t kReserve = 16;
constexpr std::uint32_t kReserveLow = 4;
// Previous peers asked in one attempt, beside the configured ones: each answer is a whole table.
constexpr std::size_t kPreviousPerAttempt = 3;
constexpr std::chrono::seconds kSaveDelay{1};
constexpr std::chrono::seconds kSaveInterval{10};
constexpr std::chrono::milliseconds kStopGrace{2000};

std::string listed(const std::vector<std::string>& items) {
  static constexpr std::size_t kShown = 5;
  std::string out;
  for (std::size_t i = 0; i < items.size() && i < kShown; ++i) out += (i == 0 ? "" : ", ") + items[i];
  if (items.size() > kShown) out += " and " + std::to_string(items.size() - kShown) + " more";
  return out;
}

}  // namespace

struct Agent::Impl : std::enable_shared_from_this<Agent::Impl> {
  Impl(asio::io_context& the_loop, AgentConfig the_config, Log& the_log, std::function<void(int)> the_end,
       std::function<Loaded()> load)
      : loop(the_loop),
        config(the_config),
        live(std::move(the_config), std::move(load)),
        log(the_log),
        on_end(std::move(the_end)),
        join_timer(loop),
        save_timer(loop) {}

  Result<void> open_data_dir();
  Result<void> start_host();
  Result<void> start_http();
  void start_joining();
  void leave_out_self();
  // Publishes the keys of [state.keys] that differ from these, and deletes those that are gone.
  void publish_state_keys(const Tags& before);
  void on_settings_changed();
  void reload(const std::function<void(Result<Reloaded>)>& done);
  void log_reload(const Result<Reloaded>& reloaded);
  void check_own_admission();
  void join_once();
  void on_joined(const std::vector<std::string>& peers, const Result<std::uint32_t>& joined);
  void on_notice(const Notice& notice);
  void save_later(std::chrono::milliseconds after);
  void save(const std::function<void()>& done);
  void save_now(const NodeInfo& info, const std::vector<Member>& members);
  void end(int status);

  asio::io_context& loop;
  AgentConfig config;  // in force, without ourselves among the peers to join
  LiveSettings live;
  Log& log;
  std::function<void(int)> on_end;
  asio::steady_timer join_timer;
  asio::steady_timer save_timer;

  std::unique_ptr<DataDir> data_dir;
  SavedState saved;  // what is on disk, or on its way there
  std::unique_ptr<StateWriter> writer;
  std::string last_save_fault;

  std::unique_ptr<Host> host;
  std::unique_ptr<asio::thread_pool> disk;  // writes the keyring file; ends before the host does
  std::unique_ptr<HostCluster> cluster;
  std::unique_ptr<Api> api;
  std::unique_ptr<http::Server> server;
  std::optional<Address> http;

  std::vector<std::string> previous;  // peers of an earlier life, in random order
  std::size_t next_previous = 0;
  unsigned attempts = 0;
  bool ending = false;
};

Result<void> Agent::Impl::open_data_dir() {
  if (config.data_dir.empty()) return {};
  auto opened = DataDir::open(config.data_dir);
  if (!opened) return tl::unexpected(opened.error());
  data_dir = std::move(*opened);
  auto loaded = data_dir->load();
  if (!loaded) return tl::unexpected(loaded.error());
  if (*loaded) {
    saved = std::move(**loaded);
    live.restore(saved.tags);
    if (live.changed_tags()) log.info("the tags that were changed at run time are in force again");
    config.node.tags = live.tags();
    if (saved.incarnation.value >= kFirstIncarnationMax) {
      return fail(Errc::invalid_argument,
                  "the incarnation in " + config.data_dir + "/state.json is " +
                      std::to_string(saved.incarnation.value) + ": too few higher ones are left to start with",
                  "give the agent a new name, and move the file away");
    }
    if (saved.name != config.node.name) {
      log.info("the data directory was used by \"" + saved.name + "\" before; its peers are kept");
    }
    config.node.first_incarnation.value =
        std::max(config.node.first_incarnation.value, saved.incarnation.value + 1);
    config.node.first_lamport.value = std::max(config.node.first_lamport.value, saved.lamport.value);
    config.node.first_generation =
        std::max(config.node.first_generation, std::min(saved.generation, kFirstGenerationMax - 1) + 1);
    if (saved.left) {
      log.info("this agent left its cluster the last time: it does not rejoin its previous peers by itself");
    } else if (config.rejoin) {
      for (const auto& peer : saved.peers) previous.push_back(peer.address);
      std::shuffle(previous.begin(), previous.end(), std::mt19937(std::random_device{}()));
    }
  }
  saved.name = config.node.name;
  saved.incarnation.value = config.node.first_incarnation.value + kReserve - 1;
  saved.lamport = config.node.first_lamport;
  saved.generation = config.node.first_generation;
  saved.tags = live.changed_tags();
  // Before the node exists: if this cannot be written, the incarnation must not be used.
  if (auto written = data_dir->save(saved); !written) return written;
  writer =
      std::make_unique<StateWriter>(*data_dir, [weak = weak_from_this(), &io = loop](const Result<void>& result) {
        asio::post(io, [weak, text = result ? std::string() : result.error().cause + "; " + result.error().cure] {
          const auto self = weak.lock();
          if (!self || text == self->last_save_fault) return;
          if (!text.empty()) self->log.error(text + "; a restart now would use older state");
          if (text.empty()) self->log.info("the state is saved again");
          self->last_save_fault = text;
        });
      });
  return {};
}

Result<void> Agent::Impl::start_host() {
  HostOptions options;
  options.config = config.node;
  options.config.contact.seeds = seeds_of(config);
  if (options.config.advertise.valid() && options.config.advertise.port == 0) {
    options.config.advertise.port = config.bind.port;
  }
  options.bind = config.bind;
  options.loop = &loop;
  options.log = [weak = weak_from_this()](LogLevel level, std::string_view line) {
    if (const auto self = weak.lock()) self->log.write(level, line);
  };
  options.notices = [weak = weak_from_this()](const Notice& notice) {
    if (const auto self = weak.lock()) self->on_notice(notice);
  };
  if (!config.keyring_file.empty()) {
    disk = std::make_unique<asio::thread_pool>(1);
    options.save_keys = [pool = disk.get(), path = config.keyring_file](std::vector<Bytes> keys, auto done) {
      asio::post(*pool, [path, keys = std::move(keys), done = std::move(done)] {
        const auto result = save_keyring(path, keys);
        done(result ? std::string() : result.error().cause + "; " + result.error().cure);
      });
    };
  }
  auto started = Host::start(std::move(options));
  if (!started) {
    Error error = started.error();
    if (error.code == Errc::io) {
      error.cause = "cannot listen for gossip on " + to_string(config.bind) + ": " + error.cause;
      error.cure += (error.cure.empty() ? "" : "; ") + std::string("--bind chooses the address");
    }
    return tl::unexpected(std::move(error));
  }
  host = std::move(*started);
  cluster = std::make_unique<HostCluster>(*host);
  live.set_cluster(cluster.get());
  live.set_on_changed([this] { on_settings_changed(); });
  check_own_admission();
  publish_state_keys({});
  return {};
}

Result<void> Agent::Impl::start_http() {
  api = std::make_unique<Api>(*cluster, live, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->end(0);
  });
  api->set_reload([weak = weak_from_this()](const auto& done) {
    if (const auto self = weak.lock()) self->reload(done);
  });
  AgentFacts facts;
  facts.version = version();
  facts.bound = to_string(host->bound());
  facts.advertised = to_string(host->advertised());
  facts.http_socket = config.http_socket;
  facts.data_dir = config.data_dir;
  facts.label = config.node.label;
  facts.profile = name_of(config.profile);
  facts.started = wall_now();
  if (config.http || !config.http_socket.empty()) {
    http::ServerOptions options;
    options.limits.body_bytes_max = kRequestBytesMax;
    options.names = config.http_names;
    server = std::make_unique<http::Server>(loop, std::move(options),
                                            [weak = weak_from_this()](const http::Request& request, auto exchange) {
                                              const auto self = weak.lock();
                                              if (self) self->api->handle(request, std::move(exchange));
                                            });
    if (config.http) {
      auto bound = server->listen(*config.http);
      if (!bound) return tl::unexpected(bound.error());
      http = *bound;
      facts.http = to_string(*bound);
    }
    if (!config.http_socket.empty()) {
      if (auto bound = server->listen_unix(config.http_socket); !bound) return bound;
    }
    api->set_server(server.get());
  }
  api->set_facts(std::move(facts));
  return {};
}

void Agent::Impl::leave_out_self() {
  // One list of seeds for all nodes is common; a node that "joins" itself would think that it is done.
  const auto is_own = [this](const std::string& peer) {
    const auto address = parse_address(peer, kGossipPort);
    return address && (*address == host->advertised() || *address == host->bound());
  };
  config.join.erase(std::remove_if(config.join.begin(), config.join.end(), is_own), config.join.end());
  previous.erase(std::remove_if(previous.begin(), previous.end(),
                                [&](const std::string& peer) {
                                  return is_own(peer) || std::find(config.join.begin(), config.join.end(), peer) !=
                                                             config.join.end();
                                }),
                 previous.end());
}

void Agent::Impl::start_joining() {
  leave_out_self();
  join_once();
}

void Agent::Impl::publish_state_keys(const Tags& before) {
  cluster->states(config.node.name, [weak = weak_from_this(), before](const std::vector<NodeState>& states) {
    const auto self = weak.lock();
    if (!self) return;
    const Tags& keys = self->config.state_keys;
    std::vector<StateWrite> writes;
    for (const auto& [key, value] : keys) {
      const auto was = before.find(key);
      if (was == before.end() || was->second != value) writes.push_back({key, value, {}, {}});
    }
    for (const NodeState& state : states) {
      for (const StateItem& item : state.items) {
        if (before.contains(item.key) && !keys.contains(item.key))
          writes.push_back({item.key, std::nullopt, {}, {}});
      }
    }
    if (writes.empty()) return;
    self->cluster->write_state(std::move(writes), [weak](const Result<std::uint32_t>& written) {
      const auto again = weak.lock();
      if (again && !written)
        again->log.error("the keys of [state.keys] are not published: " + written.error().cause);
    });
  });
}

void Agent::Impl::on_settings_changed() {
  const Tags before = config.state_keys;
  config = live.config();
  if (config.state_keys != before) publish_state_keys(before);
  leave_out_self();
  log.set_level(config.log_level);
  save_later(std::chrono::milliseconds(0));
}

void Agent::Impl::reload(const std::function<void(Result<Reloaded>)>& done) {
  live.reload([weak = weak_from_this(), done](const Result<Reloaded>& reloaded) {
    const auto self = weak.lock();
    if (!self) return;
    self->log_reload(reloaded);
    if (done) done(reloaded);
  });
}

void Agent::Impl::log_reload(const Result<Reloaded>& reloaded) {
  if (!reloaded) return log.error("not reloaded: " + reloaded.error().cause + "; " + reloaded.error().cure);
  for (const auto& warning : reloaded->warnings) log.warning(warning);
  if (!reloaded->faults.empty()) {
    log.error("not reloaded: the configuration has faults; the old one stays in force");
    for (const auto& fault : reloaded->faults) log.error("fault: " + describe(fault));
    return;
  }
  log.info(reloaded->changed.empty() ? "reloaded: nothing changed"
                                     : "reloaded: " + listed(reloaded->changed) + " changed");
  if (!reloaded->needs_restart.empty()) {
    log.warning("only a restart takes over: " + listed(reloaded->needs_restart));
  }
  check_own_admission();
}

void Agent::Impl::check_own_admission() {
  const auto reason = refuses(config.node.admission, config.node.name, host->advertised(), config.node.tags);
  if (reason) log.warning("by its own admission policy this node itself would be refused: " + *reason);
}

void Agent::Impl::join_once() {
  if (ending || (config.join.empty() && previous.empty())) return;
  std::vector<std::string> peers = config.join;
  for (std::size_t i = 0; i < std::min(previous.size(), kPreviousPerAttempt) && peers.size() < kJoinPeersMax; ++i) {
    peers.push_back(previous[next_previous++ % previous.size()]);
  }
  ++attempts;
  log.info("joining " + listed(peers) + (attempts > 1 ? " (attempt " + std::to_string(attempts) + ")" : ""));
  cluster->join(peers, [weak = weak_from_this(), peers](const Result<std::uint32_t>& joined) {
    if (const auto self = weak.lock()) self->on_joined(peers, joined);
  });
}

void Agent::Impl::on_joined(const std::vector<std::string>& peers, const Result<std::uint32_t>& joined) {
  if (ending) return;
  if (joined) {
    log.info("joined the cluster: " + std::to_string(*joined) + " of " + std::to_string(peers.size()) +
             (peers.size() == 1 ? " peer" : " peers") + " answered");
    return save_later(kSaveDelay);
  }
  log.warning("could not join (attempt " + std::to_string(attempts) + "): " + joined.error().cause +
              (joined.error().cure.empty() ? "" : "; " + joined.error().cure) + "; next attempt in " +
              duration_text(config.join_interval));
  join_timer.expires_after(config.join_interval);
  join_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (self && !cancelled) self->join_once();
  });
}

void Agent::Impl::on_notice(const Notice& notice) {
  // The host logs these two itself.
  const bool logged = std::holds_alternative<Warning>(notice.body) || std::holds_alternative<Defunct>(notice.body);
  if (!logged) log.write(level_of(notice), describe(notice));
  if (api) api->on_notice(notice);
  if (const auto* change = std::get_if<MemberChange>(&notice.body)) {
    const bool low =
        change->member.is_self && change->member.incarnation.value + kReserveLow > saved.incarnation.value;
    save_later(low ? std::chrono::milliseconds(0) : kSaveDelay);
  }
  const auto* changed = std::get_if<StateChanged>(&notice.body);
  if (changed != nullptr && changed->member == config.node.name && changed->generation > saved.generation)
    save_later(std::chrono::milliseconds(0));
  if (std::holds_alternative<KeysChanged>(notice.body) && config.keyring_file.empty()) {
    log.warning("the changed keys are not kept: a restart begins with encrypt again; use keyring_file instead");
  }
  if (std::holds_alternative<Defunct>(notice.body)) end(1);
}

void Agent::Impl::save_later(std::chrono::milliseconds after) {
  if (!writer || ending) return;
  if (save_timer.expiry() > asio::steady_timer::clock_type::now() &&
      save_timer.expiry() <= asio::steady_timer::clock_type::now() + after) {
    return;  // sooner than asked for
  }
  save_timer.expires_after(after);
  save_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (!self || cancelled) return;
    self->save([weak] {
      if (const auto again = weak.lock()) again->save_later(kSaveInterval);
    });
  });
}

void Agent::Impl::save(const std::function<void()>& done) {
  if (!writer) return done();
  cluster->info([weak = weak_from_this(), done](const NodeInfo& info, const SocketCounters&, Now) {
    const auto self = weak.lock();
    if (!self) return;
    self->cluster->members([weak, done, info](const Cluster::Members& members, Now) {
      if (const auto inner = weak.lock()) inner->save_now(info, *members);
      done();
    });
  });
}

void Agent::Impl::save_now(const NodeInfo& info, const std::vector<Member>& members) {
  SavedState state = saved;
  if (info.self.incarnation.value + kReserveLow > state.incarnation.value) {
    state.incarnation.value = info.self.incarnation.value + kReserve;
  }
  state.lamport = info.lamport;
  state.generation = std::min(std::max(state.generation, info.generation), kFirstGenerationMax);
  state.left = info.has_left;
  state.tags = live.changed_tags();
  std::vector<SavedPeer> peers;
  for (const Member& member : members) {
    if (peers.size() == kSavedPeersMax) break;
    if (member.is_self || member.status == Status::left) continue;
    peers.push_back({member.name, to_string(member.address)});
  }
  // Alone again, or not joined yet: those of before are the best we have.
  if (!peers.empty()) state.peers = std::move(peers);
  if (state == saved) return;
  saved = state;
  writer->save(std::move(state));
}

void Agent::Impl::end(int status) {
  if (on_end) asio::post(loop, [done = std::exchange(on_end, nullptr), status] { done(status); });
}

Agent::Agent(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Agent>> Agent::start(asio::io_context& loop, AgentConfig config, Log& log,
                                            std::function<void(int)> on_end, std::function<Loaded()> load) {
  auto impl = std::make_shared<Impl>(loop, std::move(config), log, std::move(on_end), std::move(load));
  std::unique_ptr<Agent> agent(new Agent(impl));
  for (const auto step : {&Impl::open_data_dir, &Impl::start_host, &Impl::start_http}) {
    if (auto done = (*impl.*step)(); !done) return tl::unexpected(done.error());
  }
  impl->start_joining();
  impl->save_later(kSaveDelay);
  return agent;
}

Agent::~Agent() {
  impl_->ending = true;
  impl_->join_timer.cancel();
  impl_->save_timer.cancel();
  impl_->server.reset();
  impl_->api.reset();
  impl_->live.set_cluster(nullptr);
  impl_->cluster.reset();
  impl_->host.reset();
  impl_->writer.reset();
  impl_->data_dir.reset();
}

void Agent::leave(std::function<void(Result<void>)> done) {
  impl_->join_timer.cancel();
  impl_->cluster->leave([done = std::move(done)](const Result<std::uint32_t>& left) {
    if (!left) return done(tl::unexpected(left.error()));
    done({});
  });
}

void Agent::stop(std::function<void()> done) {
  impl_->ending = true;
  impl_->join_timer.cancel();
  impl_->save_timer.cancel();
  impl_->save([impl = impl_, done = std::move(done)]() mutable {
    if (!impl->server) return done();
    impl->server->stop(kStopGrace, std::move(done));
  });
}

void Agent::reload(std::function<void(Result<Reloaded>)> done) { impl_->reload(done); }

const AgentConfig& Agent::config() const { return impl_->config; }
std::optional<Address> Agent::http() const { return impl_->http; }
Address Agent::gossip() const { return impl_->host->advertised(); }

std::string Agent::banner() const {
  const AgentConfig& config = impl_->config;
  const std::string bound = to_string(impl_->host->bound());
  const std::string advertised = to_string(impl_->host->advertised());
  std::string http = impl_->http ? to_string(*impl_->http) : std::string();
  if (!config.http_socket.empty()) http += (http.empty() ? "unix:" : " and unix:") + config.http_socket;
  if (http.empty()) http = "off";
  std::string out = "hearsay " + std::string(version()) + ", agent \"" + config.node.name + "\"\n";
  out += "  gossip     " + bound + (bound == advertised ? "" : ", advertised as " + advertised) + "\n";
  out += "  HTTP       " + http + "\n";
  out += "  encrypted  " + std::string(config.node.crypto.keys.empty() ? "no" : "yes") + "\n";
  if (!config.node.label.empty()) out += "  label      " + config.node.label + "\n";
  out += "  data       " +
         (config.data_dir.empty() ? "nothing is kept across restarts (--data-dir DIR keeps it)" : config.data_dir) +
         "\n";
  out += "  profile    " + std::string(name_of(config.profile)) + "\n";
  return out;
}

}  // namespace hearsay::agent
