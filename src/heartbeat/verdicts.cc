#include "heartbeat/verdicts.h"

#include <algorithm>

namespace hearsay::heartbeat {

using members::Verdict;
using room::Step;

namespace {
constexpr Duration kSizeWarning = std::chrono::hours(1);
}  // namespace

void Verdicts::on_time(Step& step) {
  if (step.now.steady < look_) return;
  look_ = step.after(step.config.heartbeat.interval);
  if (!members::is_up(step.members.self_row().verdict)) return;
  look(step);
  warn_of_size(step);
}

void Verdicts::look(Step& step) {
  const auto& config = step.config.heartbeat;
  MemberId doubtful;
  double doubt = 0;
  Duration doubtful_silence{};
  for (const MemberId id : step.members.order()) {
    if (step.members.is_self(id) || !members::is_up(step.members.row(id).verdict)) continue;
    const Beat& beat = ledger_->at(id);
    const Duration silent = step.now.steady - beat.last;
    const Thresholds thresholds = ledger_->detector().thresholds(config, beat.arrivals);
    const double share = static_cast<double>(silent.count()) / static_cast<double>(thresholds.suspect.count());
    if (share > doubt) {
      doubt = share;
      doubtful = id;
      doubtful_silence = silent;
    }
    judge_one(step, id, silent, judge(thresholds, silent));
  }
  const bool phi = doubtful.valid() && config.detector == DetectorKind::phi;
  highest_phi_ = phi ? phi_of(config, ledger_->at(doubtful).arrivals, doubtful_silence) : 0;
  highest_phi_member_.assign(phi ? step.members.name(doubtful) : std::string_view{});
}

void Verdicts::judge_one(Step& step, MemberId id, Duration silent, Level level) {
  if (level == Level::fine) return;
  const auto& row = step.members.row(id);
  const Incarnation generation{row.incarnation};
  members::Claim claim;
  claim.evidence.source = Evidence::Source::silence;
  claim.evidence.accuser = step.config.name;
  claim.evidence.silent_for = silent;
  if (row.verdict == Verdict::alive) {
    claim.body = members::SuspectClaim{step.members.name(id), generation, step.config.name};
    if (step.submit(std::move(claim)).accepted()) step.counters.add(Count::suspicions);
    return;
  }
  if (step.config.heartbeat.verdict == VerdictRule::majority) {
    auto agree = opinions_->suspecting(step, *ledger_, id);
    if (!is_majority(agree.size(), step.members.up() - 1)) return;
    std::erase(agree, step.config.name);
    claim.evidence.confirmers = std::move(agree);
  } else if (level != Level::failed) {
    return;
  }
  claim.body = members::DeadClaim{step.members.name(id), generation, step.config.name};
  step.submit(std::move(claim));
}

void Verdicts::warn_of_size(Step& step) {
  const auto& config = step.config.heartbeat;
  if (step.members.up() <= config.expected_members) return;
  if (warned_ != Time{} && step.now.steady - warned_ < kSizeWarning) return;
  warned_ = step.now.steady;
  const Duration age = age_of_news(config, step.members.up(), step.config.packet_bytes);
  step.out.notify(
      {step.now, Warning{std::to_string(step.members.up()) + " members are up, heartbeat.expected_members is " +
                         std::to_string(config.expected_members) + ": news is up to " +
                         std::to_string(std::chrono::ceil<std::chrono::seconds>(age).count()) +
                         "s old, and timeouts below that suspect healthy members"}});
}

HeartbeatView Verdicts::view(const Step& step, MemberId id) const {
  const auto& config = step.config.heartbeat;
  HeartbeatView view;
  if (step.members.is_self(id)) {
    view.heartbeat = ledger_->heartbeat();
    return view;
  }
  const Beat& beat = ledger_->at(id);
  view.heartbeat = beat.heartbeat;
  view.silent_for = step.now.steady - beat.last;
  view.increases = beat.arrivals.count;
  if (beat.arrivals.count >= kArrivalsWanted) {
    view.mean = mean_of(config, beat.arrivals);
    view.deviation = deviation_of(config, beat.arrivals);
  }
  if (config.detector == DetectorKind::phi) view.phi = phi_of(config, beat.arrivals, view.silent_for);
  const Thresholds thresholds = ledger_->detector().thresholds(config, beat.arrivals);
  view.suspect_at = thresholds.suspect;
  view.failed_at = thresholds.failed;
  view.suspected_by = opinions_->suspecting(step, *ledger_, id);
  return view;
}

}  // namespace hearsay::heartbeat
