// Regular expressions that a peer may send: found in time linear in the text, whatever the expression.
//
// The expression becomes a small program, and all its threads walk through the text together (Thompson 1968; Cox,
// "Regular Expression Matching: the Virtual Machine Approach"). Nothing backtracks, so nothing explodes.
//
// The syntax is the part of Go's (RE2) that people write into filters: literals, '.', classes with ranges, \d \w \s
// and their opposites, groups, alternatives, * + ? {n} {n,} {n,m} (lazy ones too: whether there is a match is the
// same), ^ $ \A \z. What it takes means the same as in Go, on code points; what it does not know, it does not
// compile: flags, \b, named classes, Unicode properties. Source: Go regexp/syntax, parse.go.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace hearsay::base {

class Pattern {
 public:
  static constexpr std::size_t kExpressionBytesMax = 512;
  static constexpr std::size_t kStepsMax = 500;  // of the program
  static constexpr unsigned kDepthMax = 20;      // of groups

  // Nothing when it is malformed, over a bound, or beyond the syntax above.
  static std::optional<Pattern> compile(std::string_view expression);
  // Whether the expression matches anywhere in the text. Bytes that are no UTF-8 count as U+FFFD, as in Go.
  bool found_in(std::string_view text) const;

 private:
  friend class PatternCompiler;
  struct Class {
    std::vector<std::pair<char32_t, char32_t>> ranges;
    bool negated = false;
    bool holds(char32_t rune) const;
  };
  struct Step {
    enum class Kind : std::uint8_t { rune, split, jump, begin, end, match };
    Kind kind = Kind::match;
    std::uint16_t x = 0;  // rune: the class; split, jump: where to
    std::uint16_t y = 0;  // split: the other way
  };
  void follow(std::uint16_t step, bool at_begin, bool at_end, std::vector<std::uint16_t>& threads,
              std::vector<bool>& seen) const;

  std::vector<Step> steps_;
  std::vector<Class> classes_;
};

}  // namespace hearsay::base
