// TOML to values with their places.
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

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
    } catch (const toml::parse_error& error) {
      result_.values.clear();  // half a file would only raise faults that are none
      result_.faults.push_back({where(error.source()), "", "not valid TOML: " + std::string(error.description()),
                                "texts need quotes, tables a head such as [network]"});
    }
    return std::move(result_);
  }

 private:
  std::string where(const toml::source_region& source) const {
    return name_ + ":" + std::to_string(source.begin.line);
  }

  // In the order of the lines: a table's keys are sorted by name in toml++.
  void walk(const toml::table& table, const std::string& prefix) {
    std::vector<std::pair<const toml::key*, const toml::node*>> entries;
    for (const auto& [key, node] : table) entries.emplace_back(&key, &node);
    std::ranges::stable_sort(entries, {}, [](const auto& entry) { return entry.second->source().begin.line; });
    for (const auto& [key, node] : entries) read_node(*node, prefix + std::string(key->str()));
  }

  void read_node(const toml::node& node, const std::string& path) {
    if (const auto* table = node.as_table()) return walk(*table, path + ".");
    if (const auto* list = node.as_array(); list != nullptr && list->is_array_of_tables()) {
      std::size_t number = 0;
      for (const auto& entry : *list) {
        const std::string head = path + "[" + std::to_string(number++) + "]";
        if (entry.as_table()->empty()) {
          result_.faults.push_back({where(entry.source()), head, "it is empty", "say what it is, or remove it"});
        }
        walk(*entry.as_table(), head + ".");
      }
      return;
    }
    Given given{path, where(node.source()), std::string()};
    if (const auto* text = node.as_string())
      given.value = text->get();
    else if (const auto* number = node.as_integer())
      given.value = number->get();
    else if (const auto* fraction = node.as_floating_point())
      given.value = fraction->get();
    else if (const auto* flag = node.as_boolean())
      given.value = flag->get();
    else
      given.value = std::vector<std::string>{};  // nothing takes a list: whoever reads it says so
    result_.values.push_back(std::move(given));
  }

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
