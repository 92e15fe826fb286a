#include "cli/plan_file.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "cli/fault_words.h"
#include "cli/sweep_table.h"
#include "sim/cluster.h"
#include "support/source_dir.h"

namespace hearsay::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = sim::Fault::What;

LoadedPlan plan_of(std::string_view toml, std::vector<agent::Given> words = {}) {
  auto values = read_plan_text(toml, "p.toml");
  if (!values.faults.empty()) return {{}, std::move(values.faults), {}, {}};
  values.values.insert(values.values.end(), words.begin(), words.end());
  return make_plan(values.values);
}

std::vector<std::string> faults_in(std::string_view toml) {
  std::vector<std::string> out;
  for (const auto& fault : plan_of(toml).faults) out.push_back(describe(fault));
  return out;
}

TEST(PlanFile, cluster_network_knobs_and_faults_become_a_plan) {
  const auto [plan, faults, figures, expectations] = plan_of(R"(
[cluster]
nodes = 20
joined = true
seed = 7
for = "2m"
profile = "wan"
[network]
latency = "40ms"
jitter = "5ms"
loss = 0.05
[swim]
suspicion_mult = 9
[[fault]]
what = "crash"
at = "20s"
node = 3
[[fault]]
nodes = "2-4"
lasts = "10s"
at = "30s"
what = "cut"
)");
  EXPECT_TRUE(faults.empty()) << describe(faults[0]);
  EXPECT_EQ(plan.nodes, 20u);
  EXPECT_TRUE(plan.joined);
  EXPECT_EQ(plan.seed, 7u);
  EXPECT_EQ(plan.duration, seconds(120));
  EXPECT_EQ(plan.config.swim.probe_interval, seconds(5)) << "wan";
  EXPECT_EQ(plan.config.swim.suspicion_mult, 9);
  EXPECT_EQ(plan.network.latency, milliseconds(40));
  EXPECT_EQ(plan.network.jitter, milliseconds(5));
  EXPECT_EQ(plan.network.loss, 0.05);
  ASSERT_EQ(plan.faults.size(), 2u);
  EXPECT_EQ(plan.faults[0].what, What::crash);
  EXPECT_EQ(plan.faults[0].place, 3u);
  EXPECT_EQ(plan.faults[1].other, 2u);
  EXPECT_EQ(plan.faults[1].place, 4u);
  EXPECT_EQ(plan.faults[1].lasts, seconds(10));
}

TEST(PlanFile, words_win_over_the_file_and_may_leave_out_cluster) {
  const auto [plan, faults, figures, expectations] = plan_of("cluster.nodes = 5\nswim.probe_interval = \"2s\"\n",
                                                             {{"nodes", "--nodes", std::string("8")},
                                                              {"swim.probe_interval", "--set", std::string("3s")},
                                                              {"network.loss", "--loss", std::string("0.25")},
                                                              {"fault", "--crash", std::string("crash 7@1s")}});
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(plan.nodes, 8u);
  EXPECT_EQ(plan.config.swim.probe_interval, seconds(3));
  EXPECT_EQ(plan.network.loss, 0.25);
  EXPECT_EQ(plan.faults.at(0).place, 7u);
}

TEST(PlanFile, all_that_is_wrong_is_named_with_its_line_and_key) {
  using testing::ElementsAre;
  using testing::HasSubstr;
  EXPECT_THAT(faults_in("[cluster]\nnodes = \"many\"\nnode = 4\n"),
              ElementsAre("p.toml:2: cluster.nodes: \"many\" is not a whole number; write a whole number",
                          "p.toml:3: cluster.node: there is no such key; did you mean cluster.nodes?"));
  EXPECT_THAT(faults_in("cluster.joined = 1\n"),
              ElementsAre("p.toml:1: cluster.joined: 1 is not true or false; write true or false"));
  EXPECT_THAT(faults_in("[network]\nloss = 1.5\nlatency = 5\n"),
              ElementsAre(HasSubstr("p.toml:2: network.loss: 1.5 is not a share"),
                          HasSubstr("p.toml:3: network.latency: 5 is not a duration")));
  EXPECT_THAT(faults_in("http = \"127.0.0.1:1\"\n"),
              ElementsAre("p.toml:1: http: no node reads it under virtual time; leave it out"));
  EXPECT_THAT(faults_in("[[fault]]\nwhat = \"crsh\"\nat = \"2s\"\nnode = 1\n"),
              ElementsAre("p.toml:2: fault[0].what: \"crsh\" is no kind of fault; did you mean \"crash\"?"));
  EXPECT_THAT(faults_in("[[fault]]\nwhat = \"crash\"\nnode = 1\nshare = 0.5\n"),
              ElementsAre("p.toml:4: fault[0].share: a fault of the kind crash has no such key; its keys are what, "
                          "at, node",
                          "p.toml:2: fault[0].at: it does not say when; add for example at = \"20s\""));
  EXPECT_THAT(faults_in("[cluster\n"), ElementsAre(HasSubstr("p.toml:1: not valid TOML")));
}

TEST(PlanFile, a_plan_that_cannot_run_is_refused_at_the_line_that_says_so) {
  using testing::ElementsAre;
  using testing::HasSubstr;
  EXPECT_THAT(faults_in("cluster.nodes = 1\n"), ElementsAre(HasSubstr("p.toml:1: cluster.nodes: 1 nodes")));
  EXPECT_THAT(faults_in("[[fault]]\nwhat = \"crash\"\nat = \"2s\"\n\nnode = 10\n"),
              ElementsAre("p.toml:5: fault[0].node: crash: there is no node 10; with 10 nodes the last one is 9"));
  EXPECT_THAT(faults_in("[swim]\nprobe_timeout = \"5s\"\n"),
              ElementsAre(HasSubstr("p.toml:2: swim.probe_timeout")));
}

TEST(PlanFile, every_kind_of_fault_is_read_back_from_its_words) {
  for (std::size_t i = 0; i < sim::kFaultKinds; ++i) {
    const auto what = static_cast<What>(i);
    const std::string words = fault_example(what);
    const auto fault = parse_fault(what, words);
    ASSERT_TRUE(fault) << name_of(what) << " " << words;
    EXPECT_EQ(fault_text(*fault), words);
    EXPECT_EQ(sim::fault_named(name_of(what)), what);
    EXPECT_FALSE(parse_fault(what, "nonsense"));
    EXPECT_FALSE(parse_fault(what, words + "+1s")) << "twice";
  }
}

TEST(PlanFile, a_single_number_is_that_node_alone) {
  using testing::ElementsAre;
  using testing::Pair;
  const auto struck = [](const LoadedPlan& loaded) {
    std::vector<std::pair<sim::Place, sim::Place>> all;
    for (const auto& wrong : loaded.faults) ADD_FAILURE() << describe(wrong);
    for (const auto& fault : loaded.plan.faults) all.emplace_back(fault.other, fault.place);
    return all;
  };
  const auto words = [](std::string_view text) { return agent::Given{"fault", "--cut", std::string(text)}; };
  EXPECT_THAT(struck(make_plan({words("cut 3@1s+1s"), words("flap 3@1s+9s/1s"), words("cut 0-3@1s+1s")})),
              ElementsAre(Pair(3, 3), Pair(3, 3), Pair(0, 3)));
  const auto in_file = [](const std::string& nodes) {
    return "[[fault]]\nwhat = \"cut\"\nat = \"1s\"\nlasts = \"1s\"\nnodes = " + nodes + "\n";
  };
  EXPECT_THAT(struck(plan_of(in_file("\"3\"") + in_file("\"0-3\""))), ElementsAre(Pair(3, 3), Pair(0, 3)));
  EXPECT_THAT(
      faults_in(in_file("3")),
      ElementsAre("p.toml:5: fault[0].nodes: 3 may be a node or how many; write \"3\" for that node alone, or "
                  "a range such as \"0-2\" for three"));
  EXPECT_EQ(fault_text({.what = What::cut, .at = seconds(1), .lasts = seconds(1), .place = 3, .other = 3}),
            "3@1s+1s");
  EXPECT_EQ(fault_text({.what = What::cut, .at = seconds(1), .lasts = seconds(1), .place = 3}), "0-3@1s+1s");
}

TEST(PlanFile, zones_and_links_become_paths_between_ranges) {
  const auto [plan, faults, figures, expectations] = plan_of(R"(
cluster.nodes = 5
network.latency = "1ms"
[[zone]]
name = "eu"
nodes = 2
[[zone]]
name = "us"
nodes = 3
[[link]]
from = "eu"
to = "us"
latency = "40ms"
sigma = 0.2
[[link]]
from = 3
to = "eu"
one_way = true
loss = 0.5
[[fault]]
what = "cut"
at = "1s"
lasts = "1s"
nodes = "us"
)");
  ASSERT_TRUE(faults.empty()) << describe(faults[0]);
  const auto& special = plan.network.special;
  ASSERT_EQ(special.size(), 3u) << "both ways, and one";
  EXPECT_EQ(special[0].from_last, 1u);
  EXPECT_EQ(special[0].to_first, 2u);
  EXPECT_EQ(special[0].path.latency, milliseconds(40));
  EXPECT_EQ(special[1].from_first, 2u);
  EXPECT_EQ(special[1].to_last, 1u);
  EXPECT_EQ(special[2].from_first, 3u);
  EXPECT_EQ(special[2].from_last, 3u);
  EXPECT_EQ(special[2].path.latency, milliseconds(1)) << "as in [network]";
  EXPECT_EQ(special[2].path.loss, 0.5);
  EXPECT_EQ(plan.faults.at(0).other, 2u);
  EXPECT_EQ(plan.faults.at(0).place, 4u);
  const auto words = make_plan({{"link", "--link", std::string("0-1:2-4 latency=40ms,sigma=0.2")}}).plan;
  ASSERT_EQ(words.network.special.size(), 1u);
  EXPECT_EQ(words.network.special[0].path.sigma, 0.2);
}

TEST(PlanFile, wrong_zones_links_and_new_faults_are_named) {
  using testing::ElementsAre;
  using testing::HasSubstr;
  EXPECT_THAT(faults_in("[[zone]]\nname = \"eu\"\nnodes = 11\n"),
              ElementsAre("p.toml:2: zone: the zones hold 11 nodes; the cluster has 10"));
  EXPECT_THAT(
      faults_in("[[link]]\nfrom = \"eu\"\nto = 3\n"),
      ElementsAre("p.toml:2: link[0].from: \"eu\" is neither a zone nor a range of nodes; write for example "
                  "\"0-2\"; there are no zones"));
  EXPECT_THAT(faults_in("[[link]]\nfrom = 1\nto = 12\n"),
              testing::Contains(HasSubstr("p.toml:2: link[0]: there is no")));
  EXPECT_THAT(faults_in("[network]\nsigma = 9\n"), ElementsAre(HasSubstr("sigma is not in 0 .. 3")));
  EXPECT_THAT(faults_in("[network]\nrefuse = 0.6\nstall = 0.6\n"),
              ElementsAre(HasSubstr("p.toml:2: network.refuse")));
  EXPECT_THAT(faults_in("[[fault]]\nwhat = \"flap\"\nat = \"1s\"\nlasts = \"9s\"\nnodes = \"0-1\"\n"),
              ElementsAre(HasSubstr("it does not say how long a turn is")));
  EXPECT_THAT(faults_in("[[fault]]\nwhat = \"join-storm\"\nat = \"1s\"\ncount = 0\n"),
              ElementsAre(HasSubstr("p.toml:4: fault[0].count: join-storm: 0 new nodes")));
  const auto large = make_plan({{"cluster.nodes", "p.toml:1", std::int64_t{10'000}}}, {}, 8e9).faults;
  ASSERT_EQ(large.size(), 1u);
  EXPECT_EQ(describe(large[0]),
            "p.toml:1: cluster.nodes: 10000 nodes need about 94 GiB of memory; 7.45 GiB are free; choose fewer");
}

TEST(PlanFile, what_to_measure_is_read_and_checked) {
  using testing::ElementsAre;
  using testing::HasSubstr;
  const auto loaded = plan_of("[measure]\nfrom = \"10s\"\nuntil = \"40s\"\nfigures = [\"agreed\", \"node_s\"]\n");
  ASSERT_TRUE(loaded.faults.empty()) << describe(loaded.faults[0]);
  EXPECT_EQ(loaded.plan.count_from, seconds(10));
  EXPECT_EQ(loaded.plan.count_until, seconds(40));
  EXPECT_THAT(loaded.figures, ElementsAre("agreed", "node_s"));
  EXPECT_THAT(make_plan({{"measure.figures", "--set measure.figures", std::string("agreed, node_s")}}).figures,
              ElementsAre("agreed", "node_s"));
  EXPECT_THAT(faults_in("[measure]\nfrom = \"60s\"\n"),
              ElementsAre(HasSubstr("p.toml:2: measure.from: it is no whole second before the end")));
  EXPECT_THAT(faults_in("[measure]\nfrom = \"1500ms\"\n"), ElementsAre(HasSubstr("measure.from")));
  EXPECT_THAT(faults_in("[measure]\nfrom = \"20s\"\nuntil = \"20s\"\n"),
              ElementsAre(HasSubstr("p.toml:3: measure.until: it is not after measure.from")));
  EXPECT_THAT(faults_in("[measure]\nuntil = \"61s\"\n"), ElementsAre(HasSubstr("p.toml:2: measure.until")));
  EXPECT_THAT(faults_in("[measure]\nfigures = [\"agreed\", \"nodes_s\"]\n"),
              ElementsAre("p.toml:2: measure.figures: \"nodes_s\": there is no such figure; did you mean node_s?"));
  EXPECT_THAT(faults_in("[measure]\nfigures = 3\n"), ElementsAre(HasSubstr("p.toml:2: measure.figures: 3 is not")));
  EXPECT_THAT(faults_in("[measure]\nfigures = [[1], [2]]\n"),
              testing::Contains(HasSubstr("p.toml:2: measure.figures: a list holds texts and numbers")));
  EXPECT_THAT(faults_in("[measure]\nfrm = \"10s\"\n"),
              ElementsAre(HasSubstr("p.toml:2: measure.frm: there is no")));
}

TEST(PlanFile, values_stand_in_the_order_of_their_lines) {
  const auto values =
      read_plan_text("swim.b = 1\nnetwork.x = 2\nswim.a = [1, 2.5, true, \"t\"]\n", "p.toml").values;
  std::vector<std::string> keys;
  for (const auto& given : values) keys.push_back(given.key);
  EXPECT_THAT(keys, testing::ElementsAre("swim.b", "network.x", "swim.a"));
  EXPECT_THAT(std::get<std::vector<std::string>>(values[2].value), testing::ElementsAre("1", "2.5", "true", "t"));
}

TEST(PlanFile, every_example_runs_ends_in_agreement_and_is_as_it_expects) {
  std::size_t count = 0;
  std::size_t expecting = 0;
  for (const auto& entry : std::filesystem::directory_iterator(tests::in_source_dir("examples/scenarios"))) {
    SCOPED_TRACE(entry.path());
    auto values = read_plan_file(entry.path());
    ASSERT_TRUE(values.faults.empty()) << describe(values.faults[0]);
    SweepWords unused;
    const auto wrong = take_sweep_table(values.values, {}, unused);
    ASSERT_TRUE(wrong.empty()) << describe(wrong[0]);
    const auto [plan, faults, figures, expectations] = make_plan(values.values);
    ASSERT_TRUE(faults.empty()) << describe(faults[0]);
    const auto report = run_cluster(plan, [](double) { return true; });
    EXPECT_TRUE(report.settled);
    EXPECT_EQ(report.disagreement, "");
    EXPECT_THAT(report.violations, testing::IsEmpty());
    for (const auto& verdict : judge(expectations, report)) EXPECT_TRUE(verdict.met) << describe(verdict);
    ++count;
    expecting += expectations.empty() ? 0u : 1u;
  }
  EXPECT_GE(count, 5u);
  EXPECT_GE(expecting, 3u);
}

}  // namespace
}  // namespace hearsay::cli
