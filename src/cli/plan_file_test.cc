#include "cli/plan_file.h"

#include <gmock/gmock.h>

#include "cli/fault_words.h"

namespace hearsay::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = sim::Fault::What;

LoadedPlan plan_of(std::string_view toml, std::vector<agent::Given> words = {}) {
  auto values = read_plan_text(toml, "p.toml");
  if (!values.faults.empty()) return {{}, std::move(values.faults)};
  values.values.insert(values.values.end(), words.begin(), words.end());
  return make_plan(values.values);
}

std::vector<std::string> faults_in(std::string_view toml) {
  std::vector<std::string> out;
  for (const auto& fault : plan_of(toml).faults) out.push_back(describe(fault));
  return out;
}

TEST(PlanFile, cluster_network_knobs_and_faults_become_a_plan) {
  const auto [plan, faults] = plan_of(R"(
[cluster]
nodes = 20
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
  const auto [plan, faults] = plan_of("cluster.nodes = 5\nswim.probe_interval = \"2s\"\n",
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

}  // namespace
}  // namespace hearsay::cli
