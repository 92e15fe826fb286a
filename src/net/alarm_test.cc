#include "net/alarm.h"

#include <gtest/gtest.h>

#include "net/backoff.h"
#include "net/clock.h"
#include "net/loop_test.h"

namespace hearsay::net {
namespace {

using std::chrono::milliseconds;

TEST(alarm, rings_not_before_its_time) {
  asio::io_context loop;
  SystemClock clock;
  int rings = 0;
  const auto alarm = std::make_shared<Alarm>(loop, [&] { ++rings; });
  alarm->start();
  const Time at = clock.now().steady + milliseconds(20);
  alarm->set(at);
  EXPECT_TRUE(run_until(loop, [&] { return rings == 1; }));
  EXPECT_GE(clock.now().steady, at);
  alarm->close();
}

TEST(alarm, a_time_that_has_passed_rings_at_once) {
  asio::io_context loop;
  int rings = 0;
  const auto alarm = std::make_shared<Alarm>(loop, [&] { ++rings; });
  alarm->start();
  alarm->set(Time{});
  EXPECT_TRUE(run_until(loop, [&] { return rings == 1; }));
  alarm->close();
}

TEST(alarm, an_earlier_time_replaces_a_later_one) {
  asio::io_context loop;
  SystemClock clock;
  int rings = 0;
  const auto alarm = std::make_shared<Alarm>(loop, [&] { ++rings; });
  alarm->start();
  alarm->set(clock.now().steady + std::chrono::hours(1));
  alarm->set(clock.now().steady + milliseconds(1));
  EXPECT_TRUE(run_until(loop, [&] { return rings == 1; }));
  alarm->set(clock.now().steady + milliseconds(1));
  EXPECT_TRUE(run_until(loop, [&] { return rings == 2; }));
  alarm->close();
}

TEST(alarm, closed_in_its_own_ring_it_leaves_the_loop) {
  asio::io_context loop;
  std::shared_ptr<Alarm> alarm;
  alarm = std::make_shared<Alarm>(loop, [&] { alarm->close(); });
  alarm->start();
  alarm->set(Time{});
  loop.run();
  EXPECT_TRUE(loop.stopped());
}

TEST(backoff, doubles_from_five_milliseconds_to_a_second) {
  Backoff backoff;
  EXPECT_EQ(backoff.next(), milliseconds(5));
  EXPECT_EQ(backoff.next(), milliseconds(10));
  for (int i = 0; i < 10; ++i) backoff.next();
  EXPECT_EQ(backoff.next(), std::chrono::seconds(1));
  backoff.reset();
  EXPECT_EQ(backoff.next(), milliseconds(5));
}

}  // namespace
}  // namespace hearsay::net
