// How long until everybody knows? Some nodes on real loopback sockets, a stream of tag updates at random nodes, and
// for each the time until every node knows it (or a later one of the same node). Without loss no update may wait
// longer than --within; the status tells.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <map>
#include <set>

#include "base/rng.h"
#include "net/pool.h"

using namespace hearsay;
using std::chrono::milliseconds;

namespace {

struct Options {
  unsigned nodes = 50;
  unsigned updates = 1000;
  double rate = 3;
  double within = 3;
  std::uint64_t seed = 1;
  std::string profile = "lan";
};

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

class Cluster {
 public:
  explicit Cluster(const Options& options) : options_(options), timer_(loop_), rng_(options.seed) {
    const auto bound = pool_.open(*parse_address("0.0.0.0", 0));
    if (!bound) throw std::runtime_error(bound.error().cause);
    pool_.start();
    for (unsigned i = 0; i < options.nodes; ++i) add(i);
    for (unsigned i = 1; i < options.nodes; ++i) {
      seats_[i]->command(Join{CommandId{i}, {to_string(address_of(0))}});
    }
  }

  // The longest time that an update took; the program's verdict.
  double run() {
    if (!wait([&] { return agreed(); }, std::chrono::seconds(60))) throw std::runtime_error("they never all met");
    wait([] { return false; }, std::chrono::seconds(5));  // the joiners' own exchanges
    const auto before = totals();
    const Time began = pool_.now().steady;
    const auto pause = Duration(static_cast<Duration::rep>(1e9 / options_.rate));
    for (unsigned number = 0; number < options_.updates; ++number) {
      const Time next = began + pause * (number + 1);
      update(number);
      wait([&] { return pool_.now().steady >= next; }, std::chrono::hours(1));
    }
    const double node_seconds = seconds_of(pool_.now().steady - began) * options_.nodes;
    const auto after = totals();
    wait([&] { return waiting_.empty(); }, std::chrono::seconds(60));
    report(before, after, node_seconds);
    if (!waiting_.empty()) std::printf("%zu updates are not known to all after 60 s\n", waiting_.size());
    return waiting_.empty() && !took_.empty() ? seconds_of(took_.back()) : 1e9;
  }

 private:
  struct Waiting {
    Time since{};
    std::set<unsigned> known;
  };

  Address address_of(unsigned i) const {
    const std::uint8_t ip[] = {127, 77, static_cast<std::uint8_t>(i / 250), static_cast<std::uint8_t>(i % 250 + 1)};
    return Address::from_ip(ip, pool_.bound().port);
  }
  void add(unsigned i) {
    net::SeatOptions seat;
    seat.config = Config::of(options_.profile == "local" ? Profile::local : Profile::lan);
    seat.config.name = "n" + std::to_string(i);
    seat.own = address_of(i);
    seat.config.advertise = seat.own;
    seat.seed = options_.seed * 1000 + i + 1;
    seat.on_notice = [this, i](const Notice& notice) { hear(i, notice); };
    numbers_[seat.config.name] = i;
    auto added = pool_.add(std::move(seat));
    if (!added) throw std::runtime_error(added.error().cause);
    seats_.push_back(*added);
  }
  bool agreed() const {
    return std::ranges::all_of(seats_, [&](const auto& seat) {
      return seat->node().info().members[static_cast<std::size_t>(Status::alive)] == options_.nodes;
    });
  }
  // Runs the loop until the condition holds; false when that took too long.
  template <class Condition>
  bool wait(Condition condition, Duration most) {
    const Time end = pool_.now().steady + most;
    while (!condition()) {
      if (pool_.now().steady >= end) return false;
      timer_.expires_after(milliseconds(5));
      bool rang = false;
      timer_.async_wait([&](const auto&) { rang = true; });
      while (!rang) loop_.run_one();
    }
    return true;
  }

  void update(unsigned number) {
    const auto i = static_cast<unsigned>(rng_.bounded(options_.nodes));
    const std::uint32_t incarnation = seats_[i]->node().info().self.incarnation.value + 1;
    waiting_[{i, incarnation}] = {pool_.now().steady, {}};
    seats_[i]->command(SetTags{CommandId{}, {{"update", std::to_string(number)}}});
  }
  void hear(unsigned at, const Notice& notice) {
    const auto* change = std::get_if<MemberChange>(&notice.body);
    if (change == nullptr || change->what == MemberChange::What::forgotten) return;
    if (change->member.status == Status::failed) std::printf("FALSE DEATH: %s\n", describe(notice).c_str());
    const unsigned subject = numbers_.at(change->member.name);
    for (auto at_update = waiting_.lower_bound({subject, 0}); at_update != waiting_.end();) {
      const auto [of, incarnation] = at_update->first;
      if (of != subject || incarnation > change->member.incarnation.value) break;
      at_update->second.known.insert(at);
      if (at_update->second.known.size() < options_.nodes) {
        ++at_update;
        continue;
      }
      took_.push_back(pool_.now().steady - at_update->second.since);
      at_update = waiting_.erase(at_update);
    }
  }

  Counters totals() const {
    Counters sum;
    for (const auto& seat : seats_) {
      const auto info = seat->node().info();
      for (std::size_t i = 0; i < kCounts; ++i) sum.values[i] += info.counters.values[i];
    }
    return sum;
  }
  void report(const Counters& before, const Counters& after, double node_seconds) {
    std::ranges::sort(took_);
    if (took_.empty()) return;
    const auto share = [&](double part) {
      return seconds_of(
          took_[std::min(took_.size() - 1, static_cast<std::size_t>(part * static_cast<double>(took_.size())))]);
    };
    std::printf("%zu updates, %u nodes: all knew after (s) median %.3f, 99 %% %.3f, longest %.3f; above 3 s: %zu\n",
                took_.size(), options_.nodes, share(0.5), share(0.99), share(1),
                static_cast<std::size_t>(
                    std::ranges::count_if(took_, [](Duration d) { return d > std::chrono::seconds(3); })));
    std::printf("per node and second:");
    for (const Count count : {Count::datagrams_out, Count::datagram_bytes_out, Count::stream_bytes_out,
                              Count::view_pulls, Count::repairs, Count::push_pulls, Count::suspicions}) {
      const auto grown = static_cast<double>(after[count] - before[count]);
      std::printf(" %s %.3f", name_of(count), grown / node_seconds);
    }
    std::printf("\n");
  }

  Options options_;
  boost::asio::io_context loop_;
  net::Pool pool_{loop_, {}};
  boost::asio::steady_timer timer_;
  base::Rng rng_;
  std::vector<std::shared_ptr<net::Seat>> seats_;
  std::map<std::string, unsigned> numbers_;
  std::map<std::pair<unsigned, std::uint32_t>, Waiting> waiting_;
  std::vector<Duration> took_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("How long until every node knows a tag update, over real loopback sockets.");
  app.add_option("--nodes", options.nodes, "nodes in this process")
      ->check(CLI::Range(2, 5000))
      ->capture_default_str();
  app.add_option("--updates", options.updates, "how many")->capture_default_str();
  app.add_option("--rate", options.rate, "updates per second, of all nodes together")->capture_default_str();
  app.add_option("--within", options.within, "seconds in which every update must be known")->capture_default_str();
  app.add_option("--seed", options.seed, "of all randomness")->capture_default_str();
  app.add_option("--profile", options.profile, "of the nodes")
      ->check(CLI::IsMember({"local", "lan"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    const double longest = Cluster(options).run();
    if (longest <= options.within) return 0;
    std::printf("an update took longer than %.1f s\n", options.within);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
