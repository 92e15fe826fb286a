// `hearsay sim spread` from words to tables and JSON.
#include "cli/sim_spread.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/trials.h"
#include "http/json.h"
#include "support/said.h"

namespace hearsay::cli {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using tests::Said;

Said spread(const std::string& words) { return tests::say_line("sim spread " + words); }

json::value json_of(const std::string& words) {
  return http::parse_json(spread(words + " --format json").out).value();
}
double number(const json::value& value) { return value.to_number<double>(); }

TEST(SimSpread, the_exact_answer_stands_beside_the_monte_carlo) {
  const auto text = spread("--nodes 100 --fanout 2 --trials 200");
  EXPECT_EQ(text.status, kDone) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("7.350"), HasSubstr("exact: Markov chain"), HasSubstr("200 trials"),
                              HasSubstr("log3 N + ln N / 2 + 0.95"), HasSubstr("they agree"), HasSubstr("####")));
  const auto found = json_of("--nodes 100 --fanout 2 --trials 200");
  EXPECT_EQ(found.at("method"), "exact");
  EXPECT_NEAR(number(found.at("rounds").at("mean")), 7.350, 0.0006);
  EXPECT_NEAR(number(found.at("rounds").at("sd")), 0.70, 0.006);
  EXPECT_EQ(number(found.at("rounds").at("p50")), 7);
  EXPECT_EQ(number(found.at("rounds").at("p99")), 9);
  EXPECT_EQ(number(found.at("rounds").at("p999")), 10);
  EXPECT_NEAR(number(found.at("messages_per_node").at("mean")), 6.09, 0.006);
  EXPECT_TRUE(found.at("monte_carlo").at("agrees").as_bool());
  EXPECT_GT(number(found.at("contacts_per_second")), 0);
  EXPECT_EQ(number(found.at("curve").at(1).at("informed")), 3);
  EXPECT_NEAR(number(found.at("curve").at(7).at("complete")), 0.6585, 0.0001);
}

TEST(SimSpread, where_there_is_no_chain_the_method_says_so) {
  const auto found = json_of("--nodes 3000 --mode push-pull --timing unsync --trials 5");
  EXPECT_EQ(found.at("method"), "monte-carlo");
  EXPECT_FALSE(found.as_object().contains("monte_carlo"));
  const auto limited =
      json_of("--nodes 1000 --stop counter --copies 2 --blind --trials 20 --digest-first --loss 0.01");
  EXPECT_FALSE(limited.at("feedback").as_bool());
  EXPECT_LT(number(limited.at("coverage").at("mean")), 1);
  EXPECT_LT(number(limited.at("payloads_per_node").at("mean")), number(limited.at("messages_per_node").at("mean")));
}

TEST(SimSpread, the_number_of_threads_leaves_no_trace) {
  sim::spread::Settings settings;
  settings.timing = sim::spread::Timing::poisson;
  settings.trials = 40;
  const auto run_with = [&](unsigned threads) {
    return run_trials(settings, threads, [](double) { return true; });
  };
  const TrialRun one = run_with(1);
  const TrialRun four = run_with(4);
  EXPECT_EQ(one.threads, 1u);
  EXPECT_EQ(four.threads, 4u);
  EXPECT_EQ(one.arrivals, four.arrivals);
  ASSERT_EQ(one.trials.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(one.trials[i].last, four.trials[i].last) << i;
    EXPECT_EQ(one.trials[i].contacts, four.trials[i].contacts) << i;
  }
}

TEST(SimSpread, an_interrupted_run_keeps_what_it_has) {
  sim::spread::Settings settings;
  settings.nodes = 1'000'000;
  settings.trials = 100'000;
  const TrialRun run = run_trials(settings, 2, [](double) { return false; });
  EXPECT_TRUE(run.interrupted);
  EXPECT_LT(run.trials.size(), 100'000u);
  for (const auto& trial : run.trials) EXPECT_FALSE(trial.cut_off);
}

TEST(SimSpread, the_impossible_is_refused_with_all_its_faults) {
  const auto said = spread("--nodes 1 --fanout 0 --loss 1 --copies 3");
  EXPECT_EQ(said.status, kUsage);
  EXPECT_THAT(said.err, AllOf(HasSubstr("--nodes is 1"), HasSubstr("--fanout is 0"), HasSubstr("--loss"),
                              HasSubstr("--copies means nothing with --stop forever")));
  EXPECT_THAT(spread("--nodes 3 --fanout 3").err, HasSubstr("only 2 others"));
  EXPECT_THAT(spread("--mode both").err, HasSubstr("\"both\" is none of push|pull|push-pull"));
  EXPECT_EQ(spread("--nodes ten").status, kUsage);
  EXPECT_EQ(spread("--nodes -5").status, kUsage);
  EXPECT_EQ(spread("--loss nan").status, kUsage);
  EXPECT_EQ(spread("--stop coin --blind --feedback").status, kUsage);
  EXPECT_THAT(spread("--stop median").err, HasSubstr("--mode push-pull"));
  EXPECT_THAT(spread("--nodes 20000000").err, HasSubstr("2 to 10000000"));
}

TEST(SimSpread, gossip_stands_beside_the_other_patterns) {
  const std::string words = "--compare --nodes 50 --fanout 2 --trials 10";
  const auto text = spread(words);
  EXPECT_EQ(text.status, kDone) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("central hub"), HasSubstr("tree with repair"), HasSubstr("all-to-all"),
                              HasSubstr("gossip, push-pull")));
  const auto found = json_of(words);
  EXPECT_EQ(found.at("update").as_array().size(), 7u);
  EXPECT_EQ(found.at("heartbeats").as_array().size(), 6u);
  const auto& hub = found.at("update").at(1);
  EXPECT_EQ(hub.at("pattern"), "hub");
  EXPECT_EQ(number(hub.at("messages")), 49);
  EXPECT_EQ(number(hub.at("busiest").at("messages")), 49);
  EXPECT_NEAR(number(hub.at("informed").at("key_node_dead")), 1.0 / 49, 1e-9);
  EXPECT_EQ(number(found.at("heartbeats").at(0).at("messages")), 50 * 49);
  EXPECT_EQ(spread(words).out, text.out);
  EXPECT_THAT(spread("--compare --nodes 6000 --trials 1 --fanout 2").out, HasSubstr("up to 5,000 nodes"));
}

TEST(SimSpread, a_comparison_refuses_what_it_would_ignore) {
  EXPECT_EQ(spread("--compare --mode pull").status, kUsage);
  EXPECT_EQ(spread("--compare --table").status, kUsage);
  EXPECT_EQ(spread("--degree 3").status, kUsage);
  EXPECT_THAT(spread("--compare --degree 0 --bytes 0").err,
              AllOf(HasSubstr("--degree is 0"), HasSubstr("--bytes is 0")));
}

TEST(SimSpread, a_line_of_names_stands_above_a_line_of_figures) {
  const auto said = spread("--nodes 100 --fanout 2 --trials 50 --format csv");
  ASSERT_EQ(said.status, kDone) << said.err;
  const auto end = said.out.find('\n');
  const std::string names = said.out.substr(0, end);
  const std::string values = said.out.substr(end + 1);
  EXPECT_EQ(std::ranges::count(names, ','), std::ranges::count(values, ','));
  EXPECT_THAT(names, HasSubstr("nodes,fanout,mode,timing,loss,stop,seed,method,trials"));
  EXPECT_THAT(values, HasSubstr("100,2,push,sync,0,forever,1,exact,50,0,0,7.35"));
}

TEST(SimSpread, a_comparison_has_a_line_for_each_pattern_in_each_trouble) {
  const std::string words = "--compare --nodes 50 --fanout 2 --trials 10";
  const auto said = spread(words + " --format csv");
  ASSERT_EQ(said.status, kDone) << said.err;
  EXPECT_EQ(std::ranges::count(said.out, '\n'), 1 + 2 * (3 * 7 + 4 * 6) - 7) << "update and heartbeats";
  const std::string hub = "\n50,2,8,4,0.05,1,update,hub,key_node_dead,10,";
  ASSERT_THAT(said.out, AllOf(testing::StartsWith("nodes,fanout,"), HasSubstr(hub)));
  const auto at = said.out.find(hub) + 1;
  const std::string line = said.out.substr(at, said.out.find('\n', at) - at);
  const auto found = json_of(words);
  EXPECT_NEAR(std::stod(line.substr(line.rfind(',') + 1)),
              number(found.at("update").at(1).at("informed").at("key_node_dead")), 1e-12);
  const std::string file =
      std::filesystem::temp_directory_path() / ("spread" + std::to_string(::getpid()) + ".csv");
  EXPECT_THAT(spread(words + " --csv " + file).out, HasSubstr("central hub"));
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), said.out);
  std::filesystem::remove(file);
  EXPECT_EQ(spread(words + " --report " + file).status, kUsage);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(spread(words + " --csv /nowhere/x.csv").status, kFailed);
}

TEST(SimSpread, the_curve_goes_to_a_file) {
  const std::string file = std::filesystem::temp_directory_path() / ("curve" + std::to_string(::getpid()) + ".csv");
  ASSERT_EQ(spread("--nodes 100 --fanout 2 --trials 20 --csv " + file).status, kDone);
  std::ifstream text(file);
  std::string names, first, second;
  std::getline(text, names) && std::getline(text, first) && std::getline(text, second);
  EXPECT_EQ(names, "round,informed,theory,complete");
  EXPECT_THAT(first, testing::StartsWith("0,1,1,0"));
  EXPECT_THAT(second, testing::StartsWith("1,3,"));
  std::filesystem::remove(file);
}

TEST(SimSpread, the_page_shows_the_curve_beside_theory) {
  SpreadFindings found;
  found.settings.nodes = 4;
  found.command = "hearsay sim spread '<b>'";
  found.summary.trials = 3;
  found.summary.rounds = {2, 0, 2, 2, 2};
  found.summary.informed = {1, 2, 4};
  found.theory = {1, 2.5, 3.5};
  const std::string page = spread_html(found);
  EXPECT_THAT(page, AllOf(HasSubstr("line known"), HasSubstr("line theory"), HasSubstr("&lt;b&gt;"),
                          HasSubstr("Monte Carlo"), testing::Not(HasSubstr("<script"))));
}

TEST(SimSpread, numbers_are_grouped_for_people) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(12345678), "12,345,678");
}

}  // namespace
}  // namespace hearsay::cli
