#include "swim/suspicion.h"

#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Row {
  std::uint32_t nodes;
  milliseconds lan_least, lan_most, wan_least, wan_most;
};
// What memberlist's suspicionTimeout gives for its LAN and WAN defaults.
constexpr Row kTable[] = {
    {1, seconds(4), seconds(24), seconds(30), seconds(180)},
    {2, seconds(4), seconds(24), seconds(30), seconds(180)},
    {9, seconds(4), seconds(24), seconds(30), seconds(180)},
    {10, seconds(4), seconds(24), seconds(30), seconds(180)},
    {100, seconds(8), seconds(48), seconds(60), seconds(360)},
    {1000, seconds(12), seconds(72), seconds(90), seconds(540)},
    {5000, milliseconds(14'792), milliseconds(88'752), milliseconds(110'940), milliseconds(665'640)},
    {10'000, seconds(16), seconds(96), seconds(120), seconds(720)},
    {100'000, seconds(20), seconds(120), seconds(150), seconds(900)},
};

TEST(SuspicionBounds, the_table_of_memberlists_profiles) {
  const auto lan = Config::of(Profile::lan).swim;
  const auto wan = Config::of(Profile::wan).swim;
  for (const Row& row : kTable) {
    EXPECT_EQ(suspicion_bounds(lan, row.nodes).least, Duration(row.lan_least)) << row.nodes;
    EXPECT_EQ(suspicion_bounds(lan, row.nodes).most, Duration(row.lan_most)) << row.nodes;
    EXPECT_EQ(suspicion_bounds(wan, row.nodes).least, Duration(row.wan_least)) << row.nodes;
    EXPECT_EQ(suspicion_bounds(wan, row.nodes).most, Duration(row.wan_most)) << row.nodes;
  }
}

TEST(SuspicionBounds, as_many_confirmations_as_the_cluster_can_give) {
  const auto lan = Config::of(Profile::lan).swim;
  const auto wan = Config::of(Profile::wan).swim;
  for (std::uint32_t nodes = 0; nodes < 10; ++nodes) {
    EXPECT_EQ(suspicion_bounds(lan, nodes).confirmations, nodes >= 4 ? 2u : 0u) << nodes;
    EXPECT_EQ(suspicion_bounds(wan, nodes).confirmations, nodes >= 6 ? 4u : 0u) << nodes;
  }
  auto eager = lan;
  for (const int mult : {1, 2}) {
    eager.suspicion_mult = static_cast<std::uint8_t>(mult);
    EXPECT_EQ(suspicion_bounds(eager, 100).confirmations, 0u);
  }
}

TEST(SuspicionTimeout, shrinks_with_every_confirmation) {
  const auto steps = [](Profile profile) {
    std::vector<std::int64_t> all;
    const auto bounds = suspicion_bounds(Config::of(profile).swim, 100);
    for (unsigned confirmed = 0; confirmed <= bounds.confirmations; ++confirmed)
      all.push_back(std::chrono::duration_cast<milliseconds>(suspicion_timeout(bounds, confirmed)).count());
    return all;
  };
  EXPECT_EQ(steps(Profile::lan), (std::vector<std::int64_t>{48'000, 22'762, 8'000}));
  const auto wan = steps(Profile::wan);
  ASSERT_EQ(wan.size(), 5u);
  const double expected[] = {360, 230.8, 155.2, 101.6, 60};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(static_cast<double>(wan[i]) / 1000, expected[i], 0.06);
}

TEST(SuspicionTimeout, never_leaves_its_bounds) {
  for (const std::uint32_t nodes : {1u, 4u, 50u, 12'345u}) {
    const auto bounds = suspicion_bounds(Config::of(Profile::lan).swim, nodes);
    Duration before = Duration::max();
    for (unsigned confirmed = 0; confirmed < 20; ++confirmed) {
      const Duration timeout = suspicion_timeout(bounds, confirmed);
      EXPECT_GE(timeout, bounds.least);
      EXPECT_LE(timeout, bounds.most);
      EXPECT_LE(timeout, before);
      before = timeout;
    }
  }
}

TEST(SuspicionTimeout, without_confirmers_it_is_the_least) {
  const auto bounds = suspicion_bounds(Config::of(Profile::lan).swim, 3);
  EXPECT_EQ(suspicion_timeout(bounds, 0), bounds.least);
}

// Six members, so that two confirmations bring the timer from 24 s to 4 s.
class SuspicionTest : public tests::RoomFixture {
 protected:
  SuspicionTest() {
    for (std::uint8_t last = 2; last <= 6; ++last) add(last);
  }
  void accuse(std::string_view accuser, std::uint32_t incarnation = 1) {
    auto now_step = step();
    room.on_outcome(now_step, submit(members::SuspectClaim{"n2", {incarnation}, accuser}));
  }
  Duration left() const { return room.next_deadline() - steady; }
  void run() {
    auto now_step = step();
    room.on_time(now_step);
    drain([&](const auto& outcome) { room.on_outcome(now_step, outcome); });
  }

  LocalHealth health{8};
  Suspicion room{health};
};

TEST_F(SuspicionTest, an_unconfirmed_suspicion_lasts_long) {
  accuse("n3");
  EXPECT_EQ(left(), seconds(24));
  EXPECT_EQ(room.running(), 1u);
  EXPECT_EQ(counters[Count::suspicions], 1u);
}

TEST_F(SuspicionTest, each_confirmation_shortens_what_is_left) {
  accuse("n3");
  steady += seconds(2);
  accuse("n4");
  EXPECT_EQ(left(), milliseconds(11'381) - seconds(2));
  accuse("n4");
  EXPECT_EQ(left(), milliseconds(11'381) - seconds(2)) << "the same accuser counts once";
  accuse("n5");
  EXPECT_EQ(left(), seconds(2));
  accuse("n6");
  EXPECT_EQ(left(), seconds(2)) << "more than two do not count";
}

TEST_F(SuspicionTest, a_late_confirmation_may_end_it_at_once) {
  accuse("n3");
  steady += seconds(15);
  accuse("n4");
  EXPECT_LE(left(), Duration::zero());
  run();
  EXPECT_EQ(status("n2"), Status::failed);
}

TEST_F(SuspicionTest, a_suspicion_that_runs_out_declares_the_member_dead_at_the_present_incarnation) {
  accuse("n3", 4);
  steady += seconds(24) - Duration(1);
  run();
  EXPECT_EQ(status("n2"), Status::suspect);
  steady += Duration(1);
  auto now_step = step();
  room.on_time(now_step);
  int offered = drain([&](const room::Outcome& outcome) {
    const auto& dead = std::get<members::DeadClaim>(outcome.claim->body);
    EXPECT_EQ(dead.incarnation, Incarnation{4});
    EXPECT_EQ(dead.from, "self");
    EXPECT_EQ(outcome.claim->evidence.source, Evidence::Source::own_timer);
    EXPECT_EQ(outcome.claim->evidence.accuser, "n3");
    room.on_outcome(now_step, outcome);
  });
  EXPECT_EQ(offered, 1);
  EXPECT_EQ(status("n2"), Status::failed);
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(SuspicionTest, the_evidence_names_the_confirmers) {
  accuse("n3");
  accuse("n4");
  accuse("n5");
  steady += seconds(5);
  auto now_step = step();
  room.on_time(now_step);
  drain([&](const room::Outcome& outcome) {
    EXPECT_EQ(outcome.claim->evidence.accuser, "n3");
    EXPECT_EQ(outcome.claim->evidence.confirmers, (std::vector<std::string>{"n4", "n5"}));
  });
}

TEST_F(SuspicionTest, a_refutation_stops_the_timer) {
  accuse("n3");
  auto now_step = step();
  room.on_outcome(now_step, submit(alive("n2", 2, 2)));
  EXPECT_EQ(room.next_deadline(), kNever);
  EXPECT_EQ(room.running(), 0u);
}

TEST_F(SuspicionTest, an_intent_about_a_suspect_does_not_restart_its_timer) {
  accuse("n3");
  steady += seconds(10);
  auto now_step = step();
  room.on_outcome(now_step, submit(members::IntentClaim{"n2", {9}, members::Intent::leaving}));
  EXPECT_EQ(left(), seconds(14));
}

TEST_F(SuspicionTest, a_pause_of_ours_gives_suspects_that_much_more_time) {
  accuse("n3");
  room.on_pause(seconds(7));
  EXPECT_EQ(left(), seconds(31));
  steady += seconds(7);
  accuse("n4");
  EXPECT_EQ(left(), milliseconds(11'381)) << "confirmations count from the shifted start";
}

}  // namespace
}  // namespace hearsay::swim
