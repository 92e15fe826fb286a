// Nodes behind real sockets: one address of 127/8 each, and for each core one UDP socket, one listener and one
// thread. The loops run side by side only within run_until; between its slices the experiment has all nodes to
// itself.
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <thread>
#include <vector>

#include "cluster/cluster.h"
#include "net/pool.h"

namespace hearsay::bench {
namespace {

// How late the experiment may learn that what it waits for has happened. The times themselves come with notices.
constexpr auto kSlice = std::chrono::milliseconds(20);

class Loopback final : public Cluster {
 public:
  Loopback(std::uint64_t seed, unsigned threads) : seed_(seed) {
    for (unsigned i = 0; i < threads; ++i) shares_.push_back(std::make_unique<Share>());
  }
  ~Loopback() override {
    for (auto& share : shares_) share->pool.close();
  }

  Result<void> open() {
    for (auto& share : shares_) {
      if (auto bound = share->pool.open(parse_address("0.0.0.0:0", 0).value()); !bound)
        return tl::unexpected(std::move(bound.error()));
      share->pool.start();
    }
    return {};
  }

  void add() override {
    const Index index = seats_.size();
    net::SeatOptions options;
    options.own = ip_of(index);
    options.config = config_of(index, address(0));
    options.config.advertise = options.own;
    options.seed = seed_ * 1'000'003 + index;
    options.on_notice = [this, index](const Notice& notice) {
      const std::lock_guard lock(notices_);
      on_notice(index, notice);
    };
    seats_.push_back(share_of(index).pool.add(std::move(options)).value());
  }
  std::string address(Index index) const override {
    Address address = ip_of(index);
    address.port = share_of(index).pool.bound().port;
    return to_string(address);
  }
  void command(Index index, const Command& command) override { seats_[index]->command(command); }
  void kill(Index index) override { share_of(index).pool.remove(*seats_[index]); }
  NodeInfo info(Index index) const override { return seats_[index]->node().info(); }
  Time now() override { return shares_.front()->pool.now().steady; }

  void run_until(Time end, const std::function<bool()>& done) override {
    for (Time at = now(); at < end && !(done && done()); at = now()) {
      const Duration slice = done ? std::min<Duration>(kSlice, end - at) : end - at;
      std::vector<std::jthread> others;
      for (std::size_t i = 1; i < shares_.size(); ++i) {
        others.emplace_back([&share = *shares_[i], slice] { share.run_for(slice); });
      }
      shares_.front()->run_for(slice);
    }
  }

 private:
  struct Share {
    void run_for(Duration slice) {
      if (loop.stopped()) loop.restart();
      loop.run_for(slice);
    }
    boost::asio::io_context loop;
    net::Pool pool{loop, {}};
  };

  Share& share_of(Index index) const { return *shares_[index % shares_.size()]; }
  static Address ip_of(Index index) {
    const auto part = [](Index number) { return static_cast<std::uint8_t>(number); };
    const std::array<std::uint8_t, 4> ip{127, part(1 + index / 50'000), part(index / 200 % 250),
                                         part(index % 200 + 1)};
    return Address::from_ip(ip, 0);
  }

  const std::uint64_t seed_;
  std::vector<std::unique_ptr<Share>> shares_;
  std::vector<std::shared_ptr<net::Seat>> seats_;
  std::mutex notices_;
};

}  // namespace

Config config_of(Index index, const std::string& seed_address) {
  Config config = Config::of(Profile::lan);
  config.name = name_of(index);
  if (index != 0) config.contact.seeds = {seed_address};
  return config;
}

std::unique_ptr<Cluster> make_loopback(std::uint64_t seed, unsigned threads, std::string& why) {
  auto cluster = std::make_unique<Loopback>(seed, threads);
  const auto open = cluster->open();
  if (open) return cluster;
  why = open.error().cause + "; " + open.error().cure;
  return nullptr;
}

}  // namespace hearsay::bench
