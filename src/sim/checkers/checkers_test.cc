// Each invariant is shown an observation that breaks it, and must say so; and a sound one, and must be silent.
#include <gtest/gtest.h>

#include "sim/checkers/agreement.h"
#include "sim/checkers/checker.h"
#include "sim/tape.h"

namespace hearsay::sim {
namespace {

using What = MemberChange::What;

MemberChange change(What what, Status status, std::uint32_t incarnation, std::string name = "n1") {
  MemberChange out;
  out.what = what;
  out.member.name = std::move(name);
  out.member.status = status;
  out.member.incarnation = Incarnation{incarnation};
  out.evidence.source = Evidence::Source::gossip;
  out.evidence.accuser = "n2";
  return out;
}

TEST(Checkers, an_incarnation_that_goes_back_is_found) {
  const auto checker = incarnation_grows();
  EXPECT_EQ(checker->on_change(0, change(What::joined, Status::alive, 4)), "");
  EXPECT_NE(checker->on_change(0, change(What::updated, Status::alive, 3)), "");
  EXPECT_EQ(checker->on_change(2, change(What::joined, Status::alive, 3)), "")
      << "others may still know the old one";
  checker->on_start(0);
  EXPECT_EQ(checker->on_change(0, change(What::joined, Status::alive, 1)), "") << "it has an empty memory";
}

TEST(Checkers, alive_again_without_newer_news_is_found) {
  const auto checker = alive_needs_newer_news(Family::swim);
  EXPECT_EQ(checker->on_change(0, change(What::failed, Status::failed, 4)), "");
  EXPECT_NE(checker->on_change(0, change(What::refuted, Status::alive, 4)), "");
  EXPECT_EQ(checker->on_change(0, change(What::suspected, Status::suspect, 4)), "");
  EXPECT_EQ(checker->on_change(0, change(What::refuted, Status::alive, 5)), "");
}

TEST(Checkers, a_verdict_without_evidence_is_found) {
  const auto checker = verdicts_have_evidence();
  auto own = change(What::suspected, Status::suspect, 1);
  own.evidence.source = Evidence::Source::own_probe;
  EXPECT_NE(checker->on_change(0, own), "") << "no probe was sent";
  own.evidence.direct_probes = 1;
  EXPECT_EQ(checker->on_change(0, own), "");
  auto relayed = change(What::suspected, Status::suspect, 1, "n3");
  relayed.evidence.accuser.clear();
  EXPECT_NE(checker->on_change(0, relayed), "");
  auto timer = change(What::failed, Status::failed, 1, "n4");
  timer.evidence.source = Evidence::Source::own_timer;
  EXPECT_NE(checker->on_change(0, timer), "") << "it was not even suspected";
}

TEST(Checkers, a_node_that_believes_a_word_against_itself_is_found) {
  const auto checker = nobody_accuses_itself();
  auto about_self = change(What::suspected, Status::suspect, 1);
  about_self.member.is_self = true;
  EXPECT_NE(checker->on_change(1, about_self), "");
  about_self.member.status = Status::alive;
  EXPECT_EQ(checker->on_change(1, about_self), "");
}

TEST(Checkers, in_the_heartbeat_family_opinions_change_and_a_leave_is_final) {
  const auto checker = alive_needs_newer_news(Family::heartbeat);
  EXPECT_EQ(checker->on_change(0, change(What::suspected, Status::suspect, 4)), "");
  EXPECT_EQ(checker->on_change(0, change(What::failed, Status::failed, 4)), "");
  EXPECT_EQ(checker->on_change(0, change(What::joined, Status::alive, 4)), "");
  EXPECT_EQ(checker->on_change(0, change(What::left, Status::left, 4)), "");
  EXPECT_NE(checker->on_change(0, change(What::joined, Status::alive, 4)), "");
}

TEST(Checkers, an_accusation_that_is_older_than_its_refutation_is_found) {
  const auto checker = refutation_wins();
  EXPECT_EQ(checker->on_change(0, change(What::suspected, Status::suspect, 4)), "");
  EXPECT_EQ(checker->on_change(0, change(What::refuted, Status::alive, 5)), "");
  EXPECT_EQ(checker->on_change(0, change(What::suspected, Status::suspect, 5)), "") << "a new accusation";
  EXPECT_NE(checker->on_change(0, change(What::failed, Status::failed, 4)), "") << "the old one";
}

TEST(Checkers, a_forgotten_member_that_comes_back_is_found) {
  const auto checker = nothing_forgotten_returns();
  for (const Place place : {0u, 1u}) checker->on_start(place);
  checker->on_end(1);
  EXPECT_EQ(checker->on_change(0, change(What::failed, Status::failed, 1)), "");
  EXPECT_EQ(checker->on_change(0, change(What::forgotten, Status::failed, 1)), "");
  EXPECT_NE(checker->on_change(0, change(What::joined, Status::alive, 1)), "");
  checker->on_start(1);
  EXPECT_EQ(checker->on_change(0, change(What::joined, Status::alive, 2)), "") << "it runs again";
}

NodeState state_of(std::uint32_t generation, std::uint64_t version, std::vector<StateItem> items) {
  return {"n1", generation, version, std::move(items), 7};
}

TEST(Checkers, a_state_that_goes_back_is_found) {
  const auto checker = states_grow();
  EXPECT_EQ(checker->on_state(0, state_of(2, 5, {})), "");
  EXPECT_EQ(checker->on_state(0, state_of(3, 1, {})), "") << "a new life";
  EXPECT_NE(checker->on_state(0, state_of(2, 9, {})), "") << "the former one";
  EXPECT_EQ(checker->on_state(1, state_of(2, 9, {})), "") << "others may still know it";
  auto other_life = state_of(3, 1, {});
  other_life.life = 6;
  EXPECT_NE(checker->on_state(0, other_life), "");
  EXPECT_EQ(checker->on_change(0, change(What::forgotten, Status::failed, 1)), "");
  EXPECT_EQ(checker->on_state(0, state_of(1, 1, {})), "") << "it was forgotten";
}

TEST(Checkers, a_deleted_key_that_comes_back_is_found) {
  const auto checker = nothing_deleted_returns();
  const StateItem old{"k", "old", 2, {}};
  EXPECT_EQ(checker->on_state(0, state_of(1, 2, {old})), "");
  EXPECT_EQ(checker->on_state(0, state_of(1, 3, {})), "") << "deleted";
  EXPECT_EQ(checker->on_state(1, state_of(1, 2, {old})), "") << "others do not know yet";
  EXPECT_NE(checker->on_state(0, state_of(1, 4, {old})), "");
  EXPECT_EQ(checker->on_state(0, state_of(1, 5, {})), "");
  EXPECT_EQ(checker->on_state(0, state_of(1, 6, {{"k", "new", 6, {}}})), "") << "written again";
  EXPECT_EQ(checker->on_state(0, state_of(2, 3, {old})), "") << "by a new life";
}

TEST(Checkers, whatever_is_over_its_bound_is_found) {
  const Limits limits;
  EXPECT_EQ(broken_bound({}, limits), "");
  NodeInfo info;
  info.members[0] = limits.members_max;
  info.members[4] = 1;
  EXPECT_EQ(broken_bound(info, limits), "100001 members");
  info = {};
  info.rumors_queued = limits.rumors_max + 1;
  EXPECT_NE(broken_bound(info, limits), "");
  info = {};
  info.rumor_bytes_queued = limits.rumor_bytes_max + 1;
  EXPECT_NE(broken_bound(info, limits), "");
  info = {};
  info.streams_open = limits.streams_max + 1000;
  EXPECT_NE(broken_bound(info, limits), "");
}

struct Agreement : testing::Test {
  Agreement() {
    for (std::uint32_t place = 0; place < 3; ++place) {
      Member member;
      member.name = "n" + std::to_string(place);
      member.status = Status::alive;
      member.incarnation = Incarnation{place + 1};
      member.tags = {{"version", "1"}};
      view.members.push_back(member);
      claims.emplace_back(member);
    }
  }
  std::string disagreement() const {
    return disagreement_of(view, claims, [](std::string_view name) -> std::optional<Place> {
      if (name.size() != 2 || name[0] != 'n') return std::nullopt;
      return static_cast<Place>(name[1] - '0');
    });
  }
  View view;
  std::vector<std::optional<Member>> claims;
};

TEST_F(Agreement, is_found_where_it_is) {
  EXPECT_EQ(disagreement(), "");
  claims[1].reset();
  view.members[1].status = Status::failed;
  EXPECT_EQ(disagreement(), "");
}

TEST_F(Agreement, every_way_to_disagree_is_found) {
  view.members[1].status = Status::failed;
  EXPECT_EQ(disagreement(), "n0 shows n1 as failed, but it runs");
  view.members[1] = *claims[1];
  view.members[1].incarnation = Incarnation{9};
  EXPECT_EQ(disagreement(), "n0 shows n1 as alive at another incarnation than its own");
  view.members[1] = *claims[1];
  view.members[1].tags.clear();
  EXPECT_EQ(disagreement(), "n0 shows n1 as alive with other tags than its own");
  view.members[1] = *claims[1];
  view.members[1].name = "ghost";
  EXPECT_EQ(disagreement(), "n0 shows ghost as alive, but there is nobody of this name");
  view.members.erase(view.members.begin() + 1);
  EXPECT_EQ(disagreement(), "n0 does not know all running members");
  claims[1].reset();
  claims[2].reset();
  EXPECT_EQ(disagreement(), "n0 shows n2 as alive, but it does not run");
}

TEST_F(Agreement, without_a_majority_a_suspect_may_stay_one) {
  claims[1].reset();
  view.members[1].status = Status::suspect;
  EXPECT_NE(disagreement(), "");
  view.majority = true;
  EXPECT_NE(disagreement(), "") << "two of the two others suspect it";
  claims[2].reset();
  view.members[2].status = Status::suspect;
  EXPECT_EQ(disagreement(), "") << "one of two";
  view.members[2].status = Status::alive;
  EXPECT_NE(disagreement(), "") << "it is not even suspected";
}

TEST_F(Agreement, another_state_than_the_owners_is_found) {
  const NodeState own = state_of(1, 3, {{"k", "v", 2, {}}});
  EXPECT_EQ(disagreement_of(0, own, own), "");
  EXPECT_EQ(disagreement_of(0, std::nullopt, std::nullopt), "");
  EXPECT_EQ(disagreement_of(0, std::nullopt, own),
            "n0 knows of n1 the state none, which is 1.7 at version 3: k=v@2");
  EXPECT_NE(disagreement_of(0, own, std::nullopt), "");
  EXPECT_NE(disagreement_of(0, state_of(1, 3, {}), own), "");
  EXPECT_NE(disagreement_of(0, state_of(1, 4, own.items), own), "");
}

// Two nodes that join, the first one on tape.
struct Taped : testing::Test {
  void live(World& world) {
    for (int i = 0; i < 3; ++i) {
      Config config = Config::of(Profile::lan);
      config.name = "n" + std::to_string(i);
      world.add(config);
      if (i > 0) world.command(static_cast<Place>(i), Join{CommandId{1}, {to_string(world.config(0).advertise)}});
    }
    world.run_for(std::chrono::seconds(60));
  }
};

TEST_F(Taped, a_fresh_node_that_is_fed_the_same_inputs_does_the_same) {
  World world({});
  Tape tape;
  world.record(0, &tape);
  live(world);
  EXPECT_GT(tape.inputs(), 200u);
  EXPECT_EQ(tape.replay(&world.node(0)), "");
  EXPECT_NE(tape.replay(&world.node(1)), "") << "the state of another one";
}

TEST_F(Taped, a_node_that_does_otherwise_is_found) {
  World world({});
  Tape tape;
  world.record(0, &tape);
  live(world);
  // An input that the original never had: what follows differs.
  Tape broken = tape;
  broken.hear(world.now(0), Command{SetTags{CommandId{9}, {{"role", "other"}}}});
  broken.did({});
  EXPECT_NE(broken.replay(nullptr), "");
}

}  // namespace
}  // namespace hearsay::sim
