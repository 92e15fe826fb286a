#include "contact/join.h"

#include "support/room_fixture.h"

namespace hearsay::contact {
namespace {

class Introduction : public room::Introduction {
 public:
  StreamId introduce(room::Step& step, const Address& peer) override {
    return step.out.request(peer, step.after(step.config.swim.stream_timeout), wire::Ping{SeqNo{7}, "", {}, 0, ""});
  }
};

class JoinTest : public tests::RoomFixture {
 protected:
  void join(std::vector<std::string> peers, std::uint64_t number = 1, bool quiet = false) {
    auto now_step = step();
    const hearsay::Join command{CommandId{number}, std::move(peers)};
    if (room.accepts(now_step, command)) room.on_command(now_step, command, 7946, quiet);
  }
  bool answer(std::uint64_t stream) {
    auto now_step = step();
    return room.on_answer(now_step, StreamId{stream});
  }
  void end(std::uint64_t stream, std::string_view why) {
    auto now_step = step();
    room.on_stream_end(now_step, StreamId{stream}, why);
  }
  void reply(std::uint64_t call, std::vector<Address> addresses, std::string why = {}) {
    auto now_step = step();
    room.on_reply(now_step, CallId{call}, Resolved{std::move(addresses), std::move(why)});
  }

  Introduction introduction;
  Join room{introduction};
};

TEST_F(JoinTest, each_address_is_asked_for_its_table) {
  join({"10.0.0.2", "10.0.0.3:8000", "[2001:db8::1]:9000"});
  EXPECT_EQ(sent(),
            (std::vector<std::string>{"request 10.0.0.2:7946 ping - seq=7", "request 10.0.0.3:8000 ping - seq=7",
                                      "request [2001:db8::1]:9000 ping - seq=7"}));
}

TEST_F(JoinTest, one_answer_is_enough_and_all_are_counted) {
  join({"10.0.0.2", "10.0.0.3", "10.0.0.4"});
  sent();
  EXPECT_TRUE(answer(2));
  EXPECT_FALSE(answer(2)) << "only once";
  end(4, "refused");
  EXPECT_TRUE(sent().empty());
  EXPECT_TRUE(answer(6));
  EXPECT_EQ(sent(), std::vector<std::string>{"notify command 1 done value=2"});
}

TEST_F(JoinTest, when_nobody_answers_the_last_failure_is_told) {
  join({"10.0.0.2", "10.0.0.3"});
  sent();
  end(2, "connection refused");
  end(4, "no answer in time");
  EXPECT_EQ(sent(),
            std::vector<std::string>{"notify command 1 failed unreachable: no peer could be joined; the last "
                                     "one tried, 10.0.0.3:7946: no answer in time"});
}

TEST_F(JoinTest, names_are_resolved_and_every_address_is_tried) {
  join({"seed.example:8000"});
  EXPECT_EQ(sent(), std::vector<std::string>{"resolve seed.example:8000"});
  reply(1, {tests::ip(2, 8000), tests::ip(3, 8000)});
  EXPECT_EQ(sent().size(), 2u);
  reply(1, {tests::ip(4)});
  EXPECT_TRUE(sent().empty()) << "a call is answered once";
  end(2, "refused");
  EXPECT_TRUE(answer(4));
  EXPECT_EQ(sent(), std::vector<std::string>{"notify command 1 done value=1"});
}

TEST_F(JoinTest, a_name_that_does_not_resolve_is_told) {
  join({"nowhere"});
  sent();
  reply(1, {}, "no such host");
  EXPECT_EQ(sent(),
            std::vector<std::string>{"notify command 1 failed unreachable: no peer could be joined; the last "
                                     "one tried, the name nowhere does not resolve: no such host"});
}

TEST_F(JoinTest, a_name_with_very_many_addresses_is_cut) {
  join({"crowd"});
  sent();
  std::vector<Address> crowd;
  for (std::uint8_t last = 2; last < 100; ++last) crowd.push_back(tests::ip(last));
  reply(1, crowd);
  EXPECT_EQ(sent().size(), kAddressesPerName);
}

TEST_F(JoinTest, joining_oneself_alone_fails_and_says_why) {
  join({"10.0.0.1"});
  EXPECT_EQ(sent(),
            std::vector<std::string>{"notify command 1 failed unreachable: no peer could be joined; the last "
                                     "one tried, 10.0.0.1:7946 is this node itself"});
  join({"10.0.0.1", "10.0.0.2"}, 2);
  sent();
  EXPECT_TRUE(answer(2));
  EXPECT_EQ(sent(), std::vector<std::string>{"notify command 2 done value=1"});
}

TEST_F(JoinTest, a_command_that_makes_no_sense_is_refused_and_changes_nothing) {
  join({});
  join(std::vector<std::string>(kJoinPeersMax + 1, "10.0.0.2"));
  join({"10.0.0.2", "10.0.0.3:port"});
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 3u);
  for (const auto& line : lines) EXPECT_TRUE(line.starts_with("notify command 1 failed invalid_argument")) << line;
}

TEST_F(JoinTest, the_number_of_running_joins_is_bounded) {
  for (std::uint64_t number = 1; number <= kJoinsMax; ++number) join({"10.0.0.2"}, number);
  sent();
  join({"10.0.0.2"}, 100);
  EXPECT_EQ(sent(), std::vector<std::string>{"notify command 100 failed wrong_state: too many joins are running"});
  EXPECT_TRUE(answer(2));
  sent();
  join({"10.0.0.2"}, 101);
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(JoinTest, streams_of_others_are_left_alone) {
  EXPECT_FALSE(answer(2));
  end(2, "closed");
  EXPECT_TRUE(sent().empty());
}

TEST_F(JoinTest, a_join_of_our_own_doing_is_quiet) {
  join({"10.0.0.2"}, 0, true);
  sent();
  EXPECT_FALSE(answer(2)) << "and is not announced";
  join({"10.0.0.2"}, 0, true);
  sent();
  end(4, "refused");
  EXPECT_TRUE(sent().empty());
}

}  // namespace
}  // namespace hearsay::contact
