#include "sim/spread/settings.h"

#include <gmock/gmock.h>

namespace hearsay::sim::spread {
namespace {

TEST(Settings, words_are_read_as_they_are_written) {
  for (const Mode mode : {Mode::push, Mode::pull, Mode::push_pull}) EXPECT_EQ(parse_mode(name_of(mode)), mode);
  for (const Timing timing : {Timing::sync, Timing::unsync, Timing::poisson}) {
    EXPECT_EQ(parse_timing(name_of(timing)), timing);
  }
  for (const Stop stop : {Stop::forever, Stop::die, Stop::counter, Stop::coin, Stop::budget, Stop::median}) {
    EXPECT_EQ(parse_stop(name_of(stop)), stop);
  }
  EXPECT_EQ(parse_mode("both"), std::nullopt);
  EXPECT_EQ(parse_stop(""), std::nullopt);
}

TEST(Settings, what_is_impossible_is_refused_with_all_faults) {
  EXPECT_TRUE(validate({}).empty());
  Settings settings;
  const auto faults = [&] { return validate(settings).size(); };
  settings.nodes = 1;
  EXPECT_EQ(faults(), 1u);
  settings.nodes = kNodesMax + 1;
  EXPECT_EQ(faults(), 1u);
  settings.nodes = 3;
  settings.fanout = 3;  // of two others
  EXPECT_EQ(faults(), 1u);
  settings.fanout = 2;
  EXPECT_EQ(faults(), 0u);
  settings.loss = 1;
  settings.copies = 0;
  settings.stop = Stop::coin;
  settings.trials = 0;
  EXPECT_EQ(faults(), 3u);
  settings = {};
  settings.copies = 4;
  settings.feedback = false;
  EXPECT_EQ(faults(), 2u);
  settings = {};
  settings.stop = Stop::median;
  EXPECT_THAT(validate(settings).at(0).cure, testing::HasSubstr("push-pull"));
}

TEST(Settings, the_budget_is_that_of_memberlist) {
  Settings settings;
  settings.stop = Stop::budget;
  const auto budget = [&](std::uint32_t nodes) {
    settings.nodes = nodes;
    return copies_of(settings);
  };
  EXPECT_EQ(budget(9), 4u);
  EXPECT_EQ(budget(10), 8u);
  EXPECT_EQ(budget(999), 12u);  // and one node more is a step
  EXPECT_EQ(budget(1000), 16u);
  settings.copies = 7;
  EXPECT_EQ(budget(1000), 7u);
}

}  // namespace
}  // namespace hearsay::sim::spread
