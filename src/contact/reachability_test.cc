#include "contact/reachability.h"

#include "support/room_fixture.h"

namespace hearsay::contact {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Answer = OwnProbe::Answer;

TEST(JudgeLink, says_what_is_known_and_no_more) {
  EXPECT_EQ(judge_link(true, true), Link::Fault::outgoing);
  EXPECT_EQ(judge_link(true, false), Link::Fault::outgoing);
  EXPECT_EQ(judge_link(false, true), Link::Fault::unheard);
  EXPECT_EQ(judge_link(false, false), std::nullopt) << "it may be dead";
}

// self probes n2 every ten seconds.
class ReachabilityTest : public tests::RoomFixture {
 protected:
  ReachabilityTest() {
    add(2);
    add(3);
  }
  void probe(Answer answer, std::uint8_t last = 2) {
    steady += seconds(9);
    room::ProbeReport report;
    report.member = id("n" + std::to_string(last));
    report.address = tests::ip(last);
    report.seq = SeqNo{seq += 2};
    report.began = steady;
    report.answer = answer;
    if (answer == Answer::relayed) report.through = id("n3");
    steady += seconds(1);
    report.ended = steady;
    auto now_step = step();
    room.on_probe(now_step, report);
  }
  void packet(const Address& from = tests::ip(2)) {
    auto now_step = step();
    room.on_packet(now_step, from);
  }
  // What would be checked is checked and nothing comes.
  void check() {
    for (int i = 0; i < kChecks + 1; ++i) {
      steady += config.swim.probe_timeout;
      auto now_step = step();
      room.on_time(now_step);
    }
  }
  bool ack(SeqNo number, const Address& from) {
    auto now_step = step();
    return room.on_message(now_step, room::Origin{from, {}, false, {}}, wire::Ack{number, {}});
  }
  // "outgoing", "unheard" or "none".
  std::string shown() {
    const auto links = room.links(*table);
    EXPECT_LE(links.size(), 1u);
    return links.empty() ? "none" : name_of(links[0].fault);
  }
  std::vector<std::string> notices() {
    std::vector<std::string> lines;
    for (auto& line : sent()) {
      if (line.starts_with("notify ")) lines.push_back(line.substr(7));
    }
    return lines;
  }

  Reachability room{base::Rng(1)};
  std::uint32_t seq = 100;
};

TEST_F(ReachabilityTest, probes_unanswered_while_its_packets_arrive_name_the_way_there) {
  probe(Answer::relayed);
  packet();
  probe(Answer::relayed);
  EXPECT_EQ(shown(), "none") << "loss looks the same for a moment";
  check();
  EXPECT_EQ(shown(), "outgoing");
  EXPECT_EQ(notices(), std::vector<std::string>{
                           "link self -> n2 does not carry UDP (our probes go unanswered, n2's packets arrive)"});
  EXPECT_EQ(counters[Count::link_checks], kChecks);
  packet();
  probe(Answer::stream);
  packet();
  probe(Answer::stream);
  EXPECT_EQ(notices(), std::vector<std::string>{}) << "told once";
  EXPECT_EQ(room.links(*table)[0].failed_probes, 4u);
  probe(Answer::direct);
  EXPECT_EQ(shown(), "none");
  EXPECT_EQ(notices(), std::vector<std::string>{"link self -> n2 carries UDP again"});
  EXPECT_EQ(room.next_deadline(), kNever) << "nobody is watched any more";
}

TEST_F(ReachabilityTest, nothing_of_it_arrives_although_it_is_alive) {
  probe(Answer::relayed);
  probe(Answer::stream);
  check();
  EXPECT_EQ(shown(), "unheard");
  EXPECT_EQ(notices(),
            std::vector<std::string>{"link n2 -> self or both directions do not carry UDP (our probes go "
                                     "unanswered, no packet of n2 arrives, it answers over TCP)"});
  packet();
  EXPECT_EQ(shown(), "unheard") << "it may be well again: it is asked first";
  check();
  EXPECT_EQ(shown(), "outgoing") << "now more is known";
  EXPECT_EQ(notices().size(), 1u);
}

TEST_F(ReachabilityTest, a_link_that_heals_is_not_accused_of_anything_else) {
  probe(Answer::relayed);
  probe(Answer::relayed);
  check();
  out->clear();
  packet();
  EXPECT_TRUE(ack(message<wire::Ping>(0).seq, tests::ip(2)));
  EXPECT_EQ(notices(), std::vector<std::string>{"link self -> n2 carries UDP again"});
}

TEST_F(ReachabilityTest, once_named_it_stays_so_while_its_packets_are_rare) {
  probe(Answer::relayed);
  packet();
  probe(Answer::relayed);
  packet();
  check();
  ASSERT_EQ(shown(), "outgoing");
  // Two probes close to each other, between which it had no reason to speak.
  for (int i = 0; i < 2; ++i) {
    steady -= seconds(9) + milliseconds(500);
    probe(Answer::relayed);
  }
  EXPECT_EQ(shown(), "outgoing");
}

TEST_F(ReachabilityTest, who_spoke_and_then_died_has_no_broken_link) {
  probe(Answer::relayed);
  packet();
  probe(Answer::none);
  check();
  EXPECT_EQ(shown(), "none");
}

TEST_F(ReachabilityTest, a_dead_node_is_not_called_one_way) {
  packet();
  probe(Answer::none);
  probe(Answer::none);
  check();
  probe(Answer::none);
  EXPECT_EQ(shown(), "none");
  EXPECT_TRUE(notices().empty());
}

TEST_F(ReachabilityTest, a_member_that_dies_behind_a_broken_link_takes_the_link_with_it) {
  probe(Answer::relayed);
  packet();
  probe(Answer::relayed);
  check();
  EXPECT_EQ(shown(), "outgoing");
  probe(Answer::none);
  EXPECT_EQ(shown(), "none") << "no packet since, and no answer any other way";
  EXPECT_EQ(notices().back(), "link self -> n2 is not known any more");
}

TEST_F(ReachabilityTest, packets_from_before_say_nothing) {
  packet();
  probe(Answer::relayed);
  packet();
  probe(Answer::relayed);
  probe(Answer::relayed);
  check();
  EXPECT_EQ(shown(), "unheard") << "its packet came before the last two probes began";
}

TEST_F(ReachabilityTest, one_answer_however_late_acquits_a_lossy_link) {
  probe(Answer::relayed);
  packet();
  probe(Answer::relayed);
  const SeqNo checked = message<wire::Ping>(0).seq;
  EXPECT_FALSE(ack(checked, tests::ip(3))) << "not its own";
  EXPECT_FALSE(ack(checked, tests::ip(2, 9))) << "another node of that machine";
  EXPECT_FALSE(ack(SeqNo{checked.value + 1}, tests::ip(2)));
  EXPECT_TRUE(ack(checked, tests::ip(2)));
  EXPECT_EQ(room.next_deadline(), kNever);
  EXPECT_TRUE(notices().empty()) << "it was never named";
}

TEST_F(ReachabilityTest, a_late_ack_of_a_probe_shows_a_slow_node) {
  for (int i = 0; i < 5; ++i) {
    probe(Answer::relayed);
    packet();
    probe(Answer::relayed);
    EXPECT_TRUE(ack(SeqNo{seq}, tests::ip(2)));
    check();
  }
  EXPECT_EQ(shown(), "none");
}

TEST_F(ReachabilityTest, a_direct_answer_between_two_failures_is_no_pattern) {
  for (int i = 0; i < 5; ++i) {
    probe(Answer::relayed);
    packet();
    probe(Answer::direct);
  }
  EXPECT_EQ(counters[Count::link_checks], 0u);
}

TEST_F(ReachabilityTest, who_leaves_or_moves_is_not_watched_any_more) {
  probe(Answer::relayed);
  packet();
  probe(Answer::relayed);
  check();
  ASSERT_EQ(shown(), "outgoing");
  auto outcome = submit(members::DeadClaim{"n2", {1}, "n2"});
  auto now_step = step();
  room.on_outcome(now_step, outcome);
  EXPECT_EQ(shown(), "none");
}

TEST_F(ReachabilityTest, who_is_neither_probed_nor_heard_is_forgotten) {
  probe(Answer::relayed);
  steady += seconds(1000);
  auto now_step = step();
  room.on_time(now_step);
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(ReachabilityTest, only_so_many_are_watched) {
  for (std::uint8_t last = 4; last < 4 + kWatchedMax + 3; ++last) {
    add(last);
    probe(Answer::stream, last);
  }
  EXPECT_EQ(counters[Count::dropped_links], 3u);
}

}  // namespace
}  // namespace hearsay::contact
