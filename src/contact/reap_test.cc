#include "contact/reap.h"

#include "support/room_fixture.h"

namespace hearsay::contact {
namespace {

using std::chrono::hours;

class ReapTest : public tests::RoomFixture {
 protected:
  ReapTest() { add(2); }
  template <class Body>
  void say(const Body& body) {
    const auto outcome = submit(body);
    auto now_step = step();
    room.on_outcome(now_step, outcome);
  }
  void run() {
    auto now_step = step();
    room.on_time(now_step);
    drain([&](const room::Outcome& outcome) { room.on_outcome(now_step, outcome); });
  }
  Reap room;
};

TEST_F(ReapTest, a_failed_member_is_forgotten_after_its_time) {
  say(members::DeadClaim{"n2", {1}, "n3"});
  EXPECT_EQ(room.next_deadline(), steady + hours(72));
  steady += hours(72);
  run();
  EXPECT_FALSE(id("n2").valid());
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(ReapTest, a_left_member_is_forgotten_sooner) {
  say(members::DeadClaim{"n2", {1}, "n2"});
  EXPECT_EQ(room.next_deadline(), steady + hours(24));
}

TEST_F(ReapTest, a_failed_member_that_is_forced_out_is_forgotten_as_left) {
  say(members::DeadClaim{"n2", {1}, "n3"});
  steady += hours(1);
  say(members::IntentClaim{"n2", {7}, members::Intent::leaving});
  EXPECT_EQ(room.next_deadline(), steady + hours(24));
}

TEST_F(ReapTest, who_comes_back_is_not_forgotten) {
  say(members::DeadClaim{"n2", {1}, "n3"});
  say(alive("n2", 2, 2));
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(ReapTest, the_claim_still_names_the_member_when_its_outcome_is_offered) {
  const std::string name(100, 'x');
  submit(alive(name, 1, 3));
  say(members::DeadClaim{name, {1}, "n2"});
  steady += hours(72);
  auto now_step = step();
  room.on_time(now_step);
  EXPECT_EQ(drain([&](const room::Outcome& outcome) {
              EXPECT_EQ(std::get<members::ForgetClaim>(outcome.claim->body).name, name);
            }),
            1);
}

}  // namespace
}  // namespace hearsay::contact
