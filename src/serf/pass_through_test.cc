#include "serf/pass_through.h"

#include <gtest/gtest.h>

#include "support/room_fixture.h"

namespace hearsay::serf {
namespace {

TEST(QueryTimeout, waits_as_long_as_serf_does) {
  EXPECT_EQ(query_timeout(std::chrono::milliseconds(200), 0), std::chrono::milliseconds(3200))
      << "a node that knows nobody";
  EXPECT_EQ(query_timeout(std::chrono::milliseconds(200), 1), std::chrono::milliseconds(3200));
  EXPECT_EQ(query_timeout(std::chrono::milliseconds(200), 9), std::chrono::milliseconds(3200));
  EXPECT_EQ(query_timeout(std::chrono::milliseconds(200), 10), std::chrono::milliseconds(6400));
  EXPECT_EQ(query_timeout(std::chrono::milliseconds(200), 99), std::chrono::milliseconds(6400));
  EXPECT_EQ(query_timeout(std::chrono::milliseconds(200), 100), std::chrono::milliseconds(9600));
}

TEST(Seen, a_message_is_new_once) {
  Seen seen;
  EXPECT_TRUE(seen.is_new({5}, 1, {6}));
  EXPECT_FALSE(seen.is_new({5}, 1, {6}));
  EXPECT_TRUE(seen.is_new({5}, 2, {6})) << "another of the same time";
  EXPECT_TRUE(seen.is_new({5 + kSeenSlots}, 1, {6 + kSeenSlots})) << "the slot goes to the later time";
  EXPECT_FALSE(seen.is_new({5}, 3, {6 + kSeenSlots})) << "and never back";
}

TEST(Seen, what_is_older_than_the_ring_is_taken_for_seen) {
  Seen seen;
  EXPECT_FALSE(seen.is_new({9}, 1, {10 + kSeenSlots}));
  EXPECT_TRUE(seen.is_new({10}, 1, {10 + kSeenSlots}));
}

TEST(Seen, the_messages_of_one_time_are_bounded) {
  Seen seen;
  for (std::uint64_t i = 0; i < kSeenPerSlotMax; ++i) EXPECT_TRUE(seen.is_new({5}, i, {6}));
  EXPECT_FALSE(seen.is_new({5}, kSeenPerSlotMax, {6}));
}

class PassThroughTest : public tests::RoomFixture {
 protected:
  room::Origin origin() {
    room::Origin result = from(tests::ip(2));
    result.verbatim = as_bytes("verbatim");
    return result;
  }
  void hear(const wire::UserEvent& event) {
    auto now_step = step();
    room.on_message(now_step, origin(), event);
  }
  void hear(const wire::Query& query) {
    auto now_step = step();
    room.on_message(now_step, origin(), query);
  }
  wire::Query query(std::uint32_t id, std::string_view name) {
    wire::Query result;
    result.time = {7};
    result.id = id;
    result.name = name;
    result.source_node = "n2";
    result.addr = address.ip_view();
    result.port = address.port;
    return result;
  }
  Address address = tests::ip(2);
  Clock events{{1}};
  Clock queries{{1}};
  wire::Envelope envelope;
  Answers answers{base::Rng(1)};
  Keys keys{envelope, answers};
  PassThrough room{events, queries, answers, keys};
};

TEST_F(PassThroughTest, an_event_is_told_on_once_verbatim) {
  hear(wire::UserEvent{{9}, "deploy", as_bytes("1"), true});
  hear(wire::UserEvent{{9}, "deploy", as_bytes("1"), true});
  EXPECT_EQ(rumors->size(), 1u);
  hear(wire::UserEvent{{9}, "deploy", as_bytes("2"), true});
  EXPECT_EQ(rumors->size(), 2u);
  EXPECT_EQ(events.reading(), LamportTime{10});
  EXPECT_EQ(queries.reading(), LamportTime{1}) << "each kind has its clock";
}

TEST_F(PassThroughTest, a_query_is_told_on_and_acked_to_the_member_that_asked) {
  add(2);
  wire::Query ping = query(1, "_serf_ping");
  ping.flags = 1;
  hear(ping);
  EXPECT_EQ(rumors->size(), 1u);
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("10.0.0.2:7946 user ")) << lines[0];
  hear(ping);
  EXPECT_TRUE(sent().empty()) << "once";
}

TEST_F(PassThroughTest, a_query_that_asks_for_it_is_not_told_on) {
  add(2);
  wire::Query quiet = query(1, "load");
  quiet.flags = 2;
  hear(quiet);
  EXPECT_EQ(rumors->size(), 0u);
  EXPECT_TRUE(sent().empty()) << "applications answer queries, and there is none yet";
}

TEST_F(PassThroughTest, strangers_and_forged_addresses_get_no_answer) {
  wire::Query ping = query(1, "_serf_ping");
  ping.flags = 1;
  hear(ping);
  add(2);
  ping.id = 2;
  ping.port = 53;
  hear(ping);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(counters[Count::dropped_unexpected], 2u);
}

TEST_F(PassThroughTest, who_has_a_name_is_answered_unless_it_is_ours) {
  add(2);
  wire::Query conflict = query(1, "_serf_conflict");
  conflict.payload = as_bytes("n2");
  hear(conflict);
  EXPECT_EQ(sent().size(), 1u);
  conflict.id = 2;
  conflict.payload = as_bytes("nobody");
  hear(conflict);
  EXPECT_EQ(sent().size(), 1u);
  conflict.id = 3;
  conflict.payload = as_bytes("self");
  hear(conflict);
  EXPECT_TRUE(sent().empty());
}

TEST_F(PassThroughTest, a_filter_for_others_keeps_us_silent_but_the_query_travels_on) {
  add(2);
  const Bytes others = {0x00, 0x91, 0xa2, 'n', '9'};
  const Bytes ours = {0x00, 0x91, 0xa4, 's', 'e', 'l', 'f'};
  const Bytes unknown = {0x07, 0x80};
  wire::Query ping = query(1, "_serf_ping");
  ping.flags = 1;
  ping.filters = {others};
  hear(ping);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(rumors->size(), 1u);
  ping.id = 2;
  ping.filters = {ours};
  hear(ping);
  EXPECT_EQ(sent().size(), 1u);
  ping.id = 3;
  ping.filters = {ours, unknown};
  hear(ping);
  ping.id = 4;
  ping.filters = {ByteView()};
  hear(ping);
  EXPECT_TRUE(sent().empty());
}

TEST_F(PassThroughTest, absurd_times_are_dropped) {
  hear(wire::UserEvent{{UINT64_MAX}, "deploy", {}, true});
  wire::Query late = query(1, "load");
  late.time = {UINT64_MAX};
  hear(late);
  EXPECT_EQ(counters[Count::dropped_malformed], 2u);
  EXPECT_EQ(rumors->size(), 0u);
  EXPECT_EQ(events.reading(), LamportTime{1});
}

}  // namespace
}  // namespace hearsay::serf
