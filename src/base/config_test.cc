#include "hearsay/config.h"

#include <gtest/gtest.h>

namespace hearsay {
namespace {

Config good() {
  Config config = Config::of(Profile::lan);
  config.name = "n1";
  config.advertise = *parse_address("10.0.0.1:7946", 0);
  return config;
}

TEST(Config, every_profile_is_valid) {
  for (const Profile profile : {Profile::local, Profile::lan, Profile::wan}) {
    Config config = Config::of(profile);
    config.name = "n1";
    config.advertise = *parse_address("10.0.0.1:7946", 0);
    EXPECT_TRUE(validate(config).empty()) << name_of(profile);
  }
}

TEST(Config, all_faults_are_reported_at_once) {
  Config config;
  config.swim.probe_interval = Duration::zero();
  config.crypto.keys.push_back(Bytes(7));
  std::vector<std::string> keys;
  for (const auto& fault : validate(config)) {
    keys.push_back(fault.key);
    EXPECT_FALSE(fault.cause.empty());
    EXPECT_FALSE(fault.cure.empty()) << fault.key;
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"name", "advertise", "swim.probe_interval", "swim.probe_timeout",
                                            "crypto.keys"}));
}

TEST(Config, an_address_that_nobody_can_dial_is_refused) {
  Config config = good();
  config.advertise = *parse_address("0.0.0.0:7946", 0);
  EXPECT_EQ(validate(config).size(), 1u);
  config.advertise = *parse_address("10.0.0.1:0", 0);
  EXPECT_EQ(validate(config).size(), 1u);
}

TEST(Config, tags_that_do_not_fit_are_refused) {
  Config config = good();
  config.tags["key"] = std::string(600, 'x');
  ASSERT_EQ(validate(config).size(), 1u);
  EXPECT_EQ(validate(config)[0].key, "tags");
}

TEST(Config, names_with_spaces_are_refused) {
  Config config = good();
  for (const char* name : {"a b", "a\n", "\x7f"}) {
    config.name = name;
    EXPECT_EQ(validate(config).size(), 1u) << name;
  }
  config.name = "b\u00e4r-1.dc";
  EXPECT_TRUE(validate(config).empty());
}

}  // namespace
}  // namespace hearsay
