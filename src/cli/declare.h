// The words that commands are declared with, shared by their tables.
#pragma once

#include <functional>
#include <string>

#include "cli/commands.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the name of the library
class App;
class Option;
}  // namespace CLI

namespace hearsay::cli {

// --format and --no-color; `csv`: the format csv, too.
void add_formats(CLI::App& app, Arguments& arguments, bool csv);
void add_output_options(CLI::App& app, Arguments& arguments);
// It may come again and again, each time with one value.
void repeatable(CLI::Option* option, const char* type);
// A repeatable flag, each value of which is taken as it stands.
void add_each(CLI::App& app, const std::string& flag, const char* type, const char* help,
              std::function<void(const std::string&)> take);
// KEY=VALUE of --set.
void add_pair(Arguments& arguments, const std::string& pair);

// The commands of `hearsay sim`.
void declare_sim_cluster(CLI::App& app, Arguments& arguments);
void declare_sim_replay(CLI::App& app, Arguments& arguments);
void declare_sim_swarm(CLI::App& app, Arguments& arguments);
void declare_sim_spread(CLI::App& app, Arguments& arguments);
void declare_sim_sweep(CLI::App& app, Arguments& arguments);

}  // namespace hearsay::cli
