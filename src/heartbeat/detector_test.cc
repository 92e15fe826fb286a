#include "heartbeat/detector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/interner.h"
#include "heartbeat/peer_choice.h"

namespace hearsay::heartbeat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Arrivals steady(Duration gap, int count, std::uint32_t window = 100) {
  Arrivals arrivals;
  for (int i = 0; i < count; ++i) add_arrival(arrivals, gap, window);
  return arrivals;
}

TEST(Detector, moments_are_those_of_all_samples_within_the_window_and_forget_beyond_it) {
  Arrivals arrivals;
  double sum = 0;
  double squares = 0;
  for (int i = 1; i <= 50; ++i) {
    const double gap = 0.5 + i % 7 * 0.25;
    add_arrival(arrivals, Duration(static_cast<Duration::rep>(gap * 1e9)), 100);
    sum += gap;
    squares += gap * gap;
  }
  EXPECT_NEAR(arrivals.mean, sum / 50, 1e-9);
  EXPECT_NEAR(arrivals.variance, squares / 50 - sum / 50 * sum / 50, 1e-9);
  for (int i = 0; i < 1000; ++i) add_arrival(arrivals, seconds(3), 100);
  EXPECT_NEAR(arrivals.mean, 3, 1e-3);
  EXPECT_NEAR(arrivals.variance, 0, 1e-3);
}

TEST(Detector, a_threshold_means_so_many_seconds) {
  HeartbeatConfig config;
  config.phi_pause = Duration::zero();
  struct Row {
    PhiDistribution distribution;
    double phi;
    double silence;  // mean 1 s, deviation 0.5 s
  };
  const Row table[] = {
      {PhiDistribution::exponential, 1, 2.303},       {PhiDistribution::exponential, 8, 18.42},
      {PhiDistribution::exponential, 12, 27.63},      {PhiDistribution::normal, 1, 1 + 0.5 * 1.2816},
      {PhiDistribution::normal, 8, 1 + 0.5 * 5.6120}, {PhiDistribution::normal, 12, 1 + 0.5 * 7.0345},
  };
  const Arrivals arrivals = steady(seconds(1), 200);
  for (const Row& row : table) {
    config.phi_distribution = row.distribution;
    config.phi_suspect = row.phi;
    const Duration silence = Detector(config).thresholds(config, arrivals).suspect;
    EXPECT_NEAR(static_cast<double>(silence.count()) / 1e9, row.silence, 0.01);
    EXPECT_NEAR(phi_of(config, arrivals, silence), row.phi, 0.01);
    config.phi_pause = seconds(2);
    EXPECT_EQ(Detector(config).thresholds(config, arrivals).suspect, silence + seconds(2))
        << "the acceptable pause is added";
    EXPECT_EQ(phi_of(config, arrivals, seconds(2)), 0);
    config.phi_pause = Duration::zero();
  }
  // Far in the tail phi goes on growing, where a chance is no double any more.
  config.phi_distribution = PhiDistribution::normal;
  EXPECT_GT(phi_of(config, arrivals, seconds(400)), 1.3 * phi_of(config, arrivals, seconds(300)));
  EXPECT_TRUE(std::isfinite(phi_of(config, arrivals, std::chrono::hours(100'000))));
}

TEST(Detector, the_smallest_deviation_window_and_kind_show_their_effect) {
  HeartbeatConfig config;
  const Arrivals arrivals = steady(seconds(1), 50);
  const Thresholds phi = Detector(config).thresholds(config, arrivals);
  EXPECT_LT(phi.suspect, phi.failed);
  EXPECT_EQ(judge(phi, phi.suspect - Duration(1)), Level::fine);
  EXPECT_EQ(judge(phi, phi.suspect), Level::suspect);
  EXPECT_EQ(judge(phi, phi.failed), Level::failed);
  config.phi_min_deviation = seconds(1);
  EXPECT_GT(Detector(config).thresholds(config, arrivals).suspect, phi.suspect);
  EXPECT_GT(Detector(config).thresholds(config, Arrivals{}).suspect,
            Detector(config).thresholds(config, arrivals).suspect)
      << "who was not seen to grow yet has more time";
  config.phi_failed = 14;
  EXPECT_GT(Detector(config).thresholds(config, arrivals).failed, phi.failed);
  config.phi_suspect = 90;
  config.phi_failed = 100;
  EXPECT_EQ(Detector(config).thresholds(config, steady(seconds(500), 50)).suspect, 4 * config.suspect_after)
      << "moments that went astray keep nobody alive";
  config.detector = DetectorKind::timeout;
  EXPECT_EQ(Detector(config).thresholds(config, arrivals).suspect, config.suspect_after);
  EXPECT_EQ(Detector(config).thresholds(config, arrivals).failed, config.failed_after);
  EXPECT_GT(steady(seconds(9), 3, 100).count, kArrivalsWanted);
}

// Rounds after which news is older with a chance of 1e-6, exact (N - E[I_a]) / (N - 1) of the synchronous model.
TEST(AgeOfNews, the_law_is_an_upper_bound_that_is_not_far_off) {
  struct Row {
    ExchangeMode mode;
    std::uint32_t members;
    std::uint8_t fanout;
    int rounds;
  };
  const Row table[] = {
      {ExchangeMode::push, 100, 1, 21},      {ExchangeMode::push, 100, 2, 12},
      {ExchangeMode::push, 100, 3, 9},       {ExchangeMode::push, 500, 1, 23},
      {ExchangeMode::push, 500, 2, 13},      {ExchangeMode::push, 500, 3, 10},
      {ExchangeMode::push, 1000, 1, 24},     {ExchangeMode::push, 1000, 2, 14},
      {ExchangeMode::push, 1000, 3, 10},     {ExchangeMode::push_pull, 1000, 1, 11},
      {ExchangeMode::push_pull, 1000, 2, 7},
  };
  for (const Row& row : table) {
    HeartbeatConfig config;
    config.mode = row.mode;
    config.fanout = row.fanout;
    const double rounds = static_cast<double>(age_of_news(config, row.members, 1400).count()) / 1e9;
    EXPECT_GE(std::ceil(rounds), row.rounds) << name_of(row.mode) << " " << row.members << " " << int{row.fanout};
    EXPECT_LE(rounds, 1.6 * row.rounds) << name_of(row.mode) << " " << row.members << " " << int{row.fanout};
  }
  HeartbeatConfig digest;
  digest.mode = ExchangeMode::digest;
  EXPECT_EQ(told_share(digest, 40, 1400), 1);
  EXPECT_GT(age_of_news(digest, 1000, 1400), 5 * age_of_news(digest, 100, 1400)) << "a slice at a time";
}

TEST(AgeOfNews, a_timeout_that_is_too_short_is_refused_with_the_figure_that_would_do) {
  Config config;
  config.name = "n1";
  config.advertise = *parse_address("10.0.0.1", 7946);
  config.family = Family::heartbeat;
  EXPECT_TRUE(validate(config).empty());
  config.heartbeat.detector = DetectorKind::timeout;
  EXPECT_TRUE(validate(config).empty());
  config.heartbeat.mode = ExchangeMode::digest;
  const auto faults = validate(config);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].key, "heartbeat.suspect_after");
  config.heartbeat.suspect_after = std::chrono::ceil<seconds>(
      age_of_news(config.heartbeat, config.heartbeat.expected_members, config.packet_bytes));
  config.heartbeat.failed_after = 2 * config.heartbeat.suspect_after;
  EXPECT_NE(faults[0].cure.find(std::to_string(config.heartbeat.suspect_after / seconds(1)) + "s"),
            std::string::npos)
      << faults[0].cure;
  EXPECT_TRUE(validate(config).empty());
  config.heartbeat.mode = ExchangeMode::push_pull;
  config.heartbeat.detector = DetectorKind::phi;
  config.heartbeat.suspect_after = seconds(15);
  config.heartbeat.interval_max = seconds(10);
  const auto slow = validate(config);
  ASSERT_EQ(slow.size(), 1u) << "news of 88 s, and phi ends at 60 s";
  EXPECT_EQ(slow[0].cure.substr(0, 22), "choose at least 22s, o") << slow[0].cure;
  config.heartbeat.suspect_after = seconds(22);
  EXPECT_TRUE(validate(config).empty());
  config.heartbeat.interval_max = std::chrono::milliseconds(500);
  EXPECT_EQ(validate(config).size(), 1u) << "shorter than the interval";
  config.heartbeat.interval_max = {};
  config.heartbeat.fanout = 0;
  config.heartbeat.phi_failed = 2;
  EXPECT_EQ(validate(config).size(), 2u);
}

class PeerChoice : public testing::Test {
 protected:
  PeerChoice() {
    for (std::uint8_t last = 0; last < 10; ++last) {
      const std::uint8_t ip[] = {10, 0, 0, last};
      const std::string name = "n" + std::to_string(last);
      table.apply({}, {members::AliveClaim{name, {1}, ip, 7946, {}, versions}, {}, last == 0});
    }
  }
  static Config named() {
    Config config;
    config.name = "n0";
    return config;
  }
  Versions versions{1, 5, 2, 2, 5, 5};
  base::Interner interner;
  members::MemberTable table{interner, named(), versions};
  base::Rng rng{7};
};

TEST_F(PeerChoice, everybody_is_contacted_once_in_a_cycle_and_the_dead_never) {
  PeerCycle cycle;
  std::vector<MemberId> picked;
  table.apply({}, {members::DeadClaim{"n4", {1}, "n0"}, {}});
  for (int rounds = 0; rounds < 5; ++rounds) {
    std::multiset<std::string_view> seen;
    for (int i = 0; i < 4; ++i) {
      cycle.pick(table, rng, 2, picked);
      for (const MemberId id : picked) seen.insert(table.name(id));
    }
    EXPECT_EQ(seen.size(), 8u);
    EXPECT_EQ(std::set<std::string_view>(seen.begin(), seen.end()).size(), 8u);
    EXPECT_EQ(seen.count("n4") + seen.count("n0"), 0u);
  }
  cycle.pick(table, rng, 1, picked);  // a cycle has begun
  const std::uint8_t ip[] = {10, 0, 0, 77};
  const auto newcomer = table.apply({}, {members::AliveClaim{"new", {1}, ip, 7946, {}, versions}, {}}).member;
  cycle.add(rng, newcomer);
  cycle.add(rng, newcomer);
  int turns = 0;
  for (int i = 0; i < 8; ++i) {
    cycle.pick(table, rng, 1, picked);
    turns += picked[0] == newcomer ? 1 : 0;
  }
  EXPECT_EQ(turns, 1) << "a newcomer has its turn at once, and only one";
  table.apply({}, {members::ForgetClaim{"new"}, {}});
  cycle.pick(table, rng, 100, picked);
  EXPECT_EQ(picked.size(), 8u) << "none twice, and no endless search";
}

TEST_F(PeerChoice, the_chances_of_the_failed_and_of_seeds) {
  EXPECT_EQ(failed_chance(0, 10), 0);
  EXPECT_EQ(failed_chance(1, 9), 0.1);
  EXPECT_EQ(failed_chance(50, 9), 1);
  EXPECT_EQ(seed_chance(0, 0, 3), 0);
  EXPECT_EQ(seed_chance(2, 0, 0), 1) << "nobody else is known";
  EXPECT_EQ(seed_chance(2, 30, 10), 0.05);
}

}  // namespace
}  // namespace hearsay::heartbeat
