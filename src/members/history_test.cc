#include "members/history.h"

#include <gtest/gtest.h>

namespace hearsay::members {
namespace {

using What = MemberChange::What;

MemberChange change(What what, const std::string& name, std::uint32_t incarnation = 1) {
  MemberChange made;
  made.what = what;
  made.member.name = name;
  made.member.incarnation = {incarnation};
  return made;
}

std::string text(const History& history) {
  std::string line;
  for (const Notice& notice : history.all()) {
    const auto& made = std::get<MemberChange>(notice.body);
    line += (line.empty() ? "" : " ") + made.member.name + ":" + name_of(made.what);
  }
  return line;
}

TEST(History, keeps_the_order_in_which_things_happened) {
  History history(1u << 20);
  history.add({}, change(What::joined, "b"));
  history.add({}, change(What::joined, "a"));
  history.add({}, change(What::suspected, "b"));
  EXPECT_EQ(text(history), "b:joined a:joined b:suspected");
}

TEST(History, the_pool_is_bounded) {
  History history(16u << 10);
  for (unsigned i = 0; i < 10'000; ++i) {
    history.add({}, change(What::updated, "member-" + std::to_string(i % 7), i));
    EXPECT_LE(history.bytes(), 16u << 10);
  }
  EXPECT_LT(history.all().size(), 100u);
  EXPECT_EQ(std::get<MemberChange>(history.all().back().body).member.incarnation.value, 9999u);
}

TEST(History, a_change_larger_than_the_pool_is_kept_alone) {
  History history(100);
  auto large = change(What::failed, "n1");
  large.evidence.confirmers.assign(50, "somebody");
  history.add({}, change(What::joined, "n1"));
  history.add({}, large);
  EXPECT_EQ(text(history), "n1:failed");
}

TEST(History, the_last_verdict_of_each_member_outlives_the_pool) {
  History history(8u << 10);
  history.add({}, change(What::failed, "down"));
  history.add({}, change(What::left, "gone"));
  history.add({}, change(What::suspected, "doubted"));
  for (unsigned i = 0; i < 1000; ++i) history.add({}, change(What::updated, "busy"));
  EXPECT_TRUE(text(history).starts_with("down:failed gone:left doubted:suspected busy:updated"));
}

TEST(History, only_the_last_verdict_of_a_member_outlives_the_pool) {
  History history(8u << 10);
  history.add({}, change(What::suspected, "n1"));
  history.add({}, change(What::failed, "n1"));
  for (unsigned i = 0; i < 1000; ++i) history.add({}, change(What::updated, "busy"));
  EXPECT_TRUE(text(history).starts_with("n1:failed busy:updated"));
  history.add({}, change(What::refuted, "n1"));
  EXPECT_EQ(text(history).find("failed"), std::string::npos) << "an older verdict, already kept, goes with a newer";
}

TEST(History, a_forgotten_member_keeps_nothing_beyond_the_pool) {
  History history(8u << 10);
  history.add({}, change(What::failed, "n1"));
  for (unsigned i = 0; i < 1000; ++i) history.add({}, change(What::updated, "busy"));
  history.add({}, change(What::forgotten, "n1"));
  EXPECT_EQ(text(history).find("failed"), std::string::npos);
  for (unsigned i = 0; i < 1000; ++i) history.add({}, change(What::updated, "busy"));
  EXPECT_EQ(text(history).find("n1"), std::string::npos);
}

TEST(History, meta_and_tags_are_not_kept) {
  History history(1u << 20);
  auto made = change(What::updated, "n1");
  made.member.meta = Bytes(512);
  made.member.tags["role"] = "web";
  history.add({}, made);
  const auto notices = history.all();
  const auto& kept = std::get<MemberChange>(notices[0].body).member;
  EXPECT_TRUE(kept.meta.empty());
  EXPECT_TRUE(kept.tags.empty());
}

TEST(History, what_is_kept_says_when_it_happened) {
  History history(1u << 20);
  const Now now{Time{std::chrono::seconds(5)}, WallTime{std::chrono::seconds(1'700'000'000)}};
  history.add(now, change(What::joined, "n1"));
  EXPECT_EQ(history.all()[0].at.steady, now.steady);
  EXPECT_EQ(history.all()[0].at.wall, now.wall);
}

}  // namespace
}  // namespace hearsay::members
