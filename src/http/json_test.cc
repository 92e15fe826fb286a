#include "http/json.h"

#include <gmock/gmock.h>

#include <boost/json/value.hpp>

namespace hearsay::http {
namespace {

TEST(Json, a_fault_is_named_with_line_and_column) {
  const auto parsed = parse_json("{\n  \"a\": 1,\n  oops\n}");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().cause, testing::HasSubstr("line 3, column 3"));
}

TEST(Json, text_that_is_empty_truncated_or_goes_on_is_refused) {
  for (const char* text : {"", " ", "{", "{\"a\":", "[1,2", "{} {}", "nul"}) EXPECT_FALSE(parse_json(text)) << text;
}

TEST(Json, nesting_is_bounded) {
  EXPECT_TRUE(parse_json(std::string(30, '[') + std::string(30, ']')));
  EXPECT_FALSE(parse_json(std::string(1000, '[') + std::string(1000, ']')));
}

TEST(Json, bytes_that_are_not_utf8_become_the_replacement_character) {
  EXPECT_EQ(clean_text("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(clean_text("a\xffz"), "a\xef\xbf\xbdz");
  EXPECT_EQ(clean_text("\xc3"), "\xef\xbf\xbd");
  EXPECT_EQ(clean_text("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");                  // overlong
  EXPECT_EQ(clean_text("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
}

TEST(Json, pretty_text_is_the_same_value) {
  const auto value = parse_json(R"({"a":[],"b":{},"c":[1,{"d":"x\ny"}],"e":null})").value();
  const std::string text = pretty(value);
  EXPECT_EQ(parse_json(text).value(), value);
  EXPECT_THAT(text, testing::HasSubstr("\n  \"c\": [\n    1,\n"));
}

}  // namespace
}  // namespace hearsay::http
