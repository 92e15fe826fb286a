// What the closed forms say, to stand beside what was computed. Approximations, each with its formula; where there
// is none for the settings, there is none here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/spread/settings.h"

namespace hearsay::sim::spread {

struct Formula {
  std::string text;  // "log3 N + ln N / 2 + 0.95"
  double value = 0;
};

// Mean rounds until all are informed; forever, sync or poisson.
std::optional<Formula> rounds_formula(const Settings& settings);
// The share of nodes that never hear the rumor (Demers' residue); push with die, budget, counter or coin.
std::optional<Formula> residue_formula(const Settings& settings);
// The probability that all hear it; push with budget.
std::optional<Formula> complete_formula(const Settings& settings);
// The logistic curve: how many of so many nodes know it when one did at first and each tells `contacts` others, by
// chance and on average, while it spreads.
double logistic(double nodes, double contacts);
// Expected informed nodes after each of so many steps: sync: mean field; poisson: the logistic curve. Empty
// elsewhere, and where the rule is not forever.
std::vector<double> informed_formula(const Settings& settings, std::size_t steps);

}  // namespace hearsay::sim::spread
