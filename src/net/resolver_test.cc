#include "net/resolver.h"

#include <gmock/gmock.h>

#include <future>
#include <mutex>

#include "net/loop_test.h"

namespace hearsay::net {
namespace {

Address address(std::string_view text) { return parse_address(text, 0).value(); }

TEST(resolver, answers_are_ordered_and_not_repeated) {
  const std::vector<Address> found = {address("[fd00::1]:1"), address("10.0.0.2:1"), address("10.0.0.1:1"),
                                      address("[fe80::1]:1"), address("10.0.0.2:1"), address("[fe80::1%2]:1")};
  EXPECT_THAT(in_order(found), ::testing::ElementsAre(address("10.0.0.1:1"), address("10.0.0.2:1"),
                                                      address("[fd00::1]:1"), address("[fe80::1%2]:1")));
}

TEST(resolver, localhost_is_resolved_with_the_port) {
  boost::asio::io_context loop;
  SocketCounters counters;
  Resolver resolver(loop, true, false, counters);
  std::optional<Resolved> answer;
  resolver.resolve("localhost", 7946, [&](Resolved resolved) { answer = std::move(resolved); });
  ASSERT_TRUE(run_until(loop, [&] { return answer.has_value(); }));
  EXPECT_THAT(answer->addresses, ::testing::ElementsAre(address("127.0.0.1:7946"))) << answer->why;
}

TEST(resolver, a_name_that_cannot_be_resolved_says_why) {
  boost::asio::io_context loop;
  SocketCounters counters;
  Resolver resolver(loop, true, true, counters);
  std::optional<Resolved> answer;
  resolver.resolve("not..a..name", 7946, [&](Resolved resolved) { answer = std::move(resolved); });
  ASSERT_TRUE(run_until(loop, [&] { return answer.has_value(); }));
  EXPECT_TRUE(answer->addresses.empty());
  EXPECT_THAT(answer->why, ::testing::HasSubstr("not..a..name"));
}

TEST(resolver, what_is_over_the_bound_is_refused_and_the_rest_answered) {
  boost::asio::io_context loop;
  SocketCounters counters;
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  Resolver resolver(loop, true, true, counters, [opened](const std::string& host, std::uint16_t, bool, bool) {
    opened.wait();
    return Resolved{{}, host};
  });
  constexpr std::size_t kAsked = Resolver::kThreadsMax + Resolver::kWaitingMax + 10;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < kAsked; ++i) resolver.resolve("name", 1, [&](const Resolved&) { ++answered; });
  gate.set_value();
  ASSERT_TRUE(run_until(loop, [&] { return answered == kAsked; }));
  EXPECT_GE(counters.names_refused, 10u);
}

TEST(resolver, nobody_waits_for_a_name_server_that_does_not_answer) {
  boost::asio::io_context loop;
  SocketCounters counters;
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  bool answered = false;
  {
    Resolver resolver(loop, true, true, counters, [opened](const std::string&, std::uint16_t, bool, bool) {
      opened.wait();
      return Resolved{};
    });
    resolver.resolve("name", 1, [&](const Resolved&) { answered = true; });
  }
  gate.set_value();
  loop.run();
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace hearsay::net
