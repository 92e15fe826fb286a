#include "members/member_table.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/check.h"

namespace hearsay::members {
namespace {

using Kind = Outcome::Kind;
using What = MemberChange::What;
using std::chrono::seconds;

constexpr Versions kVsn{1, 5, 2, 2, 5, 5};
constexpr std::uint8_t kHere[] = {10, 0, 0, 1};
constexpr std::uint8_t kThere[] = {10, 0, 0, 2};
constexpr std::uint8_t kHereAs16[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};

// A table of "self" with short ways to make claims about "n1".
class MemberTableTest : public testing::Test {
 protected:
  MemberTableTest() {
    config.name = "self";
    config.limits.members_max = 5;
    table = std::make_unique<MemberTable>(interner, config, kVsn);
    Claim claim{alive("self", 1), {}};
    claim.own = true;
    EXPECT_TRUE(apply(claim).accepted());
  }
  ~MemberTableTest() override {
    table.reset();
    EXPECT_EQ(interner.records(), 0u) << "the table leaks records";
  }

  static AliveClaim alive(std::string_view name, std::uint32_t incarnation, ByteView addr = kHere) {
    return {name, {incarnation}, addr, 7946, as_bytes("meta"), kVsn};
  }
  static SuspectClaim suspect(std::string_view name, std::uint32_t incarnation, std::string_view from) {
    return {name, {incarnation}, from};
  }
  static DeadClaim dead(std::string_view name, std::uint32_t incarnation, std::string_view from = "other") {
    return {name, {incarnation}, from};
  }
  Outcome apply(const Claim& claim) { return table->apply({now, {}}, claim); }
  template <class Body>
  Outcome say(const Body& body) {
    return apply(Claim{body, {}, false, {}});
  }
  template <class Body>
  Outcome say_of_ourselves(const Body& body) {
    return apply(Claim{body, {}, true, {}});
  }
  Status status(std::string_view name) const { return status_of(table->row(table->find(name))); }
  std::uint32_t incarnation(std::string_view name) const { return table->row(table->find(name)).incarnation; }

  // Everything that people can see and everything that precedence works with.
  std::string snapshot() const {
    std::string all = std::to_string(table->version()) + " up=" + std::to_string(table->up());
    for (const MemberId id : table->order()) {
      const Row& row = table->row(id);
      all += "\n" + std::string(table->name(id)) + " " + to_string(table->address(id)) + " " +
             name_of(row.verdict) + " " + name_of(status_of(row)) + " " + std::to_string(row.incarnation) + " " +
             std::to_string(row.intent_time.value) + " " + std::string(as_text(table->meta(id))) + " " +
             std::to_string(row.status_since.time_since_epoch().count());
      for (const auto& accuser : table->accusers(id)) all += " <" + accuser;
    }
    return all;
  }

  base::Interner interner;
  Config config;
  Time now{seconds(1000)};
  std::unique_ptr<MemberTable> table;
};

TEST_F(MemberTableTest, a_first_alive_makes_a_member) {
  const auto outcome = say(alive("n1", 3));
  EXPECT_TRUE(outcome.accepted());
  EXPECT_TRUE(outcome.appeared);
  EXPECT_EQ(outcome.what, What::joined);
  EXPECT_EQ(outcome.held, Incarnation{3});
  const Member member = table->describe(table->find("n1"));
  EXPECT_EQ(member.name, "n1");
  EXPECT_EQ(to_string(member.address), "10.0.0.1:7946");
  EXPECT_EQ(member.status, Status::alive);
  EXPECT_EQ(member.incarnation, Incarnation{3});
  EXPECT_EQ(as_text(member.meta), "meta");
  EXPECT_EQ(member.versions, kVsn);
  EXPECT_EQ(member.status_since, now);
  EXPECT_FALSE(member.is_self);
}

TEST_F(MemberTableTest, a_claim_that_is_not_valid_is_refused) {
  const std::string long_name(kNameBytesMax + 1, 'n');
  const Bytes long_meta(kMetaBytesMax + 1);
  const Bytes short_vsn{1, 5, 2, 2, 5};
  const Bytes zero_vsn{0, 0, 0, 0, 0, 0};
  const Bytes odd_addr{10, 0, 0};
  auto with = [](auto change) {
    AliveClaim claim = alive("n1", 1);
    change(claim);
    return claim;
  };
  const AliveClaim bad[] = {
      with([](auto& c) { c.incarnation = {0}; }),  // memberlist peers never see such a member alive
      with([](auto& c) { c.name = ""; }),         with([&](auto& c) { c.name = long_name; }),
      with([&](auto& c) { c.meta = long_meta; }), with([&](auto& c) { c.vsn = short_vsn; }),
      with([&](auto& c) { c.vsn = zero_vsn; }),   with([&](auto& c) { c.vsn = {}; }),
      with([&](auto& c) { c.addr = odd_addr; }),  with([&](auto& c) { c.addr = {}; }),
  };
  const std::string before = snapshot();
  for (const AliveClaim& claim : bad) EXPECT_EQ(say(claim).kind, Kind::refused);
  EXPECT_EQ(snapshot(), before);
}

TEST_F(MemberTableTest, accusations_and_intents_about_strangers_are_refused) {
  const std::string before = snapshot();
  EXPECT_EQ(say(suspect("n1", 1, "n2")).kind, Kind::refused);
  EXPECT_EQ(say(dead("n1", 1)).kind, Kind::refused);
  EXPECT_EQ(say(IntentClaim{"n1", {5}, Intent::leaving}).kind, Kind::refused);
  EXPECT_EQ(say(ForgetClaim{"n1"}).kind, Kind::refused);
  EXPECT_EQ(snapshot(), before);
}

TEST_F(MemberTableTest, a_full_table_takes_no_newcomer_and_still_changes_those_it_knows) {
  for (const char* name : {"n1", "n2", "n3", "n4"}) EXPECT_TRUE(say(alive(name, 1)).accepted());
  EXPECT_EQ(say(alive("n5", 1)).kind, Kind::refused);
  EXPECT_EQ(table->size(), 5u);
  EXPECT_TRUE(say(alive("n4", 2)).accepted());
  EXPECT_TRUE(say(dead("n3", 1)).accepted());
  EXPECT_TRUE(say(ForgetClaim{"n3"}).accepted());
  EXPECT_TRUE(say(alive("n5", 1)).accepted());
}

TEST_F(MemberTableTest, an_alive_at_the_same_incarnation_is_stale) {
  say(alive("n1", 3));
  const std::string before = snapshot();
  for (const std::uint32_t incarnation : {1u, 2u, 3u}) {
    const auto outcome = say(alive("n1", incarnation));
    EXPECT_EQ(outcome.kind, Kind::stale);
    EXPECT_EQ(outcome.held, Incarnation{3});
  }
  EXPECT_EQ(snapshot(), before);
}

TEST_F(MemberTableTest, new_facts_at_a_higher_incarnation_are_an_update_and_the_same_facts_are_not) {
  say(alive("n1", 1));
  EXPECT_EQ(say(alive("n1", 2)).what, std::nullopt);
  const auto version = table->version();
  auto changed = alive("n1", 3);
  changed.meta = as_bytes("other");
  EXPECT_EQ(say(changed).what, What::updated);
  EXPECT_GT(table->version(), version);
  EXPECT_EQ(as_text(table->meta(table->find("n1"))), "other");
}

TEST_F(MemberTableTest, a_refuted_suspicion_keeps_the_member) {
  say(alive("n1", 1));
  EXPECT_EQ(say(suspect("n1", 1, "n2")).what, What::suspected);
  EXPECT_EQ(status("n1"), Status::suspect);
  EXPECT_EQ(say(alive("n1", 1)).kind, Kind::stale);
  EXPECT_EQ(say(alive("n1", 2)).what, What::refuted);
  EXPECT_EQ(status("n1"), Status::alive);
  EXPECT_TRUE(table->accusers(table->find("n1")).empty());
}

TEST_F(MemberTableTest, an_accuser_counts_once) {
  say(alive("n1", 1));
  EXPECT_EQ(say(suspect("n1", 1, "a")).accusers, 1);
  EXPECT_EQ(say(suspect("n1", 1, "a")).kind, Kind::stale);
  const auto second = say(suspect("n1", 1, "b"));
  EXPECT_EQ(second.kind, Kind::confirmed);
  EXPECT_EQ(second.accusers, 2);
  EXPECT_EQ(say(suspect("n1", 1, "b")).kind, Kind::stale);
  EXPECT_EQ(say(suspect("n1", 7, "c")).accusers, 3);
  EXPECT_EQ(table->accusers(table->find("n1")), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(MemberTableTest, an_accuser_of_an_older_incarnation_does_not_count) {
  say(alive("n1", 2));
  say(suspect("n1", 2, "a"));
  EXPECT_EQ(say(suspect("n1", 1, "b")).kind, Kind::stale);
}

TEST_F(MemberTableTest, the_accusers_are_bounded) {
  say(alive("n1", 1));
  for (unsigned i = 0; i < 1000; ++i) say(suspect("n1", 1, "accuser" + std::to_string(i)));
  EXPECT_EQ(table->accusers(table->find("n1")).size(), kAccusersMax);
}

TEST_F(MemberTableTest, an_accusation_carries_its_incarnation_over) {
  say(alive("n1", 1));
  say(suspect("n1", 5, "a"));
  EXPECT_EQ(incarnation("n1"), 5u);
  EXPECT_EQ(say(alive("n1", 5)).kind, Kind::stale);
  say(dead("n1", 8));
  EXPECT_EQ(incarnation("n1"), 8u);
  EXPECT_EQ(status("n1"), Status::failed);
}

TEST_F(MemberTableTest, the_dead_stay_as_they_are_until_a_higher_alive) {
  say(alive("n1", 3));
  EXPECT_EQ(say(dead("n1", 3)).what, What::failed);
  const std::string before = snapshot();
  EXPECT_EQ(say(dead("n1", 9)).kind, Kind::stale);
  EXPECT_EQ(say(dead("n1", 9, "n1")).kind, Kind::stale) << "a dead member does not become a left one";
  EXPECT_EQ(say(suspect("n1", 9, "a")).kind, Kind::stale);
  EXPECT_EQ(say(alive("n1", 3)).kind, Kind::stale);
  EXPECT_EQ(snapshot(), before);
  EXPECT_EQ(say(alive("n1", 4)).what, What::joined);
  EXPECT_EQ(status("n1"), Status::alive);
}

TEST_F(MemberTableTest, a_dead_from_the_member_itself_says_that_it_left) {
  say(alive("n1", 1));
  const auto outcome = say(dead("n1", 1, "n1"));
  EXPECT_EQ(outcome.what, What::left);
  EXPECT_EQ(outcome.verdict, Verdict::left);
  EXPECT_EQ(status("n1"), Status::left);
}

TEST_F(MemberTableTest, an_alive_or_dead_member_may_not_move_to_another_address) {
  say(alive("n1", 1));
  const std::string before = snapshot();
  EXPECT_EQ(say(alive("n1", 9, kThere)).kind, Kind::conflict);
  auto other_port = alive("n1", 9);
  other_port.port = 7947;
  EXPECT_EQ(say(other_port).kind, Kind::conflict);
  EXPECT_EQ(snapshot(), before);
  say(dead("n1", 1));
  EXPECT_EQ(say(alive("n1", 9, kThere)).kind, Kind::conflict);
}

TEST_F(MemberTableTest, addresses_are_compared_byte_for_byte) {
  say(alive("n1", 1));
  EXPECT_EQ(say(alive("n1", 2, kHereAs16)).kind, Kind::conflict) << "as memberlist peers do";
  say(alive("n2", 1, kHereAs16));
  EXPECT_EQ(table->addr(table->find("n2")).size(), 16u) << "passed on as it came";
  EXPECT_EQ(to_string(table->address(table->find("n2"))), "10.0.0.1:7946");
}

TEST_F(MemberTableTest, a_left_member_may_return_at_another_address_with_any_incarnation) {
  say(alive("n1", 5));
  say(dead("n1", 5, "n1"));
  EXPECT_EQ(say(alive("n1", 5)).kind, Kind::stale) << "at its old address it needs a higher one";
  const auto outcome = say(alive("n1", 1, kThere));
  EXPECT_EQ(outcome.what, What::joined);
  EXPECT_EQ(incarnation("n1"), 1u);
  EXPECT_EQ(to_string(table->address(table->find("n1"))), "10.0.0.2:7946");
}

TEST_F(MemberTableTest, a_long_dead_member_may_return_at_another_address) {
  say(alive("n1", 5));
  say(dead("n1", 5));
  now += config.swim.gossip_to_the_dead;
  EXPECT_EQ(say(alive("n1", 1, kThere)).kind, Kind::conflict);
  now += Duration(1);
  EXPECT_EQ(say(alive("n1", 1, kThere)).what, What::joined);
}

TEST_F(MemberTableTest, a_dead_member_that_meant_to_leave_has_left) {
  say(alive("n1", 1));
  EXPECT_EQ(say(IntentClaim{"n1", {5}, Intent::leaving}).what, What::leaving);
  EXPECT_EQ(status("n1"), Status::leaving);
  EXPECT_EQ(say(dead("n1", 1)).what, What::left);
  EXPECT_EQ(table->row(table->find("n1")).verdict, Verdict::dead);
}

TEST_F(MemberTableTest, a_leave_intent_turns_a_failed_member_into_a_left_one) {
  say(alive("n1", 1));
  say(dead("n1", 1));
  EXPECT_EQ(say(IntentClaim{"n1", {5}, Intent::leaving}).what, What::left);
  EXPECT_EQ(status("n1"), Status::left);
}

TEST_F(MemberTableTest, a_join_intent_undoes_leaving_and_does_not_wake_the_left) {
  say(alive("n1", 1));
  say(IntentClaim{"n1", {5}, Intent::leaving});
  EXPECT_EQ(say(IntentClaim{"n1", {6}, Intent::joining}).what, What::refuted);
  EXPECT_EQ(status("n1"), Status::alive);
  say(IntentClaim{"n1", {7}, Intent::leaving});
  say(dead("n1", 1));
  EXPECT_EQ(say(IntentClaim{"n1", {8}, Intent::joining}).what, std::nullopt);
  EXPECT_EQ(status("n1"), Status::left);
}

TEST_F(MemberTableTest, a_join_intent_refutes_no_suspicion) {
  say(alive("n1", 1));
  say(IntentClaim{"n1", {5}, Intent::leaving});
  say(suspect("n1", 1, "n2"));
  EXPECT_EQ(say(IntentClaim{"n1", {6}, Intent::joining}).what, What::updated);
  EXPECT_EQ(status("n1"), Status::suspect);
}

TEST_F(MemberTableTest, an_old_intent_is_stale) {
  say(alive("n1", 1));
  say(IntentClaim{"n1", {5}, Intent::joining});
  EXPECT_EQ(say(IntentClaim{"n1", {5}, Intent::leaving}).kind, Kind::stale);
  EXPECT_EQ(say(IntentClaim{"n1", {4}, Intent::leaving}).kind, Kind::stale);
  EXPECT_EQ(status("n1"), Status::alive);
}

TEST_F(MemberTableTest, a_returning_member_is_not_leaving_any_more) {
  say(alive("n1", 1));
  say(IntentClaim{"n1", {5}, Intent::leaving});
  say(dead("n1", 1));
  EXPECT_EQ(say(alive("n1", 2)).what, What::joined);
  EXPECT_EQ(status("n1"), Status::alive);
  EXPECT_EQ(table->row(table->find("n1")).intent_time, LamportTime{5}) << "older intents stay stale";
}

TEST_F(MemberTableTest, an_update_of_a_leaving_member_leaves_it_leaving) {
  say(alive("n1", 1));
  say(IntentClaim{"n1", {5}, Intent::leaving});
  say(alive("n1", 2));
  EXPECT_EQ(status("n1"), Status::leaving);
}

TEST_F(MemberTableTest, our_own_row_changes_only_by_our_own_claims) {
  const std::string before = snapshot();
  auto misquoted = alive("self", 1);
  misquoted.meta = as_bytes("other");
  EXPECT_EQ(say(alive("self", 1)).kind, Kind::stale) << "our own echo";
  EXPECT_EQ(say(misquoted).kind, Kind::about_self) << "equal incarnation, other facts: refute";
  EXPECT_EQ(say(alive("self", 2)).kind, Kind::about_self) << "somebody speaks for us";
  EXPECT_EQ(say(alive("self", 2, kThere)).kind, Kind::conflict);
  EXPECT_EQ(say(suspect("self", 1, "a")).kind, Kind::about_self);
  EXPECT_EQ(say(suspect("self", 9, "a")).kind, Kind::about_self);
  EXPECT_EQ(say(suspect("self", 0, "a")).kind, Kind::stale);
  EXPECT_EQ(say(dead("self", 1, "a")).kind, Kind::about_self);
  EXPECT_EQ(say(dead("self", 1, "self")).kind, Kind::about_self);
  EXPECT_EQ(say(dead("self", 0, "a")).kind, Kind::stale);
  EXPECT_EQ(say(IntentClaim{"self", {9}, Intent::leaving}).kind, Kind::about_self);
  EXPECT_EQ(say(ForgetClaim{"self"}).kind, Kind::refused);
  EXPECT_EQ(snapshot(), before);
}

TEST_F(MemberTableTest, who_has_left_is_not_accused_any_more) {
  say_of_ourselves(IntentClaim{"self", {5}, Intent::leaving});
  EXPECT_EQ(status("self"), Status::leaving);
  EXPECT_EQ(say_of_ourselves(dead("self", 1, "self")).what, What::left);
  EXPECT_EQ(table->up(), 0u);
  EXPECT_EQ(say(suspect("self", 9, "a")).kind, Kind::stale);
  EXPECT_EQ(say(dead("self", 9, "a")).kind, Kind::stale);
  EXPECT_EQ(say_of_ourselves(alive("self", 2)).what, What::joined);
  EXPECT_EQ(status("self"), Status::alive);
}

TEST_F(MemberTableTest, our_own_incarnation_may_not_stand_still) {
  EXPECT_THROW(say_of_ourselves(alive("self", 1)), base::CheckFailed);
}

TEST_F(MemberTableTest, a_forgotten_members_handle_finds_nobody) {
  say(alive("n1", 1));
  const MemberId old = table->find("n1");
  say(dead("n1", 1));
  EXPECT_EQ(say(ForgetClaim{"n1"}).what, What::forgotten);
  EXPECT_FALSE(table->contains(old));
  EXPECT_FALSE(table->find("n1").valid());
  say(alive("n2", 1));
  const MemberId next = table->find("n2");
  EXPECT_EQ(next.index, old.index) << "the place is used again";
  EXPECT_NE(next.reuse, old.reuse);
  EXPECT_FALSE(table->contains(old));
  table->heard_from(old, now);
  table->probe_failed(old);
  EXPECT_EQ(table->row(next).last_contact, Time{});
  EXPECT_EQ(table->row(next).failed_probes, 0);
  EXPECT_TRUE(table->accusers(old).empty());
}

TEST_F(MemberTableTest, a_forgotten_member_may_come_back_with_any_incarnation) {
  say(alive("n1", 9));
  say(dead("n1", 9));
  say(ForgetClaim{"n1"});
  EXPECT_TRUE(say(alive("n1", 1, kThere)).appeared);
}

TEST_F(MemberTableTest, the_order_is_that_of_names_whenever_they_were_learned) {
  say(alive("c", 1));
  say(alive("z", 1));
  say(alive("a", 1));
  say(alive("b", 1));
  say(dead("a", 1));
  say(ForgetClaim{"a"});
  say(alive("ab", 1));
  say(dead("c", 1));
  say(ForgetClaim{"c"});
  say(alive("a", 1));
  std::string order;
  for (const MemberId id : table->order()) order += std::string(table->name(id)) + " ";
  EXPECT_EQ(order, "a ab b self z ");
}

TEST_F(MemberTableTest, first_hand_contact_clears_the_failed_probes) {
  say(alive("n1", 1));
  const MemberId id = table->find("n1");
  for (int i = 0; i < 300; ++i) table->probe_failed(id);
  EXPECT_EQ(table->row(id).failed_probes, 255) << "saturates";
  table->heard_from(id, now);
  EXPECT_EQ(table->row(id).failed_probes, 0);
  EXPECT_EQ(table->describe(id).last_contact, now);
}

TEST_F(MemberTableTest, status_since_moves_with_the_status_only) {
  say(alive("n1", 1));
  const Time joined = now;
  now += seconds(5);
  say(alive("n1", 2));
  EXPECT_EQ(table->describe(table->find("n1")).status_since, joined);
  now += seconds(5);
  say(suspect("n1", 2, "a"));
  EXPECT_EQ(table->describe(table->find("n1")).status_since, now);
}

}  // namespace
}  // namespace hearsay::members
