// Nodes behind real sockets: one address of 127/8 each, one UDP socket, one listener and one thread for all.
#include <boost/asio/io_context.hpp>
#include <vector>

#include "cluster/cluster.h"
#include "net/pool.h"

namespace hearsay::bench {
namespace {

// How late the experiment may learn that what it waits for has happened. The times themselves come with notices.
constexpr auto kSlice = std::chrono::milliseconds(20);

class Loopback final : public Cluster {
 public:
  explicit Loopback(std::uint64_t seed) : seed_(seed) {}
  ~Loopback() override { pool_.close(); }

  Result<Address> open() {
    auto bound = pool_.open(parse_address("0.0.0.0:0", 0).value());
    if (bound) pool_.start();
    return bound;
  }

  void add() override {
    const Index index = seats_.size();
    net::SeatOptions options;
    options.own = ip_of(index);
    options.config = config_of(index, address(0));
    options.config.advertise = options.own;
    options.seed = seed_ * 1'000'003 + index;
    options.on_notice = [this, index](const Notice& notice) { on_notice(index, notice); };
    seats_.push_back(pool_.add(std::move(options)).value());
  }
  std::string address(Index index) const override {
    Address address = ip_of(index);
    address.port = pool_.bound().port;
    return to_string(address);
  }
  void command(Index index, const Command& command) override { seats_[index]->command(command); }
  void kill(Index index) override { pool_.remove(*seats_[index]); }
  NodeInfo info(Index index) const override { return seats_[index]->node().info(); }
  Time now() override { return pool_.now().steady; }

  void run_until(Time end, const std::function<bool()>& done) override {
    for (Time at = now(); at < end && !(done && done()); at = now()) {
      if (loop_.stopped()) loop_.restart();
      loop_.run_for(done ? std::min<Duration>(kSlice, end - at) : end - at);
    }
  }

 private:
  static Address ip_of(Index index) {
    const auto part = [](Index number) { return static_cast<std::uint8_t>(number); };
    const std::array<std::uint8_t, 4> ip{127, part(1 + index / 50'000), part(index / 200 % 250),
                                         part(index % 200 + 1)};
    return Address::from_ip(ip, 0);
  }

  const std::uint64_t seed_;
  boost::asio::io_context loop_;
  net::Pool pool_{loop_, {}};
  std::vector<std::shared_ptr<net::Seat>> seats_;
};

}  // namespace

Config config_of(Index index, const std::string& seed_address) {
  Config config = Config::of(Profile::lan);
  config.name = name_of(index);
  if (index != 0) config.contact.seeds = {seed_address};
  return config;
}

std::unique_ptr<Cluster> make_loopback(std::uint64_t seed, std::string& why) {
  auto cluster = std::make_unique<Loopback>(seed);
  const auto bound = cluster->open();
  if (bound) return cluster;
  why = bound.error().cause + "; " + bound.error().cure;
  return nullptr;
}

}  // namespace hearsay::bench
