#include "base/pattern.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"

namespace hearsay::base {
namespace {

// What Go's regexp.MatchString says of the same.
TEST(Pattern, finds_what_go_finds) {
  struct Row {
    const char* expression;
    const char* text;
    bool found;
  };
  const Row rows[] = {
      {"", "", true},
      {"", "x", true},
      {"web", "a web server", true},
      {"web", "we", false},
      {"^web$", "web", true},
      {"^web$", "web1", false},
      {"\\Aweb\\z", "web", true},
      {"web.*", "web", true},
      {"^web.*1$", "web-01", true},
      {".", "\n", false},
      {"[^a]", "\n", true},
      {"^(db|web)[0-9]+$", "web12", true},
      {"^(db|web)[0-9]+$", "web", false},
      {"^(?:a|b|)c$", "c", true},
      {"^a{2,3}$", "aa", true},
      {"^a{2,3}$", "aaaa", false},
      {"^a{2}$", "aaa", false},
      {"^a{2,}$", "aaaaa", true},
      {"^a{0}b$", "b", true},
      {"^a{,2}$", "a{,2}", true},
      {"^{$", "{", true},
      {"^(ab)*$", "ababab", true},
      {"^(ab)*$", "aba", false},
      {"^(a*)*$", "aaa", true},
      {"^(a|b)??c$", "bc", true},
      {"^a+?$", "aaa", true},
      {"^[a-c-e]+$", "a-e", true},
      {"^[]a]+$", "]a", true},
      {"^[^]a]$", "]", false},
      {"^[\\d_-]+$", "1_-2", true},
      {"^\\w+\\s\\S\\D$", "ab_1 x.", true},
      {"^[\\W]$", "a", false},
      {"^a\\.b\\+$", "a.b+", true},
      {"a\\.b", "axb", false},
      {"^\\t$", "\t", true},
      {"^\\a$", "a", false},
      {"^.$", "\xc3\xa9", true},
      {"^[à-ÿ]$", "é", true},
      {"^é+$", "éé", true},
      {"^.$", "\xff", true},
      {"^..$", "\xc3", false},
      {"a$b", "a$b", false},
      {"x^", "x", false},
      {"a|^$", "", true},
      {"eu-(west|north)-[12]", "zone eu-north-2b", true},
  };
  for (const Row& row : rows) {
    const auto pattern = Pattern::compile(row.expression);
    ASSERT_TRUE(pattern) << row.expression;
    EXPECT_EQ(pattern->found_in(row.text), row.found) << row.expression << " in " << row.text;
  }
}

TEST(Pattern, what_is_malformed_or_beyond_us_does_not_compile) {
  for (const char* expression :
       {"(",        ")",           "a)",    "[",       "[a",     "[b-a]",   "*",
        "+a",       "a**",         "a*+",   "a{2}{3}", "a{3,2}", "a{1001}", "(?i)a",
        "(?P<n>a)", "(?=a)",       "a\\",   "\\b",     "\\B",    "\\pL",    "\\Qa\\E",
        "\\1",      "[[:alpha:]]", "\\x41", "^*",      "\xff",   "[\xff]",  "((a{100}){100})"}) {
    EXPECT_FALSE(Pattern::compile(expression)) << expression;
  }
  EXPECT_FALSE(Pattern::compile(std::string(Pattern::kExpressionBytesMax + 1, 'a')));
  EXPECT_FALSE(Pattern::compile(std::string(100, '(') + std::string(100, ')')));
  EXPECT_FALSE(Pattern::compile("(((()*){1000}){1000}){1000}x{501}"));
}

// A backtracking engine needs 2^30 steps for this.
TEST(Pattern, nothing_explodes) {
  std::string expression;
  for (int i = 0; i < 30; ++i) expression += "a?";
  expression += std::string(30, 'a');
  EXPECT_TRUE(Pattern::compile(expression)->found_in(std::string(30, 'a')));
  std::string nearly(501, 'a');
  nearly.back() = 'b';
  EXPECT_FALSE(Pattern::compile("^(a+)+$")->found_in(nearly));
  EXPECT_FALSE(Pattern::compile("(x+x+)+y")->found_in(std::string(500, 'x')));
}

TEST(Pattern, no_expression_brings_it_down) {
  Rng rng(1);
  constexpr std::string_view kLetters = "ab(|)*+?{}[]^$.\\-,:12dws\xc3";
  for (int i = 0; i < 20'000; ++i) {
    std::string expression;
    for (std::uint64_t left = rng.bounded(20); left > 0; --left)
      expression += kLetters[rng.bounded(kLetters.size())];
    if (const auto pattern = Pattern::compile(expression)) pattern->found_in("ab(1]\xc3\xa9");
  }
}

}  // namespace
}  // namespace hearsay::base
