// What a running node takes over, and what it does with members that a new policy refuses.
#include <algorithm>

#include "hearsay/node.h"
#include "support/link.h"

namespace hearsay {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ReconfigureTest : public testing::Test {
 protected:
  // n2, n3, n4, joined to n2.
  void SetUp() override {
    for (std::uint8_t last = 2; last <= 4; ++last) {
      link.add(config, last);
      if (last > 2) link.join(last - 2u, 2);
    }
    link.pass(seconds(5));
  }
  std::optional<Error> reconfigure(std::size_t number, const Config& wanted) {
    link.command(number, Reconfigure{CommandId{7}, wanted});
    return std::get<CommandDone>(link.notices(number).back().body).error;
  }
  std::string warnings(std::size_t number) {
    std::string all;
    for (const Notice& notice : link.notices(number)) {
      if (const auto* warning = std::get_if<Warning>(&notice.body)) all += warning->text + "\n";
    }
    return all;
  }
  static AdmissionRule refuse(std::string name) {
    AdmissionRule rule;
    rule.name = std::move(name);
    rule.admit = false;
    rule.reason = "not here";
    return rule;
  }
  tests::Link link;
  Config config;
};

TEST_F(ReconfigureTest, other_timings_count_from_then_on) {
  config.swim.suspicion_mult = 100;
  config.swim.push_pull_interval = Duration::zero();
  ASSERT_FALSE(reconfigure(0, config));
  ASSERT_FALSE(reconfigure(1, config));
  link.cut(2);
  link.pass(seconds(60));
  EXPECT_EQ(link.status(0, "n4"), "suspect") << "the default would have ended the suspicion long ago";
  config.swim.push_pull_interval = seconds(10);
  const auto before = link.node(0).info().counters[Count::push_pulls];
  ASSERT_FALSE(reconfigure(0, config));
  link.pass(seconds(30));
  EXPECT_GT(link.node(0).info().counters[Count::push_pulls], before) << "switched on again";
}

TEST_F(ReconfigureTest, all_faults_are_named_and_nothing_is_taken_over) {
  const auto hash = link.node(0).members_version();
  config.swim.probe_timeout = hours(1);
  config.serf.forget_after = Duration::zero();
  config.tags = {{"role", "web"}};
  const auto error = reconfigure(0, config);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::invalid_config);
  EXPECT_NE(error->cause.find("swim.probe_timeout: "), std::string::npos);
  EXPECT_NE(error->cause.find("serf.forget_after: "), std::string::npos);
  EXPECT_EQ(link.node(0).members_version(), hash);
  link.pass(seconds(30));
  EXPECT_EQ(link.status(0, "n3"), "alive");
}

TEST_F(ReconfigureTest, other_tags_are_told_and_the_same_are_not) {
  ASSERT_FALSE(reconfigure(0, config));
  EXPECT_EQ(link.node(0).info().self.incarnation, Incarnation{1});
  config.tags = {{"role", "web"}};
  ASSERT_FALSE(reconfigure(0, config));
  link.pass(seconds(5));
  for (const Member& member : link.node(2).members()) {
    if (member.name == "n2") {
      EXPECT_EQ(member.tags.at("role"), "web");
    }
  }
  link.command(0, Leave{CommandId{9}});
  link.pass(seconds(20));
  config.tags = {};
  EXPECT_EQ(reconfigure(0, config)->code, Errc::wrong_state);
}

TEST_F(ReconfigureTest, members_that_a_new_policy_refuses_are_forgotten_and_stay_out) {
  config.admission.rules = {refuse("n4")};
  ASSERT_FALSE(reconfigure(0, config));
  EXPECT_EQ(link.status(0, "n4"), "unknown");
  EXPECT_EQ(link.status(0, "n3"), "alive");
  EXPECT_NE(warnings(0).find("not admitted: n4 at 10.0.0.4:7946: not here"), std::string::npos);
  link.command(2, SetTags{CommandId{9}, {{"role", "web"}}});
  link.pass(seconds(100));
  EXPECT_EQ(link.status(0, "n4"), "unknown") << "its news go round among the others";
  EXPECT_EQ(link.status(1, "n4"), "alive");
  EXPECT_FALSE(link.node(0).info().defunct);
  const auto refusals = link.node(0).info().refusals;
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].name, "n4");
  EXPECT_EQ(refusals[0].reason, "not here");
  EXPECT_GT(refusals[0].count, 1u);
  EXPECT_LE(static_cast<int>(std::ranges::count(warnings(0), '\n')), 3) << "one in a minute";
  config.admission = {};
  ASSERT_FALSE(reconfigure(0, config));
  link.pass(seconds(100));
  EXPECT_EQ(link.status(0, "n4"), "alive");
}

TEST_F(ReconfigureTest, a_refused_joiner_is_told_the_reason) {
  config.admission.allow = {parse_cidr("10.0.0.0/29").value()};
  for (std::size_t i = 0; i < 3; ++i) ASSERT_FALSE(reconfigure(i, config));
  const auto stranger = link.add({}, 9);
  link.join(stranger, 2);
  const auto done = std::get<CommandDone>(link.notices(stranger).back().body);
  ASSERT_TRUE(done.error);
  EXPECT_NE(done.error->cause.find("n2 does not admit n9 at 10.0.0.9:7946"), std::string::npos)
      << done.error->cause;
  link.pass(seconds(30));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(link.status(i, "n9"), "unknown");
  EXPECT_EQ(link.node(stranger).members().size(), 1u);
}

TEST_F(ReconfigureTest, tags_decide_and_may_change_the_decision) {
  AdmissionRule team;
  team.tag = "team";
  team.value = "db";
  config.admission.rules = {team, refuse("*")};
  Config stranger;
  const auto number = link.add(stranger, 9);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_FALSE(reconfigure(i, config));
  EXPECT_EQ(link.node(0).members().size(), 1u) << "the others carry no tag";
  link.command(number, SetTags{CommandId{9}, {{"team", "db"}}});
  link.join(number, 2);
  link.pass(seconds(5));
  EXPECT_EQ(link.status(0, "n9"), "alive");
  link.command(number, SetTags{CommandId{9}, {}});
  link.pass(seconds(3));
  const auto members = link.node(0).members();
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].tags.count("team"), 1u) << "its new facts are refused, the old ones stay";
}

TEST_F(ReconfigureTest, a_full_table_is_named_as_the_reason) {
  config.limits.members_max = 3;
  ASSERT_FALSE(reconfigure(0, config));
  link.join(link.add({}, 9), 2);
  link.pass(seconds(5));
  EXPECT_EQ(link.status(0, "n9"), "unknown");
  ASSERT_FALSE(link.node(0).info().refusals.empty());
  EXPECT_NE(link.node(0).info().refusals[0].reason.find("limits.members_max is 3"), std::string::npos);
}

TEST_F(ReconfigureTest, invented_members_do_not_flood_the_people) {
  config.admission.allow = {parse_cidr("10.0.0.0/29").value()};
  ASSERT_FALSE(reconfigure(0, config));
  for (std::uint8_t last = 100; last < 200; ++last) {
    Config other;
    other.name = "x" + std::to_string(last);
    link.join(link.add(other, last), 2);
  }
  EXPECT_EQ(link.node(0).info().refusals.size(), 16u);
  EXPECT_EQ(link.node(0).info().refusals[0].name, "x199");
  EXPECT_LE(static_cast<int>(std::ranges::count(warnings(0), '\n')), 8);
  EXPECT_GE(link.node(0).info().counters[Count::dropped_admission], 100u);
}

TEST_F(ReconfigureTest, a_member_is_forced_to_leave_by_command) {
  link.cut(2);
  link.pass(seconds(60));
  ASSERT_EQ(link.status(0, "n4"), "failed");
  link.command(0, ForceLeave{CommandId{3}, "n4", false});
  EXPECT_FALSE(std::get<CommandDone>(link.notices(0).back().body).error);
  link.pass(seconds(3));
  EXPECT_EQ(link.status(0, "n4"), "left");
  EXPECT_EQ(link.status(1, "n4"), "left");
  link.command(1, Leave{CommandId{4}});
  link.command(1, ForceLeave{CommandId{5}, "n4", true});
  EXPECT_EQ(std::get<CommandDone>(link.notices(1).back().body).error->code, Errc::wrong_state);
}

}  // namespace
}  // namespace hearsay
