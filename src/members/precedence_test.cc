#include "members/precedence.h"

#include <gtest/gtest.h>

#include <vector>

namespace hearsay::members {
namespace {

using std::chrono::seconds;

constexpr Versions kOurs{1, 5, 2, 2, 5, 5};
constexpr Verdict kVerdicts[] = {Verdict::alive, Verdict::suspect, Verdict::dead, Verdict::left};

std::vector<Standing> all_standings() {
  std::vector<Standing> all;
  for (const Verdict verdict : kVerdicts) {
    for (std::uint32_t incarnation = 0; incarnation < 4; ++incarnation) all.push_back({verdict, {incarnation}});
  }
  return all;
}

std::string text(const Standing& standing) {
  return std::string(name_of(standing.verdict)) + "@" + std::to_string(standing.incarnation.value);
}

// memberlist's aliveNode, suspectNode and deadNode as a table. A row is the claim, a column what is held; the
// letter says which incarnation of the claim is accepted: '>' a higher one, '=' an equal or higher one, '-' none.
//                                       held: alive suspect dead left
constexpr const char* kMemberlist[] = {/* alive   */ ">>>>",
                                       /* suspect */ "=---",
                                       /* dead    */ "==--",
                                       /* left    */ "==--"};

bool expected(Standing claim, Standing held) {
  switch (kMemberlist[static_cast<int>(claim.verdict)][static_cast<int>(held.verdict)]) {
    case '>':
      return claim.incarnation.value > held.incarnation.value;
    case '=':
      return claim.incarnation.value >= held.incarnation.value;
    default:
      return false;
  }
}

TEST(Precedence, every_pair_is_decided_as_by_memberlist) {
  for (const Standing claim : all_standings()) {
    for (const Standing held : all_standings()) {
      EXPECT_EQ(supersedes(claim, held), expected(claim, held)) << text(claim) << " against " << text(held);
    }
  }
}

TEST(Precedence, of_two_standings_at_most_one_supersedes_the_other) {
  for (const Standing a : all_standings()) {
    for (const Standing b : all_standings()) {
      EXPECT_FALSE(supersedes(a, b) && supersedes(b, a)) << text(a) << " and " << text(b);
    }
  }
}

TEST(Precedence, nothing_supersedes_itself) {
  for (const Standing standing : all_standings()) EXPECT_FALSE(supersedes(standing, standing)) << text(standing);
}

// a over b and b over c, and still not a over c: only because an accusation does not count against the dead (or,
// for a suspicion, against a suspect), whatever its incarnation.
TEST(Precedence, is_transitive_but_for_accusations_of_those_that_are_down) {
  for (const Standing a : all_standings()) {
    for (const Standing b : all_standings()) {
      for (const Standing c : all_standings()) {
        if (!supersedes(a, b) || !supersedes(b, c) || supersedes(a, c)) continue;
        EXPECT_NE(a.verdict, Verdict::alive) << text(a) << ' ' << text(b) << ' ' << text(c);
        EXPECT_NE(c.verdict, Verdict::alive) << text(a) << ' ' << text(b) << ' ' << text(c);
        EXPECT_EQ(b.verdict, Verdict::alive) << text(a) << ' ' << text(b) << ' ' << text(c);
      }
    }
  }
}

// Applying claims one after another can neither go round in circles nor lower the incarnation.
TEST(Precedence, no_sequence_of_accepted_claims_returns_to_where_it_was) {
  const auto rank = [](Standing s) {
    return s.incarnation.value * 3 + (is_up(s.verdict) ? 0 : 2) + (s.verdict == Verdict::suspect);
  };
  for (const Standing claim : all_standings()) {
    for (const Standing held : all_standings()) {
      if (supersedes(claim, held)) {
        EXPECT_GT(rank(claim), rank(held)) << text(claim) << " over " << text(held);
      }
    }
  }
}

TEST(Precedence, an_intent_counts_when_it_is_later) {
  EXPECT_TRUE(intent_supersedes({2}, {1}));
  EXPECT_FALSE(intent_supersedes({2}, {2}));
  EXPECT_FALSE(intent_supersedes({1}, {2}));
  EXPECT_FALSE(intent_supersedes({0}, {0})) << "0 means never";
}

TEST(JudgeAddress, every_case) {
  const Duration reclaim = seconds(30);
  for (const Verdict held : kVerdicts) {
    for (const Duration down_for : {Duration::zero(), Duration(seconds(30)), Duration(seconds(30)) + Duration(1)}) {
      EXPECT_EQ(judge_address(true, held, down_for, reclaim), AddressRuling::same);
      const bool take = held == Verdict::left || (held == Verdict::dead && down_for > reclaim);
      EXPECT_EQ(judge_address(false, held, down_for, reclaim), take ? AddressRuling::take : AddressRuling::conflict)
          << name_of(held) << ' ' << down_for.count();
    }
  }
}

TEST(VersionsFit, a_serf_agent_a_consul_agent_and_older_ones_fit) {
  for (const Versions& vsn : {Versions{1, 5, 2, 2, 5, 5},     // Serf agent
                              Versions{1, 5, 2, 2, 5, 4},     // Consul, Nomad
                              Versions{1, 2, 2, 2, 5, 5}}) {  // speaks nothing newer
    EXPECT_TRUE(versions_fit(vsn, kOurs)) << int{vsn[1]} << ' ' << int{vsn[5]};
  }
}

TEST(VersionsFit, what_cannot_speak_with_us_does_not_fit) {
  for (const Versions& vsn : {Versions{1, 5, 2, 0, 0, 0},  // memberlist without Serf
                              Versions{0, 0, 0, 0, 0, 0},  // poisoned
                              Versions{0, 5, 2, 2, 5, 5},  // pmin 0
                              Versions{1, 0, 2, 2, 5, 5},  // pmax 0
                              Versions{3, 2, 2, 2, 5, 5},  // pmin over pmax
                              Versions{1, 5, 6, 2, 5, 5},  // speaks beyond its own range
                              Versions{1, 5, 0, 2, 5, 5},  // and below
                              Versions{3, 5, 3, 2, 5, 5},  // does not understand our 2
                              Versions{1, 1, 1, 2, 5, 5},  //
                              Versions{1, 5, 2, 2, 4, 4},  // does not understand our Serf 5
                              Versions{1, 5, 2, 2, 5, 1},  //
                              Versions{1, 5, 2, 6, 9, 6},  //
                              Versions{1, 6, 6, 2, 5, 5},  // speaks what we do not understand
                              Versions{1, 5, 2, 1, 5, 1}}) {
    EXPECT_FALSE(versions_fit(vsn, kOurs))
        << int{vsn[0]} << int{vsn[1]} << int{vsn[2]} << ' ' << int{vsn[3]} << int{vsn[4]} << int{vsn[5]};
  }
}

TEST(VersionsFit, no_other_length_fits) {
  const Bytes long_enough{1, 5, 2, 2, 5, 5, 0};
  for (std::size_t length = 0; length <= long_enough.size(); ++length) {
    EXPECT_EQ(versions_fit(ByteView(long_enough).first(length), kOurs), length == 6) << length;
  }
}

// The rule of memberlist's verifyProtocol for two nodes, written down independently, over all small values.
TEST(VersionsFit, agrees_with_memberlist_for_every_pair_of_nodes) {
  for (std::uint8_t pmin = 0; pmin <= 6; ++pmin) {
    for (std::uint8_t pmax = 0; pmax <= 6; ++pmax) {
      for (std::uint8_t pcur = 0; pcur <= 6; ++pcur) {
        const Versions theirs{pmin, pmax, pcur, 2, 5, 5};
        const int least = std::max(pmin, kOurs[0]);
        const int most = std::min(pmax, kOurs[1]);
        const bool both_within = least <= pcur && pcur <= most && least <= kOurs[2] && kOurs[2] <= most;
        EXPECT_EQ(versions_fit(theirs, kOurs), pmin > 0 && both_within) << int{pmin} << int{pmax} << int{pcur};
      }
    }
  }
}

TEST(StatusOf, folds_the_verdict_and_the_intent) {
  const Status table[4][2] = {{Status::alive, Status::leaving},
                              {Status::suspect, Status::leaving},
                              {Status::failed, Status::left},
                              {Status::left, Status::left}};
  for (const Verdict verdict : kVerdicts) {
    const auto& row = table[static_cast<int>(verdict)];
    EXPECT_EQ(status_of(verdict, Intent::none), row[0]);
    EXPECT_EQ(status_of(verdict, Intent::joining), row[0]);
    EXPECT_EQ(status_of(verdict, Intent::leaving), row[1]);
  }
}

TEST(HeartbeatPrecedence, over_all_pairs_within_a_generation_and_between_two) {
  constexpr Verdict kAll[] = {Verdict::alive, Verdict::suspect, Verdict::dead, Verdict::left};
  // Rows: the claim. Columns: alive, suspect, dead, left held at the same generation.
  constexpr bool kSame[4][4] = {{true, true, true, false},
                                {true, false, false, false},
                                {true, true, false, false},
                                {true, true, true, false}};
  for (const Verdict claim : kAll) {
    for (const Verdict held : kAll) {
      EXPECT_EQ(heartbeat_supersedes({claim, {5}}, {held, {5}}),
                kSame[static_cast<std::size_t>(claim)][static_cast<std::size_t>(held)])
          << name_of(claim) << " after " << name_of(held);
      EXPECT_FALSE(heartbeat_supersedes({claim, {4}}, {held, {5}})) << "a former life";
      EXPECT_EQ(heartbeat_supersedes({claim, {6}}, {held, {5}}), claim == Verdict::alive || claim == Verdict::left)
          << "the next life is its owner's word";
      EXPECT_EQ(supersedes(Family::swim, {claim, {5}}, {held, {5}}), supersedes({claim, {5}}, {held, {5}}));
    }
  }
  EXPECT_EQ(judge_heartbeat_address(true, Verdict::alive), AddressRuling::same);
  EXPECT_EQ(judge_heartbeat_address(false, Verdict::suspect), AddressRuling::conflict);
  EXPECT_EQ(judge_heartbeat_address(false, Verdict::dead), AddressRuling::take);
}

}  // namespace
}  // namespace hearsay::members
