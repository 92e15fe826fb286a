#include "agent/log.h"

#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <chrono>

#include "agent/text.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

LogLevel our_level(spdlog::level::level_enum level) {
  if (level <= spdlog::level::debug) return LogLevel::debug;
  if (level == spdlog::level::info) return LogLevel::info;
  return level == spdlog::level::warn ? LogLevel::warning : LogLevel::error;
}

class Formatter final : public spdlog::formatter {
 public:
  explicit Formatter(LogFormat format) : format_(format) {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto wall = WallTime(std::chrono::duration_cast<Duration>(message.time.time_since_epoch()));
    const std::string_view line(message.payload.data(), message.payload.size());
    const std::string record = format_record(format_, wall, our_level(message.level), line);
    if (format_ == LogFormat::text) {  // the level's word is what a terminal shows in colour
      message.color_range_start = out.size() + 25;
      message.color_range_end = message.color_range_start + 7;
    }
    out.append(record.data(), record.data() + record.size());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Formatter>(format_); }

 private:
  LogFormat format_;
};

}  // namespace

std::string format_record(LogFormat format, WallTime time, LogLevel level, std::string_view line) {
  if (format == LogFormat::json) {
    return fmt::format(R"({{"time":"{}","level":"{}","line":{}}})", time_text(time), name_of(level),
                       boost::json::serialize(boost::json::string_view(http::clean_text(line))));
  }
  return fmt::format("{} {:<7} {}", time_text(time), name_of(level), printable(line));
}

struct Log::Impl {
  spdlog::logger logger;
};

Log::Log(LogLevel level, LogFormat format) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  sink->set_formatter(std::make_unique<Formatter>(format));
  impl_ = std::make_unique<Impl>(Impl{spdlog::logger("hearsay", std::move(sink))});
  impl_->logger.set_level(spdlog_level(level));
  impl_->logger.flush_on(spdlog::level::debug);
}

Log::~Log() = default;

void Log::set_level(LogLevel level) { impl_->logger.set_level(spdlog_level(level)); }

void Log::write(LogLevel level, std::string_view line) {
  impl_->logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

LogLevel level_of(const Notice& notice) {
  if (const auto* change = std::get_if<MemberChange>(&notice.body)) {
    const bool bad = change->what == MemberChange::What::failed || change->what == MemberChange::What::suspected;
    return bad ? LogLevel::warning : LogLevel::info;
  }
  if (const auto* link = std::get_if<LinkChange>(&notice.body)) {
    return link->what == LinkChange::What::broken ? LogLevel::warning : LogLevel::info;
  }
  if (std::holds_alternative<CommandDone>(notice.body)) return LogLevel::debug;
  if (std::holds_alternative<KeysChanged>(notice.body)) return LogLevel::info;
  if (const auto* answer = std::get_if<KeyAnswer>(&notice.body)) {
    return answer->result == KeyAnswer::Result::done ? LogLevel::debug : LogLevel::warning;
  }
  if (std::holds_alternative<Explanation>(notice.body)) return LogLevel::debug;
  if (std::holds_alternative<StateChanged>(notice.body) || std::holds_alternative<StateHolders>(notice.body))
    return LogLevel::debug;
  if (std::holds_alternative<Defunct>(notice.body)) return LogLevel::error;
  return LogLevel::warning;
}

}  // namespace hearsay::agent
