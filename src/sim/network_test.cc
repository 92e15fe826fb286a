#include "sim/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hearsay::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time kNow{seconds(1)};

struct Many {
  int lost = 0;
  int flipped = 0;
  int doubled = 0;
  std::vector<Duration> delays{};
};
Many send(Network& network, int count, Place from = 0, Place to = 1, std::size_t bytes = 100) {
  Many many;
  for (int i = 0; i < count; ++i) {
    const auto fate = network.carry(from, to, bytes, kNow);
    many.lost += fate.lost ? 1 : 0;
    many.flipped += fate.flipped ? 1 : 0;
    many.doubled += fate.again ? 1 : 0;
    if (!fate.lost) many.delays.push_back(fate.delay);
  }
  std::ranges::sort(many.delays);
  return many;
}

TEST(Network, latency_is_constant_uniform_or_log_normal) {
  Network::Options options;
  options.latency = milliseconds(10);
  Network constant(base::Rng(1), options);
  const auto same = send(constant, 100).delays;
  EXPECT_EQ(same.front(), milliseconds(10));
  EXPECT_EQ(same.back(), milliseconds(10));

  options.jitter = milliseconds(4);
  Network uniform(base::Rng(1), options);
  const auto spread = send(uniform, 10'000).delays;
  EXPECT_GE(spread.front(), milliseconds(10));
  EXPECT_LT(spread.back(), milliseconds(14));
  EXPECT_NEAR(static_cast<double>(spread[5000].count()), 12e6, 0.2e6);

  options.jitter = {};
  options.sigma = 0.5;
  Network log_normal(base::Rng(1), options);
  const auto tailed = send(log_normal, 10'000).delays;
  const auto at = [&](std::size_t index) { return static_cast<double>(tailed[index].count()); };
  EXPECT_NEAR(at(5000), 10e6, 0.3e6) << "the median";
  EXPECT_NEAR(std::log(at(8413) / at(5000)), 0.5, 0.03) << "one sigma above it";
  EXPECT_NEAR(std::log(at(1587) / at(5000)), -0.5, 0.03) << "one below";
}

TEST(Network, what_is_not_used_draws_nothing) {
  Network::Options options;
  options.jitter = milliseconds(4);
  options.loss = 0.2;
  Network plain(base::Rng(7), options);
  options.duplicate = 0.5;
  options.reorder = 0.5;
  options.reorder_by = Duration{};
  options.corrupt = 0.5;
  Network rough(base::Rng(7), options);
  for (int i = 0; i < 1000; ++i) {
    const auto one = plain.carry(0, 1, 100, kNow);
    const auto other = rough.carry(0, 1, 100, kNow);
    ASSERT_EQ(one.lost, other.lost);
    ASSERT_EQ(one.delay, other.delay);
  }
}

TEST(Network, loss_duplicates_and_corruption_have_their_shares) {
  Network::Options options;
  options.loss = 0.1;
  options.duplicate = 0.2;
  options.corrupt = 0.3;
  Network network(base::Rng(1), options);
  const auto many = send(network, 10'000);
  EXPECT_NEAR(many.lost, 1000, 120);
  EXPECT_NEAR(many.doubled, 1800, 160);
  EXPECT_NEAR(many.flipped, 2700, 200);
  EXPECT_EQ(network.counts().lost, static_cast<std::uint64_t>(many.lost));
  EXPECT_EQ(network.counts().duplicated, static_cast<std::uint64_t>(many.doubled));
  EXPECT_EQ(network.counts().corrupted, static_cast<std::uint64_t>(many.flipped));
  network.set_loss(1.0);
  EXPECT_EQ(send(network, 100).lost, 100);
  network.set_loss({});
  EXPECT_LT(send(network, 100).lost, 40) << "as planned again";
}

TEST(Network, the_last_link_that_fits_decides_and_each_direction_is_its_own) {
  Network::Options options;
  options.latency = milliseconds(1);
  Path far;
  far.latency = milliseconds(40);
  Path farther;
  farther.latency = milliseconds(90);
  options.special = {{0, 1, 2, 4, far}, {2, 4, 0, 1, far}, {3, 3, 0, 0, farther}};
  Network network(base::Rng(1), options);
  const auto latency = [&](Place from, Place to) { return network.carry(from, to, 10, kNow).delay; };
  EXPECT_EQ(latency(0, 1), milliseconds(1));
  EXPECT_EQ(latency(0, 3), milliseconds(40));
  EXPECT_EQ(latency(3, 0), milliseconds(90));
  EXPECT_EQ(latency(4, 0), milliseconds(40));
  EXPECT_EQ(latency(2, 4), milliseconds(1));
}

TEST(Network, a_full_line_delays_and_then_drops) {
  Network::Options options;
  options.latency = Duration{};
  options.bandwidth = 1'000'000;
  options.queue_bytes = 100'000;
  Network network(base::Rng(1), options);
  EXPECT_EQ(network.carry(0, 1, 1000, kNow).delay, milliseconds(1));
  EXPECT_EQ(network.carry(0, 1, 1000, kNow).delay, milliseconds(2)) << "behind the first";
  EXPECT_EQ(network.carry(1, 0, 1000, kNow).delay, milliseconds(1)) << "each node has its own line";
  const auto many = send(network, 200, 0, 1, 1000);
  EXPECT_EQ(many.lost, 200 - 98) << "100,000 bytes wait";
  EXPECT_EQ(network.counts().queue_full, 102u);
  EXPECT_EQ(network.counts().queued_longest, milliseconds(99));
  EXPECT_EQ(network.delay(0, 1, 50'000, kNow), milliseconds(150)) << "a stream is not dropped, it waits";
  EXPECT_EQ(network.carry(0, 1, 1000, kNow + seconds(1)).delay, milliseconds(1)) << "the line is free again";
}

TEST(Network, what_is_longer_than_the_mtu_is_dropped_and_counted) {
  Network::Options options;
  options.mtu_bytes = 1400;
  Network network(base::Rng(1), options);
  EXPECT_FALSE(network.carry(0, 1, 1400, kNow).lost);
  EXPECT_TRUE(network.carry(0, 1, 1401, kNow).lost);
  EXPECT_EQ(network.counts().too_long, 1u);
}

TEST(Network, later_packets_overtake_reordered_ones) {
  Network::Options options;
  options.reorder = 0.25;
  options.reorder_by = milliseconds(20);
  Network network(base::Rng(1), options);
  const auto many = send(network, 4000);
  const auto late = std::ranges::count_if(many.delays, [](Duration delay) { return delay > microseconds(500); });
  EXPECT_NEAR(static_cast<double>(late), 1000, 120);
  EXPECT_LT(many.delays.back(), milliseconds(21));
}

TEST(Network, streams_are_refused_reset_or_stalled_by_their_shares) {
  Network::Options options;
  options.refuse = 0.1;
  options.reset = 0.2;
  options.stall = 0.3;
  Network network(base::Rng(1), options);
  for (int i = 0; i < 10'000; ++i) network.open(0, 1);
  EXPECT_NEAR(static_cast<double>(network.counts().streams_refused), 1000, 120);
  EXPECT_NEAR(static_cast<double>(network.counts().streams_reset), 2000, 160);
  EXPECT_NEAR(static_cast<double>(network.counts().streams_stalled), 3000, 200);
  EXPECT_EQ(Network(base::Rng(1), {}).open(0, 1), Network::StreamFate::well);
}

}  // namespace
}  // namespace hearsay::sim
