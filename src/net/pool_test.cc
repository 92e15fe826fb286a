#include "net/pool.h"

#include <gmock/gmock.h>

#include <thread>

#include "net/loop_test.h"

namespace hearsay::net {
namespace {

using std::chrono::milliseconds;

Address address(std::string_view text) { return parse_address(text, 0).value(); }

struct Cluster {
  asio::io_context loop;
  Pool pool{loop, {}};
  std::vector<std::shared_ptr<Seat>> seats;
  std::uint32_t joined = 0;

  explicit Cluster(unsigned nodes) {
    EXPECT_TRUE(pool.open(address("0.0.0.0:0")));
    pool.start();
    for (unsigned i = 0; i < nodes; ++i) seats.push_back(add(i).value());
  }
  Result<std::shared_ptr<Seat>> add(unsigned i) {
    SeatOptions options;
    options.config = Config::of(Profile::local);
    options.config.name = "n" + std::to_string(i);
    options.config.swim.gossip_interval = milliseconds(20);
    options.config.swim.probe_interval = milliseconds(200);
    options.config.swim.probe_timeout = milliseconds(100);
    options.own = address("127.0.9." + std::to_string(i + 1));
    options.config.advertise = options.own;
    options.seed = i + 1;
    options.on_notice = [this](const Notice& notice) {
      if (const auto* done = std::get_if<CommandDone>(&notice.body)) joined += done->value;
    };
    return pool.add(std::move(options));
  }
  std::string name_of_address(unsigned i) const {
    return "127.0.9." + std::to_string(i + 1) + ":" + std::to_string(pool.bound().port);
  }
  bool all_see(std::size_t alive) const {
    for (const auto& seat : seats) {
      const auto info = seat->node().info();
      if (info.members[static_cast<std::size_t>(Status::alive)] != alive) return false;
    }
    return true;
  }
};

TEST(pool, many_nodes_meet_behind_one_socket_and_miss_one_that_vanishes) {
  constexpr unsigned kNodes = 20;
  Cluster cluster(kNodes);
  for (unsigned i = 1; i < kNodes; ++i) {
    cluster.seats[i]->command(Join{{i}, {cluster.name_of_address(0)}});
  }
  ASSERT_TRUE(run_until(cluster.loop, [&] { return cluster.joined == kNodes - 1 && cluster.all_see(kNodes); }));
  EXPECT_EQ(cluster.pool.counters().datagrams_unrouted, 0u);

  cluster.pool.remove(*cluster.seats.back());
  cluster.seats.pop_back();
  ASSERT_TRUE(run_until(cluster.loop, [&] { return cluster.all_see(kNodes - 1); }));
  EXPECT_GT(cluster.pool.counters().datagrams_unrouted, 0u);

  // Its address is free again.
  auto again = cluster.add(kNodes - 1);
  ASSERT_TRUE(again) << again.error().cause;
  cluster.pool.close();
  cluster.loop.restart();
  cluster.loop.run();  // ends: nothing is waited for any more
}

TEST(pool, two_nodes_cannot_have_one_address) {
  Cluster cluster(1);
  const auto twin = cluster.add(0);
  ASSERT_FALSE(twin);
  EXPECT_EQ(twin.error().code, Errc::invalid_config);
}

TEST(pool, a_command_given_in_a_notice_is_heard_after_it) {
  asio::io_context loop;
  Pool pool(loop, {});
  ASSERT_TRUE(pool.open(address("127.0.0.1:0")));
  std::shared_ptr<Seat> seat;
  std::vector<std::uint64_t> done;
  SeatOptions options;
  options.config = Config::of(Profile::local);
  options.config.name = "a";
  options.config.advertise = pool.bound();
  options.seed = 1;
  options.on_notice = [&](const Notice& notice) {
    const auto* end = std::get_if<CommandDone>(&notice.body);
    if (end == nullptr) return;
    done.push_back(end->id.value);
    if (done.size() < 3) seat->command(SetTags{{end->id.value + 1}, {{"n", std::to_string(done.size())}}});
  };
  seat = pool.add(std::move(options)).value();
  pool.start();
  seat->command(SetTags{{1}, {}});
  ASSERT_TRUE(run_until(loop, [&] { return done.size() == 3; }));
  EXPECT_THAT(done, ::testing::ElementsAre(1, 2, 3));
}

TEST(pool, what_arrived_is_heard_before_the_time_is_told) {
  // The second node sleeps through its probes while the first one's acks arrive: whoever told the time first would
  // accuse.
  Cluster cluster(2);
  cluster.seats[1]->command(Join{{1}, {cluster.name_of_address(0)}});
  ASSERT_TRUE(run_until(cluster.loop, [&] { return cluster.all_see(2); }));
  const auto probes = [&] { return cluster.seats[1]->node().info().counters[Count::probes]; };
  SystemClock clock;
  for (int pause = 0; pause < 3; ++pause) {
    const auto before = probes();
    ASSERT_TRUE(run_until(cluster.loop, [&] { return probes() > before; }));
    cluster.loop.poll();  // the ping is out, perhaps its ack as well
    const Time all_due = later(clock.now().steady, milliseconds(250));
    while (clock.now().steady < all_due) std::this_thread::yield();
  }
  ASSERT_TRUE(run_until(cluster.loop, [&, before = probes()] { return probes() > before; }));
  for (const auto& seat : cluster.seats) EXPECT_EQ(seat->node().info().counters[Count::suspicions], 0u);
}

}  // namespace
}  // namespace hearsay::net
