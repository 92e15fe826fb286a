#include "room/step.h"

#include "support/room_fixture.h"

namespace hearsay::room {
namespace {

class StepTest : public tests::RoomFixture {};

TEST_F(StepTest, a_claim_counts_at_once_and_its_outcome_is_offered_in_order) {
  auto now_step = step();
  EXPECT_TRUE(now_step.submit({alive("n2", 1, 2), {}}).accepted());
  EXPECT_EQ(status("n2"), Status::alive);
  EXPECT_TRUE(now_step.submit({members::SuspectClaim{"n2", {1}, "n3"}, {}}).accepted());
  std::string order;
  drain([&](const Outcome& outcome) { order += std::string(name_of(outcome.after)) + " "; });
  EXPECT_EQ(order, "alive suspect ");
}

TEST_F(StepTest, claims_made_while_outcomes_are_offered_queue_behind_them) {
  auto now_step = step();
  now_step.submit({alive("n2", 1, 2), {}});
  now_step.submit({alive("n3", 1, 3), {}});
  std::string order;
  drain([&](const Outcome& outcome) {
    order += std::string(table->name(outcome.member)) + ":" + name_of(outcome.after) + " ";
    if (outcome.appeared) now_step.submit({members::SuspectClaim{table->name(outcome.member), {1}, "self"}, {}});
  });
  EXPECT_EQ(order, "n2:alive n3:alive n2:suspect n3:suspect ");
}

TEST_F(StepTest, claims_over_the_bound_are_dropped_and_counted) {
  outcomes = std::make_unique<Outcomes>(2);
  auto now_step = step();
  for (std::uint32_t i = 1; i <= 5; ++i) now_step.submit({alive("n2", i, 2), {}});
  EXPECT_EQ(counters[Count::dropped_claim_limit], 3u);
  EXPECT_EQ(table->row(id("n2")).incarnation, 2u);
  EXPECT_EQ(drain(), 2);
}

TEST_F(StepTest, newcomers_that_a_full_table_does_not_take_are_counted) {
  config.limits.members_max = 2;
  rebuild();
  auto now_step = step();
  now_step.submit({alive("n2", 1, 2), {}});
  now_step.submit({alive("n3", 1, 3), {}});
  now_step.submit({alive("n2", 2, 2), {}});
  EXPECT_EQ(counters[Count::dropped_members_limit], 1u);
}

TEST_F(StepTest, an_answer_to_a_link_local_address_takes_the_interface_it_came_from) {
  const Address heard = *parse_address("[fe80::2%3]:40000", 0);
  const auto named = reply_to(*table, heard, parse_address("fe80::2", 0)->ip_view(), 7946);
  EXPECT_EQ(to_string(named.peer.to), "[fe80::2%3]:7946");
  EXPECT_TRUE(named.trusted);
  const auto other = reply_to(*table, heard, parse_address("fe80::9", 0)->ip_view(), 7946);
  EXPECT_EQ(to_string(other.peer.to), "[fe80::2%3]:40000");
  EXPECT_FALSE(other.trusted) << "nobody shall make us send rumors to strangers";
}

TEST_F(StepTest, one_input_causes_a_bounded_number_of_sends) {
  auto now_step = step();
  for (std::size_t i = 0; i < kDatagramsMax + 5; ++i) now_step.out.send_bare({tests::ip(2)}, wire::Nack{{1}});
  EXPECT_EQ(out->items().size(), kDatagramsMax);
  EXPECT_EQ(counters[Count::dropped_output_limit], 5u);
}

}  // namespace
}  // namespace hearsay::room
