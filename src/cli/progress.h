// Progress of a long command on standard error, where that is a terminal and the command is not over at once.
#pragma once

#include <unistd.h>

#include <chrono>
#include <string>

#include "cli/terminal.h"

namespace hearsay::cli {

class Progress {
 public:
  explicit Progress(Terminal& terminal) : terminal_(terminal), shown_(::isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (line_) terminal_.err("\r\x1b[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // At most twice a second: "what 37 %, 12 s left".
  void show(const std::string& what, double share) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(500)) return;
    last_ = now;
    line_ = true;
    std::string text = what + " " + std::to_string(static_cast<int>(share * 100)) + " %";
    if (share > 0.02) {
      const double spent = std::chrono::duration<double>(now - began_).count();
      text += ", " + std::to_string(static_cast<long>(spent / share * (1 - share)) + 1) + " s left";
    }
    terminal_.err("\r" + text + "\x1b[K");
  }

 private:
  Terminal& terminal_;
  bool shown_;
  bool line_ = false;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = began_;
};

}  // namespace hearsay::cli
