#include "serf/intents.h"

#include "support/room_fixture.h"

namespace hearsay::serf {
namespace {

using members::Intent;
using std::chrono::minutes;

TEST(Clock, begins_where_it_is_told_and_goes_on_with_every_message_of_ours) {
  Clock clock({1});
  EXPECT_EQ(clock.reading(), LamportTime{1});
  EXPECT_EQ(clock.tick(), LamportTime{1});
  EXPECT_EQ(clock.tick(), LamportTime{2});
  EXPECT_EQ(clock.reading(), LamportTime{3});
}

TEST(Clock, is_later_than_everything_it_has_seen) {
  Clock clock({5});
  clock.witness({3});
  EXPECT_EQ(clock.reading(), LamportTime{5});
  clock.witness({5});
  EXPECT_EQ(clock.reading(), LamportTime{6});
  clock.witness({90});
  EXPECT_EQ(clock.reading(), LamportTime{91});
}

TEST(Clock, nobody_can_wear_it_out) {
  Clock clock({5});
  for (const std::uint64_t absurd : {UINT64_MAX, UINT64_MAX - 1, kLamportJump + 6}) clock.witness({absurd});
  EXPECT_EQ(clock.reading(), LamportTime{5});
  clock.witness({kLamportJump + 5});
  EXPECT_EQ(clock.reading(), LamportTime{kLamportJump + 6});
}

TEST(Intents, a_leave_that_is_over_counts_against_a_join_of_its_time_and_a_failure) {
  for (const bool up : {false, true}) {
    EXPECT_EQ(time_of_leave({7}, {7}, Intent::joining, up), LamportTime{8});
    EXPECT_EQ(time_of_leave({7}, {7}, Intent::leaving, up), LamportTime{7}) << "known";
    for (const auto intent : {Intent::none, Intent::joining, Intent::leaving}) {
      EXPECT_EQ(time_of_leave({7}, {6}, intent, up), LamportTime{7});
      EXPECT_EQ(time_of_leave({7}, {8}, intent, up), LamportTime{7});
    }
  }
  EXPECT_EQ(time_of_leave({7}, {7}, Intent::none, false), LamportTime{8}) << "it failed";
  EXPECT_EQ(time_of_leave({7}, {7}, Intent::none, true), LamportTime{7}) << "it came back";
}

class IntentsTest : public tests::RoomFixture {
 protected:
  void hear(const wire::JoinIntent& intent) { hear_any(intent); }
  void hear(const wire::LeaveIntent& intent) { hear_any(intent); }
  template <class Message>
  void hear_any(const Message& intent) {
    auto now_step = step();
    room::Origin origin = from(tests::ip(9));
    origin.verbatim = as_bytes("verbatim");
    room.on_message(now_step, origin, intent);
    offer();
  }
  void offer() {
    auto now_step = step();
    drain([&](const room::Outcome& outcome) { room.on_outcome(now_step, outcome); });
  }
  void appear(std::uint8_t last) {
    auto now_step = step();
    room.on_outcome(now_step, add(last));
    offer();
  }
  std::string rumor() {
    std::vector<ByteView> told;
    rumors->fill(spread::Audience::all, 1, 1400, 2, 255, told);
    std::string all;
    for (const ByteView message_ : told) {
      const bool verbatim = as_text(message_) == "verbatim";
      all += (all.empty() ? "" : ", ") + (verbatim ? std::string("verbatim") : wire::describe_message(message_));
    }
    return all;
  }

  Clock clock{{1}};
  Intents room{clock};
};

TEST_F(IntentsTest, a_leave_intent_makes_a_member_leaving_and_is_told_on_verbatim) {
  appear(2);
  hear(wire::LeaveIntent{{7}, "n2", false});
  EXPECT_EQ(status("n2"), Status::leaving);
  EXPECT_EQ(rumor(), "verbatim");
  EXPECT_EQ(clock.reading(), LamportTime{8});
  hear(wire::LeaveIntent{{7}, "n2", false});
  EXPECT_EQ(rumor(), "") << "heard before";
}

TEST_F(IntentsTest, a_failed_member_is_forced_to_leave_with_our_clock) {
  appear(2);
  submit(members::DeadClaim{"n2", {1}, "n3"});
  clock.witness({9});
  auto now_step = step();
  EXPECT_FALSE(room.force_leave(now_step, "n2", false));
  drain();
  EXPECT_EQ(status("n2"), Status::left);
  EXPECT_EQ(table->row(id("n2")).intent_time, LamportTime{10});
  EXPECT_EQ(clock.reading(), LamportTime{11});
  EXPECT_EQ(rumor(), "user leave n2 time=10");
}

TEST_F(IntentsTest, a_pruned_member_is_forgotten_whether_it_failed_or_left) {
  for (const auto* from : {"n3", "n2"}) {
    appear(2);
    submit(members::DeadClaim{"n2", {1}, from});
    auto now_step = step();
    EXPECT_FALSE(room.force_leave(now_step, "n2", true));
    drain([&](const room::Outcome& outcome) { room.on_outcome(now_step, outcome); });
    EXPECT_FALSE(id("n2").valid());
    EXPECT_NE(rumor().find("prune"), std::string::npos);
  }
}

TEST_F(IntentsTest, who_is_up_is_not_forced_to_leave_and_nothing_changes) {
  appear(2);
  appear(3);
  submit(members::SuspectClaim{"n3", {1}, "n2"});
  const auto refused = [&](const char* name) {
    auto now_step = step();
    const auto error = room.force_leave(now_step, name, true);
    return error ? error->code : Errc::io;
  };
  EXPECT_EQ(refused("n2"), Errc::wrong_state);
  EXPECT_EQ(refused("n3"), Errc::wrong_state);
  EXPECT_EQ(refused("self"), Errc::invalid_argument);
  EXPECT_EQ(refused("nobody"), Errc::not_found);
  EXPECT_EQ(rumor(), "");
  EXPECT_EQ(clock.reading(), LamportTime{1});
  EXPECT_EQ(status("n3"), Status::suspect);
}

TEST_F(IntentsTest, a_join_intent_undoes_an_older_leave_intent) {
  appear(2);
  hear(wire::LeaveIntent{{7}, "n2", false});
  hear(wire::JoinIntent{{7}, "n2"});
  EXPECT_EQ(status("n2"), Status::leaving);
  hear(wire::JoinIntent{{8}, "n2"});
  EXPECT_EQ(status("n2"), Status::alive);
}

TEST_F(IntentsTest, a_leave_intent_that_leaves_the_status_is_still_remembered_and_told_on) {
  appear(2);
  submit(members::DeadClaim{"n2", {1}, "n3"});
  hear(wire::LeaveIntent{{7}, "n2", false});
  EXPECT_EQ(status("n2"), Status::left);
  rumor();
  hear(wire::LeaveIntent{{9}, "n2", false});
  EXPECT_EQ(table->row(id("n2")).intent_time, LamportTime{9});
  EXPECT_EQ(rumor(), "verbatim");
}

TEST_F(IntentsTest, intents_of_strangers_are_kept_until_they_appear) {
  hear(wire::LeaveIntent{{7}, "n2", false});
  EXPECT_EQ(rumor(), "verbatim");
  hear(wire::LeaveIntent{{7}, "n2", false});
  hear(wire::JoinIntent{{6}, "n2"});
  EXPECT_EQ(rumor(), "") << "older or the same";
  appear(2);
  EXPECT_EQ(status("n2"), Status::leaving);
  EXPECT_EQ(table->row(id("n2")).intent_time, LamportTime{7});
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(IntentsTest, only_the_newest_intent_of_a_stranger_is_kept) {
  hear(wire::LeaveIntent{{7}, "n2", false});
  hear(wire::JoinIntent{{8}, "n2"});
  appear(2);
  EXPECT_EQ(status("n2"), Status::alive);
  EXPECT_EQ(table->row(id("n2")).intent_time, LamportTime{8});
}

TEST_F(IntentsTest, kept_intents_expire) {
  hear(wire::LeaveIntent{{7}, "n2", false});
  EXPECT_EQ(room.next_deadline(), steady + minutes(5));
  steady += minutes(5);
  auto now_step = step();
  room.on_time(now_step);
  appear(2);
  EXPECT_EQ(status("n2"), Status::alive);
}

TEST_F(IntentsTest, kept_intents_are_bounded) {
  for (std::size_t i = 0; i < kBufferedMax + 5; ++i) hear(wire::JoinIntent{{7}, "stranger" + std::to_string(i)});
  EXPECT_EQ(counters[Count::dropped_intent_limit], 5u);
  hear(wire::JoinIntent{{9}, "stranger0"});
  EXPECT_EQ(counters[Count::dropped_intent_limit], 5u) << "those that are kept may still become newer";
}

TEST_F(IntentsTest, a_leave_intent_about_ourselves_is_refuted) {
  hear(wire::LeaveIntent{{7}, "self", false});
  EXPECT_EQ(status("self"), Status::alive);
  EXPECT_EQ(rumor(), "user join self time=24");
  EXPECT_EQ(clock.reading(), LamportTime{25});
  hear(wire::LeaveIntent{{7}, "self", false});
  EXPECT_EQ(rumor(), "") << "answered already";
}

TEST_F(IntentsTest, our_own_leave_is_not_refuted) {
  auto now_step = step();
  room.announce_leave(now_step);
  EXPECT_EQ(status("self"), Status::leaving);
  EXPECT_EQ(rumor(), "user leave self time=1");
  hear(wire::LeaveIntent{{1}, "self", false});
  hear(wire::LeaveIntent{{5}, "self", false});
  EXPECT_EQ(status("self"), Status::leaving);
}

TEST_F(IntentsTest, prune_forgets_a_member_that_is_down) {
  appear(2);
  submit(members::DeadClaim{"n2", {1}, "n3"});
  hear(wire::LeaveIntent{{7}, "n2", true});
  EXPECT_FALSE(id("n2").valid());
  EXPECT_EQ(rumor(), "verbatim");
}

TEST_F(IntentsTest, prune_does_not_forget_a_member_that_is_up_nor_ourselves) {
  appear(2);
  hear(wire::LeaveIntent{{7}, "n2", true});
  EXPECT_EQ(status("n2"), Status::leaving);
  hear(wire::LeaveIntent{{7}, "self", true});
  EXPECT_EQ(status("self"), Status::alive);
}

TEST_F(IntentsTest, absurd_times_and_names_are_dropped) {
  hear(wire::JoinIntent{{kLamportJump + 100}, "n2"});
  hear(wire::JoinIntent{{7}, ""});
  hear(wire::JoinIntent{{7}, std::string(kNameBytesMax + 1, 'x')});
  EXPECT_EQ(counters[Count::dropped_malformed], 3u);
  EXPECT_EQ(rumor(), "");
}

}  // namespace
}  // namespace hearsay::serf
