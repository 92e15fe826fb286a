// `hearsay sim sweep` from words to files, and its statistics against known numbers.
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/json/value.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "cli/plan_file.h"
#include "cli/sweep_run.h"
#include "cli/sweep_summary.h"
#include "cli/sweep_table.h"
#include "http/json.h"
#include "support/said.h"

namespace hearsay::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using tests::Said;

Said sweep(std::vector<std::string> words) {
  words.insert(words.begin(), {"sim", "sweep"});
  return tests::say(words);
}

// A folder for one test.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("sweep" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ / name; }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(file(name)).rdbuf();
    return text.str();
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(file(name)) << text; }

 private:
  std::filesystem::path path_;
};

std::vector<std::string> with_out(std::vector<std::string> words, const std::string& out) {
  words.insert(words.end(), {"--out", out});
  return words;
}

const std::vector<std::string> kSpread{"--of",       "spread", "--nodes",    "200",     "--vary",
                                       "fanout=1,2", "--vary", "loss=0,0.1", "--seeds", "5"};

SweepWords words_of(std::vector<std::string> vary) {
  SweepWords words;
  words.of = "spread";
  words.vary = std::move(vary);
  return words;
}

TEST(SimSweep, a_grid_has_every_combination_the_last_knob_fastest) {
  const auto loaded = make_sweep(words_of({"fanout=1, 2", "mode=push,pull"}));
  ASSERT_TRUE(loaded.faults.empty());
  EXPECT_THAT(loaded.sweep.keys, ElementsAre("fanout", "mode"));
  EXPECT_THAT(loaded.sweep.points, ElementsAre(ElementsAre("1", "push"), ElementsAre("1", "pull"),
                                               ElementsAre("2", "push"), ElementsAre("2", "pull")));
  EXPECT_EQ(loaded.sweep.runs(), 40u);
  EXPECT_EQ(loaded.sweep.point_of(13), 1u);
  EXPECT_EQ(loaded.sweep.seed_of(13), 4u);
}

TEST(SimSweep, a_list_has_the_points_that_were_given) {
  SweepWords words = words_of({});
  words.points = {"nodes=100,fanout=2", "nodes=1000,fanout=3"};
  const auto loaded = make_sweep(words);
  ASSERT_TRUE(loaded.faults.empty());
  EXPECT_THAT(loaded.sweep.points, ElementsAre(ElementsAre("100", "2"), ElementsAre("1000", "3")));
  words.points.push_back("fanout=3,nodes=1000");
  EXPECT_EQ(make_sweep(words).faults.size(), 1u);
}

constexpr const char* kPlan = R"([cluster]
nodes = 5
for = "20s"
seed = 3
[[fault]]
what = "crash"
at = "2s"
node = 3
[expect]
detection.all_s = "<= 7"
[sweep]
seeds = 2
figures = ["detection.all_s"]
[sweep.vary]
swim.suspicion_mult = [1, 9]
network.loss = [0, 0.1]
)";

TEST(SimSweep, a_plan_file_says_what_to_repeat) {
  const Folder folder;
  folder.write("plan.toml", kPlan);
  const auto said = sweep({folder.file("plan.toml"), "--out", folder.file("runs.csv")});
  EXPECT_EQ(said.status, kUnmet) << said.err;
  EXPECT_THAT(said.err,
              HasSubstr("the limits of the plan do not hold in 4 of 8 runs; first at point 2 with seed 3"));
  EXPECT_THAT(said.out, HasSubstr("4 points, 2 seeds from 3"));
  const std::string text = folder.read("runs.csv");
  EXPECT_THAT(
      text,
      HasSubstr("\npoint,swim.suspicion_mult,network.loss,seed,detection.all_s,agreed,violations,expected\n"));
  EXPECT_THAT(text, AllOf(HasSubstr("\n1,1,0.1,4,"), HasSubstr("\n3,9,0.1,4,"), HasSubstr("# expect.detection")));
  // A suspicion nine times as long does not keep to the limit, a short one does.
  for (const auto& [begin, end] : {std::pair("\n0,1,0,3,", ",1"), std::pair("\n2,9,0,3,", ",0")}) {
    const auto at = text.find(begin) + 1;
    EXPECT_TRUE(text.substr(at, text.find('\n', at) - at).ends_with(end)) << text.substr(at);
  }
  // The same as with flags.
  const auto flags = sweep({"--nodes",   "5",
                            "--for",     "20s",
                            "--crash",   "3@2s",
                            "--seed",    "3",
                            "--seeds",   "2",
                            "--vary",    "swim.suspicion_mult=1,9",
                            "--vary",    "network.loss=0,0.1",
                            "--figures", "detection.all_s",
                            "--set",     "expect.detection.all_s=<= 7",
                            "--out",     folder.file("flags.csv")});
  EXPECT_EQ(flags.status, kUnmet) << flags.err;
  const auto rows = [&](const std::string& file) {
    const std::string all = folder.read(file);
    return all.substr(all.find("\npoint"));
  };
  EXPECT_EQ(rows("flags.csv"), rows("runs.csv"));
}

TEST(SimSweep, flags_win_over_the_table_of_the_file) {
  const auto swept = [](SweepWords words, const std::vector<agent::Given>& flags) {
    words.values = read_plan_text(kPlan, "p.toml").values;
    const auto wrong = take_sweep_table(words.values, flags, words);
    EXPECT_TRUE(wrong.empty()) << describe(wrong[0]);
    words.values.insert(words.values.end(), flags.begin(), flags.end());
    auto loaded = make_sweep(words);
    EXPECT_TRUE(loaded.faults.empty()) << describe(loaded.faults[0]);
    return std::move(loaded.sweep);
  };
  SweepWords words;
  words.seeds = 5;
  words.figures = {"false_deaths"};
  words.vary = {"network.loss=0.2", "network.jitter=1ms,2ms"};
  auto one = swept(words, {});
  EXPECT_EQ(one.seeds, 5u);
  EXPECT_EQ(one.figures.front(), "false_deaths");
  EXPECT_THAT(one.keys, ElementsAre("swim.suspicion_mult", "network.loss", "network.jitter"));
  EXPECT_THAT(one.points.back(), ElementsAre("9", "0.2", "2ms"));
  one = swept({}, {{"network.loss", "--loss", std::string("0.3")}});
  EXPECT_THAT(one.keys, ElementsAre("swim.suspicion_mult")) << "a knob that is set does not vary";
  words = {};
  words.points = {"nodes=6", "nodes=7"};
  EXPECT_THAT(swept(words, {}).keys, ElementsAre("nodes")) << "a list of points leaves no axes";
}

TEST(SimSweep, a_wrong_table_is_named_by_line_and_key_and_by_every_command) {
  const Folder folder;
  const auto err = [&](const std::string& table) {
    folder.write("plan.toml", table);
    const auto said = sweep({folder.file("plan.toml")});
    EXPECT_EQ(said.status, kUsage);
    return said.err.substr(said.err.find("plan.toml"));
  };
  EXPECT_THAT(err("[sweep]\nseed = 4\n"),
              HasSubstr("plan.toml:2: sweep.seed: there is no such key; did you mean sweep.seeds?"));
  EXPECT_THAT(tests::say({"sim", "cluster", folder.file("plan.toml")}).err, HasSubstr("plan.toml:2: sweep.seed"));
  EXPECT_THAT(err("[sweep]\nseeds = 0\n"), HasSubstr("plan.toml:2: sweep.seeds: 0 is not a number of runs"));
  EXPECT_THAT(err("[sweep]\nof = \"bench\"\n"), HasSubstr("plan.toml:2: sweep.of: \"bench\" is no experiment"));
  EXPECT_THAT(
      err("[sweep]\nfigures = [\"detection.al_s\"]\n"),
      HasSubstr("plan.toml:2: figures: there is no figure \"detection.al_s\"; did you mean detection.all_s?"));
  EXPECT_THAT(err("[sweep.vary]\nnetwork.loss = 0.5\n"),
              HasSubstr("plan.toml:2: sweep.vary.network.loss: 0.5 is not a list"));
  EXPECT_THAT(err("[sweep.vary]\nnetwork.loss = []\n"), HasSubstr("the list is empty"));
  EXPECT_THAT(err("[sweep.vary]\nnetwork.los = [0, 1]\n"),
              HasSubstr("plan.toml:2: network.los: there is no such key; did you mean network.loss?"));
  EXPECT_THAT(err("[sweep.vary]\nnetwork.loss = [0, 2]\n"), HasSubstr("plan.toml:2: network.loss: \"2\" is not"));
  EXPECT_THAT(err("[sweep.vary]\nseed = [1, 2]\n"), HasSubstr("--seeds says how many"));
  EXPECT_THAT(err("[sweep.vary]\nnetwork.loss = [0]\n[expect]\nfalse_death = 0\n"),
              HasSubstr("plan.toml:4: expect.false_death"));
}

TEST(SimSweep, an_epidemic_can_stand_in_a_file_too) {
  const Folder folder;
  folder.write("plan.toml",
               "[cluster]\nnodes = 200\n[sweep]\nof = \"spread\"\nseeds = 3\n[sweep.vary]\n"
               "fanout = [1, 2]\nmode = [\"push\", \"pull\"]\n");
  const auto said = sweep({folder.file("plan.toml")});
  EXPECT_EQ(said.status, kDone) << said.err;
  EXPECT_THAT(said.out, HasSubstr("sweep of spread: 4 points, 3 seeds from 1"));
}

TEST(SimSweep, the_number_of_workers_leaves_no_trace) {
  const Folder folder;
  EXPECT_EQ(sweep(with_out(kSpread, folder.file("one.csv"))).status, kDone);
  auto words = with_out(kSpread, folder.file("three.csv"));
  words.insert(words.end(), {"--jobs", "3"});
  EXPECT_EQ(sweep(words).status, kDone);
  const std::string text = folder.read("one.csv");
  EXPECT_EQ(text, folder.read("three.csv"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 4 * 5 + 7);  // runs, what they depend on, and the columns
  EXPECT_THAT(text, HasSubstr("\npoint,fanout,loss,seed,rounds,messages_per_node,missed,complete\n0,1,0,1,"));
}

TEST(SimSweep, a_run_of_a_sweep_is_that_of_the_command) {
  const Folder folder;
  const auto said =
      sweep({"--nodes", "5", "--for", "20s", "--crash", "3@2s", "--vary", "network.loss=0,0.1", "--seeds", "2",
             "--seed", "7", "--figures", "detection.all_s", "--out", folder.file("runs.csv")});
  EXPECT_EQ(said.status, kDone) << said.err;
  std::string alone;
  Terminal terminal{[&](std::string_view text) { alone += text; }, [](std::string_view) {}, false};
  const char* words[] = {"hearsay", "sim",    "cluster", "--nodes", "5",   "--for",    "20s", "--crash",
                         "3@2s",    "--seed", "8",       "--loss",  "0.1", "--format", "json"};
  EXPECT_EQ(run(static_cast<int>(std::size(words)), words, terminal), kDone);
  const double all = http::parse_json(alone).value().at("detection").at("all_s").to_number<double>();
  const std::string text = folder.read("runs.csv");
  const std::string line = text.substr(text.find("\n1,0.1,8,") + 9);
  EXPECT_NEAR(std::strtod(line.c_str(), nullptr), all, 0.0006);
}

TEST(SimSweep, a_sweep_goes_on_where_it_stopped_and_ends_with_the_same_bytes) {
  const Folder folder;
  sweep(with_out(kSpread, folder.file("whole.csv")));
  const std::string whole = folder.read("whole.csv");
  // Killed in the middle of a line, after some runs in the order in which they ended.
  std::size_t at = whole.find("\n2,2,0,3,") + 1;
  std::string part =
      whole.substr(0, whole.find("\n0,1,0,1,") + 1) + whole.substr(at, whole.find('\n', at) + 1 - at);
  at = whole.find("\n0,1,0,2,") + 1;
  part += whole.substr(at, whole.find('\n', at) + 1 - at) + "1,1,0.1,2,17.";
  folder.write("part.csv", part);
  const auto said = sweep(with_out(kSpread, folder.file("part.csv")));
  EXPECT_EQ(said.status, kDone) << said.err;
  EXPECT_THAT(said.out, HasSubstr("18 runs in"));
  EXPECT_THAT(said.out, HasSubstr("2 runs from"));
  EXPECT_EQ(folder.read("part.csv"), whole);
  // A file that is complete is only summed up; one that ends in its head begins anew.
  EXPECT_THAT(sweep(with_out(kSpread, folder.file("part.csv"))).out, HasSubstr("0 runs in"));
  folder.write("head.csv", whole.substr(0, 40));
  EXPECT_EQ(sweep(with_out(kSpread, folder.file("head.csv"))).status, kDone);
  EXPECT_EQ(folder.read("head.csv"), whole);
}

TEST(SimSweep, another_sweeps_file_is_refused_with_what_differs) {
  const Folder folder;
  sweep(with_out(kSpread, folder.file("runs.csv")));
  const std::string before = folder.read("runs.csv");
  auto words = with_out(kSpread, folder.file("runs.csv"));
  words[3] = "300";
  const auto said = sweep(words);
  EXPECT_EQ(said.status, kUsage);
  EXPECT_THAT(said.err, AllOf(HasSubstr("holds another sweep"), HasSubstr("cluster.nodes = 200"),
                              HasSubstr("cluster.nodes = 300")));
  EXPECT_EQ(folder.read("runs.csv"), before);
  folder.write("runs.csv", before + "0,1,0,1,9,9,9,1\n");
  EXPECT_THAT(sweep(with_out(kSpread, folder.file("runs.csv"))).err,
              HasSubstr("runs.csv:28 is no run of this sweep"));
  folder.write("notes.csv", "milk, eggs\n");
  EXPECT_EQ(sweep(with_out(kSpread, folder.file("notes.csv"))).status, kUsage);
  EXPECT_EQ(folder.read("notes.csv"), "milk, eggs\n");
}

TEST(SimSweep, an_interrupted_sweep_keeps_what_it_has) {
  auto words = words_of({"fanout=1,2"});
  words.values = {{"nodes", "--nodes", "100000"}};
  words.seeds = 1000;
  const auto loaded = make_sweep(words);
  ASSERT_TRUE(loaded.faults.empty());
  std::vector<std::size_t> todo(loaded.sweep.runs());
  for (std::size_t i = 0; i < todo.size(); ++i) todo[i] = i;
  Rows rows;
  const auto end = run_sweep(
      loaded.sweep, todo, 2, nullptr,
      [&](std::size_t run, const Row& row) -> Result<void> {
        rows[run] = row;
        return {};
      },
      [](double) { return false; });
  EXPECT_TRUE(end.interrupted);
  EXPECT_LT(rows.size(), todo.size());
  const auto full = run_sweep(
      loaded.sweep, todo, 2, nullptr,
      [](std::size_t, const Row&) -> Result<void> { return fail(Errc::io, "no room"); },
      [](double) { return true; });
  ASSERT_TRUE(full.error);
  EXPECT_EQ(full.error->cause, "no room");
}

TEST(SimSweep, the_impossible_is_refused_before_work_begins) {
  const auto err = [](std::vector<std::string> words) {
    const auto said = sweep(words);
    EXPECT_EQ(said.status, kUsage);
    EXPECT_EQ(said.out, "");
    return said.err;
  };
  EXPECT_THAT(err({"--vary", "network.los=0,1"}), HasSubstr("did you mean network.loss?"));
  EXPECT_THAT(err({"--of", "spread", "--vary", "fanuot=1"}), HasSubstr("did you mean fanout?"));
  EXPECT_THAT(err({"--of", "spread", "--vary", "fanout=two"}), HasSubstr("\"two\" is not what it takes"));
  EXPECT_THAT(err({"--of", "spread", "--vary", "fanout=0,1"}), HasSubstr("--fanout is 0"));
  EXPECT_THAT(err({"--of", "bench"}), HasSubstr("choose cluster or spread"));
  EXPECT_THAT(err({"--figures", "detection.al_s"}), HasSubstr("did you mean detection.all_s?"));
  EXPECT_THAT(err({"--vary", "network.loss=0,2"}), HasSubstr("\"2\" is not a share"));
  EXPECT_THAT(err({"--vary", "network.loss"}), HasSubstr("has no values"));
  EXPECT_THAT(err({"--vary", "network.loss=0,0"}), HasSubstr("stands there twice"));
  EXPECT_THAT(err({"--vary", "network.loss=0", "--vary", "network.loss=1"}), HasSubstr("it varies already"));
  EXPECT_THAT(err({"--vary", "cluster.seed=1,2"}), HasSubstr("--seeds says how many"));
  EXPECT_THAT(err({"--seeds", "0"}), HasSubstr("no run at all"));
  EXPECT_THAT(err({"--seeds", "2000000"}), HasSubstr("1000000 are the most"));
  EXPECT_THAT(err({"--nodes", "20000", "--jobs", "1000"}), HasSubstr("of memory"));
  EXPECT_THAT(err({"--point", "network.loss=0", "--vary", "network.loss=0"}), HasSubstr("do not mix"));
  EXPECT_THAT(err({"--crash", "70@2s"}), HasSubstr("--crash"));
  EXPECT_THAT(err({"--out", "x.csv", "--report", "x.csv"}), HasSubstr("the same file"));
  std::string many = "fanout=1";
  for (int i = 2; i <= 60; ++i) many += "," + std::to_string(i);
  std::string sizes = "nodes=100";
  for (int i = 101; i <= 300; ++i) sizes += "," + std::to_string(i);
  EXPECT_THAT(err({"--of", "spread", "--vary", many, "--vary", sizes}), HasSubstr("the grid has 12060 points"));
}

TEST(SimSweep, json_and_the_summary_file_have_the_intervals) {
  const Folder folder;
  auto words = kSpread;
  words.insert(words.end(), {"--format", "json", "--summary", folder.file("means.csv")});
  const auto said = sweep(words);
  EXPECT_EQ(said.status, kDone) << said.err;
  const auto found = http::parse_json(said.out).value();
  EXPECT_TRUE(found.at("complete").as_bool());
  const auto& rounds = found.at("points").at(3).at("figures").at("rounds");
  EXPECT_LT(rounds.at("low").to_number<double>(), rounds.at("mean").to_number<double>());
  EXPECT_TRUE(found.at("points").at(0).at("figures").at("complete").at("share").as_bool());
  EXPECT_THAT(folder.read("means.csv"),
              AllOf(HasSubstr("point,fanout,loss,figure,runs,missing,mean,sd,low,high,min,max"),
                    HasSubstr("\n3,2,0.1,rounds,5,0,")));
}

TEST(SimSweep, the_page_has_a_panel_for_each_figure) {
  const Folder folder;
  auto words = kSpread;
  words.insert(words.end(), {"--vary", "mode=push,pull", "--report", folder.file("page.html")});
  EXPECT_EQ(sweep(words).status, kDone);
  const std::string page = folder.read("page.html");
  EXPECT_THAT(page, AllOf(HasSubstr("<h2>rounds</h2>"), HasSubstr("<h3>mode pull</h3>"), HasSubstr("loss 0.1"),
                          HasSubstr("whisker s1"), Not(HasSubstr("<script")), Not(HasSubstr("Partial"))));
  std::size_t panels = 0;
  for (auto at = page.find("<svg"); at != std::string::npos; at = page.find("<svg", at + 1)) ++panels;
  EXPECT_EQ(panels, 4u * 2);  // figures, modes
}

TEST(SweepSummary, intervals_are_those_of_the_tables) {
  const Interval t = student_interval(3, std::sqrt(2.5), 5);  // 1, 2, 3, 4, 5; t = 2.776
  EXPECT_NEAR(t.high - 3, 1.96324, 1e-5);
  EXPECT_NEAR(3 - t.low, 1.96324, 1e-5);
  EXPECT_NEAR(student_interval(0, 1, 2).high, 12.7062 / std::sqrt(2.0), 1e-4);
  const Interval most = wilson_interval(8, 10);
  EXPECT_NEAR(most.low, 0.490162, 1e-6);
  EXPECT_NEAR(most.high, 0.943318, 1e-6);
  EXPECT_EQ(wilson_interval(0, 10).low, 0);
  EXPECT_NEAR(wilson_interval(0, 10).high, 0.277533, 1e-6);
  EXPECT_NEAR(wilson_interval(10, 10).low, 0.722467, 1e-6);
  EXPECT_EQ(wilson_interval(10, 10).high, 1);
}

TEST(SweepSummary, what_is_missing_is_counted_and_not_guessed) {
  auto words = words_of({"fanout=1,2"});
  words.seeds = 3;
  words.figures = {"rounds,complete"};
  const auto loaded = make_sweep(words);
  Rows rows;
  rows[0] = {4.0, 1.0};
  rows[1] = {std::nullopt, 0.0};
  rows[2] = {6.0, 1.0};
  const auto summary = summarise(loaded.sweep, rows);
  EXPECT_EQ(summary[0][0].runs, 2u);
  EXPECT_EQ(summary[0][0].missing, 1u);
  EXPECT_EQ(summary[0][0].mean, 5);
  EXPECT_EQ(summary[0][0].min, 4);
  EXPECT_NEAR(summary[0][1].mean, 2.0 / 3, 1e-12);
  EXPECT_EQ(summary[1][0].runs, 0u);
  EXPECT_FALSE(summary[1][0].interval);
  const std::string table = summary_table(loaded.sweep, summary, Terminal{{}, {}, false});
  EXPECT_THAT(table, AllOf(HasSubstr("1 of 3 none"), HasSubstr("66.7 %"), HasSubstr("none")));
  EXPECT_THAT(summary_csv(loaded.sweep, summary), HasSubstr("\n1,2,rounds,0,0,,,,,,\n"));
}

TEST(SweepSummary, numbers_for_people_have_three_digits) {
  EXPECT_EQ(short_text(0), "0");
  EXPECT_EQ(short_text(4), "4");
  EXPECT_EQ(short_text(0.04567), "0.0457");
  EXPECT_EQ(short_text(-12.345), "-12.3");
  EXPECT_EQ(short_text(123456), "123456");
}

TEST(SweepResults, texts_with_commas_are_quoted) {
  EXPECT_EQ(csv_text("plain"), "plain");
  EXPECT_EQ(csv_text("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_text("say \"b\""), "\"say \"\"b\"\"\"");
}

}  // namespace
}  // namespace hearsay::cli
