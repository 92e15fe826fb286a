#include "contact/reconnect.h"

#include "contact/pause_guard.h"
#include "support/room_fixture.h"

namespace hearsay::contact {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(PauseGuard, being_a_little_late_is_no_pause) {
  const Time wanted{seconds(10)};
  EXPECT_EQ(pause_length(wanted, wanted, milliseconds(500)), Duration::zero());
  EXPECT_EQ(pause_length(wanted, wanted - seconds(5), milliseconds(500)), Duration::zero());
  EXPECT_EQ(pause_length(wanted, wanted + milliseconds(500), milliseconds(500)), Duration::zero());
  EXPECT_EQ(pause_length(wanted, wanted + milliseconds(501), milliseconds(500)), milliseconds(501));
  EXPECT_EQ(pause_length(kNever, wanted, milliseconds(500)), Duration::zero());
}

TEST(Reconnect, all_nodes_together_contact_each_failed_member_about_once) {
  EXPECT_EQ(reconnect_chance(0, 10), 0.0);
  EXPECT_EQ(reconnect_chance(1, 10), 0.1);
  EXPECT_EQ(reconnect_chance(20, 10), 1.0);
  EXPECT_EQ(reconnect_chance(1, 0), 1.0);
}

class ReconnectTest : public tests::RoomFixture {
 protected:
  // Those contacted in so many intervals, one text each.
  std::vector<std::string> contacted(int intervals) {
    std::vector<std::string> peers;
    auto first = step();
    room.start(first);
    for (int i = 0; i < intervals; ++i) {
      steady += config.contact.reconnect_interval;
      auto now_step = step();
      room.on_time(now_step);
      for (auto& join : out->take_joins()) peers.push_back(join.peers.at(0));
    }
    return peers;
  }
  Reconnect room{base::Rng(1)};
};

TEST_F(ReconnectTest, failed_members_are_contacted_and_nobody_else) {
  add(2);
  add(3);
  add(4);
  submit(members::DeadClaim{"n3", {1}, "n2"});
  submit(members::DeadClaim{"n4", {1}, "n4"});
  const auto peers = contacted(30);
  EXPECT_FALSE(peers.empty());
  EXPECT_LT(peers.size(), 30u) << "one of two who are up";
  for (const auto& peer : peers) EXPECT_EQ(peer, "10.0.0.3:7946") << "n4 left: it said goodbye";
}

TEST_F(ReconnectTest, while_no_seed_is_up_the_seeds_are_tried_in_turn) {
  config.contact.seeds = {"10.0.0.2", "10.0.0.3:9", "seed.example"};
  EXPECT_EQ(contacted(4), (std::vector<std::string>{"10.0.0.2", "10.0.0.3:9", "seed.example", "10.0.0.2"}));
}

TEST_F(ReconnectTest, a_seed_that_is_up_is_enough) {
  config.contact.seeds = {"10.0.0.2", "10.0.0.3"};
  add(2);
  EXPECT_TRUE(contacted(4).empty());
}

TEST_F(ReconnectTest, we_are_not_our_own_seed) {
  config.contact.seeds = {"10.0.0.1:7946"};
  EXPECT_TRUE(contacted(4).empty());
}

TEST_F(ReconnectTest, who_has_left_contacts_nobody) {
  config.contact.seeds = {"10.0.0.2"};
  const members::Claim leave{members::DeadClaim{"self", {1}, "self"}, {}, true, {}};
  EXPECT_TRUE(table->apply(now(), leave).accepted());
  EXPECT_TRUE(contacted(4).empty());
}

}  // namespace
}  // namespace hearsay::contact
