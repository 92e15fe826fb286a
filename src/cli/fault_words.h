// Faults as words: "crash 3@20s", "cut 2@20s+60s". The same words on the command line (`--crash 3@20s`), in plan
// files (`what = "crash"`, ...) and where a failing plan is printed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/faults.h"

namespace hearsay::cli {

// "NODE@TIME[+DURATION]", "FROM:TO@...", "SHARE@...". None: it has not the form of this kind.
std::optional<sim::Fault> parse_fault(sim::Fault::What what, const std::string& text);
// What parse_fault reads, without the kind.
std::string fault_text(const sim::Fault& fault);
// An example of the form, such as "3@20s+5s".
std::string fault_example(sim::Fault::What what);

// 0 to 1. None: anything else.
std::optional<double> parse_share(const std::string& text);
std::string number_text(double value);

}  // namespace hearsay::cli
