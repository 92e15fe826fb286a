// Where the command line writes to, and how it looks there: colour on a terminal only, columns that line up, and
// nothing from a peer that could drive the terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/text.h"

namespace hearsay::cli {

enum class Style { plain, bold, dim, good, warn, bad };
// How a member's status looks.
Style style_of(std::string_view status);

struct Terminal {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  bool colour = false;

  std::string paint(Style style, std::string_view text) const;
};

// Standard output and standard error. Colour: standard output is a terminal that can, and NO_COLOR is not set.
Terminal standard_terminal();

using agent::printable;
// How many columns a printable text takes; one for each code point.
std::size_t columns_of(std::string_view text);

struct Cell {
  std::string text;
  Style style = Style::plain;
};

// Left-aligned columns, two spaces apart, no space at the end of a line.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  std::string render(const Terminal& terminal) const;

 private:
  std::vector<std::string> head_;  // empty: no heading
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace hearsay::cli
