// Many trials in a few figures.
#pragma once

#include <span>
#include <vector>

#include "sim/spread/chain.h"
#include "sim/spread/trial.h"

namespace hearsay::sim::spread {

// The p-quantile of sorted values: the smallest with at least p of them at or below it. REQUIRES: not empty.
double quantile_of(std::span<const double> sorted, double p);

struct Figures {
  double mean = 0;
  double sd = 0;
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
};

struct Summary {
  std::uint32_t trials = 0;   // that came to their end
  std::uint32_t cut_off = 0;  // that did not, and count nowhere below
  Figures rounds;             // until the last node was informed that was informed at all
  Figures messages_per_node;
  Figures payloads_per_node;
  double quiet_mean = 0;         // rounds until nobody told any more
  double coverage_mean = 0;      // share of the nodes that were informed
  double complete = 0;           // share of the trials in which all were
  double step = 1;               // of `informed`, in rounds
  std::vector<double> informed;  // mean number of informed nodes after each step
  std::uint64_t contacts = 0;
};

// `arrivals` are those of the trials that were not cut off.
Summary summarise(const Settings& settings, std::span<const Trial> trials, const Arrivals& arrivals);

// Does the Monte Carlo agree with the chain? Means within 4 standard errors + 0.02.
struct Agreement {
  double difference = 0;
  double allowed = 0;
  bool holds() const { return difference <= allowed; }
};
Agreement compare(const Summary& summary, const Chain& chain);

}  // namespace hearsay::sim::spread
