#include "swim/vet.h"

#include <gmock/gmock.h>

#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

using std::chrono::seconds;

class VetTest : public tests::RoomFixture {
 protected:
  // A stranger's word about "new" at 10.0.0.9, in a datagram or in the table of a stream.
  void told(std::string_view name = "new", std::uint8_t at = 9, const Address& by = tests::ip(66),
            bool on_stream = false) {
    members::Claim claim{alive(name, 1, at), {}};
    claim.evidence.heard_from = by;
    claim.evidence.source = on_stream ? Evidence::Source::push_pull : Evidence::Source::gossip;
    claim.vouched = false;
    auto now = step();
    now.submit(claim);
    drain([&](const auto& outcome) { vet.on_outcome(now, outcome); });
  }
  void pass(Duration duration) {
    steady += duration;
    auto now = step();
    vet.on_time(now);
    drain([&](const auto& outcome) { vet.on_outcome(now, outcome); });
  }
  bool ack(std::uint32_t seq, const Address& from) {
    auto now = step();
    const bool taken = vet.on_message(now, this->from(from), wire::Ack{{seq}, {}});
    drain([&](const auto& outcome) { vet.on_outcome(now, outcome); });
    return taken;
  }
  std::uint32_t asked() { return message<wire::Ping>(0).seq.value; }

  Vet vet{base::Rng(1)};
};

TEST_F(VetTest, a_newcomer_that_a_stranger_tells_of_is_asked_and_is_no_member_yet) {
  told();
  ASSERT_EQ(out->items().size(), 1u);
  EXPECT_EQ(message<wire::Ping>(0).node, "new");
  EXPECT_EQ(std::get<room::Outbox::Datagram>(out->items()[0]).peer.to, tests::ip(9));
  EXPECT_FALSE(std::get<room::Outbox::Datagram>(out->items()[0]).rumors);
  EXPECT_FALSE(id("new").valid());
  EXPECT_TRUE(rumors->empty());
}

TEST_F(VetTest, it_becomes_a_member_with_its_answer) {
  told();
  const std::uint32_t seq = asked();
  EXPECT_FALSE(ack(seq + 1, tests::ip(9)));
  EXPECT_FALSE(ack(seq, tests::ip(66))) << "not with somebody else's answer";
  EXPECT_FALSE(id("new").valid());
  EXPECT_TRUE(ack(seq, tests::ip(9)));
  ASSERT_TRUE(id("new").valid());
  EXPECT_EQ(table->row(id("new")).last_contact, steady);
  EXPECT_EQ(vet.waiting(), 0u);
  EXPECT_EQ(vet.next_deadline(), kNever);
  EXPECT_FALSE(ack(seq, tests::ip(9)));
}

TEST_F(VetTest, it_is_asked_twice_and_then_given_up_and_counted) {
  told();
  EXPECT_EQ(sent().size(), 1u);
  pass(config.swim.probe_timeout);
  EXPECT_EQ(sent().size(), 1u);
  EXPECT_EQ(counters[Count::dropped_newcomers], 0u);
  pass(config.swim.probe_timeout);
  EXPECT_EQ(counters[Count::dropped_newcomers], 1u);
  EXPECT_EQ(vet.waiting(), 0u);
  told();
  EXPECT_EQ(sent().size(), 1u) << "it may come again";
}

TEST_F(VetTest, who_dialled_us_itself_is_asked_over_tcp_too_and_its_failure_is_told) {
  told("new", 9, tests::ip(9, 33333), true);
  sent();
  pass(config.swim.probe_timeout);
  const auto asked_again = sent();
  ASSERT_EQ(asked_again.size(), 2u);
  EXPECT_THAT(asked_again[1], testing::StartsWith("request 10.0.0.9:7946 ping"));
  pass(config.swim.probe_timeout);
  EXPECT_EQ(vet.waiting(), 1u) << "the stream decides";
  auto now = step();
  vet.on_stream_end(now, StreamId{2});
  EXPECT_EQ(vet.waiting(), 0u);
  const auto told_us = sent();
  ASSERT_EQ(told_us.size(), 1u);
  EXPECT_THAT(told_us[0], testing::HasSubstr("new wants to join but does not answer at 10.0.0.9:7946"));
}

TEST_F(VetTest, an_answer_over_tcp_is_enough) {
  told("new", 9, tests::ip(9, 33333), true);
  pass(config.swim.probe_timeout);
  const auto& ping = message<wire::Ping>(0);
  auto now = step();
  EXPECT_TRUE(vet.on_message(now, on_stream(tests::ip(9), 2), wire::Ack{ping.seq, {}}));
  EXPECT_TRUE(id("new").valid());
}

TEST_F(VetTest, a_flood_of_one_source_is_bounded_and_leaves_room_for_others) {
  for (unsigned i = 0; i < 3 * kVetBurst; ++i) told("invented" + std::to_string(i), 8);
  EXPECT_EQ(out->items().size(), kVetBurst) << "so many pings, and no more";
  EXPECT_LE(vet.waiting(), kVettedMax);
  EXPECT_EQ(counters[Count::dropped_newcomers], 2 * kVetBurst);
  told("new", 9, tests::ip(9));
  EXPECT_EQ(out->items().size(), kVetBurst + 1);
  sent();
  pass(seconds(1));
  sent();
  for (unsigned i = 0; i < 100; ++i) told("more" + std::to_string(i), 8);
  EXPECT_EQ(sent().size(), kVetRate);
}

TEST_F(VetTest, whom_a_member_vouches_for_meanwhile_is_forgotten_here) {
  told();
  auto now = step();
  now.submit({alive("new", 1, 9), {}});
  drain([&](const auto& outcome) { vet.on_outcome(now, outcome); });
  EXPECT_TRUE(id("new").valid());
  EXPECT_EQ(vet.waiting(), 0u);
}

TEST_F(VetTest, whose_word_counts) {
  add(2);
  const auto now = step();
  EXPECT_TRUE(room::vouches(now, from(tests::ip(2))));
  EXPECT_FALSE(room::vouches(now, from(tests::ip(2, 7947)))) << "another program on a member's machine";
  EXPECT_FALSE(room::vouches(now, from(tests::ip(3))));
  EXPECT_TRUE(room::vouches(now, on_stream(tests::ip(2, 50'000), 3))) << "streams have a port of their own";
  EXPECT_FALSE(room::vouches(now, on_stream(tests::ip(3, 50'000), 3)));
  EXPECT_TRUE(room::vouches(now, on_stream(tests::ip(3, 7946), 2))) << "we dialled it";
  EXPECT_TRUE(room::vouches(now, {tests::ip(3), {}, true, {}})) << "it has the key";
  table->apply(this->now(), members::Claim{members::ForgetClaim{"n2"}, {}});
  EXPECT_FALSE(room::vouches(now, from(tests::ip(2))));
}

}  // namespace
}  // namespace hearsay::swim
