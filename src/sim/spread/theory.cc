#include "sim/spread/theory.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "sim/spread/trial.h"

namespace hearsay::sim::spread {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

double log_to(double base, double x) { return std::log(x) / std::log(base); }

// The solution in (0, 1) of x = f(x) that iteration from 0.5 finds.
template <class F>
double fixed_point(F f) {
  double x = 0.5;
  for (int i = 0; i < 10'000; ++i) x = f(x);
  return x;
}

std::optional<Formula> poisson_formula(const Settings& s) {
  if (s.fanout != 1 || s.loss > 0) return {};
  const double n = s.nodes;
  double harmonic = 0;
  for (std::uint32_t i = s.nodes - 1; i > 0; --i) harmonic += 1.0 / i;
  if (s.mode == Mode::push_pull) return Formula{"(N - 1) / N * H(N - 1), exact", (n - 1) / n * harmonic};
  return Formula{"2 (N - 1) / N * H(N - 1), exact", 2 * (n - 1) / n * harmonic};
}

}  // namespace

std::optional<Formula> rounds_formula(const Settings& s) {
  if (s.stop != Stop::forever || s.digest_first || s.timing == Timing::unsync) return {};
  if (s.timing == Timing::poisson) return poisson_formula(s);
  // The constants were fitted to the exact means of 1,000 to 1,000,000 nodes; they wobble by 0.06 or so, because
  // rounds are whole.
  static constexpr double kPush[] = {1.17, 0.95, 0.87};
  static constexpr double kPull[] = {1.01, 0.72, 0.65};
  static constexpr double kPushPull[] = {0.07, 0.16, 0.25};
  if (s.fanout > 3 || s.nodes < 8) return {};
  const double n = s.nodes;
  const double k = s.fanout;
  if (s.mode == Mode::push) {
    const double sent = k * (1 - s.loss);  // loss acts like a smaller fanout
    const double c = kPush[s.fanout - 1];
    return Formula{
        "log" + number(1 + sent) + " N + ln N" + (sent == 1 ? "" : " / " + number(sent)) + " + " + number(c),
        log_to(1 + sent, n) + std::log(n) / sent + c};
  }
  if (s.loss > 0) return {};
  const double base = s.mode == Mode::pull ? 1 + k : 1 + 2 * k;
  const double c = s.mode == Mode::pull ? kPull[s.fanout - 1] : kPushPull[s.fanout - 1];
  return Formula{"log" + number(base) + " N + log" + number(1 + k) + " ln N + " + number(c),
                 log_to(base, n) + log_to(1 + k, std::log(n)) + c};
}

std::optional<Formula> residue_formula(const Settings& s) {
  if (s.mode != Mode::push) return {};
  if (s.stop == Stop::die || s.stop == Stop::budget) {
    const double sent = (s.stop == Stop::die ? s.fanout : copies_of(s)) * (1 - s.loss);
    if (sent <= 1) return {};
    return Formula{"s = exp(-" + number(sent) + " (1 - s))",
                   fixed_point([&](double x) { return std::exp(-sent * (1 - x)); })};
  }
  if ((s.stop == Stop::counter || s.stop == Stop::coin) && s.fanout == 1 && s.loss == 0) {
    // A blind node counts its useful contacts, too: one less in the exponent.
    const double power = copies_of(s) + (s.feedback ? 1.0 : 0.0);
    if (power <= 1) return {};
    return Formula{"s = exp(-" + number(power) + " (1 - s))",
                   fixed_point([&](double x) { return std::exp(-power * (1 - x)); })};
  }
  return {};
}

std::optional<Formula> complete_formula(const Settings& s) {
  if (s.mode != Mode::push || s.stop != Stop::budget) return {};
  const double sent = copies_of(s) * (1 - s.loss);
  return Formula{"exp(-N exp(-" + number(sent) + "))", std::exp(-1.0 * s.nodes * std::exp(-sent))};
}

double logistic(double nodes, double contacts) { return nodes / (1 + (nodes - 1) * std::exp(-contacts)); }

std::vector<double> informed_formula(const Settings& s, std::size_t steps) {
  std::vector<double> curve;
  if (s.stop != Stop::forever || s.digest_first || s.timing == Timing::unsync) return curve;
  const double n = s.nodes;
  const double k = s.fanout;
  const double q = 1 - s.loss;
  const double rate = k * (s.mode == Mode::push ? q : s.mode == Mode::pull ? q * q : q + q * q);
  double ignorant = n - 1;
  for (std::size_t i = 0; i < steps; ++i) {
    if (s.timing == Timing::poisson) {
      curve.push_back(logistic(n, rate * static_cast<double>(i) * step_of(s)));
      continue;
    }
    curve.push_back(n - ignorant);
    const double informed = n - ignorant;
    const double missed_by_push = std::pow(std::max(0.0, 1 - k * q / (n - 1)), informed);
    const double missed_by_pull = std::pow(1 - q * q * std::min(1.0, informed / (n - 1)), k);
    if (s.mode != Mode::pull) ignorant *= missed_by_push;
    if (s.mode != Mode::push) ignorant *= missed_by_pull;
  }
  return curve;
}

}  // namespace hearsay::sim::spread
