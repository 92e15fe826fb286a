// Runs every file of tests/scenarios: its trace must be the recorded one, and what it demands in the end must hold
// whichever single datagram is lost. HEARSAY_RECORD=1 records the traces anew: read the difference before you
// commit it.
#include "sim/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/source_dir.h"

namespace hearsay::sim {
namespace {

std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(tests::in_source_dir("tests/scenarios"))) {
    if (entry.path().extension() == ".txt") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

Scenario read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto scenario = parse_scenario(text.str());
  EXPECT_TRUE(scenario) << path << ": " << scenario.error().cause;
  return scenario.value_or(Scenario{});
}

class Scenarios : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Scenarios, the_trace_is_the_recorded_one) {
  const Scenario scenario = read(GetParam());
  const ScenarioRun run = run_scenario(scenario);
  for (const auto& failure : run.failures) ADD_FAILURE() << failure << "\n" << run.trace;
  if (std::getenv("HEARSAY_RECORD") != nullptr) {
    std::ofstream(GetParam()) << scenario.commands << "----\n" << run.trace;
    return;
  }
  EXPECT_EQ(run.trace, scenario.trace);
}

TEST_P(Scenarios, the_same_seed_gives_the_same_trace) {
  const Scenario scenario = read(GetParam());
  EXPECT_EQ(run_scenario(scenario).trace, run_scenario(scenario).trace);
}

TEST_P(Scenarios, whichever_datagram_is_lost_the_end_is_the_same) {
  const Scenario scenario = read(GetParam());
  const std::uint64_t datagrams = run_scenario(scenario).datagrams;
  // All of them in short scenarios, else so many, evenly spread.
  constexpr std::uint64_t kRunsMax = 150;
  const std::uint64_t step = datagrams / kRunsMax + 1;
  for (std::uint64_t lost = 0; lost < datagrams; lost += step) {
    const ScenarioRun run = run_scenario(scenario, lost);
    for (const auto& failure : run.failures) ADD_FAILURE() << "datagram " << lost << " lost: " << failure;
  }
}

INSTANTIATE_TEST_SUITE_P(files, Scenarios, testing::ValuesIn(files()), [](const auto& scenario) {
  std::string name = scenario.param.stem().string();
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST(Scenario, a_line_that_cannot_be_understood_is_named) {
  const auto scenario = parse_scenario("nodes a\nfly a\n----\n");
  ASSERT_TRUE(scenario);
  const auto run = run_scenario(*scenario);
  ASSERT_EQ(run.failures.size(), 1u);
  EXPECT_EQ(run.failures[0], "line 2: fly a: cannot be understood");
}

TEST(Scenario, an_expectation_that_does_not_hold_fails) {
  const auto scenario = parse_scenario("nodes a b\nexpect a b alive\n----\n");
  ASSERT_TRUE(scenario);
  const auto run = run_scenario(*scenario);
  ASSERT_EQ(run.failures.size(), 1u);
  EXPECT_EQ(run.failures[0], "line 2: expect a b alive: it shows unknown");
}

TEST(Scenario, a_file_without_dashes_is_refused) { EXPECT_FALSE(parse_scenario("nodes a\n")); }

}  // namespace
}  // namespace hearsay::sim
