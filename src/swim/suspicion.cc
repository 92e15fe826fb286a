#include "swim/suspicion.h"

#include <algorithm>

#include "base/math.h"

namespace hearsay::swim {

using members::Outcome;
using members::Verdict;

SuspicionBounds suspicion_bounds(const SwimConfig& config, std::uint32_t nodes) {
  const double scale = std::max(1.0, base::decimal_log(std::max<double>(1.0, nodes)));
  // A whisker is added before cutting, so that log10(1000) is 3 and not 2.999.
  const auto thousandths = static_cast<std::int64_t>(scale * 1000 + 1e-9);
  SuspicionBounds bounds;
  bounds.least = config.probe_interval * config.suspicion_mult * thousandths / 1000;
  bounds.most = bounds.least * config.suspicion_max_mult;
  // The first accuser is none of the confirming others.
  const unsigned wanted =
      std::min<unsigned>(config.suspicion_mult > 2 ? config.suspicion_mult - 2u : 0u, members::kAccusersMax - 1);
  bounds.confirmations = nodes >= wanted + 2 ? wanted : 0;
  return bounds;
}

Duration suspicion_timeout(const SuspicionBounds& bounds, unsigned confirmed) {
  if (bounds.confirmations == 0) return bounds.least;
  const double share = base::natural_log(confirmed + 1.0) / base::natural_log(bounds.confirmations + 1.0);
  const double milliseconds = static_cast<double>((bounds.most - bounds.least).count()) * share / 1e6;
  const double most = static_cast<double>(bounds.most.count()) / 1e6;
  const auto timeout = std::chrono::milliseconds(static_cast<std::int64_t>(std::max(0.0, most - milliseconds)));
  return std::max<Duration>(bounds.least, timeout);
}

void Suspicion::on_outcome(room::Step& step, const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::confirmed) {
    const auto found = started_.find(outcome.member);
    if (found == started_.end()) return;
    const unsigned confirmed = outcome.accusers - 1u;
    if (confirmed > found->second.bounds.confirmations) return;
    expiry_.set(outcome.member, later(found->second.at, suspicion_timeout(found->second.bounds, confirmed)));
    return;
  }
  if (!outcome.accepted()) return;
  if (outcome.verdict == Verdict::suspect && !started_.contains(outcome.member)) {
    step.counters.add(Count::suspicions);
    const auto bounds = suspicion_bounds(step.config.swim, step.members.up());
    started_.emplace(outcome.member, Started{step.now.steady, bounds});
    expiry_.set(outcome.member, step.after(suspicion_timeout(bounds, 0)));
  } else if (outcome.verdict != Verdict::suspect) {
    expiry_.cancel(outcome.member);
    started_.erase(outcome.member);
  }
}

void Suspicion::on_pause(Duration length) {
  for (auto& [member, started] : started_) {
    started.at += length;
    expiry_.set(member, later(expiry_.at(member), length));
  }
}

void Suspicion::on_time(room::Step& step) {
  while (const auto due = expiry_.take_due(step.now.steady)) {
    started_.erase(*due);
    if (!step.members.contains(*due)) continue;
    const auto& row = step.members.row(*due);
    if (row.verdict != Verdict::suspect) continue;
    members::Claim claim{members::DeadClaim{step.members.name(*due), Incarnation{row.incarnation},
                                            step.members.name(step.members.self())},
                         {}};
    auto accusers = step.members.accusers(*due);
    claim.evidence.source = Evidence::Source::own_timer;
    claim.evidence.local_health = health_->score();
    if (!accusers.empty()) {
      claim.evidence.accuser = std::move(accusers.front());
      accusers.erase(accusers.begin());
      claim.evidence.confirmers = std::move(accusers);
    }
    if (row.last_contact != Time{}) claim.evidence.silent_for = step.now.steady - row.last_contact;
    step.submit(std::move(claim));
  }
}

}  // namespace hearsay::swim
