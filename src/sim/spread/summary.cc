#include "sim/spread/summary.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace hearsay::sim::spread {
namespace {

template <class Value>
Figures figures_of(std::span<const Trial> trials, Value value) {
  std::vector<double> values;
  values.reserve(trials.size());
  double sum = 0;
  for (const Trial& trial : trials) {
    if (trial.cut_off) continue;
    values.push_back(value(trial));
    sum += values.back();
  }
  if (values.empty()) return {};
  Figures figures;
  const auto count = static_cast<double>(values.size());
  figures.mean = sum / count;
  double squares = 0;  // around the mean: the difference of two large sums would lose its digits
  for (const double v : values) squares += (v - figures.mean) * (v - figures.mean);
  figures.sd = values.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
  std::ranges::sort(values);
  figures.p50 = quantile_of(values, 0.5);
  figures.p99 = quantile_of(values, 0.99);
  figures.p999 = quantile_of(values, 0.999);
  return figures;
}

}  // namespace

double quantile_of(std::span<const double> sorted, double p) {
  CHECK(!sorted.empty());
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

Summary summarise(const Settings& settings, std::span<const Trial> trials, const Arrivals& arrivals) {
  Summary summary;
  const double nodes = settings.nodes;
  double informed = 0;
  double complete = 0;
  for (const Trial& trial : trials) {
    summary.contacts += trial.contacts;
    if (trial.cut_off) {
      ++summary.cut_off;
      continue;
    }
    ++summary.trials;
    informed += trial.informed;
    summary.quiet_mean += trial.quiet;
    complete += trial.complete(settings) ? 1 : 0;
  }
  summary.rounds = figures_of(trials, [](const Trial& t) { return t.last; });
  summary.messages_per_node =
      figures_of(trials, [&](const Trial& t) { return static_cast<double>(t.messages) / nodes; });
  summary.payloads_per_node =
      figures_of(trials, [&](const Trial& t) { return static_cast<double>(t.payloads) / nodes; });
  if (summary.trials > 0) {
    summary.quiet_mean /= summary.trials;
    summary.coverage_mean = informed / summary.trials / nodes;
    summary.complete = complete / summary.trials;
  }
  summary.step = step_of(settings);
  double reached = 0;
  for (const std::uint64_t count : arrivals) {
    reached += static_cast<double>(count);
    summary.informed.push_back(reached / std::max(1u, summary.trials));
  }
  return summary;
}

Agreement compare(const Summary& summary, const Chain& chain) {
  const double error = chain.sd / std::sqrt(std::max(1.0, static_cast<double>(summary.trials)));
  return {std::abs(summary.rounds.mean - chain.mean), 4 * error + 0.02};
}

}  // namespace hearsay::sim::spread
