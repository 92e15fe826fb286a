#include "swim/probe.h"

#include <set>

#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The room knows self and n2; its first round has begun and its ping lies in the outbox as item 0.
class ProbeTest : public tests::RoomFixture {
 protected:
  void know(std::uint8_t last, const Versions& versions = tests::kSerfVersions) {
    auto now_step = step();
    room.on_outcome(now_step, add(last, versions));
  }
  void start() {
    auto now_step = step();
    room.start(now_step);
    steady = room.next_deadline();
    run();
  }
  void run() {
    auto now_step = step();
    room.on_time(now_step);
  }
  // To the next deadline.
  void go() {
    steady = room.next_deadline();
    run();
  }
  bool ack(SeqNo seq, const Address& address) {
    auto now_step = step();
    return room.on_message(now_step, from(address), wire::Ack{seq, {}});
  }
  bool nack(SeqNo seq, const Address& address) {
    auto now_step = step();
    return room.on_message(now_step, from(address), wire::Nack{seq});
  }
  SeqNo seq() const { return message<wire::Ping>(0).seq; }
  static bool is_suspicion(const room::Outcome& outcome) {
    return std::holds_alternative<members::SuspectClaim>(outcome.claim->body);
  }

  LocalHealth health{8};
  Probe room{base::Rng(1), health};
};

TEST_F(ProbeTest, a_ping_names_the_target_and_where_to_answer) {
  know(2);
  start();
  const auto ping = message<wire::Ping>(0);
  EXPECT_EQ(ping.node, "n2");
  EXPECT_EQ(ping.source_node, "self");
  EXPECT_EQ(Address::from_ip(ping.source_addr, ping.source_port), tests::ip(1));
  EXPECT_TRUE(std::get<room::Outbox::Datagram>(out->items()[0]).rumors);
  EXPECT_FALSE(std::get<room::Outbox::Datagram>(out->items()[0]).peer.crc) << "pings carry no checksum";
}

TEST_F(ProbeTest, an_answered_probe_accuses_nobody_and_heals) {
  know(2);
  health.add(2);
  start();
  EXPECT_TRUE(ack(seq(), tests::ip(2)));
  EXPECT_EQ(health.score(), 1);
  EXPECT_EQ(table->row(id("n2")).last_contact, steady);
  go();
  EXPECT_EQ(drain(), 0);
  EXPECT_EQ(counters[Count::probes], 2u);
}

TEST_F(ProbeTest, an_ack_counts_from_the_target_only) {
  know(2);
  know(3);
  start();
  const SeqNo right = seq();
  const std::uint8_t target = message<wire::Ping>(0).node == "n2" ? 2 : 3;
  EXPECT_FALSE(ack(right, tests::ip(9))) << "a stranger";
  EXPECT_FALSE(ack(right, tests::ip(target == 2 ? 3 : 2))) << "not a helper yet";
  EXPECT_FALSE(ack({right.value + 1}, tests::ip(target)));
  EXPECT_TRUE(ack(right, tests::ip(target, 12345))) << "behind an address translator";
  EXPECT_FALSE(ack(right, tests::ip(target))) << "only once";
}

TEST_F(ProbeTest, a_late_ack_asks_helpers_and_tries_tcp) {
  for (std::uint8_t last = 2; last <= 7; ++last) know(last);
  start();
  const std::string target(message<wire::Ping>(0).node);
  const SeqNo right = seq();
  out->clear();
  steady += milliseconds(500);
  run();
  ASSERT_EQ(out->items().size(), 4u);
  std::set<Address> helpers;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto asked = message<wire::IndirectPing>(i);
    EXPECT_EQ(asked.node, target);
    EXPECT_EQ(asked.seq, right) << "the relayed ack carries our number";
    EXPECT_TRUE(asked.nack);
    EXPECT_EQ(Address::from_ip(asked.target, asked.port), table->address(id(target)));
    helpers.insert(std::get<room::Outbox::Datagram>(out->items()[i]).peer.to);
  }
  EXPECT_EQ(helpers.size(), 3u);
  EXPECT_FALSE(helpers.contains(table->address(id(target))));
  EXPECT_FALSE(helpers.contains(tests::ip(1)));
  EXPECT_EQ(std::get<room::Outbox::Request>(out->items()[3]).to, table->address(id(target)));
  const Time before = table->row(id(target)).last_contact;
  EXPECT_TRUE(ack(right, *helpers.begin())) << "a relayed ack counts";
  EXPECT_EQ(table->row(id(target)).last_contact, before) << "and is no first-hand contact";
}

TEST_F(ProbeTest, older_peers_are_asked_for_neither_nacks_nor_tcp_pings) {
  know(2, {1, 2, 2, 2, 5, 5});
  start();
  know(3, {1, 3, 2, 2, 5, 5});
  out->clear();
  steady += milliseconds(500);
  run();
  ASSERT_EQ(out->items().size(), 1u);
  EXPECT_FALSE(message<wire::IndirectPing>(0).nack);
}

TEST_F(ProbeTest, no_answer_until_the_deadline_makes_a_suspect_with_the_evidence) {
  for (std::uint8_t last = 2; last <= 5; ++last) know(last);
  start();
  const std::string target(message<wire::Ping>(0).node);
  const SeqNo right = seq();
  steady += milliseconds(500);
  run();
  unsigned nacks = 0;
  for (std::uint8_t last = 2; last <= 5 && nacks < 2; ++last) {
    if (id("n" + std::to_string(last)) == id(target)) continue;
    EXPECT_TRUE(nack(right, tests::ip(last)));
    EXPECT_FALSE(nack(right, tests::ip(last))) << "a helper's nack counts once";
    ++nacks;
  }
  EXPECT_FALSE(nack(right, tests::ip(9))) << "a stranger's nack counts not at all";
  steady += milliseconds(499);
  run();
  EXPECT_EQ(status(target), Status::alive);
  steady += milliseconds(1);
  run();
  EXPECT_EQ(status(target), Status::suspect);
  EXPECT_EQ(health.score(), 1) << "three nacks were expected and two came";
  EXPECT_EQ(drain([&](const room::Outcome& outcome) {
              const auto& evidence = outcome.claim->evidence;
              EXPECT_TRUE(is_suspicion(outcome));
              EXPECT_EQ(evidence.source, Evidence::Source::own_probe);
              EXPECT_EQ(evidence.accuser, "self");
              EXPECT_EQ(evidence.direct_probes, 1);
              EXPECT_EQ(evidence.indirect_probes, 3);
              EXPECT_EQ(evidence.nacks, 2);
              EXPECT_TRUE(evidence.stream_probe_failed);
            }),
            1);
  EXPECT_EQ(counters[Count::probes_failed], 1u);
}

TEST_F(ProbeTest, without_helpers_a_failure_costs_one_point) {
  know(2);
  start();
  go();
  go();
  EXPECT_EQ(status("n2"), Status::suspect);
  EXPECT_EQ(health.score(), 1);
}

TEST_F(ProbeTest, an_answer_over_tcp_keeps_the_member_and_says_that_udp_is_blocked) {
  know(2);
  start();
  const SeqNo right = seq();
  out->clear();
  go();
  const auto stream = std::get<room::Outbox::Request>(out->items().at(0)).stream;
  auto now_step = step();
  EXPECT_FALSE(room.on_message(now_step, on_stream(tests::ip(2), stream.value + 2), wire::Ack{right, {}}));
  EXPECT_TRUE(room.on_message(now_step, on_stream(tests::ip(2), stream.value), wire::Ack{right, {}}));
  go();
  EXPECT_EQ(status("n2"), Status::alive);
  EXPECT_EQ(counters[Count::udp_blocked], 1u);
  EXPECT_EQ(counters[Count::probes_failed], 0u);
}

TEST_F(ProbeTest, the_tcp_ping_is_given_up_when_the_probe_ends) {
  know(2);
  start();
  const SeqNo right = seq();
  go();
  out->clear();
  EXPECT_TRUE(ack(right, tests::ip(2)));
  EXPECT_EQ(sent(), std::vector<std::string>{"close 2"});
}

TEST_F(ProbeTest, a_suspect_is_pinged_together_with_the_accusation_and_nothing_else) {
  know(2);
  submit(members::SuspectClaim{"n2", {1}, "n3"});
  start();
  const auto& datagram = std::get<room::Outbox::Datagram>(out->items().at(0));
  EXPECT_EQ(datagram.parts, 2u);
  EXPECT_FALSE(datagram.rumors);
  EXPECT_TRUE(datagram.peer.crc);
  const auto suspect = message<wire::Suspect>(0, 1);
  EXPECT_EQ(suspect.node, "n2");
  EXPECT_EQ(suspect.from, "self");
  EXPECT_EQ(suspect.incarnation, Incarnation{1});
}

TEST_F(ProbeTest, every_member_that_is_up_is_probed_once_per_cycle) {
  for (std::uint8_t last = 2; last <= 9; ++last) know(last);
  submit(members::DeadClaim{"n9", {1}, "n2"});
  start();
  for (int cycle = 0; cycle < 5; ++cycle) {
    std::set<std::string> targets;
    for (int i = 0; i < 7; ++i) {
      const auto ping = message<wire::Ping>(0);
      targets.insert(std::string(ping.node));
      EXPECT_TRUE(ack(ping.seq, table->address(id(ping.node))));
      out->clear();
      go();
    }
    EXPECT_EQ(targets.size(), 7u);
    EXPECT_FALSE(targets.contains("n9"));
  }
}

TEST_F(ProbeTest, a_sick_node_takes_longer_and_skips_the_rounds_meanwhile) {
  know(2);
  health.add(2);
  start();
  const Time begun = steady;
  while (drain() == 0) go();
  EXPECT_EQ(steady - begun, seconds(3));
  EXPECT_EQ(counters[Count::probes], 2u) << "the next one begins with the end of the first";
}

TEST_F(ProbeTest, missed_rounds_are_skipped) {
  know(2);
  start();
  EXPECT_TRUE(ack(seq(), tests::ip(2)));
  steady += seconds(60);
  run();
  run();
  EXPECT_EQ(counters[Count::probes], 2u);
  EXPECT_EQ(room.next_deadline() - steady, milliseconds(500));
}

TEST_F(ProbeTest, a_probe_of_a_forgotten_member_is_given_up) {
  know(2);
  start();
  auto now_step = step();
  room.on_outcome(now_step, submit(members::ForgetClaim{"n2"}));
  out->clear();
  for (int i = 0; i < 5; ++i) go();
  EXPECT_TRUE(out->items().empty());
  EXPECT_EQ(drain(), 0);
}

TEST_F(ProbeTest, after_a_pause_of_ours_the_running_probe_accuses_nobody) {
  know(2);
  start();
  steady += seconds(30);
  auto now_step = step();
  room.on_pause(now_step, seconds(30));
  EXPECT_EQ(health.score(), 1);
  run();
  EXPECT_EQ(drain(), 0);
  EXPECT_EQ(counters[Count::probes_failed], 0u);
}

TEST_F(ProbeTest, who_has_left_probes_nobody) {
  know(2);
  const members::Claim leave{members::DeadClaim{"self", {1}, "self"}, {}, true, {}};
  EXPECT_TRUE(table->apply(now(), leave).accepted());
  start();
  go();
  EXPECT_TRUE(out->items().empty());
}

TEST_F(ProbeTest, a_ping_is_answered_where_it_asks_for_it) {
  know(2);
  const Address named = tests::ip(2);
  auto now_step = step();
  room.on_message(now_step, from(tests::ip(7)), wire::Ping{{5}, "self", named.ip_view(), named.port, "n2"});
  room.on_message(now_step, from(tests::ip(7)), wire::Ping{{6}, "", {}, 0, ""});
  room.on_message(now_step, on_stream(tests::ip(7), 3), wire::Ping{{7}, "self", {}, 0, ""});
  EXPECT_EQ(sent(), (std::vector<std::string>{"10.0.0.2:7946 ack seq=5",  // strangers get no rumors
                                              "10.0.0.7:7946 ack seq=6 + rumors", "answer 3 ack seq=7"}));
}

TEST_F(ProbeTest, a_ping_for_another_name_is_ignored) {
  auto now_step = step();
  room.on_message(now_step, from(tests::ip(2)), wire::Ping{{5}, "other", {}, 0, "n2"});
  EXPECT_TRUE(out->items().empty());
  EXPECT_EQ(counters[Count::dropped_foreign_ping], 1u);
  room.on_message(now_step, on_stream(tests::ip(2), 3), wire::Ping{{5}, "other", {}, 0, "n2"});
  EXPECT_EQ(sent(), std::vector<std::string>{"close 3"});
}

TEST_F(ProbeTest, a_ping_is_a_sign_of_life_only_from_its_senders_own_address) {
  know(2);
  auto now_step = step();
  room.on_message(now_step, from(tests::ip(9)), wire::Ping{{5}, "self", {}, 0, "n2"});
  EXPECT_EQ(table->row(id("n2")).last_contact, Time{}) << "anybody can write a name into a ping";
  room.on_message(now_step, from(tests::ip(2, 12345)), wire::Ping{{5}, "self", {}, 0, "n2"});
  EXPECT_EQ(table->row(id("n2")).last_contact, steady);
}

}  // namespace
}  // namespace hearsay::swim
