// The manual page and the shells' completions, made from the one table of commands.
#pragma once

#include <string>
#include <string_view>

namespace CLI {  // NOLINT(readability-identifier-naming): the name of the library
class App;
}

namespace hearsay::cli {

// In the language of man(7).
std::string man_page(const CLI::App& app);
// A script for bash, zsh or fish; empty for others.
std::string completion(const CLI::App& app, std::string_view shell);

}  // namespace hearsay::cli
