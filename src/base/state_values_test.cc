#include "hearsay/state_values.h"

#include <gtest/gtest.h>

#include <limits>

namespace hearsay {
namespace {

TEST(StateValues, numbers_read_back_and_others_are_refused) {
  for (const auto& [value, text] : {std::pair{0.0, "0"}, std::pair{0.7, "0.7"}, std::pair{12.25, "12.25"},
                                    std::pair{0.000001, "0.000001"}, std::pair{1e9, "1000000000"}}) {
    EXPECT_EQ(write_number(value).value(), text);
    EXPECT_EQ(read_number(text).value(), value);
  }
  EXPECT_EQ(write_number(0.99999999).value(), "1");
  for (const double wrong :
       {-0.1, 1.1e9, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    EXPECT_FALSE(write_number(wrong)) << wrong;
  for (const char* wrong : {"", ".", "1.", ".5", "-1", "+1", "1e3", "0x1", " 1", "1 ", "1,5", "0.0000001", "1.-5",
                            "1000000000.1", "99999999999999999999", "nan"})
    EXPECT_FALSE(read_number(wrong)) << wrong;
}

TEST(StateValues, tokens_read_back_and_others_are_refused) {
  const std::vector<std::uint64_t> tokens{7, 1, UINT64_MAX};
  EXPECT_EQ(write_tokens(tokens).value(), "7,1,18446744073709551615");
  EXPECT_EQ(read_tokens("7,1,18446744073709551615").value(), tokens);
  for (const char* wrong : {"", ",", "1,", ",1", "1,1", "-1", "1, 2", "18446744073709551616"})
    EXPECT_FALSE(read_tokens(wrong)) << wrong;
  EXPECT_FALSE(write_tokens({}));
  std::vector<std::uint64_t> many(kTokensMax + 1);
  std::string text;
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = i;
    text += (i == 0 ? "" : ",") + std::to_string(i);
  }
  EXPECT_EQ(write_tokens(many).error().code, Errc::too_large);
  EXPECT_EQ(read_tokens(text).error().code, Errc::too_large);
}

TEST(StateValues, faults_name_the_key_and_untyped_keys_take_anything) {
  EXPECT_EQ(read_health("warning").value(), Health::warning);
  EXPECT_FALSE(fault_of_value("health", "passing"));
  EXPECT_EQ(fault_of_value("health", "fine")->cause, "health: \"fine\" is no health");
  EXPECT_EQ(fault_of_value("load", "high")->cause, "load: \"high\" is no number from 0 to 1000000000");
  EXPECT_TRUE(fault_of_value("severity", "x"));
  EXPECT_TRUE(fault_of_value("tokens", "x"));
  EXPECT_FALSE(fault_of_value("loads", "high"));
  EXPECT_FALSE(fault_of_value("dc", ""));
}

}  // namespace
}  // namespace hearsay
