#include "serf/sync.h"

#include "support/room_fixture.h"
#include "support/vectors.h"

namespace hearsay::serf {
namespace {

class SyncTest : public tests::RoomFixture {
 protected:
  std::string written() {
    Bytes bytes;
    auto now_step = step();
    room.write(now_step, bytes);
    return tests::to_hex(bytes);
  }
  void merge(const wire::SerfPushPull& state, bool joined = false) {
    Bytes bytes;
    base::ByteWriter writer(bytes);
    wire::encode(writer, state);
    auto now_step = step();
    room.merge(now_step, on_stream(tests::ip(9), 1), bytes, joined);
    drain();
  }
  std::uint64_t time_of(std::string_view name) const { return table->row(id(name)).intent_time.value; }

  Clock clock{{1}};
  Intents intents{clock};
  Clock events{{1}};
  Clock queries{{1}};
  Sync room{clock, events, queries, intents};
};

// Byte for byte what a Serf agent would read: a map of six, keys in ascending order, no events.
TEST_F(SyncTest, the_body_of_a_lone_node) {
  std::string expected = "0286";
  for (const char* part : {"aa4576656e744c54696d6501",                   // EventLTime 1
                           "a64576656e747390",                           // Events []
                           "a54c54696d6501",                             // LTime 1
                           "ab4c6566744d656d6265727390",                 // LeftMembers []
                           "aa51756572794c54696d6501",                   // QueryLTime 1
                           "ac5374617475734c54696d657381a473656c6600"})  // StatusLTimes {self: 0}
    expected += part;
  EXPECT_EQ(written(), expected);
}

TEST_F(SyncTest, the_left_are_listed_and_the_failed_are_not) {
  add(2);
  add(3);
  submit(members::DeadClaim{"n2", {1}, "n2"});
  submit(members::DeadClaim{"n3", {1}, "n2"});
  const std::string bytes = written();
  EXPECT_NE(bytes.find("ab4c6566744d656d6265727391a26e32"), std::string::npos) << "LeftMembers [n2]";
  EXPECT_NE(bytes.find("83a26e3200a26e3300a473656c6600"), std::string::npos) << "StatusLTimes of all";
}

TEST_F(SyncTest, the_clock_follows_to_the_peers_reading) {
  merge({{40}, {}, {}, {}, {}, {}});
  EXPECT_EQ(clock.reading(), LamportTime{40}) << "the peer has not used 40 yet";
  merge({{0}, {}, {}, {}, {}, {}});
  EXPECT_EQ(clock.reading(), LamportTime{40});
}

TEST_F(SyncTest, status_times_are_join_intents_and_the_left_leave_intents) {
  add(2);
  add(3);
  merge({{40}, {{"n2", {7}}, {"n3", {9}}}, {"n3"}, {}, {}, {}});
  EXPECT_EQ(status("n2"), Status::alive);
  EXPECT_EQ(time_of("n2"), 7u);
  EXPECT_EQ(status("n3"), Status::leaving) << "left, as soon as memberlist says that it is down";
  EXPECT_EQ(time_of("n3"), 9u);
  EXPECT_TRUE(rumors->empty()) << "a table exchange is not gossip";
}

TEST_F(SyncTest, a_failed_member_that_the_peer_has_as_left_is_left) {
  add(3);
  submit(members::DeadClaim{"n3", {1}, "n2"});
  merge({{40}, {{"n3", {0}}}, {"n3"}, {}, {}, {}});
  EXPECT_EQ(status("n3"), Status::left);
}

TEST_F(SyncTest, a_leave_that_tables_tell_each_other_of_is_not_dated_later) {
  add(3);
  merge({{40}, {{"n3", {7}}}, {}, {}, {}, {}});
  merge({{40}, {{"n3", {7}}}, {"n3"}, {}, {}, {}});
  EXPECT_EQ(status("n3"), Status::leaving) << "it looked like a join while it was under way";
  submit(members::DeadClaim{"n3", {1}, "n3"});
  EXPECT_EQ(time_of("n3"), 8u);
  for (int i = 0; i < 3; ++i) merge({{40}, {{"n3", {time_of("n3")}}}, {"n3"}, {}, {}, {}});
  EXPECT_EQ(time_of("n3"), 8u);
}

// Found by the swarm (seed 42): a member left and came back, its join was lost on the way to some, and a part of
// the cluster that had not seen it for a while told of the leave.
TEST_F(SyncTest, an_old_leave_is_nothing_against_a_member_that_came_back) {
  add(3);
  merge({{40}, {{"n3", {7}}}, {"n3"}, {}, {}, {}});
  submit(members::DeadClaim{"n3", {1}, "n3"});
  submit(alive("n3", 2, 3));
  merge({{40}, {{"n3", {7}}}, {"n3"}, {}, {}, {}});
  EXPECT_EQ(status("n3"), Status::alive);
}

// A member without its disk may announce its join at an earlier time than its last leave had.
TEST_F(SyncTest, who_is_held_at_a_later_time_than_it_ever_told_joins_again) {
  merge({{3}, {}, {}, {}, {}, {}}, true);
  EXPECT_EQ(queued(), std::vector<std::string>{"user join self time=19"});
  merge({{3}, {{"self", {19}}}, {}, {}, {}, {}});
  EXPECT_EQ(queued(), std::vector<std::string>{"user join self time=19"}) << "this is what it told";
  merge({{3}, {{"self", {50}}}, {}, {}, {}, {}});
  EXPECT_EQ(queued(), std::vector<std::string>{"user join self time=51"});
  EXPECT_EQ(time_of("self"), 51u);
}

TEST_F(SyncTest, a_join_is_announced) {
  merge({{40}, {}, {}, {}, {}, {}}, true);
  EXPECT_EQ(queued(), std::vector<std::string>{"user join self time=56"}) << "a new life: later than the clock";
  EXPECT_EQ(time_of("self"), 56u);
  merge({{60}, {}, {}, {}, {}, {}}, true);
  EXPECT_EQ(time_of("self"), 60u);
}

TEST_F(SyncTest, to_be_told_of_the_join_of_our_last_life_is_no_join) {
  merge({{18}, {{"self", {17}}}, {}, {}, {}, {}}, true);
  EXPECT_EQ(time_of("self"), 18u + kFirstJoinGap);
}

TEST_F(SyncTest, what_is_no_push_pull_of_serf_is_counted) {
  auto now_step = step();
  room.merge(now_step, on_stream(tests::ip(9), 1), as_bytes("nonsense"), true);
  Bytes join;
  base::ByteWriter writer(join);
  wire::encode(writer, wire::JoinIntent{{5}, "n2"});
  room.merge(now_step, on_stream(tests::ip(9), 1), join, true);
  EXPECT_EQ(counters[Count::dropped_malformed], 2u);
  EXPECT_EQ(clock.reading(), LamportTime{1});
}

TEST_F(SyncTest, absurd_times_do_no_harm) {
  add(3);
  merge({{UINT64_MAX}, {{"n3", {UINT64_MAX}}, {"self", {UINT64_MAX}}}, {"n3", "self"}, {}, {}, {}});
  EXPECT_EQ(clock.reading(), LamportTime{1});
  EXPECT_EQ(status("n3"), Status::alive);
  EXPECT_EQ(status("self"), Status::alive);
}

}  // namespace
}  // namespace hearsay::serf
