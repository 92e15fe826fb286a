// The same nodes under virtual time.
#include "cluster/cluster.h"
#include "sim/world.h"

namespace hearsay::bench {
namespace {

constexpr auto kSlice = std::chrono::milliseconds(20);

class Virtual final : public Cluster {
 public:
  explicit Virtual(std::uint64_t seed) : world_({seed, latency_of_loopback()}) {
    world_.on_notice = [this](sim::Place place, const Notice& notice) { on_notice(place, notice); };
  }

  void add() override { world_.add(config_of(world_.size(), address(0))); }
  std::string address(Index index) const override {
    return "10.0." + std::to_string(index / 250) + '.' + std::to_string(index % 250 + 1) + ":7946";
  }
  void command(Index index, const Command& command) override { world_.command(index, command); }
  void kill(Index index) override { world_.crash(index); }
  NodeInfo info(Index index) const override { return world_.node(index).info(); }
  Time now() override { return world_.now().steady; }

  void run_until(Time end, const std::function<bool()>& done) override {
    while (now() < end && !(done && done()))
      world_.run_for(done ? std::min<Duration>(kSlice, end - now()) : end - now());
  }

 private:
  static sim::Network::Options latency_of_loopback() {
    sim::Network::Options options;
    options.latency = std::chrono::microseconds(50);
    return options;
  }
  mutable sim::World world_;  // reading a node takes a world that could change it
};

}  // namespace

std::unique_ptr<Cluster> make_virtual(std::uint64_t seed) { return std::make_unique<Virtual>(seed); }

}  // namespace hearsay::bench
