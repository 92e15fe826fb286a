#include "swim/repair.h"

#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RepairTest : public tests::RoomFixture {
 protected:
  void learn(std::uint8_t last) {
    auto outcome = add(last);
    auto now_step = step();
    room.on_outcome(now_step, outcome);
  }
  // A ping or ack of n2 whose view has this hash.
  void hear(std::uint64_t view_hash) {
    Bytes bytes;
    base::ByteWriter writer(bytes);
    wire::encode(writer, wire::Extension{.run_id = 1, .view_hash = view_hash});
    auto now_step = step();
    room.on_extension(now_step, id("n2"), bytes);
  }
  wire::ViewPull asked(std::size_t item) {
    const auto user = message<wire::User>(item);
    EXPECT_EQ(user.payload[0], wire::kHearsayUserType);
    return wire::decode_view_pull(user.payload.subspan(2)).value();
  }
  void pull(const wire::ViewPull& pull) {
    auto now_step = step();
    room.on_message(now_step, id("n2"), pull);
  }
  Repair room{base::Rng(1)};
};

TEST_F(RepairTest, the_extension_says_what_we_believe) {
  learn(2);
  const auto mine = wire::decode_extension(room.extension(*table));
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->view_hash, table->view_hash());
}

TEST_F(RepairTest, who_sends_an_extension_is_known_to_speak_hearsay) {
  learn(2);
  EXPECT_FALSE(table->row(id("n2")).speaks_hearsay);
  hear(table->view_hash());
  EXPECT_TRUE(table->row(id("n2")).speaks_hearsay);
  submit(members::AliveClaim{alive("n2", 2, 2)});
  EXPECT_FALSE(table->row(id("n2")).speaks_hearsay) << "until it returns as another";
}

TEST_F(RepairTest, equal_views_need_nothing) {
  learn(2);
  hear(table->view_hash());
  EXPECT_TRUE(out->items().empty());
}

TEST_F(RepairTest, a_differing_view_is_asked_for_its_late_news) {
  learn(2);
  learn(3);
  hear(1);
  ASSERT_EQ(out->items().size(), 1u);
  const auto pull = asked(0);
  EXPECT_EQ(pull.sender, "self");
  EXPECT_EQ(pull.entries.size(), 2u);
}

TEST_F(RepairTest, it_is_asked_at_most_twice_in_a_probe_interval) {
  learn(2);
  hear(1);
  hear(2);
  EXPECT_EQ(out->items().size(), 1u);
  steady += config.swim.probe_interval / 2;
  hear(3);
  EXPECT_EQ(out->items().size(), 2u);
}

TEST_F(RepairTest, when_nothing_changed_lately_and_views_go_on_differing_tables_are_exchanged_once_in_a_while) {
  learn(2);
  steady += repair_window(config.swim) + seconds(1);
  hear(1);
  EXPECT_EQ(asked(0).sender, "self") << "it may be news that are still on their way";
  EXPECT_TRUE(out->take_joins().empty());
  out->clear();
  steady += config.swim.probe_interval;
  hear(1);
  EXPECT_TRUE(out->items().empty());
  EXPECT_EQ(out->take_joins().size(), 1u);
  steady += seconds(1);
  hear(1);
  EXPECT_TRUE(out->take_joins().empty());
  steady += repair_window(config.swim);
  hear(1);
  EXPECT_EQ(out->take_joins().size(), 1u);
}

TEST_F(RepairTest, views_that_agreed_meanwhile_and_news_end_the_doubt) {
  learn(2);
  steady += repair_window(config.swim) + seconds(1);
  hear(1);
  hear(table->view_hash());
  steady += config.swim.probe_interval;
  hear(1);
  EXPECT_TRUE(out->take_joins().empty());
  learn(3);
  steady += repair_window(config.swim) + seconds(1);
  hear(1);
  EXPECT_TRUE(out->take_joins().empty()) << "a new doubt";
  steady += config.swim.probe_interval;
  hear(1);
  EXPECT_EQ(out->take_joins().size(), 1u);
}

TEST_F(RepairTest, in_a_storm_of_news_nobody_is_asked) {
  for (std::size_t last = 2; last < 2 + wire::kViewEntriesMax; ++last) learn(static_cast<std::uint8_t>(last));
  hear(1);
  EXPECT_TRUE(out->items().empty());
  EXPECT_TRUE(out->take_joins().empty());
}

TEST_F(RepairTest, when_a_storm_is_over_tables_are_exchanged_once) {
  for (std::size_t last = 2; last < 2 + wire::kViewEntriesMax; ++last) learn(static_cast<std::uint8_t>(last));
  steady += 2 * config.swim.probe_interval;
  hear(1);
  EXPECT_TRUE(out->take_joins().empty()) << "it may still go on";
  steady += config.swim.probe_interval;
  hear(1);
  EXPECT_EQ(out->take_joins().size(), 1u);
  steady += config.swim.probe_interval;
  hear(1);
  EXPECT_TRUE(out->take_joins().empty());
  EXPECT_TRUE(out->items().empty());
}

TEST_F(RepairTest, who_asks_is_told_what_it_lacks_and_nothing_else) {
  learn(2);
  learn(3);
  learn(4);
  hear(1);
  wire::ViewPull known = asked(0);
  const std::string sender(known.sender);
  known.sender = sender;
  out->clear();
  std::erase_if(known.entries, [](const auto& entry) { return entry.incarnation != Incarnation{1}; });
  pull(known);
  EXPECT_TRUE(sent().empty()) << "it knows all of that";
  known.entries.erase(known.entries.begin());  // the latest: n4
  pull(known);
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("10.0.0.2:7946 alive n4 inc=1")) << lines[0];
}

TEST_F(RepairTest, newer_and_worse_news_are_told) {
  learn(2);
  learn(3);
  hear(1);
  const wire::ViewPull known = asked(0);
  const std::vector<wire::ViewPull::Entry> entries = known.entries;
  out->clear();
  auto now_step = step();
  room.on_outcome(now_step, submit(members::SuspectClaim{"n3", {1}, "n9"}));
  pull({"n2", entries});
  EXPECT_EQ(sent(), std::vector<std::string>{"10.0.0.2:7946 suspect n3 inc=1 from=n9 crc"});
  room.on_outcome(now_step, submit(members::DeadClaim{"n3", {1}, "n3"}));
  pull({"n2", entries});
  EXPECT_EQ(sent(), std::vector<std::string>{"10.0.0.2:7946 left n3 inc=1 crc"});
}

TEST_F(RepairTest, old_news_are_left_to_table_exchanges) {
  learn(2);
  learn(3);
  steady += repair_window(config.swim) + milliseconds(1);
  pull({"n2", {}});
  EXPECT_TRUE(sent().empty());
}

TEST_F(RepairTest, answers_are_bounded) {
  learn(2);
  learn(3);
  for (int i = 0; i < 100; ++i) pull({"n2", {}});
  EXPECT_EQ(sent().size(), 32u * 2) << "two news, 32 times a second";
  EXPECT_EQ(counters[Count::dropped_output_limit], 68u);
}

}  // namespace
}  // namespace hearsay::swim
