// `hearsay sim replay` from words to lines.
#include <gmock/gmock.h>

#include <algorithm>

#include "support/said.h"

namespace hearsay::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::Said;

Said replay(const std::string& words) { return tests::say_line("sim replay " + words); }

std::size_t lines_of(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

TEST(SimReplay, shows_the_fault_and_what_came_of_it_the_same_every_time) {
  const std::string words = "--nodes 5 --for 30s --crash 3@2s --loss 0.1";
  const Said first = replay(words);
  EXPECT_EQ(first.status, kDone);
  EXPECT_THAT(first.out, AllOf(HasSubstr("    2.000 *** n3 crashes\n"), HasSubstr(" n0 failed n3 ")));
  EXPECT_EQ(first.out, replay(words).out);
}

TEST(SimReplay, moments_nodes_and_texts_choose_lines) {
  const std::string words = "--nodes 5 --for 30s --crash 3@2s";
  const auto all = replay(words).out;
  const auto late = replay(words + " --from 5s --to 20s").out;
  EXPECT_THAT(late, Not(HasSubstr("crashes")));
  EXPECT_LT(lines_of(late), lines_of(all));
  EXPECT_GT(lines_of(late), 0u);
  const auto one = replay(words + " --node 1").out;
  EXPECT_THAT(one, AllOf(HasSubstr(" n1 failed n3"), Not(HasSubstr(" n2 failed n3"))));
  const auto matched = lines_of(replay(words + " --match failed").out);
  EXPECT_GE(matched, 4u) << "each of the four";
  EXPECT_LT(matched, lines_of(all));
  EXPECT_THAT(replay(words + " --joining").out, HasSubstr("joined n4"));
  EXPECT_THAT(all, Not(HasSubstr("joined n4")));
}

TEST(SimReplay, datagrams_are_shown_in_words) {
  const auto out = replay("--nodes 3 --for 3s --datagrams --lossy 0.5@1s+2s").out;
  EXPECT_THAT(out, AllOf(HasSubstr(" -> n"), HasSubstr("ping"), HasSubstr("LOST")));
}

TEST(SimReplay, a_seed_of_the_swarm_is_a_plan) {
  EXPECT_GT(lines_of(replay("--swarm-seed 8").out), 10u);
  const Said both = replay("--swarm-seed 8 --nodes 4");
  EXPECT_EQ(both.status, kUsage);
  EXPECT_THAT(both.err, HasSubstr("the seed chooses the whole plan"));
}

TEST(SimReplay, impossible_words_are_refused) {
  EXPECT_THAT(replay("--node 10").err, HasSubstr("the last one is 9"));
  EXPECT_THAT(replay("--from 20s --to 10s").err, HasSubstr("--to \"10s\""));
  EXPECT_THAT(replay("no_such.toml").err, HasSubstr("no_such.toml: cannot be read"));
  EXPECT_EQ(replay("--crash 77@1s").status, kUsage);
}

}  // namespace
}  // namespace hearsay::cli
