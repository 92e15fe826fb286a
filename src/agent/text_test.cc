#include "agent/text.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace hearsay::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Duration, is_read_with_its_unit) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("30s"), seconds(30));
  EXPECT_EQ(parse_duration("1m30s"), seconds(90));
  EXPECT_EQ(parse_duration("24h"), hours(24));
  EXPECT_EQ(parse_duration("3d"), hours(72));
  EXPECT_EQ(parse_duration("1.5h"), minutes(90));
  EXPECT_EQ(parse_duration("0.1s"), milliseconds(100));
  EXPECT_EQ(parse_duration("7us"), nanoseconds(7000));
  EXPECT_EQ(parse_duration("0"), Duration::zero());
  EXPECT_EQ(parse_duration("0s"), Duration::zero());
}

TEST(Duration, without_a_unit_or_out_of_range_is_refused) {
  for (const char* text : {"", "5", "s", ".s", "5 s", "-5s", "+5s", "5S", "5x", "5sec", "s5", "1e3s", "0x5s",
                           "999999999999999999999s", "300000000h", "9223372036854775808ns", "1.00000001s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, is_printed_as_people_write_it) {
  EXPECT_EQ(duration_text(milliseconds(500)), "500ms");
  EXPECT_EQ(duration_text(seconds(90)), "1m30s");
  EXPECT_EQ(duration_text(hours(72)), "72h");
  EXPECT_EQ(duration_text(Duration::zero()), "0s");
  EXPECT_EQ(duration_text(Duration::min()), "-2562047h47m16s854ms775us808ns");
}

RC_GTEST_PROP(Duration, printed_and_read_again_is_the_same, ()) {
  const auto count = *rc::gen::suchThat(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return n >= 0; });
  RC_ASSERT(parse_duration(duration_text(Duration(count))) == Duration(count));
}

TEST(Time, is_printed_in_utc_with_milliseconds) {
  EXPECT_EQ(time_text(WallTime(seconds(0))), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_text(WallTime(milliseconds(1'795'225'628'123))), "2026-11-21T01:47:08.123Z");
  EXPECT_EQ(time_text(WallTime(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(Closest, finds_typing_errors_and_nothing_far_off) {
  const std::string_view words[] = {"members", "monitor", "join", "leave", "probe_interval"};
  EXPECT_EQ(closest("member", words), "members");
  EXPECT_EQ(closest("memebrs", words), "members");
  EXPECT_EQ(closest("jion", words), "join");
  EXPECT_EQ(closest("Probe-Interval", words), "probe_interval");
  EXPECT_EQ(closest("probe_intervall", words), "probe_interval");
  EXPECT_EQ(closest("xyzzy", words), "");
  EXPECT_EQ(closest("", words), "");
}

}  // namespace
}  // namespace hearsay::agent
