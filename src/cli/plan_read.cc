#include "cli/plan_read.h"

#include <cstdlib>

#include "agent/text.h"
#include "cli/fault_words.h"

namespace hearsay::cli {

using agent::Given;

std::string value_text(const Given& given) {
  if (const auto* text = std::get_if<std::string>(&given.value)) return "\"" + *text + "\"";
  if (const auto* number = std::get_if<std::int64_t>(&given.value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&given.value)) return number_text(*number);
  if (const auto* flag = std::get_if<bool>(&given.value)) return *flag ? "true" : "false";
  return "a list or a table";
}

std::string plain_text(const Given& given) {
  if (const auto* text = std::get_if<std::string>(&given.value)) return *text;
  const auto* list = std::get_if<std::vector<std::string>>(&given.value);
  if (list == nullptr) return value_text(given);
  std::string out;
  for (const auto& one : *list) out += (out.empty() ? "" : ",") + one;
  return out;
}

Complaint not_a(const Given& given, std::string_view kind) {
  return agent::Complaint{value_text(given) + " is not " + std::string(kind.substr(0, kind.find(','))),
                          "write " + std::string(kind)};
}

Complaint read_duration(const Given& given, Duration& into) {
  const auto* text = std::get_if<std::string>(&given.value);
  const auto value = text == nullptr ? std::nullopt : agent::parse_duration(*text);
  if (!value) return not_a(given, kDurationKind);
  into = *value;
  return std::nullopt;
}

Complaint read_flag(const Given& given, bool& into) {
  const auto* flag = std::get_if<bool>(&given.value);
  const std::string text = flag != nullptr ? "" : plain_text(given);
  if (flag == nullptr && text != "true" && text != "false") return not_a(given, "true or false");
  into = flag != nullptr ? *flag : text == "true";
  return std::nullopt;
}

Complaint read_number(const Given& given, double& into) {
  std::optional<double> value;
  if (const auto* number = std::get_if<double>(&given.value)) value = *number;
  if (const auto* number = std::get_if<std::int64_t>(&given.value)) value = static_cast<double>(*number);
  if (const auto* text = std::get_if<std::string>(&given.value); text != nullptr && !text->empty()) {
    char* end = nullptr;
    const double parsed = std::strtod(text->c_str(), &end);
    if (*end == '\0') value = parsed;
  }
  if (!value) return not_a(given, kNumberKind);
  into = *value;
  return std::nullopt;
}

Complaint read_share(const Given& given, double& into) {
  double value = 0;
  if (read_number(given, value) || !(value >= 0 && value <= 1)) return not_a(given, kShareKind);
  into = value;
  return std::nullopt;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(by);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace hearsay::cli
