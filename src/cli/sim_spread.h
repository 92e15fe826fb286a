// What the parts of `hearsay sim spread` share.
#pragma once

#include <string>

#include "cli/commands.h"

namespace hearsay::cli {

// "1,000,000".
std::string grouped(std::uint64_t value);
// With so many decimals.
std::string fixed_text(double value, int decimals);

int run_spread_table(const Arguments& arguments, Terminal& terminal);
int run_spread_compare(const Arguments& arguments, Terminal& terminal);

}  // namespace hearsay::cli
