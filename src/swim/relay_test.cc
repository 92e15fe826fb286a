#include "swim/relay.h"

#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

using std::chrono::milliseconds;

class RelayTest : public tests::RoomFixture {
 protected:
  RelayTest() {
    add(2);
    add(3);
  }
  // n3 asks us to ping `node` at `target`.
  void ask(std::string_view node, const Address& target, bool nack = true, std::uint32_t seq = 70) {
    const Address asker = tests::ip(3);
    auto now_step = step();
    room.on_message(now_step, from(asker),
                    wire::IndirectPing{{seq}, target.ip_view(), target.port, node, nack, {}, 0, "n3"});
  }
  // Many machines ask, so that no single one asks too much.
  void ask_from(std::uint32_t asker, std::uint32_t seq) {
    const Address target = tests::ip(2);
    const std::uint8_t bytes[] = {10, 1, static_cast<std::uint8_t>(asker >> 8), static_cast<std::uint8_t>(asker)};
    auto now_step = step();
    room.on_message(now_step, from(Address::from_ip(bytes, 7946)),
                    wire::IndirectPing{{seq}, target.ip_view(), target.port, "n2", true, {}, 0, "x"});
  }
  bool ack(SeqNo seq, const Address& address) {
    auto now_step = step();
    return room.on_message(now_step, from(address), wire::Ack{seq, {}});
  }
  void run() {
    auto now_step = step();
    room.on_time(now_step);
  }

  Relay room{base::Rng(1)};
};

TEST_F(RelayTest, the_targets_ack_is_passed_on_with_the_askers_number) {
  ask("n2", tests::ip(2));
  const auto ping = message<wire::Ping>(0);
  EXPECT_EQ(ping.node, "n2");
  EXPECT_EQ(ping.source_node, "self");
  EXPECT_NE(ping.seq, SeqNo{70});
  const SeqNo ours = ping.seq;
  out->clear();
  EXPECT_FALSE(ack(ours, tests::ip(9))) << "from a stranger";
  EXPECT_TRUE(ack(ours, tests::ip(2)));
  EXPECT_FALSE(ack(ours, tests::ip(2))) << "only once";
  EXPECT_EQ(sent(), std::vector<std::string>{"10.0.0.3:7946 ack seq=70 + rumors"});
  EXPECT_EQ(table->row(id("n2")).last_contact, steady);
  EXPECT_EQ(room.next_deadline(), kNever) << "no nack will follow";
}

TEST_F(RelayTest, the_asker_may_name_the_address_of_a_member) {
  const Address named = tests::ip(3);
  const Address target = tests::ip(2);
  auto now_step = step();
  room.on_message(
      now_step, from(tests::ip(77)),
      wire::IndirectPing{{5}, target.ip_view(), target.port, "n2", false, named.ip_view(), named.port, "n3"});
  const SeqNo ours = message<wire::Ping>(0).seq;
  out->clear();
  EXPECT_TRUE(ack(ours, tests::ip(2)));
  EXPECT_EQ(sent(), std::vector<std::string>{"10.0.0.3:7946 ack seq=5"}) << "and no rumors for a stranger";
}

TEST_F(RelayTest, nothing_is_sent_to_a_foreign_address_that_a_stranger_names) {
  const Address named = tests::ip(99);
  const Address target = tests::ip(2);
  auto now_step = step();
  room.on_message(
      now_step, from(tests::ip(77)),
      wire::IndirectPing{{5}, target.ip_view(), target.port, "n2", true, named.ip_view(), named.port, "n3"});
  const SeqNo ours = message<wire::Ping>(0).seq;
  out->clear();
  EXPECT_TRUE(ack(ours, tests::ip(2)));
  EXPECT_EQ(sent(), std::vector<std::string>{"10.0.0.77:7946 ack seq=5"});
}

TEST_F(RelayTest, a_silent_target_is_answered_by_a_nack_before_the_probe_timeout) {
  ask("n2", tests::ip(2));
  out->clear();
  EXPECT_EQ(room.next_deadline(), steady + milliseconds(400));
  steady += milliseconds(399);
  run();
  EXPECT_TRUE(out->items().empty());
  steady += milliseconds(1);
  run();
  EXPECT_EQ(sent(), std::vector<std::string>{"10.0.0.3:7946 nack seq=70 + rumors"});
  EXPECT_EQ(room.next_deadline(), steady + milliseconds(100));
  steady += milliseconds(100);
  run();
  EXPECT_TRUE(sent().empty()) << "one nack is enough";
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(RelayTest, an_ack_that_comes_after_the_nack_is_passed_on_still) {
  ask("n2", tests::ip(2));
  const SeqNo ours = message<wire::Ping>(0).seq;
  steady += milliseconds(450);
  run();
  out->clear();
  EXPECT_TRUE(ack(ours, tests::ip(2)));
  EXPECT_EQ(sent(), std::vector<std::string>{"10.0.0.3:7946 ack seq=70 + rumors"});
}

TEST_F(RelayTest, an_ack_that_comes_after_the_probe_timeout_is_not) {
  ask("n2", tests::ip(2), false);
  const SeqNo ours = message<wire::Ping>(0).seq;
  steady += milliseconds(500);
  run();
  EXPECT_FALSE(ack(ours, tests::ip(2)));
}

TEST_F(RelayTest, who_does_not_understand_nacks_gets_none) {
  ask("n2", tests::ip(2), false);
  out->clear();
  steady += milliseconds(500);
  run();
  EXPECT_TRUE(out->items().empty());
}

TEST_F(RelayTest, an_address_that_no_member_is_known_by_is_not_pinged) {
  ask("n9", tests::ip(2));
  ask("n2", tests::ip(9));
  ask("n2", tests::ip(2, 53));
  ask("self", tests::ip(1));
  ask("", tests::ip(2));
  EXPECT_EQ(sent(), std::vector<std::string>(5, "10.0.0.3:7946 nack seq=70"))
      << "but the asker learns that we are fine";
  EXPECT_EQ(counters[Count::dropped_unexpected], 5u);
  EXPECT_EQ(counters[Count::relays], 0u);
}

TEST_F(RelayTest, the_number_of_pings_for_others_is_bounded) {
  for (std::uint32_t i = 0; i < kRelaysMax + 10; ++i) ask_from(i, i);
  EXPECT_EQ(counters[Count::relays], kRelaysMax);
  EXPECT_EQ(counters[Count::dropped_ping_relays], 10u);
  out->clear();
  steady += milliseconds(400);
  run();
  EXPECT_EQ(out->items().size(), kRelaysMax);
  steady += milliseconds(100);
  run();
  ask("n2", tests::ip(2));
  EXPECT_EQ(counters[Count::relays], kRelaysMax + 1);
}

TEST_F(RelayTest, one_asker_is_served_so_often_in_a_second_and_then_gets_no_answer) {
  for (std::uint32_t i = 0; i < kRelaysPerAsker + 5; ++i) ask("n2", tests::ip(2), true, i);
  EXPECT_EQ(counters[Count::relays], kRelaysPerAsker);
  EXPECT_EQ(counters[Count::dropped_ping_relays], 5u);
  EXPECT_EQ(out->items().size(), kRelaysPerAsker) << "no nack for what is over the rate";
  ask_from(1, 1);
  EXPECT_EQ(counters[Count::relays], kRelaysPerAsker + 1) << "others are served";
  steady += milliseconds(1000);
  run();
  ask("n2", tests::ip(2));
  EXPECT_EQ(counters[Count::relays], kRelaysPerAsker + 2) << "a new second";
}

TEST_F(RelayTest, all_askers_together_are_served_so_often_in_a_second) {
  for (std::uint32_t i = 0; i < kRelaysPerSecond + 7; ++i) {
    out->clear();
    ask_from(i, i);
    EXPECT_TRUE(out->items().size() <= 1);
    if (!out->items().empty()) ack(message<wire::Ping>(0).seq, tests::ip(2));
  }
  EXPECT_EQ(counters[Count::relays], kRelaysPerSecond);
  EXPECT_EQ(counters[Count::dropped_ping_relays], 7u);
}

TEST_F(RelayTest, a_pause_of_ours_forgets_what_was_asked) {
  ask("n2", tests::ip(2));
  const SeqNo ours = message<wire::Ping>(0).seq;
  room.on_pause();
  EXPECT_EQ(room.next_deadline(), kNever);
  EXPECT_FALSE(ack(ours, tests::ip(2)));
}

TEST_F(RelayTest, our_numbers_are_odd) {
  for (int i = 0; i < 10; ++i) ask("n2", tests::ip(2));
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(message<wire::Ping>(i).seq.value % 2, 1u);
}

}  // namespace
}  // namespace hearsay::swim
