#include "base/interner.h"

#include <gtest/gtest.h>

namespace hearsay::base {
namespace {

TEST(Interner, equal_bytes_share_one_record) {
  Interner interner;
  const auto first = interner.acquire("n1");
  const auto second = interner.acquire("n1");
  EXPECT_EQ(first, second);
  EXPECT_EQ(interner.records(), 1u);
  EXPECT_EQ(interner.text(first), "n1");
}

TEST(Interner, the_last_user_frees_the_record) {
  Interner interner;
  const auto handle = interner.acquire("n1");
  interner.retain(handle);
  interner.release(handle);
  EXPECT_EQ(interner.text(handle), "n1");
  interner.release(handle);
  EXPECT_EQ(interner.records(), 0u);
  EXPECT_EQ(interner.acquire("n2"), handle) << "a free place is used again";
}

TEST(Interner, the_empty_string_is_handle_zero) {
  Interner interner;
  EXPECT_EQ(interner.acquire(""), 0u);
  interner.release(0);
  EXPECT_EQ(interner.text(0), "");
}

TEST(Interner, finds_only_what_is_used_and_uses_nothing) {
  Interner interner;
  EXPECT_EQ(interner.find("n1"), 0u);
  const auto handle = interner.acquire("n1");
  EXPECT_EQ(interner.find("n1"), handle);
  interner.release(handle);
  EXPECT_EQ(interner.find("n1"), 0u);
  EXPECT_EQ(interner.find(""), 0u);
}

TEST(Interner, views_survive_the_growth_of_the_table) {
  Interner interner;
  const auto first = interner.acquire("first");
  const auto view = interner.text(first);
  for (int i = 0; i < 1000; ++i) interner.acquire("n" + std::to_string(i));
  EXPECT_EQ(view, "first");
  EXPECT_EQ(view.data(), interner.text(first).data());
}

}  // namespace
}  // namespace hearsay::base
