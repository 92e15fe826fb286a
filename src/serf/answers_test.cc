#include "serf/answers.h"

#include "support/room_fixture.h"

namespace hearsay::serf {
namespace {

class AnswersTest : public tests::RoomFixture {
 protected:
  Asker asker(std::uint8_t relays) {
    return {{tests::ip(2)}, "n2", LamportTime{5}, 9, relays, steady + std::chrono::seconds(1)};
  }
  std::vector<std::string> answered(std::uint8_t relays, ByteView payload) {
    auto now_step = step();
    room.send(now_step, asker(relays), 0, payload);
    return sent();
  }
  // A relayed answer of n4 to the member n<last>, as it comes from n3.
  Bytes answer_of_n4() const {
    Bytes inner;
    base::ByteWriter writer(inner);
    wire::encode(writer, wire::QueryResponse{{5}, 9, "n4", 0, as_bytes("yes")});
    return inner;
  }
  std::optional<Bytes> relay(std::string_view name, const Address& to, ByteView message) {
    auto now_step = step();
    const auto ours = room.on_message(now_step, from(tests::ip(3)), {to.ip_view(), to.port, name, message});
    if (!ours) return std::nullopt;
    return to_bytes(*ours);
  }
  Answers room{base::Rng(1)};
};

TEST_F(AnswersTest, an_answer_goes_straight_to_who_asked) {
  add(2);
  add(3);
  const auto lines = answered(0, as_bytes("yes"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "10.0.0.2:7946 user query-response id=9 time=5 from=self payload=3");
}

TEST_F(AnswersTest, a_relay_factor_sends_it_through_others_as_well) {
  add(2);
  add(3);
  add(4);
  const auto lines = answered(2, as_bytes("yes"));
  ASSERT_EQ(lines.size(), 3u);
  for (const char* through :
       {"10.0.0.3:7946 user relay to=n2 at=10.0.0.2:7946", "10.0.0.4:7946 user relay to=n2 at="}) {
    EXPECT_TRUE(std::ranges::any_of(lines, [&](const auto& line) { return line.starts_with(through); })) << through;
  }
}

TEST_F(AnswersTest, nothing_is_relayed_in_too_small_a_cluster_nor_when_it_is_too_large) {
  add(2);
  EXPECT_EQ(answered(2, as_bytes("yes")).size(), 1u) << "two members, three wanted";
  add(3);
  add(4);
  EXPECT_EQ(answered(2, Bytes(kAnswerBytesMax - 60, 'x')).size(), 1u) << "with its head it is over Serf's limit";
}

TEST_F(AnswersTest, an_answer_for_another_member_is_handed_on_unchanged) {
  add(2);
  add(3);
  EXPECT_FALSE(relay("n2", tests::ip(2), answer_of_n4()));
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "10.0.0.2:7946 user query-response id=9 time=5 from=n4 payload=3");
  EXPECT_EQ(counters[Count::query_relays], 1u);
}

TEST_F(AnswersTest, an_answer_for_ourselves_is_ours) {
  EXPECT_EQ(relay("self", tests::ip(1), answer_of_n4()), answer_of_n4());
  EXPECT_TRUE(sent().empty());
}

TEST_F(AnswersTest, nobody_uses_us_to_reach_strangers_or_to_hand_on_anything_else) {
  add(2);
  EXPECT_FALSE(relay("n9", tests::ip(9), answer_of_n4())) << "no member";
  EXPECT_FALSE(relay("n2", tests::ip(9), answer_of_n4())) << "another address";
  Bytes inner = answer_of_n4();
  inner[0] = static_cast<std::uint8_t>(wire::SerfType::relay);
  EXPECT_FALSE(relay("n2", tests::ip(2), inner)) << "not an answer";
  EXPECT_FALSE(relay("n2", tests::ip(2), {})) << "nothing";
  inner = answer_of_n4();
  inner.resize(kAnswerBytesMax + 1);
  EXPECT_FALSE(relay("n2", tests::ip(2), inner)) << "larger than any answer";
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(counters[Count::dropped_unexpected], 5u);
}

TEST_F(AnswersTest, relays_are_bounded_in_each_second) {
  add(2);
  for (std::uint32_t i = 0; i < kRelayedPerSecond + 3; ++i) relay("n2", tests::ip(2), answer_of_n4());
  EXPECT_EQ(sent().size(), kRelayedPerSecond);
  EXPECT_EQ(counters[Count::dropped_relay_limit], 3u);
  steady += std::chrono::seconds(1);
  relay("n2", tests::ip(2), answer_of_n4());
  EXPECT_EQ(sent().size(), 1u);
}

}  // namespace
}  // namespace hearsay::serf
