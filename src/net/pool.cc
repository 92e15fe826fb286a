#include "net/pool.h"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <variant>

#include "base/check.h"

namespace hearsay::net {
namespace {

// Compression may make bytes more, by a half at worst; the frame adds a few.
constexpr std::size_t queue_bytes_max(const Limits& limits) { return 2 * std::size_t{limits.stream_bytes_max}; }

// Deadlines of many nodes that lie this close together need one ring. Timers of the protocol are a hundred times as
// long, and nobody is told the time before it has come.
constexpr Duration kRingStep = std::chrono::milliseconds(1);

Time next_ring(Time deadline) {
  if (deadline >= kNever - kRingStep) return deadline;
  const Duration since = deadline.time_since_epoch();
  return Time((since + kRingStep - Duration(1)) / kRingStep * kRingStep);
}

// The node chooses which streams it keeps when there are too many, so it must hear of some more.
constexpr std::size_t kStreamsHeadroom = 2;

// Ping-req, ping, ack, relayed ack.
constexpr int kDrainRounds = 4;

}  // namespace

// ---- Seat ----

Seat::Seat(Pool& pool, SeatOptions options, std::uint64_t number, std::unique_ptr<Node> node)
    : pool_(&pool), options_(std::move(options)), number_(number), node_(std::move(node)) {
  StreamHandler& self = *this;
  const Address dial_from = options_.own.valid() ? options_.own : pool.bound_.machine();
  streams_ = std::make_unique<Streams>(
      pool.loop_, dial_from, pool.family_,
      // The peer gives up after that time as well.
      StreamLimits{kStreamsHeadroom * options_.config.limits.streams_max, queue_bytes_max(options_.config.limits),
                   options_.config.swim.stream_timeout},
      self, pool.counters_, pool.read_buffer_);
}

void Seat::begin() {
  if (!std::exchange(begun_, true)) perform_input();
}

template <class Give>
void Seat::input(Give give) {
  CHECK(!performing_);
  if (pool_ == nullptr) return;
  begin();
  give(*node_, pool_->now());
  perform_input();
}

void Seat::perform_input() {
  note_members();  // before the notices, so that who hears one and looks sees what it told
  perform();
  pool_->schedule(*this);
}

void Seat::perform() {
  struct Performing {
    bool& flag;
    explicit Performing(bool& f) : flag(f) { flag = true; }
    ~Performing() { flag = false; }
  } const performing(performing_);
  for (const Action& action : node_->actions()) {
    std::visit([this](const auto& body) { perform(body); }, action);
  }
}

void Seat::note_members() {
  const std::uint64_t version = node_->members_version();
  if (version == members_version_) return;
  members_version_ = version;
  if (options_.on_members) options_.on_members(version);
}

// An answer leaves from the address that was asked: on a machine of several the system would choose by the route,
// and acks from another address than the one that was probed do not count.
void Seat::perform(const SendDatagram& action) {
  const bool answer = same_ip(action.to, asked_by_);
  pool_->udp_->send(options_.own.valid() || !answer ? options_.own : asked_at_, action.to, action.bytes);
}

void Seat::perform(const OpenStream& action) {
  streams_->open(action.stream, action.to, action.deadline - pool_->now().steady);
}

void Seat::perform(const WriteStream& action) { streams_->write(action.stream, action.bytes); }

void Seat::perform(const CloseStream& action) { streams_->close(action.stream, action.abort); }

void Seat::perform(const ResolveName& action) {
  pool_->resolver_->resolve(action.host, action.port, [seat = self_, call = action.call](const Resolved& resolved) {
    const auto self = seat.lock();
    if (self == nullptr) return;
    self->input([&](Node& node, Now now) { node.on_reply(now, call, resolved); });
  });
}

void Seat::perform(const SaveKeys& action) {
  const auto done = [seat = self_, &loop = pool_->loop_, call = action.call](std::string fault) {
    asio::post(loop, [seat, call, fault = std::move(fault)] {
      const auto self = seat.lock();
      if (self == nullptr) return;
      self->input([&](Node& node, Now now) { node.on_reply(now, call, Saved{fault}); });
    });
  };
  options_.save_keys(action.keys, done);
}

void Seat::perform(const Notify& action) {
  if (options_.on_notice) options_.on_notice(action.notice);
}

void Seat::on_stream(const StreamInput& what) {
  input([&](Node& node, Now now) { node.on_stream(now, what); });
}

void Seat::on_datagram(const Address& to, const Address& from, ByteView bytes) {
  asked_at_ = to;
  asked_by_ = from;
  input([&](Node& node, Now now) { node.on_datagram(now, from, bytes); });
  asked_by_ = {};
}

void Seat::command(Command command) {
  if (pool_ == nullptr) return;
  if (!performing_) return input([&](Node& node, Now now) { node.on_command(now, command); });
  asio::post(pool_->loop_, [seat = self_, command = std::move(command)] {
    if (const auto self = seat.lock()) self->command(command);
  });
}

void Seat::use(const std::function<void(Node&, Now)>& work) {
  CHECK(!performing_);
  if (pool_ == nullptr) return;
  begin();
  // Actions stay readable until the next input, and only new ones may be performed: so first an input that asks
  // for nothing. Told the same time again, a node has nothing to say.
  const Now now = pool_->now();
  for (int i = 0; i < 3; ++i) {
    node_->on_time(now);
    perform();
    if (node_->actions().empty()) break;
  }
  const bool had_more = !node_->actions().empty();
  work(*node_, now);
  note_members();
  if (!had_more) perform();
  pool_->schedule(*this);
}

// ---- Pool ----

Pool::Pool(asio::io_context& loop, LogSink log)
    : loop_(loop), log_(std::move(log)), interner_(make_interner()), read_buffer_(Stream::kReadBytes) {}

Pool::~Pool() { close(); }

Result<Address> Pool::open(const Address& bind) {
  CHECK(udp_ == nullptr);
  auto both = bind_both(bind);
  if (!both) return tl::unexpected<Error>(both.error());
  bound_ = both->address;
  family_ = Family::of(bound_);
  DatagramHandler& datagrams = *this;
  AcceptHandler& connections = *this;
  try {
    udp_ = std::make_shared<Udp>(loop_, std::move(both->udp), bound_, datagrams, counters_);
    listener_ = std::make_shared<Listener>(loop_, std::move(both->listener), connections, counters_);
    alarm_ = std::make_shared<Alarm>(loop_, [this] { ring(); });
  } catch (const boost::system::system_error& error) {
    close();
    return fail(Errc::io, std::string("the event loop takes no more sockets: ") + error.what(),
                "raise the limit of open files ('ulimit -n')");
  }
  resolver_ = std::make_unique<Resolver>(loop_, family_.reaches_v4(bound_), family_.v6, counters_);
  return bound_;
}

Result<std::shared_ptr<Seat>> Pool::add(SeatOptions options) {
  CHECK(udp_ != nullptr);
  options.own = options.own.machine();
  if (options.config.advertise.port == 0) options.config.advertise.port = bound_.port;
  if (options.own.valid() ? by_address_.count(options.own) != 0 : rest_ != nullptr) {
    return fail(Errc::invalid_config,
                options.own.valid() ? "another node of this pool has the address " + ip_to_string(options.own)
                                    : "another node of this pool already takes all that comes",
                "give each node an address of its own");
  }
  options.config.crypto.save_keys = options.save_keys != nullptr;
  const Resources resources{options.seed, &aead_, &nonces_, interner_};
  auto node = Node::create(options.config, resources, now());
  if (!node) return tl::unexpected<Error>(node.error());

  const std::uint64_t number = next_number_++;
  const std::shared_ptr<Seat> seat(new Seat(*this, std::move(options), number, std::move(*node)));
  seat->self_ = seat;
  seats_.emplace(number, seat);
  if (seat->options_.own.valid()) {
    by_address_.emplace(seat->options_.own, seat.get());
  } else {
    rest_ = seat.get();
  }
  schedule_.emplace(std::pair(kNever, number), seat.get());
  if (started_) {
    asio::post(loop_, [weak = seat->self_] {
      const auto self = weak.lock();
      if (self != nullptr && self->pool_ != nullptr) self->begin();
    });
  }
  return seat;
}

void Pool::start() {
  if (udp_ == nullptr) return;
  started_ = true;
  udp_->start();
  listener_->start();
  alarm_->start();
  const auto seats = seats_;
  for (const auto& [number, seat] : seats) {
    if (seat->pool_ != nullptr) seat->begin();
  }
}

void Pool::remove(Seat& seat) {
  if (seat.pool_ == nullptr) return;
  CHECK(seat.pool_ == this && !seat.performing_);
  schedule_.erase({seat.deadline_, seat.number_});
  by_address_.erase(seat.options_.own);
  if (rest_ == &seat) rest_ = nullptr;
  seat.pool_ = nullptr;
  seat.streams_.reset();
  seats_.erase(seat.number_);
}

void Pool::close() {
  while (!seats_.empty()) {
    const auto seat = seats_.begin()->second;
    remove(*seat);
  }
  resolver_.reset();
  if (udp_ != nullptr) udp_->close();
  if (listener_ != nullptr) listener_->close();
  if (alarm_ != nullptr) alarm_->close();
  udp_.reset();
  listener_.reset();
  alarm_.reset();
}

void Pool::log(LogLevel level, const std::string& line) const {
  if (log_) log_(level, line);
}

Seat* Pool::find(Address own) const {
  const auto found = by_address_.find(own.machine());
  return found == by_address_.end() ? rest_ : found->second;
}

void Pool::on_datagram(const Address& to, const Address& from, ByteView bytes) {
  Seat* seat = find(to);
  if (seat == nullptr) {
    ++counters_.datagrams_unrouted;
    return;
  }
  seat->on_datagram(to, from, bytes);
}

void Pool::on_send_failed(const Address& from, const Address& to) {
  Seat* seat = find(from);
  if (seat == nullptr) return;  // removed meanwhile
  seat->input([&](Node& node, Now now) { node.on_send_failed(now, to); });
}

void Pool::on_accept(Fd fd, const Address& local, const Address& peer) {
  Seat* seat = find(local);
  if (seat == nullptr) {
    ++counters_.streams_unrouted;
    reset_on_close(fd.get());
    return;
  }
  seat->streams_->accept(std::move(fd), peer);
}

void Pool::on_accept_error(const std::string& why) {
  log(LogLevel::warning, "cannot accept connections on " + to_string(bound_) + ": " + why + "; trying again");
}

void Pool::schedule(Seat& seat) {
  const Time deadline = seat.node_->next_deadline();
  if (deadline != seat.deadline_) {
    auto entry = schedule_.extract({seat.deadline_, seat.number_});
    entry.key().first = seat.deadline_ = deadline;
    schedule_.insert(std::move(entry));
  }
  alarm_->set(next_ring(schedule_.begin()->first.first));
}

void Pool::ring() {
  // What has arrived is heard before the time is told: after a pause the acks lie in the socket while every timer
  // is due.
  const auto udp = udp_;
  const auto listener = listener_;
  // Nodes of one pool answer each other here: a ping that waited is answered, and its ack is heard as well.
  for (int round = 0; round < kDrainRounds && udp->drain(Udp::kDrainMax) != 0; ++round) {
  }
  listener->drain();
  due_.clear();
  const Time at = clock_.now().steady;
  for (const auto& [key, seat] : schedule_) {
    if (key.first > at) break;
    due_.push_back(seat->self_);
  }
  // Each is told once; who is due again at once waits for the next ring, behind whatever arrives meanwhile.
  for (const auto& weak : due_) {
    const auto seat = weak.lock();
    if (seat == nullptr || seat->pool_ == nullptr) continue;
    seat->streams_->drain();
    seat->input([](Node& node, Now now) { node.on_time(now); });
  }
  if (alarm_ != nullptr && !schedule_.empty()) alarm_->set(next_ring(schedule_.begin()->first.first));
}

}  // namespace hearsay::net
