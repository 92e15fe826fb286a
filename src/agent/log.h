// The agent's log: one line per record on stderr, as text for people or JSON for collectors.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/config.h"
#include "hearsay/notice.h"
#include "hearsay/time.h"

namespace hearsay::agent {

// One record without its newline. Control characters in the line (peers choose their names and tags) are
// escaped, so that nobody forges records or drives a terminal.
std::string format_record(LogFormat format, WallTime time, LogLevel level, std::string_view line);

class Log {
 public:
  Log(LogLevel level, LogFormat format);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void set_level(LogLevel level);
  void write(LogLevel level, std::string_view line);
  void debug(std::string_view line) { write(LogLevel::debug, line); }
  void info(std::string_view line) { write(LogLevel::info, line); }
  void warning(std::string_view line) { write(LogLevel::warning, line); }
  void error(std::string_view line) { write(LogLevel::error, line); }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How important a notice is to an operator.
LogLevel level_of(const Notice& notice);

}  // namespace hearsay::agent
