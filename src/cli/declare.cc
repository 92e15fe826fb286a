#include "cli/declare.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

namespace hearsay::cli {

void add_formats(CLI::App& app, Arguments& arguments, bool csv) {
  app.add_option_function<std::string>(
         "--format",
         [&arguments](const std::string& format) {
           arguments.json = format == "json";
           arguments.csv = format == "csv";
         },
         csv ? "text for people, json for programs, csv: a line of names, then figures"
             : "text for people, json for programs")
      ->check(CLI::Validator(
          [csv](const std::string& format) {
            if (format == "text" || format == "json" || (csv && format == "csv")) return std::string();
            return "\"" + format + "\" is not text" + (csv ? ", json or csv" : " or json");
          },
          ""))
      ->type_name(csv ? "text|json|csv" : "text|json");
  app.add_flag("--no-color", arguments.no_color, "no colours, as with NO_COLOR");
}

void add_output_options(CLI::App& app, Arguments& arguments) { add_formats(app, arguments, false); }

void repeatable(CLI::Option* option, const char* type) {
  option->type_name(type)->type_size(1)->allow_extra_args(false);
}

void add_each(CLI::App& app, const std::string& flag, const char* type, const char* help,
              std::function<void(const std::string&)> take) {
  const auto take_all = [take = std::move(take)](const std::vector<std::string>& values) {
    for (const auto& value : values) take(value);
  };
  repeatable(app.add_option_function<std::vector<std::string>>(flag, take_all, help), type);
}

void add_pair(Arguments& arguments, const std::string& pair) {
  const std::size_t equals = std::min(pair.find('='), pair.size());
  arguments.settings.push_back(
      {pair.substr(0, equals), "--set " + pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size()))});
}

}  // namespace hearsay::cli
