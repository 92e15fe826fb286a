#include "agent/log.h"

#include <gmock/gmock.h>

#include <boost/json/value.hpp>

#include "http/json.h"

namespace hearsay::agent {
namespace {

const WallTime kWhen{std::chrono::seconds(1'000'000'000)};

TEST(Log, a_text_record_has_time_level_and_line) {
  EXPECT_EQ(format_record(LogFormat::text, kWhen, LogLevel::warning, "n1 failed"),
            "2001-09-09T01:46:40.000Z warning n1 failed");
  EXPECT_EQ(format_record(LogFormat::text, kWhen, LogLevel::info, "x"), "2001-09-09T01:46:40.000Z info    x");
}

TEST(Log, a_peer_cannot_forge_a_record_or_drive_a_terminal) {
  EXPECT_EQ(format_record(LogFormat::text, kWhen, LogLevel::info, "a\nb\x1b[31m\xff"),
            "2001-09-09T01:46:40.000Z info    a\\x0ab\\x1b[31m\xef\xbf\xbd");
}

TEST(Log, a_peer_cannot_turn_a_line_or_drive_a_terminal_in_other_ways) {
  EXPECT_EQ(format_record(LogFormat::text, kWhen, LogLevel::info,
                          "\xc2\x9b"
                          "2J\xe2\x80\xae"
                          "1n\xe2\x80\xa8x"),
            "2001-09-09T01:46:40.000Z info    \\x9b2J\\u202e1n\\u2028x");
}

TEST(Log, a_json_record_reads_back) {
  const std::string record = format_record(LogFormat::json, kWhen, LogLevel::error, "say \"hi\"\n\xff");
  EXPECT_EQ(record.find('\n'), std::string::npos);
  const auto value = http::parse_json(record).value();
  EXPECT_EQ(value.at("time").as_string(), "2001-09-09T01:46:40.000Z");
  EXPECT_EQ(value.at("level").as_string(), "error");
  EXPECT_EQ(value.at("line").as_string(), "say \"hi\"\n\xef\xbf\xbd");
}

TEST(Log, trouble_is_louder_than_news) {
  const auto level = [](auto body) { return level_of(Notice{{}, std::move(body)}); };
  MemberChange change;
  EXPECT_EQ(level(change), LogLevel::info);
  change.what = MemberChange::What::failed;
  EXPECT_EQ(level(change), LogLevel::warning);
  EXPECT_EQ(level(Defunct{}), LogLevel::error);
  EXPECT_EQ(level(CommandDone{}), LogLevel::debug);
  EXPECT_EQ(level(Explanation{}), LogLevel::debug);
  EXPECT_EQ(level(LinkChange{}), LogLevel::warning);
  EXPECT_EQ(level(LinkChange{LinkChange::What::restored, {}}), LogLevel::info);
}

}  // namespace
}  // namespace hearsay::agent
