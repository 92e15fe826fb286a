#include "swim/gossip_round.h"

#include <set>

#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

using std::chrono::milliseconds;

class GossipRoundTest : public tests::RoomFixture {
 protected:
  template <class Message>
  void hear(const Message& message_, ByteView verbatim = {}) {
    auto now_step = step();
    room::Origin origin = from(tests::ip(9));
    origin.verbatim = verbatim;
    origin.sealed = true;  // no stranger
    room.on_message(now_step, origin, message_);
    offer();
  }
  void offer() {
    auto now_step = step();
    drain([&](const room::Outcome& outcome) { room.on_outcome(now_step, outcome); });
  }
  wire::Alive alive_message(std::string_view name, std::uint32_t incarnation, std::uint8_t last) {
    const auto facts = alive(name, incarnation, last);
    return {{incarnation}, name, facts.addr, facts.port, {}, facts.vsn};
  }

  GossipRound room{base::Rng(1)};
};

TEST_F(GossipRoundTest, accepted_news_is_passed_on_verbatim) {
  // A map in an order and with a key that we would not write.
  Bytes verbatim{0x03, 0x84};
  base::ByteWriter writer(verbatim);
  for (const char* word : {"\xa4Node", "\xa2n2",
                           "\xa4"
                           "From",
                           "\xa2n3", "\xa3New", "\xa1x", "\xabIncarnation", "\x01"})
    writer.raw(std::string_view(word));
  add(2);
  hear(wire::Suspect{{1}, "n2", "n3"}, verbatim);
  std::vector<ByteView> told;
  rumors->fill(spread::Audience::all, 4, 1400, 2, 255, told);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(to_bytes(told[0]), verbatim);
}

TEST_F(GossipRoundTest, what_is_not_news_is_not_passed_on) {
  hear(alive_message("n2", 3, 2));
  EXPECT_EQ(queued(), std::vector<std::string>{"alive n2 inc=3 at=10.0.0.2:7946"});
  rumors->clear();
  hear(alive_message("n2", 3, 2));
  hear(alive_message("n2", 2, 2));
  hear(alive_message("n2", 9, 5));
  hear(wire::Suspect{{2}, "n2", "n3"});
  hear(wire::Suspect{{9}, "n8", "n3"});
  hear(wire::Dead{{1}, "n2", "n3"});
  hear(alive_message("n4", 0, 4));
  EXPECT_TRUE(rumors->empty());
}

TEST_F(GossipRoundTest, an_accusation_without_an_accuser_is_damaged) {
  hear(alive_message("n2", 1, 2));
  rumors->clear();
  hear(wire::Suspect{{1}, "n2", ""});
  hear(wire::Dead{{1}, "n2", ""});
  EXPECT_TRUE(rumors->empty());
  EXPECT_EQ(table->row(id("n2")).verdict, members::Verdict::alive);
  EXPECT_EQ(counters[Count::dropped_malformed], 2u);
}

TEST_F(GossipRoundTest, newer_news_about_a_member_replaces_the_older) {
  hear(alive_message("n2", 1, 2));
  hear(wire::Suspect{{1}, "n2", "n3"});
  hear(wire::Dead{{1}, "n2", "n3"});
  EXPECT_EQ(queued(), std::vector<std::string>{"dead n2 inc=1 from=n3"});
}

TEST_F(GossipRoundTest, a_confirmation_is_told_on_while_it_counts) {
  for (std::uint8_t last = 2; last <= 8; ++last) add(last);
  hear(wire::Suspect{{1}, "n2", "n3"});
  hear(wire::Suspect{{1}, "n2", "n4"});
  EXPECT_EQ(queued(), std::vector<std::string>{"suspect n2 inc=1 from=n4"});
  hear(wire::Suspect{{1}, "n2", "n5"});
  EXPECT_EQ(queued(), std::vector<std::string>{"suspect n2 inc=1 from=n5"});
  hear(wire::Suspect{{1}, "n2", "n5"});
  hear(wire::Suspect{{1}, "n2", "n6"});
  EXPECT_EQ(queued(), std::vector<std::string>{"suspect n2 inc=1 from=n5"}) << "two are enough";
}

TEST_F(GossipRoundTest, some_members_are_told_in_every_tick) {
  for (std::uint8_t last = 2; last <= 9; ++last) add(last);
  auto now_step = step();
  room.start(now_step);
  EXPECT_LT(room.next_deadline(), steady + milliseconds(200));
  hear(wire::Suspect{{1}, "n2", "n3"});
  std::set<std::string> told;
  for (int i = 0; i < 30; ++i) {
    steady = room.next_deadline();
    auto tick = step();
    room.on_time(tick);
    EXPECT_EQ(out->items().size(), 3u);
    for (auto& line : sent()) told.insert(line);
    EXPECT_EQ(room.next_deadline(), steady + milliseconds(200));
  }
  EXPECT_EQ(told.size(), 8u) << "everybody, the suspect too";
  EXPECT_TRUE(told.contains("10.0.0.2:7946 + rumors crc"));
}

TEST_F(GossipRoundTest, without_news_nobody_is_bothered) {
  add(2);
  auto now_step = step();
  room.start(now_step);
  steady = room.next_deadline();
  auto tick = step();
  room.on_time(tick);
  EXPECT_TRUE(out->items().empty());
}

TEST_F(GossipRoundTest, without_news_the_ticks_sleep_and_go_on_in_their_rhythm) {
  add(2);
  auto now_step = step();
  room.start(now_step);
  steady = room.next_deadline();
  const Time first = steady;
  auto tick = step();
  room.on_time(tick);
  EXPECT_EQ(room.next_deadline(), kNever);
  steady += milliseconds(730);
  auto quiet = step();
  room.maybe_wake(quiet);
  EXPECT_EQ(room.next_deadline(), kNever) << "there is still nothing to tell";
  hear(wire::Suspect{{1}, "n2", "n3"});
  auto news = step();
  room.maybe_wake(news);
  EXPECT_EQ(room.next_deadline(), first + milliseconds(800));
  steady += milliseconds(500);
  auto late = step();
  room.maybe_wake(late);
  EXPECT_EQ(room.next_deadline(), first + milliseconds(800)) << "who is late is not asleep";
}

TEST_F(GossipRoundTest, an_echo_is_no_claim) {
  hear(alive_message("n2", 3, 2));
  auto now_step = step();
  room.on_message(now_step, from(tests::ip(9)), alive_message("n2", 3, 2));
  room.on_message(now_step, from(tests::ip(9)), alive_message("n2", 2, 2));
  EXPECT_TRUE(outcomes->empty());
  room.on_message(now_step, from(tests::ip(9)), alive_message("n2", 3, 5));
  EXPECT_FALSE(outcomes->empty()) << "another address is a conflict";
}

TEST_F(GossipRoundTest, the_newly_dead_are_told_for_a_while_and_the_left_are_not) {
  add(2);
  add(3);
  submit(members::DeadClaim{"n2", {1}, "n9"});
  submit(members::DeadClaim{"n3", {1}, "n3"});
  hear(alive_message("n4", 1, 4));
  submit(members::DeadClaim{"n4", {1}, "n4"});
  auto now_step = step();
  room.start(now_step);
  steady += config.swim.gossip_to_the_dead;
  auto tick = step();
  room.on_time(tick);
  EXPECT_EQ(sent(), std::vector<std::string>{"10.0.0.2:7946 + rumors crc"});
  steady += milliseconds(200);
  auto later_tick = step();
  room.on_time(later_tick);
  EXPECT_TRUE(sent().empty());
}

}  // namespace
}  // namespace hearsay::swim
