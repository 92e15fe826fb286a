#include "base/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace hearsay::base {
namespace {

TEST(Matches, stars_and_question_marks) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("web*", "web1"));
  EXPECT_TRUE(matches("*-?-*", "a-b-c"));
  EXPECT_TRUE(matches("a*b*c", "aXbXbc"));
  EXPECT_FALSE(matches("web", "web1"));
  EXPECT_FALSE(matches("?", ""));
  EXPECT_FALSE(matches("a*b", "ac"));
  // A pattern that makes naive matchers take for ever.
  EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace hearsay::base
