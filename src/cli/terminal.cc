#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/commands.h"

namespace hearsay::cli {

Style style_of(std::string_view status) {
  if (status == "alive") return Style::good;
  if (status == "failed") return Style::bad;
  return status == "left" ? Style::dim : Style::warn;
}

std::string Terminal::paint(Style style, std::string_view text) const {
  const char* code = nullptr;
  switch (style) {
    case Style::plain:
      break;
    case Style::bold:
      code = "1";
      break;
    case Style::dim:
      code = "2";
      break;
    case Style::good:
      code = "32";
      break;
    case Style::warn:
      code = "33";
      break;
    case Style::bad:
      code = "1;31";
      break;
  }
  if (!colour || code == nullptr) return std::string(text);
  return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

Terminal standard_terminal() {
  Terminal terminal;
  terminal.out = [](std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
    // A script must not take half an answer for a whole one.
    std::fprintf(stderr, "hearsay: cannot write to standard output: %s\n", std::strerror(errno));
    std::_Exit(kFailed);
  };
  terminal.err = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); };
  const char* no_color = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  terminal.colour = ::isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0') && kind != nullptr &&
                    std::string_view(kind) != "dumb";
  return terminal;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Table::render(const Terminal& terminal) const {
  std::vector<std::size_t> widths;
  const auto widen = [&](std::size_t column, std::string_view text) {
    if (column >= widths.size()) widths.resize(column + 1);
    widths[column] = std::max(widths[column], columns_of(text));
  };
  for (std::size_t i = 0; i < head_.size(); ++i) widen(i, head_[i]);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widen(i, row[i].text);
  }
  std::string out;
  const auto line = [&](const std::vector<Cell>& row) {
    std::size_t gap = 0;  // spaces owed; paid only when something follows
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!row[i].text.empty()) {
        out.append(gap, ' ');
        gap = 0;
        out += terminal.paint(row[i].style, row[i].text);
      }
      gap += widths[i] - columns_of(row[i].text) + 2;
    }
    out += "\n";
  };
  if (!head_.empty()) {
    std::vector<Cell> head;
    for (const auto& text : head_) head.push_back({text, Style::dim});
    line(head);
  }
  for (const auto& row : rows_) line(row);
  return out;
}

}  // namespace hearsay::cli
