#include "cli/expect.h"

#include <gmock/gmock.h>

#include "cli/plan_file.h"
#include "cli/run_figures.h"

namespace hearsay::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Value = decltype(agent::Given::value);

Expectation expect(const std::string& figure, Value value) {
  Expectation read;
  const auto wrong = read_expectation({"expect." + figure, "p.toml:3", std::move(value)}, read);
  EXPECT_FALSE(wrong) << wrong->cause;
  return read;
}

std::string refusal(const std::string& figure, Value value) {
  Expectation read;
  const auto wrong = read_expectation({"expect." + figure, "p.toml:3", std::move(value)}, read);
  return wrong ? wrong->cause + "; " + wrong->cure : "";
}

std::vector<std::string> faults_in(std::string_view toml) {
  std::vector<std::string> out;
  auto values = read_plan_text(toml, "p.toml");
  for (const auto& fault : make_plan(values.values).faults) out.push_back(describe(fault));
  return out;
}

TEST(Expect, a_limit_says_what_a_figure_may_be) {
  struct Case {
    const char* limit;
    double in, out;
  };
  for (const Case& c :
       {Case{"<= 15", 15, 15.001}, Case{">=15", 15, 14.999}, Case{"< 15", 14.999, 15}, Case{"> 15", 15.001, 15},
        Case{"= 15", 15, 14}, Case{"15", 15, 16}, Case{">= 5, < 9", 5, 9}, Case{">= 5, < 9", 8.9, 4.9}}) {
    const auto one = expect("detection.all_s", std::string(c.limit));
    EXPECT_TRUE(one.holds(c.in)) << c.limit;
    EXPECT_FALSE(one.holds(c.out)) << c.limit;
    EXPECT_FALSE(one.holds(std::nullopt)) << "not all found it, so there is no such time";
  }
  EXPECT_TRUE(expect("false_deaths", std::int64_t{0}).holds(0));
  EXPECT_FALSE(expect("false_deaths", std::int64_t{0}).holds(1));
  EXPECT_TRUE(expect("agreed", true).holds(1));
  EXPECT_FALSE(expect("agreed", std::string("true")).holds(0));
  EXPECT_TRUE(expect("detection.all_s", std::string("= 0.3")).holds(0.1 + 0.2)) << "as it is printed";
}

TEST(Expect, what_no_run_could_keep_to_is_refused) {
  EXPECT_THAT(refusal("detection.al_s", std::string("<= 15")), HasSubstr("did you mean detection.all_s?"));
  EXPECT_THAT(refusal("memory_mib", std::string("<= 15")), HasSubstr("there is no such figure"));
  EXPECT_THAT(refusal("detection.all_s", std::string("<= 15s")), HasSubstr("the unit is in the figure's name"));
  EXPECT_THAT(refusal("detection.all_s", std::string("about 15")), HasSubstr("is not a limit"));
  EXPECT_THAT(refusal("detection.all_s", std::string("")), HasSubstr("is not a limit"));
  EXPECT_THAT(refusal("detection.all_s", std::string("<= nan")), HasSubstr("is not a limit"));
  EXPECT_THAT(refusal("detection.all_s", std::vector<std::string>{"<= 15"}), HasSubstr("is not a limit"));
  EXPECT_THAT(refusal("false_deaths", std::string("< 0")), HasSubstr("no figure is negative"));
  EXPECT_THAT(refusal("false_deaths", std::string(">= 5, < 5")), HasSubstr("no run can keep to"));
  EXPECT_THAT(refusal("agreed", std::string("> 1")), HasSubstr("this figure is 0 to 1"));
  EXPECT_THAT(refusal("quality.failed.query_accuracy", std::string(">= 2")), HasSubstr("0 to 1"));
  EXPECT_EQ(refusal("quality.failed.query_accuracy", std::string("> 0.999, <= 1")), "");
}

TEST(Expect, faults_of_a_file_name_line_and_key) {
  EXPECT_THAT(
      faults_in("[expect]\nfalse_deaths = 0\ndetection.al_s = \"<= 15\"\n"),
      ElementsAre("p.toml:3: expect.detection.al_s: there is no such figure; did you mean detection.all_s?"));
  EXPECT_THAT(
      faults_in("[expect]\n\"detection.all_s\" = \"<= 15\"\n"),
      ElementsAre("p.toml:2: expect.detection.all_s: it has no value in this plan: nobody crashes for ever; "
                  "add a fault with what = \"crash\", or leave it out"));
  EXPECT_THAT(faults_in("[expect]\ndissemination.p99_s = \"<= 2\"\n"),
              ElementsAre(HasSubstr("p.toml:2: expect.dissemination.p99_s: it has no value")));
  EXPECT_THAT(faults_in("expect = 3\n"), ElementsAre(HasSubstr("p.toml:1: expect: there is no such key")));
}

TEST(Expect, the_words_of_a_command_line_replace_the_limit_of_the_file) {
  auto values = read_plan_text("[expect]\nfalse_deaths = 0\nagreed = true\n", "p.toml");
  values.values.push_back({"expect.false_deaths", "--set expect.false_deaths", std::string("<= 3")});
  const auto loaded = make_plan(values.values);
  ASSERT_EQ(loaded.expectations.size(), 2u);
  EXPECT_EQ(loaded.expectations[0].limit, "<= 3");
  EXPECT_EQ(loaded.expectations[0].where, "--set expect.false_deaths");
  EXPECT_EQ(loaded.expectations[1].where, "p.toml:3");
}

TEST(Expect, a_verdict_names_figure_limit_and_line) {
  sim::ClusterReport report;
  report.false_deaths = 3;
  const auto verdicts = judge({expect("false_deaths", std::int64_t{0}), expect("agreed", std::string("= 0")),
                               expect("detection.all_s", std::string("<= 15"))},
                              report);
  ASSERT_EQ(verdicts.size(), 3u);
  EXPECT_FALSE(all_met(verdicts));
  EXPECT_TRUE(verdicts[1].met);
  EXPECT_EQ(describe(verdicts[0]), "p.toml:3: expect.false_deaths: it is 3, and = 0 was expected");
  EXPECT_EQ(describe(verdicts[2]), "p.toml:3: expect.detection.all_s: it has no value, and <= 15 was expected");
  EXPECT_TRUE(all_met(judge({}, report)));
}

TEST(RunFigures, every_figure_has_one_name) {
  auto names = run_figure_names();
  for (const auto& share : run_shares()) EXPECT_EQ(std::ranges::count(names, share), 1) << share;
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace hearsay::cli
