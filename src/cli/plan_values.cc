// TOML to values with their places.
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "cli/fault_words.h"
#include "cli/plan_file.h"

namespace hearsay::cli {

namespace {

using agent::Given;

constexpr std::size_t kFileBytesMax = 1u << 20;

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  PlanValues read(std::string_view text) {
    try {
      walk(toml::parse(text), "");
      // toml++ sorts keys by name; people read lines.
      std::ranges::stable_sort(found_, {}, [](const auto& entry) { return entry.first; });
      for (auto& [line, given] : found_) result_.values.push_back(std::move(given));
    } catch (const toml::parse_error& error) {
      result_.faults.push_back({where(error.source()), "", "not valid TOML: " + std::string(error.description()),
                                "texts need quotes, tables a head such as [network]"});
    }
    return std::move(result_);
  }

 private:
  void fault(const toml::source_region& source, std::string key, std::string cause, std::string cure) {
    result_.faults.push_back({where(source), std::move(key), std::move(cause), std::move(cure)});
  }
  std::string where(const toml::source_region& source) const {
    return name_ + ":" + std::to_string(source.begin.line);
  }

  void walk(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) read_node(node, prefix + std::string(key.str()));
  }

  void read_node(const toml::node& node, const std::string& path) {
    if (const auto* table = node.as_table()) return walk(*table, path + ".");
    const auto* list = node.as_array();
    if (list != nullptr && list->is_array_of_tables()) return walk_tables(*list, path);
    Given given{path, where(node.source()), std::string()};
    if (list != nullptr) {
      auto& texts = given.value.emplace<std::vector<std::string>>();
      for (const auto& entry : *list) {
        texts.push_back(text_of(entry));
        if (texts.back().empty()) {
          fault(entry.source(), path, "a list holds texts and numbers",
                "write for example [1, 2] or [\"1s\", \"2s\"]");
        }
      }
    } else if (const auto* text = node.as_string()) {
      given.value = text->get();
    } else if (const auto* number = node.as_integer()) {
      given.value = number->get();
    } else if (const auto* fraction = node.as_floating_point()) {
      given.value = fraction->get();
    } else if (const auto* flag = node.as_boolean()) {
      given.value = flag->get();
    } else {
      given.value = std::vector<std::string>{};  // a date: whoever reads it says what it wants
    }
    found_.emplace_back(node.source().begin.line, std::move(given));
  }

  void walk_tables(const toml::array& list, const std::string& path) {
    std::size_t number = 0;
    for (const auto& entry : list) {
      const std::string head = path + "[" + std::to_string(number++) + "]";
      if (entry.as_table()->empty()) fault(entry.source(), head, "it is empty", "say what it is, or remove it");
      walk(*entry.as_table(), head + ".");
    }
  }

  // As it would stand on a command line; empty: it would not.
  static std::string text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* fraction = node.as_floating_point()) return number_text(fraction->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    return {};
  }

  std::vector<std::pair<toml::source_index, Given>> found_;  // with their lines
  std::string name_;
  PlanValues result_;
};

}  // namespace

PlanValues read_plan_text(std::string_view toml, std::string_view name) { return Reader(name).read(toml); }

PlanValues read_plan_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  PlanValues none;
  if (!file.is_open() || file.bad() || (text.empty() && !file.eof())) {
    none.faults.push_back({path, "", "cannot be read: " + std::generic_category().message(errno),
                           "check the path and its permissions"});
    return none;
  }
  if (text.size() > kFileBytesMax) {
    none.faults.push_back({path, "", "it is over 1 MiB", "is it the right file?"});
    return none;
  }
  return read_plan_text(text, path);
}

}  // namespace hearsay::cli
