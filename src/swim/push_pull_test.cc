#include "swim/push_pull.h"

#include "support/room_fixture.h"
#include "swim/gossip_round.h"

namespace hearsay::swim {
namespace {

using std::chrono::seconds;

TEST(PushPullPeriod, the_table_of_memberlists_lan_profile) {
  const std::pair<std::uint32_t, int> table[] = {{0, 30},     {1, 30},       {32, 30},      {33, 60},   {64, 60},
                                                 {65, 90},    {100, 90},     {128, 90},     {129, 120}, {1000, 180},
                                                 {5000, 270}, {10'000, 300}, {100'000, 390}};
  for (const auto& [nodes, period] : table)
    EXPECT_EQ(push_pull_period(seconds(30), nodes), seconds(period)) << nodes;
}

class RecordingState : public room::UserState {
 public:
  void write(room::Step&, Bytes& out) override { out = {'s', 't', 'a', 't', 'e'}; }
  std::uint64_t version() const override { return 1; }
  void merge(room::Step&, const room::Origin&, ByteView state, bool joined) override {
    merged += std::string(as_text(state)) + (joined ? " joined " : " ");
  }
  std::string merged;
};

class PushPullTest : public tests::RoomFixture {
 protected:
  PushPullTest() {
    for (std::uint8_t last = 2; last <= 3; ++last) add(last);
  }
  wire::PushNode node(std::string_view name, std::uint8_t last, std::uint32_t incarnation,
                      wire::NodeState verdict) {
    const auto facts = alive(name, incarnation, last);
    return {name, facts.addr, facts.port, {}, {incarnation}, verdict, tests::kSerfVersions};
  }
  void merge(std::vector<wire::PushNode> nodes, PushPull::Role role = PushPull::Role::request) {
    wire::PushPull table_message;
    table_message.join = true;
    table_message.nodes = std::move(nodes);
    table_message.user_state = as_bytes("theirs");
    auto now_step = step();
    room::Origin origin = on_stream(tests::ip(9), 1);
    origin.sealed = true;  // no stranger
    room.on_message(now_step, origin, table_message, role);
    drain();
  }

  Bytes table_bytes(bool join) {
    Bytes bytes;
    base::ByteWriter writer(bytes);
    wire::encode(writer, make_push_pull(step(), join, as_bytes("state")));
    return bytes;
  }
  void remember(ByteView message) {
    for (int times = 0; times < 2; ++times) memo.remember(message, as_bytes("packed"));
  }

  int sent_streams = 0;
  std::string last_sent;
  RecordingState state;
  wire::CompressionMemo memo{interner};
  PushPull room{base::Rng(1), state, memo};
};

TEST_F(PushPullTest, a_request_is_answered_with_our_table_and_its_own_join_flag) {
  merge({});
  EXPECT_EQ(sent(), std::vector<std::string>{"answer 1 push-pull join nodes=3 state=5"});
  EXPECT_EQ(state.merged, "theirs ");
}

TEST_F(PushPullTest, a_refused_sender_is_told_why_and_gets_no_table) {
  room::Admission admission;
  config.admission.allow = {parse_cidr("10.0.0.0/29").value()};
  const auto ask = [&](std::vector<wire::PushNode> nodes, const Address& from) {
    wire::PushPull table_message;
    table_message.nodes = std::move(nodes);
    auto now_step = step();
    now_step.admission = &admission;
    room.on_message(now_step, on_stream(from, 1), table_message, PushPull::Role::request);
    drain();
  };
  ask({node("n9", 9, 1, wire::NodeState::alive), node("n2", 2, 1, wire::NodeState::alive)}, tests::ip(9));
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("notify warning not admitted: n9 at 10.0.0.9:7946: its address 10.0.0.9 lies in none"),
            std::string::npos)
      << lines[0];
  EXPECT_NE(lines[1].find("answer 1 error"), std::string::npos) << lines[1];
  EXPECT_FALSE(id("n9").valid());
  EXPECT_EQ(counters[Count::dropped_admission], 1u);
  ask({node("n9", 9, 1, wire::NodeState::alive), node("n2", 2, 1, wire::NodeState::alive)}, tests::ip(2));
  EXPECT_EQ(sent(), std::vector<std::string>{"answer 1 push-pull nodes=3 state=5"}) << "n2 only tells of n9";
  EXPECT_FALSE(id("n9").valid());
  EXPECT_EQ(counters[Count::dropped_admission], 2u);
}

TEST_F(PushPullTest, our_answer_is_our_table_as_it_was_before_the_merge) {
  merge({node("n9", 9, 1, wire::NodeState::alive)});
  EXPECT_EQ(sent(), std::vector<std::string>{"answer 1 push-pull join nodes=3 state=5"});
  EXPECT_EQ(status("n9"), Status::alive);
}

TEST_F(PushPullTest, an_answer_is_not_answered) {
  merge({}, PushPull::Role::answer);
  merge({}, PushPull::Role::join_answer);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(state.merged, "theirs theirs joined ");
}

TEST_F(PushPullTest, our_own_table_is_known_byte_for_byte_and_not_while_somebody_is_suspect) {
  auto now_step = step();
  const auto knows = [&](ByteView message) {
    remember(message);
    const bool known = room.is_our_own(now_step, message);
    EXPECT_EQ(room.is_our_own(now_step, message), known) << "once more, now that it is known";
    return known;
  };
  const Bytes own = table_bytes(false);
  EXPECT_TRUE(knows(own));
  EXPECT_FALSE(knows(table_bytes(true))) << "a join is answered as such";
  EXPECT_FALSE(knows(ByteView(own).first(own.size() - 1)));
  EXPECT_TRUE(knows(own));
  submit(members::SuspectClaim{"n2", {1}, "n3"});
  EXPECT_FALSE(room.is_our_own(now_step, own)) << "no longer";
  EXPECT_FALSE(knows(table_bytes(false))) << "another one that suspects it, too, confirms";
  submit(members::DeadClaim{"n2", {1}, "n3"});
  EXPECT_TRUE(knows(table_bytes(false)));
  submit(members::DeadClaim{"n3", {1}, "n3"});
  const Bytes with_left = table_bytes(false);
  EXPECT_TRUE(knows(with_left));
  steady += config.swim.gossip_to_the_dead + std::chrono::seconds(1);
  auto later_step = step();
  EXPECT_FALSE(room.is_our_own(later_step, with_left)) << "who left long ago is told no more";
}

TEST_F(PushPullTest, who_tells_our_own_table_gets_it_back_and_an_answer_ends_the_exchange) {
  auto now_step = step();
  remember(table_bytes(false));
  room.on_our_own(now_step, on_stream(tests::ip(2), 1), PushPull::Role::request);
  EXPECT_EQ(sent(), std::vector<std::string>{"answer 1 push-pull nodes=3 state=5"});
  room.on_our_own(now_step, on_stream(tests::ip(2), 2), PushPull::Role::answer);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(counters[Count::push_pulls], 2u);
  EXPECT_EQ(state.merged, "");
}

// A table that is known need not be encoded again, and what goes out is the same.
TEST_F(PushPullTest, a_known_table_goes_out_as_it_is_and_news_of_a_member_end_that) {
  const auto request_of = [&] {
    for (steady = room.next_deadline(); sent_streams == 0; steady = room.next_deadline()) {
      auto now_step = step();
      room.on_time(now_step);
      for (const auto& line : sent()) {
        ++sent_streams;
        last_sent = line.substr(line.find("push-pull"));
      }
    }
    sent_streams = 0;
    return last_sent;
  };
  auto now_step = step();
  room.start(now_step);
  const std::string encoded = request_of();
  const Bytes own = table_bytes(false);
  remember(own);
  auto later_step = step();
  ASSERT_TRUE(room.is_our_own(later_step, own));
  EXPECT_EQ(request_of(), encoded);
  add(4);
  EXPECT_EQ(request_of(), "push-pull nodes=4 state=5");
}

TEST_F(PushPullTest, members_that_left_long_ago_are_not_pushed) {
  submit(members::DeadClaim{"n2", {1}, "n3"});
  submit(members::DeadClaim{"n3", {1}, "n3"});
  steady += config.swim.gossip_to_the_dead + std::chrono::seconds(1);
  const auto pushed = make_push_pull(step(), true, {});
  ASSERT_EQ(pushed.nodes.size(), 2u);
  EXPECT_EQ(pushed.nodes[0].state, wire::NodeState::dead) << "the dead are: their return heals a partition";
}

TEST_F(PushPullTest, all_rows_are_pushed_whatever_their_state) {
  submit(members::DeadClaim{"n2", {1}, "n3"});
  submit(members::DeadClaim{"n3", {1}, "n3"});
  const auto pushed = make_push_pull(step(), true, {});
  ASSERT_EQ(pushed.nodes.size(), 3u);
  EXPECT_EQ(pushed.nodes[0].state, wire::NodeState::dead);
  EXPECT_EQ(pushed.nodes[1].state, wire::NodeState::left);
  EXPECT_EQ(pushed.nodes[2].state, wire::NodeState::alive);
  for (const auto& entry : pushed.nodes) EXPECT_EQ(entry.vsn.size(), 6u) << "peers refuse all for one without";
}

TEST_F(PushPullTest, the_dead_and_the_suspected_are_merged_as_suspicions_of_ours) {
  for (const auto state_of : {wire::NodeState::dead, wire::NodeState::suspect}) {
    rebuild();
    add(2);
    merge({node("n2", 2, 1, state_of)});
    EXPECT_EQ(status("n2"), Status::suspect) << "nobody is declared dead by hearsay";
    EXPECT_EQ(table->accusers(id("n2")), std::vector<std::string>{"self"});
  }
}

TEST_F(PushPullTest, the_left_are_merged_as_left) {
  merge({node("n2", 2, 1, wire::NodeState::left)});
  EXPECT_EQ(table->row(id("n2")).verdict, members::Verdict::left);
}

TEST_F(PushPullTest, a_newcomer_that_knew_nobody_does_not_gossip_what_its_join_taught_it) {
  GossipRound gossip{base::Rng(1)};
  const auto queued_after = [&](PushPull::Role role, bool alone) {
    rebuild();
    if (!alone) add(2);
    wire::PushPull answer;
    answer.nodes = {node("n8", 8, 1, wire::NodeState::alive), node("n9", 9, 1, wire::NodeState::alive)};
    auto now_step = step();
    room.on_message(now_step, on_stream(tests::ip(9), 2), answer, role);
    drain([&](const room::Outcome& outcome) { gossip.on_outcome(now_step, outcome); });
    EXPECT_EQ(status("n9"), Status::alive);
    return queued().size();
  };
  EXPECT_EQ(queued_after(PushPull::Role::join_answer, true), 0u) << "all of them know it";
  EXPECT_EQ(queued_after(PushPull::Role::join_answer, false), 2u) << "those on our side do not";
  EXPECT_EQ(queued_after(PushPull::Role::request, true), 2u) << "they are the newcomers";
}

TEST_F(PushPullTest, strangers_are_learned_only_alive) {
  merge({node("n7", 7, 1, wire::NodeState::dead), node("n8", 8, 1, wire::NodeState::left),
         node("n9", 9, 1, wire::NodeState::alive)});
  EXPECT_FALSE(id("n7").valid());
  EXPECT_FALSE(id("n8").valid());
  EXPECT_EQ(status("n9"), Status::alive);
}

TEST_F(PushPullTest, one_bad_entry_is_skipped_and_the_rest_is_merged) {
  auto poisoned = node("n7", 7, 1, wire::NodeState::alive);
  const Versions zero{};
  poisoned.vsn = zero;
  auto short_one = node("n8", 8, 1, wire::NodeState::alive);
  short_one.vsn = {};
  const auto unknown_state = node("n6", 6, 1, static_cast<wire::NodeState>(9));
  merge({poisoned, short_one, unknown_state, node("n9", 9, 1, wire::NodeState::alive)});
  EXPECT_FALSE(id("n6").valid());
  EXPECT_FALSE(id("n7").valid());
  EXPECT_FALSE(id("n8").valid());
  EXPECT_EQ(status("n9"), Status::alive);
  EXPECT_EQ(counters[Count::dropped_merge_entry], 3u);
}

TEST_F(PushPullTest, an_accusation_of_ourselves_is_for_refute_to_answer) {
  wire::PushPull message;
  message.nodes = {node("self", 1, 5, wire::NodeState::dead)};
  auto now_step = step();
  room.on_message(now_step, on_stream(tests::ip(9), 1), message, PushPull::Role::answer);
  EXPECT_EQ(drain([](const room::Outcome& outcome) { EXPECT_EQ(outcome.kind, room::Outcome::Kind::about_self); }),
            1);
}

TEST_F(PushPullTest, once_per_period_one_alive_member_is_asked) {
  submit(members::SuspectClaim{"n2", {1}, "n3"});
  auto now_step = step();
  room.start(now_step);
  EXPECT_LE(room.next_deadline(), steady + seconds(30));
  for (int i = 0; i < 10; ++i) {
    steady = room.next_deadline();
    auto tick = step();
    room.on_time(tick);
    EXPECT_EQ(sent(), std::vector<std::string>{"request 10.0.0.3:7946 push-pull nodes=3 state=5"});
    EXPECT_EQ(room.next_deadline(), steady + seconds(30));
  }
}

TEST_F(PushPullTest, an_interval_of_zero_switches_it_off) {
  config.swim.push_pull_interval = Duration::zero();
  auto now_step = step();
  room.start(now_step);
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(PushPullTest, an_exchange_that_fails_is_counted_once) {
  auto now_step = step();
  room.start(now_step);
  steady = room.next_deadline();
  auto tick = step();
  room.on_time(tick);
  const auto stream = std::get<room::Outbox::Request>(out->items().at(0)).stream;
  room.on_stream_end(tick, StreamId{stream.value + 2});
  EXPECT_EQ(counters[Count::push_pull_failures], 0u);
  room.on_stream_end(tick, stream);
  room.on_stream_end(tick, stream);
  EXPECT_EQ(counters[Count::push_pull_failures], 1u);
}

// A newcomer at 10.0.0.9 that calls itself n2, which is 10.0.0.2.
TEST_F(PushPullTest, a_newcomer_whose_name_is_taken_is_refused_and_told_why) {
  merge({node("n2", 9, 7, wire::NodeState::alive)});
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find("answer 1 error"), 0u);
  EXPECT_NE(lines[0].find("10.0.0.2:7946"), std::string::npos) << lines[0];
  EXPECT_EQ(table->address(id("n2")), tests::ip(2));
  EXPECT_EQ(counters[Count::dropped_name_conflict], 1u);
}

TEST_F(PushPullTest, our_own_name_is_taken_too) {
  merge({node("self", 9, 7, wire::NodeState::alive)});
  EXPECT_EQ(counters[Count::dropped_name_conflict], 1u);
}

TEST_F(PushPullTest, with_the_policy_warn_nobody_is_refused) {
  config.name_conflict = ConflictPolicy::warn;
  merge({node("n2", 9, 7, wire::NodeState::alive)});
  EXPECT_EQ(sent(), std::vector<std::string>{"answer 1 push-pull join nodes=3 state=5"});
  EXPECT_EQ(table->address(id("n2")), tests::ip(2)) << "and nobody takes a living member's place";
}

TEST_F(PushPullTest, who_carries_news_of_a_conflict_is_not_its_cause) {
  // Two rows at the asker's machine: nobody can tell which one is its own.
  merge({node("n9", 9, 1, wire::NodeState::alive), node("n2", 9, 7, wire::NodeState::alive)});
  // A row from elsewhere.
  merge({node("n8", 9, 1, wire::NodeState::alive), node("n3", 7, 7, wire::NodeState::alive)});
  EXPECT_EQ(counters[Count::dropped_name_conflict], 0u);
}

TEST_F(PushPullTest, the_place_of_a_dead_member_is_waited_for_and_not_refused) {
  submit(members::DeadClaim{"n2", {1}, "n3"});
  merge({node("n2", 9, 7, wire::NodeState::alive)});
  EXPECT_EQ(counters[Count::dropped_name_conflict], 0u);
}

}  // namespace
}  // namespace hearsay::swim
