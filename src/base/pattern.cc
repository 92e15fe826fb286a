#include "base/pattern.h"

#include <algorithm>

#include "base/utf8.h"

namespace hearsay::base {

namespace {

using Ranges = std::vector<std::pair<char32_t, char32_t>>;

// The letters of \d \w \s; empty for another.
Ranges ranges_of(char32_t letter) {
  if (letter == 'd') return {{'0', '9'}};
  if (letter == 'w') return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  if (letter == 's') return {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
  return {};
}

// Everything else; the ranges are in order and apart.
Ranges without(const Ranges& ranges) {
  Ranges out;
  char32_t next = 0;
  for (const auto& [low, high] : ranges) {
    if (low > next) out.emplace_back(next, low - 1);
    next = high + 1;
  }
  out.emplace_back(next, kRuneMax);
  return out;
}

bool is_punctuation(char32_t rune) {
  return rune < 0x80 && rune > ' ' && rune != 0x7f && !(rune >= '0' && rune <= '9') &&
         !(rune >= 'A' && rune <= 'Z') && !(rune >= 'a' && rune <= 'z');
}

}  // namespace

// Recursive descent into a tree, then the program; the first thing that cannot be taken ends it.
class PatternCompiler {
 public:
  explicit PatternCompiler(std::string_view expression) : rest_(expression) {}

  std::optional<Pattern> compile() {
    const std::size_t root = alternatives(0);
    if (failed_ || !rest_.empty()) return std::nullopt;
    emit(root);
    add({Pattern::Step::Kind::match, 0, 0});
    if (failed_) return std::nullopt;
    return std::move(pattern_);
  }

 private:
  using Kind = Pattern::Step::Kind;
  static constexpr unsigned kNoLimit = ~0u;
  struct Node {
    enum class Kind : std::uint8_t { empty, rune, begin, end, sequence, either, repeat };
    Kind kind = Kind::empty;
    std::uint16_t rune_class = 0;
    std::vector<std::size_t> parts;
    unsigned least = 0;
    unsigned most = 0;
  };

  std::size_t fail() {
    failed_ = true;
    return 0;
  }
  char32_t wrong_rune() {
    failed_ = true;
    return 0xfffd;
  }
  std::size_t make(Node node) {
    nodes_.push_back(std::move(node));
    return nodes_.size() - 1;
  }
  std::size_t make_class(Ranges ranges, bool negated = false) {
    if (pattern_.classes_.size() >= Pattern::kExpressionBytesMax) return fail();
    pattern_.classes_.push_back({std::move(ranges), negated});
    return make({Node::Kind::rune, static_cast<std::uint16_t>(pattern_.classes_.size() - 1), {}, 0, 0});
  }
  bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  char32_t take_rune() {
    bool broken = false;
    const char32_t rune = base::take_rune(rest_, &broken);
    failed_ = failed_ || broken;
    return rune;
  }

  std::size_t alternatives(unsigned depth) {
    if (depth > Pattern::kDepthMax) return fail();
    std::vector<std::size_t> ways{sequence(depth)};
    while (!failed_ && take("|")) ways.push_back(sequence(depth));
    return ways.size() == 1 ? ways[0] : make({Node::Kind::either, 0, std::move(ways), 0, 0});
  }
  std::size_t sequence(unsigned depth) {
    Node node{Node::Kind::sequence, 0, {}, 0, 0};
    while (!failed_ && !rest_.empty() && !next_is('|') && !next_is(')')) node.parts.push_back(repeated(depth));
    return make(std::move(node));
  }
  std::size_t repeated(unsigned depth) {
    const std::size_t one = atom(depth);
    unsigned least = 0;
    unsigned most = kNoLimit;
    if (failed_ || !repetition(least, most)) return one;
    take("?");  // lazy
    unsigned ignored = 0;
    // Go refuses a**; of an anchor repeated the meaning is not worth knowing.
    const auto kind = nodes_[one].kind;
    if (repetition(ignored, ignored) || kind == Node::Kind::begin || kind == Node::Kind::end) return fail();
    return make({Node::Kind::repeat, 0, {one}, least, most});
  }
  bool repetition(unsigned& least, unsigned& most) {
    if (take("*")) return least = 0, most = kNoLimit, true;
    if (take("+")) return least = 1, most = kNoLimit, true;
    if (take("?")) return least = 0, most = 1, true;
    if (!next_is('{')) return false;
    const std::string_view before = rest_;
    take("{");
    const auto low = number();
    auto high = low;
    if (low && take(",")) high = next_is('}') ? std::optional<unsigned>(kNoLimit) : number();
    if (!low || !high || !take("}")) {
      rest_ = before;  // not a repetition: a brace
      return false;
    }
    if (*low > 1000 || (*high != kNoLimit && (*high > 1000 || *high < *low))) failed_ = true;
    least = *low;
    most = *high;
    return true;
  }
  std::optional<unsigned> number() {
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      if (digits == 5) return std::nullopt;
      value = value * 10 + static_cast<unsigned>(rest_[digits++] - '0');
    }
    if (digits == 0 || (digits > 1 && rest_[0] == '0')) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }
  std::size_t atom(unsigned depth) {
    if (next_is('*') || next_is('+') || next_is('?')) return fail();
    if (take("(")) {
      if (next_is('?') && !take("?:")) return fail();
      const std::size_t inside = alternatives(depth + 1);
      return take(")") ? inside : fail();
    }
    if (take("[")) return bracket();
    if (take(".")) return make_class({{'\n', '\n'}}, true);
    if (take("^")) return make({Node::Kind::begin, 0, {}, 0, 0});
    if (take("$")) return make({Node::Kind::end, 0, {}, 0, 0});
    if (next_is('\\')) return escaped();
    const char32_t rune = take_rune();
    return make_class({{rune, rune}});
  }
  std::size_t escaped() {
    if (take("\\A")) return make({Node::Kind::begin, 0, {}, 0, 0});
    if (take("\\z")) return make({Node::Kind::end, 0, {}, 0, 0});
    if (Ranges ranges = perl_class(); !ranges.empty()) return make_class(std::move(ranges));
    const char32_t rune = literal();
    return failed_ ? 0 : make_class({{rune, rune}});
  }
  // \d or \D and the like; empty, and nothing is taken, when something else comes next.
  Ranges perl_class() {
    if (rest_.size() < 2 || rest_[0] != '\\') return {};
    const char letter = rest_[1];
    Ranges ranges = ranges_of(static_cast<char32_t>(letter));
    if (ranges.empty()) {
      ranges = ranges_of(static_cast<char32_t>(letter | 0x20));
      if (!ranges.empty()) ranges = without(ranges);
    }
    if (!ranges.empty()) rest_.remove_prefix(2);
    return ranges;
  }
  // A single character, perhaps escaped.
  char32_t literal() {
    if (!take("\\")) return take_rune();
    if (rest_.empty()) return wrong_rune();
    const char32_t rune = take_rune();
    constexpr std::string_view kEscaped = "abfnrtv";
    constexpr std::string_view kMeant = "\a\b\f\n\r\t\v";
    const auto letter = rune < 0x80 ? kEscaped.find(static_cast<char>(rune)) : std::string_view::npos;
    if (letter != std::string_view::npos && rune != 'b') return static_cast<char32_t>(kMeant[letter]);
    return is_punctuation(rune) ? rune : wrong_rune();
  }
  std::size_t bracket() {
    const bool negated = take("^");
    Ranges ranges;
    for (bool first = true; !failed_; first = false) {
      if (rest_.empty() || rest_.starts_with("[:")) return fail();
      if (!first && take("]")) break;
      if (Ranges more = perl_class(); !more.empty()) {
        ranges.insert(ranges.end(), more.begin(), more.end());
        continue;
      }
      const char32_t low = literal();
      char32_t high = low;
      if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
        take("-");
        high = literal();
        if (high < low) return fail();
      }
      ranges.emplace_back(low, high);
    }
    return failed_ ? 0 : make_class(std::move(ranges), negated);
  }

  // ---- the program ----

  std::uint16_t here() const { return static_cast<std::uint16_t>(pattern_.steps_.size()); }
  std::uint16_t add(Pattern::Step step) {
    if (pattern_.steps_.size() >= Pattern::kStepsMax) failed_ = true;
    if (!failed_) pattern_.steps_.push_back(step);
    return failed_ ? std::uint16_t{0} : static_cast<std::uint16_t>(here() - 1);
  }
  void emit(std::size_t at) {
    if (failed_) return;
    const Node& node = nodes_[at];
    switch (node.kind) {
      case Node::Kind::empty:
        break;
      case Node::Kind::rune:
        add({Kind::rune, node.rune_class, 0});
        break;
      case Node::Kind::begin:
        add({Kind::begin, 0, 0});
        break;
      case Node::Kind::end:
        add({Kind::end, 0, 0});
        break;
      case Node::Kind::sequence:
        for (const std::size_t part : node.parts) emit(part);
        break;
      case Node::Kind::either:
        emit_either(node);
        break;
      case Node::Kind::repeat:
        emit_repeat(node);
        break;
    }
  }
  void emit_either(const Node& node) {
    std::vector<std::uint16_t> ends;
    for (std::size_t i = 0; i < node.parts.size() && !failed_; ++i) {
      const bool last = i + 1 == node.parts.size();
      const std::uint16_t split = last ? std::uint16_t{0} : add({Kind::split, 0, 0});
      if (!last && !failed_) pattern_.steps_[split].x = here();
      emit(node.parts[i]);
      if (last) break;
      ends.push_back(add({Kind::jump, 0, 0}));
      if (!failed_) pattern_.steps_[split].y = here();
    }
    if (failed_) return;
    for (const std::uint16_t end : ends) pattern_.steps_[end].x = here();
  }
  void emit_repeat(const Node& node) {
    // The loop bound is the program's: each turn adds a step, or there is nothing to repeat.
    const std::size_t before = pattern_.steps_.size();
    for (unsigned i = 0; i < node.least && !failed_; ++i) {
      emit(node.parts[0]);
      if (pattern_.steps_.size() == before) return;
    }
    if (node.most == kNoLimit) {
      const std::uint16_t split = add({Kind::split, 0, 0});
      if (!failed_) pattern_.steps_[split].x = here();
      emit(node.parts[0]);
      add({Kind::jump, split, 0});
      if (!failed_) pattern_.steps_[split].y = here();
      return;
    }
    std::vector<std::uint16_t> splits;
    for (unsigned i = node.least; i < node.most && !failed_; ++i) {
      splits.push_back(add({Kind::split, 0, 0}));
      if (!failed_) pattern_.steps_[splits.back()].x = here();
      emit(node.parts[0]);
    }
    if (failed_) return;
    for (const std::uint16_t split : splits) pattern_.steps_[split].y = here();
  }

  std::string_view rest_;
  bool failed_ = false;
  std::vector<Node> nodes_;
  Pattern pattern_;
};

bool Pattern::Class::holds(char32_t rune) const {
  return std::ranges::any_of(ranges, [&](const auto& r) { return r.first <= rune && rune <= r.second; }) != negated;
}

std::optional<Pattern> Pattern::compile(std::string_view expression) {
  if (expression.size() > kExpressionBytesMax) return std::nullopt;
  return PatternCompiler(expression).compile();
}

// Adds the steps that wait for a character, and `match`, which are reached from here without one.
void Pattern::follow(std::uint16_t start, bool at_begin, bool at_end, std::vector<std::uint16_t>& threads,
                     std::vector<bool>& seen) const {
  std::vector<std::uint16_t> open{start};
  while (!open.empty()) {
    const std::uint16_t at = open.back();
    open.pop_back();
    if (seen[at]) continue;
    seen[at] = true;
    const Step& step = steps_[at];
    const auto next = static_cast<std::uint16_t>(at + 1);
    switch (step.kind) {
      case Step::Kind::jump:
        open.push_back(step.x);
        break;
      case Step::Kind::split:
        open.push_back(step.x);
        open.push_back(step.y);
        break;
      case Step::Kind::begin:
        if (at_begin) open.push_back(next);
        break;
      case Step::Kind::end:
        if (at_end) open.push_back(next);
        break;
      case Step::Kind::rune:
      case Step::Kind::match:
        threads.push_back(at);
        break;
    }
  }
}

bool Pattern::found_in(std::string_view text) const {
  std::vector<std::uint16_t> threads;
  std::vector<std::uint16_t> next;
  std::vector<bool> seen(steps_.size());
  for (bool at_begin = true;; at_begin = false) {
    follow(0, at_begin, text.empty(), threads, seen);  // a match may begin anywhere
    for (const std::uint16_t at : threads) {
      if (steps_[at].kind == Step::Kind::match) return true;
    }
    if (text.empty()) return false;
    const char32_t rune = take_rune(text);
    next.clear();
    seen.assign(steps_.size(), false);
    for (const std::uint16_t at : threads) {
      if (classes_[steps_[at].x].holds(rune)) {
        follow(static_cast<std::uint16_t>(at + 1), false, text.empty(), next, seen);
      }
    }
    threads.swap(next);
  }
}

}  // namespace hearsay::base
