#include "swim/correct.h"

#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

using std::chrono::seconds;

class CorrectTest : public tests::RoomFixture {
 protected:
  CorrectTest() {
    add(2);
    submit(members::DeadClaim{"n2", {5}, "n3"});
  }
  std::vector<std::string> hear(std::uint32_t incarnation, std::uint8_t last = 2) {
    const auto outcome = submit(alive("n2", incarnation, last));
    auto now_step = step();
    room.on_outcome(now_step, outcome);
    return sent();
  }
  Correct room;
};

TEST_F(CorrectTest, a_dead_member_that_returns_with_an_old_incarnation_is_told_what_is_said_of_it) {
  steady += seconds(10);
  EXPECT_EQ(hear(1), std::vector<std::string>{"10.0.0.2:7946 suspect n2 inc=5 from=self"});
  EXPECT_TRUE(hear(1).empty()) << "once per probe interval";
  steady += seconds(1);
  EXPECT_EQ(hear(5).size(), 1u);
  EXPECT_TRUE(hear(6).empty()) << "a higher one is believed";
}

TEST_F(CorrectTest, echoes_of_the_time_before_the_death_are_not_answered) { EXPECT_TRUE(hear(1).empty()); }

TEST_F(CorrectTest, another_address_is_not_written_to) {
  steady += seconds(10);
  EXPECT_TRUE(hear(1, 9).empty());
}

TEST_F(CorrectTest, old_news_of_a_member_that_is_up_is_not_answered) {
  steady += seconds(10);
  submit(alive("n2", 6, 2));
  EXPECT_TRUE(hear(1).empty());
}

}  // namespace
}  // namespace hearsay::swim
