// What the parts of `hearsay sim spread` share.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/trials.h"
#include "sim/spread/summary.h"

namespace hearsay::cli {

// What was found out about one epidemic.
struct SpreadFindings {
  sim::spread::Settings settings;
  TrialRun run;
  sim::spread::Summary summary;
  std::optional<sim::spread::Chain> chain;
  std::vector<double> theory;  // beside the curve; may be empty
  std::string command;         // that repeats it

  sim::spread::Figures rounds() const {
    if (!chain) return summary.rounds;
    return {chain->mean, chain->sd, chain->quantile(0.5), chain->quantile(0.99), chain->quantile(0.999)};
  }
  const std::vector<double>& curve() const { return chain ? chain->informed : summary.informed; }
  double contacts_per_second() const { return static_cast<double>(summary.contacts) / std::max(run.seconds, 1e-9); }
};

// "push, fanout 2, 1,000 nodes, synchronous rounds; everybody tells for ever".
std::string spread_title(const sim::spread::Settings& settings);
// A line of names, a line of figures.
std::string spread_csv(const SpreadFindings& found);
// A line of names, a line for each round.
std::string curve_csv(const SpreadFindings& found);
// One page with the curve beside theory.
std::string spread_html(const SpreadFindings& found);

// "1,000,000".
std::string grouped(std::uint64_t value);
// With so many decimals.
std::string fixed_text(double value, int decimals);

// `csv` receives the same as lines: one of names, then one for each cell. Empty: there is nothing to be kept.
int run_spread_table(const Arguments& arguments, Terminal& terminal, std::string& csv);
int run_spread_compare(const Arguments& arguments, Terminal& terminal, std::string& csv);

}  // namespace hearsay::cli
