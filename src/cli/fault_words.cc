#include "cli/fault_words.h"

#include <charconv>
#include <cstdlib>

#include "agent/text.h"

namespace hearsay::cli {

namespace {

using Subject = sim::FaultKind::Subject;
using Lasts = sim::FaultKind::Lasts;
using Extra = sim::FaultKind::Extra;

bool read_place(std::string_view text, sim::Place& into) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && stop == text.data() + text.size() && !text.empty();
}

// "3:5" or "3-5".
bool read_pair(std::string_view text, char between, sim::Place& first, sim::Place& second) {
  const auto at = text.find(between);
  return at != std::string_view::npos && read_place(text.substr(0, at), first) &&
         read_place(text.substr(at + 1), second);
}

bool read_subject(Subject subject, const std::string& text, sim::Fault& fault) {
  switch (subject) {
    case Subject::node:
      return read_place(text, fault.place);
    case Subject::group:
      return parse_range(text, fault.other, fault.place);
    case Subject::link:
      return read_pair(text, ':', fault.place, fault.other);
    case Subject::share:
      if (const auto share = parse_share(text)) {
        fault.share = *share;
        return true;
      }
      return false;
    case Subject::count:
      return read_place(text, fault.count);
  }
  return false;
}

bool read_extra(Extra extra, const std::string& text, sim::Fault& fault) {
  if (extra == Extra::ppm) {
    const auto ppm = parse_ppm(text);
    fault.ppm = ppm.value_or(0);
    return ppm.has_value();
  }
  const auto amount = extra == Extra::by ? parse_leap(text) : agent::parse_duration(text);
  fault.amount = amount.value_or(Duration{});
  return amount.has_value();
}

std::optional<sim::Fault> parse_fault_at(sim::Fault::What what, const std::string& text) {
  const auto& kind = sim::kind_of(what);
  sim::Fault fault{.what = what};
  const auto at = text.find('@');
  if (at == std::string::npos || !read_subject(kind.subject, text.substr(0, at), fault)) return std::nullopt;
  const auto plus = text.find('+', at);
  // Some are for a moment or for ever; the others end, lest a slip of the pen makes them last.
  if ((plus != std::string::npos) != (kind.lasts == Lasts::must)) return std::nullopt;
  const auto when = agent::parse_duration(text.substr(at + 1, plus == std::string::npos ? plus : plus - at - 1));
  if (!when) return std::nullopt;
  fault.at = *when;
  if (plus != std::string::npos) {
    const auto lasts = agent::parse_duration(text.substr(plus + 1));
    if (!lasts || *lasts <= Duration{}) return std::nullopt;
    fault.lasts = *lasts;
  }
  return fault;
}

}  // namespace

std::optional<sim::Fault> parse_fault(sim::Fault::What what, const std::string& text) {
  const auto& kind = sim::kind_of(what);
  const auto slash = text.find('/');
  if ((slash != std::string::npos) != (kind.extra != Extra::none)) return std::nullopt;
  if (slash != std::string::npos) {
    auto read = parse_fault_at(what, text.substr(0, slash));
    if (!read || !read_extra(kind.extra, text.substr(slash + 1), *read)) return std::nullopt;
    return read;
  }
  return parse_fault_at(what, text);
}

std::string fault_text(const sim::Fault& fault) {
  const auto& kind = sim::kind_of(fault.what);
  std::string out;
  switch (kind.subject) {
    case Subject::node:
      out = std::to_string(fault.place);
      break;
    case Subject::group:
      out = (fault.other < fault.place ? std::to_string(fault.other) + "-" : "") + std::to_string(fault.place);
      break;
    case Subject::link:
      out = std::to_string(fault.place) + ":" + std::to_string(fault.other);
      break;
    case Subject::share:
      out = number_text(fault.share);
      break;
    case Subject::count:
      out = std::to_string(fault.count);
      break;
  }
  out += "@" + agent::duration_text(fault.at);
  if (kind.lasts != Lasts::no) out += "+" + agent::duration_text(fault.lasts);
  if (kind.extra == Extra::ppm) {
    out += "/" + std::to_string(fault.ppm) + "ppm";
  } else if (kind.extra != Extra::none) {
    out += "/" + agent::duration_text(fault.amount);
  }
  return out;
}

std::string fault_example(sim::Fault::What what) {
  using std::chrono::seconds;
  return fault_text({.what = what,
                     .at = seconds(20),
                     .lasts = seconds(5),
                     .place = 3,
                     .other = 1,
                     .share = 0.1,
                     .amount = seconds(1),
                     .ppm = 200,
                     .count = 5});
}

std::optional<Duration> parse_leap(std::string_view text) {
  const bool back = text.starts_with('-');
  const auto length = agent::parse_duration(back ? text.substr(1) : text);
  if (!length) return std::nullopt;
  return back ? -*length : *length;
}

std::optional<std::int64_t> parse_ppm(std::string_view text) {
  if (text.ends_with("ppm")) text.remove_suffix(3);
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool parse_range(std::string_view text, sim::Place& first, sim::Place& last) {
  if (read_place(text, last)) {
    first = last;
    return true;
  }
  return read_pair(text, '-', first, last);
}

std::optional<double> parse_share(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0) || value > 1) return std::nullopt;
  return value;
}

// Enough digits to be read back as the same number.
std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

}  // namespace hearsay::cli
