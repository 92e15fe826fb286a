// Faults as words: "crash 3@20s", "cut 0-2@20s+60s". The same words on the command line (`--crash 3@20s`), in plan
// files (`what = "crash"`, ...) and where a failing plan is printed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/faults.h"

namespace hearsay::cli {

// WHO@TIME[+DURATION][/EXTRA]: who is NODE, NODE or FIRST-LAST, FROM:TO, a share or a count; the extra a time, or
// 200ppm. One number is that node alone, never how many.
// None: it has not the form of this kind.
std::optional<sim::Fault> parse_fault(sim::Fault::What what, const std::string& text);
// What parse_fault reads, without the kind.
std::string fault_text(const sim::Fault& fault);
// An example of the form, such as "3@20s+5s".
std::string fault_example(sim::Fault::What what);

// "1h", "-1h". None: anything else.
std::optional<Duration> parse_leap(std::string_view text);
// "200ppm", "-50".
std::optional<std::int64_t> parse_ppm(std::string_view text);
// "3", "2-4", for the range with its ends.
bool parse_range(std::string_view text, sim::Place& first, sim::Place& last);

// 0 to 1. None: anything else.
std::optional<double> parse_share(const std::string& text);
std::string number_text(double value);

}  // namespace hearsay::cli
