#include "swim/refute.h"

#include "members/precedence.h"
#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

TEST(Refuting, jumps_above_the_accusation) {
  EXPECT_EQ(refuting({1}, {1}), Incarnation{2});
  EXPECT_EQ(refuting({1}, {9}), Incarnation{10});
  EXPECT_EQ(refuting({10}, {10}), Incarnation{11});
  EXPECT_EQ(refuting({10}, {3}), Incarnation{11});
}

TEST(Refuting, ends_before_the_32_bits_and_never_wraps) {
  constexpr std::uint32_t kMax = members::kIncarnationMax;
  EXPECT_EQ(refuting({kMax - 3}, {1}), Incarnation{kMax - 2});
  EXPECT_EQ(refuting({1}, {kMax - 2}), Incarnation{kMax - 1}) << "the last one that others believe";
  EXPECT_EQ(refuting({kMax - 1}, {1}), std::nullopt);
  EXPECT_EQ(refuting({1}, {kMax - 1}), std::nullopt);
  EXPECT_EQ(refuting({1}, {UINT32_MAX}), std::nullopt);
  EXPECT_EQ(refuting({UINT32_MAX}, {UINT32_MAX}), std::nullopt);
}

class RefuteTest : public tests::RoomFixture {
 protected:
  template <class Body>
  void accuse(const Body& body) {
    auto outcome = submit(body);
    auto now_step = step();
    room.on_outcome(now_step, outcome);
    drain();
  }
  std::uint32_t incarnation() const { return table->self_row().incarnation; }
  std::string_view meta() const { return as_text(table->meta(table->self())); }

  LocalHealth health{8};
  Refute room{health};
};

TEST_F(RefuteTest, every_kind_of_accusation_is_outbid) {
  accuse(members::SuspectClaim{"self", {1}, "n2"});
  EXPECT_EQ(incarnation(), 2u);
  accuse(members::DeadClaim{"self", {9}, "n2"});
  EXPECT_EQ(incarnation(), 10u);
  auto misquoted = alive("self", 10, 1);
  misquoted.meta = as_bytes("not ours");
  accuse(misquoted);
  EXPECT_EQ(incarnation(), 11u);
  EXPECT_EQ(status("self"), Status::alive);
  EXPECT_EQ(meta(), "");
  EXPECT_EQ(counters[Count::refutations], 3u);
  EXPECT_EQ(health.score(), 3) << "having to refute is a sign of being slow";
}

TEST_F(RefuteTest, an_old_accusation_is_not_answered) {
  accuse(members::SuspectClaim{"self", {9}, "n2"});
  accuse(members::SuspectClaim{"self", {9}, "n3"});
  EXPECT_EQ(incarnation(), 10u);
  EXPECT_EQ(counters[Count::refutations], 1u);
}

TEST_F(RefuteTest, several_accusations_of_one_input_are_answered_once) {
  const auto first = submit(members::SuspectClaim{"self", {1}, "n2"});
  const auto second = submit(members::SuspectClaim{"self", {1}, "n3"});
  auto now_step = step();
  room.on_outcome(now_step, first);
  room.on_outcome(now_step, second);
  EXPECT_EQ(incarnation(), 2u);
}

TEST_F(RefuteTest, an_absurd_incarnation_is_refused_before_it_is_answered) {
  for (const std::uint32_t absurd : {0xffff'ffffu, members::kIncarnationMax, members::kIncarnationJump + 2}) {
    accuse(members::SuspectClaim{"self", {absurd}, "n2"});
  }
  EXPECT_EQ(incarnation(), 1u);
  EXPECT_EQ(health.score(), 0);
  accuse(members::SuspectClaim{"self", {members::kIncarnationJump + 1}, "n2"});
  EXPECT_EQ(incarnation(), members::kIncarnationJump + 2);
}

// Our incarnation is the last but one that others believe.
class RefuteAtTheEndTest : public RefuteTest {
 protected:
  RefuteAtTheEndTest() {
    const members::Claim claim{alive("self", members::kIncarnationMax - 2, 1), {}, true, {}};
    EXPECT_TRUE(table->apply(now(), claim).accepted());
  }
  std::vector<std::string> warnings() {
    std::vector<std::string> lines;
    for (auto& line : sent()) {
      if (line.starts_with("notify warning")) lines.push_back(line);
    }
    return lines;
  }
};

TEST_F(RefuteAtTheEndTest, the_last_incarnation_is_used_and_then_accusations_are_refused_and_reported) {
  accuse(members::SuspectClaim{"self", {members::kIncarnationMax - 2}, "n2"});
  EXPECT_EQ(incarnation(), members::kIncarnationMax - 1);
  EXPECT_TRUE(warnings().empty());
  accuse(members::SuspectClaim{"self", {members::kIncarnationMax - 1}, "n2"});
  EXPECT_EQ(incarnation(), members::kIncarnationMax - 1);
  EXPECT_EQ(status("self"), Status::alive) << "what others say of us changes nothing here";
  EXPECT_EQ(counters[Count::dropped_incarnation], 1u);
  EXPECT_EQ(counters[Count::refutations], 1u);
  EXPECT_EQ(warnings().size(), 1u);
  accuse(members::DeadClaim{"self", {members::kIncarnationMax - 1}, "n2"});
  EXPECT_EQ(counters[Count::dropped_incarnation], 2u);
  EXPECT_TRUE(warnings().empty()) << "once in a minute";
}

TEST_F(RefuteAtTheEndTest, an_accusation_beyond_the_end_is_refused_and_reported) {
  for (const std::uint32_t beyond : {members::kIncarnationMax, UINT32_MAX}) {
    accuse(members::SuspectClaim{"self", {beyond}, "n2"});
    EXPECT_EQ(incarnation(), members::kIncarnationMax - 2);
    const auto said = warnings();
    ASSERT_EQ(said.size(), 1u);
    EXPECT_NE(said[0].find("claims of this node an incarnation of " + std::to_string(beyond)), std::string::npos);
    steady += std::chrono::minutes(1);
  }
}

TEST_F(RefuteAtTheEndTest, tags_and_returns_end_there_with_an_error) {
  auto now_step = step();
  EXPECT_TRUE(room.set_meta(now_step, to_bytes(as_bytes("last"))));
  const auto refused = room.set_meta(now_step, to_bytes(as_bytes("more")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::wrong_state);
  EXPECT_EQ(meta(), "last");
  EXPECT_TRUE(room.come_back(now_step)) << "nobody left";
  const members::Claim leave{members::DeadClaim{"self", {incarnation()}, "self"}, {}, true, {}};
  EXPECT_TRUE(table->apply(now(), leave).accepted());
  EXPECT_FALSE(room.come_back(now_step));
  EXPECT_EQ(status("self"), Status::left);
}

TEST_F(RefuteTest, a_leave_intent_is_left_to_the_serf_layer) {
  accuse(members::IntentClaim{"self", {9}, members::Intent::leaving});
  EXPECT_EQ(incarnation(), 1u);
  EXPECT_EQ(counters[Count::refutations], 0u);
}

TEST_F(RefuteTest, other_tags_are_published_with_the_next_incarnation) {
  auto now_step = step();
  EXPECT_TRUE(room.set_meta(now_step, to_bytes(as_bytes("new"))));
  EXPECT_EQ(incarnation(), 2u);
  EXPECT_EQ(meta(), "new");
  drain();
  accuse(members::SuspectClaim{"self", {2}, "n2"});
  EXPECT_EQ(meta(), "new") << "a refutation carries the present tags";
}

TEST_F(RefuteTest, who_has_left_comes_back_with_the_next_incarnation) {
  auto now_step = step();
  EXPECT_TRUE(room.come_back(now_step));
  EXPECT_EQ(incarnation(), 1u) << "nobody left";
  const members::Claim leave{members::DeadClaim{"self", {1}, "self"}, {}, true, {}};
  EXPECT_TRUE(table->apply(now(), leave).accepted());
  accuse(members::SuspectClaim{"self", {1}, "n2"});
  EXPECT_EQ(status("self"), Status::left) << "who has left does not refute";
  EXPECT_TRUE(room.come_back(now_step));
  EXPECT_EQ(incarnation(), 2u);
  EXPECT_EQ(status("self"), Status::alive);
}

}  // namespace
}  // namespace hearsay::swim
