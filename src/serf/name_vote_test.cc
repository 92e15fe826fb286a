#include "serf/name_vote.h"

#include "support/room_fixture.h"
#include "wire/serf_query.h"

namespace hearsay::serf {
namespace {

using std::chrono::milliseconds;

TEST(NameVote, gives_way_to_more_votes_only) {
  EXPECT_FALSE(loses_name(0, 0)) << "nobody answered: that says nothing";
  EXPECT_FALSE(loses_name(1, 0));
  EXPECT_FALSE(loses_name(2, 2)) << "or both would stop";
  EXPECT_TRUE(loses_name(0, 1));
  EXPECT_TRUE(loses_name(2, 3));
}

class NameVoteTest : public tests::RoomFixture {
 protected:
  NameVoteTest() {
    config.name_conflict = ConflictPolicy::stop;
    for (std::uint8_t last = 2; last <= 4; ++last) add(last);
  }
  // 10.0.0.9 calls itself as we do.
  void clash() {
    const auto outcome = submit(alive("self", 5, 9));
    ASSERT_EQ(outcome.kind, room::Outcome::Kind::conflict);
    auto now_step = step();
    room.on_outcome(now_step, outcome);
  }
  // The query that is on its way, if any; views into the queue.
  std::optional<wire::Query> query() {
    views_.clear();
    rumors->fill(spread::Audience::all, 1000, 1u << 20, 2, 255, views_);
    for (const ByteView view : views_) {
      const auto message = wire::decode_datagram_message(view);
      const auto serf = wire::decode_serf(std::get<wire::User>(*message).payload);
      if (const auto* found = std::get_if<wire::Query>(&*serf)) return *found;
    }
    return std::nullopt;
  }
  Bytes says(std::optional<Address> place) {
    Bytes payload;
    base::ByteWriter writer(payload);
    if (place) {
      wire::encode(writer, wire::ConflictResponse{"self", place->ip_view(), place->port, {{"role", "web"}}, 1, {}});
    } else {
      wire::encode_unknown_member(writer);
    }
    return payload;
  }
  bool vote(std::uint8_t voter, std::optional<Address> place, std::optional<Address> from = {}) {
    const Bytes payload = says(place);
    const std::string name = "n" + std::to_string(voter);
    auto now_step = step();
    const room::Origin origin{from.value_or(tests::ip(voter)), {}, false, {}};
    return room.on_message(now_step, origin, {asked->time, asked->id, name, 0, payload});
  }
  void end() {
    steady = room.next_deadline();
    auto now_step = step();
    room.on_time(now_step);
  }

  Clock events{LamportTime{1}};
  Clock queries{LamportTime{7}};
  wire::Envelope envelope;
  Answers answers{base::Rng(2)};
  Keys keys{envelope, answers};
  PassThrough pass_through{events, queries, answers, keys};
  NameVote room{base::Rng(1), pass_through};
  std::optional<wire::Query> asked;

 private:
  std::vector<ByteView> views_;
};

TEST_F(NameVoteTest, everybody_is_asked_as_serf_asks) {
  clash();
  asked = query();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->name, "_serf_conflict");
  EXPECT_EQ(as_text(asked->payload), "self");
  EXPECT_EQ(asked->source_node, "self");
  EXPECT_EQ(Address::from_ip(asked->addr, asked->port), tests::ip(1));
  EXPECT_EQ(asked->time, LamportTime{7});
  EXPECT_EQ(room.next_deadline(), steady + milliseconds(3200));
}

TEST_F(NameVoteTest, who_loses_stops_and_says_why) {
  clash();
  asked = query();
  EXPECT_TRUE(vote(2, tests::ip(9)));
  EXPECT_TRUE(vote(3, tests::ip(1)));
  EXPECT_TRUE(vote(4, tests::ip(9)));
  EXPECT_EQ(room.lost(), "") << "not before the time is up";
  end();
  EXPECT_EQ(room.lost(),
            "the name self belongs to 10.0.0.9:7946: 1 of 3 members know it here; give this node another name");
}

TEST_F(NameVoteTest, who_does_not_lose_stays_and_warns) {
  clash();
  asked = query();
  EXPECT_TRUE(vote(2, tests::ip(9)));
  EXPECT_TRUE(vote(3, tests::ip(1)));
  EXPECT_TRUE(vote(4, std::nullopt)) << "who does not know the name has no voice";
  end();
  EXPECT_EQ(room.lost(), "");
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(
      lines[0],
      "notify warning this node keeps the name self, which 10.0.0.9:7946 claims: 1 of 2 members know it here");
}

TEST_F(NameVoteTest, each_member_has_one_voice_at_its_own_address) {
  clash();
  asked = query();
  EXPECT_TRUE(vote(2, tests::ip(1)));
  EXPECT_TRUE(vote(3, tests::ip(9)));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(vote(3, tests::ip(9)));
  EXPECT_TRUE(vote(4, tests::ip(9), tests::ip(77))) << "not from its own address";
  EXPECT_TRUE(vote(55, tests::ip(9))) << "a stranger";
  end();
  EXPECT_EQ(room.lost(), "");
}

TEST_F(NameVoteTest, answers_to_other_queries_are_not_ours) {
  clash();
  asked = query();
  asked->id ^= 1;
  EXPECT_FALSE(vote(2, tests::ip(9)));
  asked->id ^= 1;
  end();
  EXPECT_FALSE(vote(2, tests::ip(9))) << "too late";
}

TEST_F(NameVoteTest, only_with_that_policy_and_about_our_own_name_and_once_in_a_while) {
  config.name_conflict = ConflictPolicy::refuse;
  clash();
  EXPECT_EQ(room.next_deadline(), kNever);
  config.name_conflict = ConflictPolicy::stop;
  auto now_step = step();
  room.on_outcome(now_step, submit(alive("n2", 5, 9)));
  EXPECT_EQ(room.next_deadline(), kNever);
  clash();
  end();
  clash();
  EXPECT_EQ(room.next_deadline(), kNever);
  steady += std::chrono::seconds(30);
  clash();
  EXPECT_NE(room.next_deadline(), kNever);
}

}  // namespace
}  // namespace hearsay::serf
