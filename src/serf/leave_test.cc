#include "serf/leave.h"

#include "support/room_fixture.h"

namespace hearsay::serf {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LeaveTest : public tests::RoomFixture {
 protected:
  void command(std::uint64_t number) {
    auto now_step = step();
    room.on_command(now_step, CommandId{number});
    drain();
  }
  void go() {
    steady = room.next_deadline();
    auto now_step = step();
    room.on_time(now_step);
    // The gossip room would tell our own dead.
    drain([&](const room::Outcome& outcome) {
      if (std::holds_alternative<members::DeadClaim>(outcome.claim->body))
        rumors->push(spread::RumorClass::membership, spread::Audience::all, "self", as_bytes("dead"));
    });
  }
  // All that waits is told often enough.
  void tell_all() {
    std::vector<ByteView> told;
    while (!rumors->empty()) {
      told.clear();
      rumors->fill(spread::Audience::all, 1, 1400, 2, 255, told);
    }
  }

  Clock clock{{1}};
  Intents intents{clock};
  Leave room{intents};
};

TEST_F(LeaveTest, first_the_intent_then_the_dead_then_a_moment_then_done) {
  add(2);
  command(5);
  EXPECT_EQ(status("self"), Status::leaving);
  EXPECT_TRUE(rumors->pending(spread::RumorClass::intent, "self"));
  go();
  go();
  EXPECT_EQ(status("self"), Status::leaving) << "the intent is not told often enough yet";
  tell_all();
  go();
  EXPECT_EQ(status("self"), Status::left);
  EXPECT_TRUE(rumors->pending(spread::RumorClass::membership, "self"));
  go();
  EXPECT_TRUE(sent().empty());
  tell_all();
  go();
  const Time told = steady;
  EXPECT_TRUE(sent().empty());
  go();
  EXPECT_EQ(steady - told, seconds(1));
  EXPECT_EQ(sent(), std::vector<std::string>{"notify command 5 done value=0"});
  EXPECT_FALSE(room.running());
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(LeaveTest, it_does_not_wait_for_ever) {
  add(2);
  const Time begun = steady;
  command(5);
  while (room.running()) go();
  EXPECT_EQ(steady - begun, seconds(11)) << "five for each rumor and one to settle";
  EXPECT_EQ(status("self"), Status::left);
}

TEST_F(LeaveTest, alone_there_is_nobody_to_tell) {
  const Time begun = steady;
  command(5);
  while (room.running()) go();
  EXPECT_LE(steady - begun, seconds(1) + milliseconds(400));
}

TEST_F(LeaveTest, more_commands_wait_for_the_same_leave_within_bounds) {
  add(2);
  for (std::uint64_t number = 1; number <= 66; ++number) command(number);
  EXPECT_EQ(sent(),
            (std::vector<std::string>{"notify command 65 failed wrong_state: this node is leaving already",
                                      "notify command 66 failed wrong_state: this node is leaving already"}));
  while (room.running()) go();
  EXPECT_EQ(sent().size(), 64u);
}

TEST_F(LeaveTest, who_has_left_is_done_at_once) {
  command(1);
  while (room.running()) go();
  sent();
  command(2);
  EXPECT_EQ(sent(), std::vector<std::string>{"notify command 2 done value=0"});
}

}  // namespace
}  // namespace hearsay::serf
