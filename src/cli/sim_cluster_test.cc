// `hearsay sim cluster` with [measure] and [expect], from words to exit statuses.
#include <gmock/gmock.h>

#include <boost/json/value.hpp>

#include "http/json.h"
#include "support/said.h"

namespace hearsay::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::Said;
using tests::say;

Said cluster(std::vector<std::string> more) {
  std::vector<std::string> words{"sim", "cluster", "--nodes", "8", "--for", "60s", "--crash", "3@5s"};
  words.insert(words.end(), more.begin(), more.end());
  return say(words);
}

TEST(SimCluster, a_limit_that_does_not_hold_has_an_exit_status_of_its_own) {
  const Said kept = cluster({"--set", "expect.detection.all_s=<= 50", "--set", "expect.false_deaths=0"});
  EXPECT_EQ(kept.status, kDone) << kept.err;
  EXPECT_EQ(kept.err, "");
  EXPECT_THAT(kept.out,
              AllOf(HasSubstr("\nexpected\n"), HasSubstr("false_deaths     = 0"), Not(HasSubstr("not met"))));
  const Said broken = cluster({"--set", "expect.detection.all_s=<= 1", "--set", "expect.false_deaths=0"});
  EXPECT_EQ(broken.status, kUnmet);
  EXPECT_THAT(broken.out, AllOf(HasSubstr("not met"), HasSubstr("detection, seconds after the crash")));
  EXPECT_THAT(broken.err, AllOf(HasSubstr("--set expect.detection.all_s: it is "),
                                HasSubstr(", and <= 1 was expected"), Not(HasSubstr("false_deaths"))));
  EXPECT_EQ(cluster({"--set", "expect.detection.all=<= 1"}).status, kUsage);
  EXPECT_THAT(cluster({"--set", "expect.detection.all=<= 1"}).err, HasSubstr("did you mean detection.all_s?"));
}

TEST(SimCluster, programs_hear_what_was_expected_too) {
  const Said said =
      cluster({"--set", "expect.detection.all_s=<= 1", "--set", "expect.agreed=true", "--format", "json"});
  EXPECT_EQ(said.status, kUnmet);
  const auto json = http::parse_json(said.out).value();
  EXPECT_FALSE(json.at("expected").as_bool());
  const auto& first = json.at("expectations").at(0);
  EXPECT_EQ(first.at("figure"), "detection.all_s");
  EXPECT_EQ(first.at("limit"), "<= 1");
  EXPECT_EQ(first.at("value"), json.at("detection").at("all_s"));
  EXPECT_FALSE(first.at("met").as_bool());
  EXPECT_TRUE(json.at("expectations").at(1).at("met").as_bool());
  EXPECT_EQ(json.at("detected").to_number<int>(), 1);
  const auto none = http::parse_json(cluster({"--format", "json"}).out).value();
  EXPECT_TRUE(none.at("expected").is_null());
  EXPECT_THAT(cluster({"--set", "expect.agreed=false", "--format", "csv"}).out,
              AllOf(HasSubstr(",expected,trace_hash\n8,1,1,1,1,0,"), HasSubstr(",0,")));
}

TEST(SimCluster, only_the_chosen_figures_are_shown) {
  const Said text = cluster({"--figures", "detection.all_s,counters.probes", "--figures", "agreed"});
  EXPECT_EQ(text.status, kDone) << text.err;
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("  detection.all_s  "), HasSubstr("  counters.probes  "),
                    HasSubstr("  agreed           1\n"), HasSubstr("  trace  "), Not(HasSubstr("mistakes"))));
  const auto json = http::parse_json(cluster({"--figures", "detection.all_s", "--format", "json"}).out).value();
  EXPECT_EQ(json.at("detection").as_object().size(), 1u);
  EXPECT_FALSE(json.as_object().contains("traffic_to_s"));
  EXPECT_THAT(
      cluster({"--figures", "counters.probes", "--format", "csv"}).out,
      testing::StartsWith("nodes,seed,complete,settled,agreed,violations,counters.probes,expected,trace_hash\n"));
  EXPECT_THAT(cluster({"--figures", "counters.probe"}).err,
              HasSubstr("--figures: \"counters.probe\": there is no such figure; did you mean counters.probes?"));
}

TEST(SimCluster, the_table_says_when_traffic_counts) {
  EXPECT_THAT(cluster({"--set", "measure.from=10s", "--set", "measure.until=20s"}).out,
              HasSubstr("traffic of one node, sent, from 10s to 20s\n"));
  EXPECT_THAT(cluster({}).out, HasSubstr("traffic of one node, sent\n"));
}

}  // namespace
}  // namespace hearsay::cli
