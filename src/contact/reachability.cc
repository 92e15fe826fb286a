#include "contact/reachability.h"

#include <algorithm>

namespace hearsay::contact {

using members::Verdict;
using room::Origin;
using room::Outcome;
using room::ProbeReport;
using room::Step;

namespace {
// In which every member is probed once.
Duration round_of(const Step& step) {
  return step.config.swim.probe_interval * std::max<std::uint32_t>(step.members.up(), 2);
}
}  // namespace

std::optional<Link::Fault> judge_link(bool packets, bool alive) {
  if (packets) return Link::Fault::outgoing;
  if (alive) return Link::Fault::unheard;
  return std::nullopt;
}

Reachability::Place Reachability::find(MemberId member) {
  return std::ranges::find(watched_, member, &Watch::member);
}

void Reachability::ask(Watch& watch, SeqNo seq) { watch.asked[watch.next_asked++ % watch.asked.size()] = seq; }

void Reachability::on_probe(Step& step, const ProbeReport& report) {
  auto place = find(report.member);
  if (report.direct() || !step.members.contains(report.member)) {
    if (place != watched_.end()) end(step, place, LinkChange::What::restored);
    return;
  }
  if (place == watched_.end()) {
    if (watched_.size() >= kWatchedMax) {
      step.counters.add(Count::dropped_links);
      return;
    }
    Watch& fresh = watched_.emplace_back();
    fresh.member = report.member;
    fresh.address = report.address;
    place = watched_.end() - 1;
  }
  Watch& watch = *place;
  ++watch.failed;
  watch.began = {watch.began[1], report.began};
  watch.otherwise = {watch.otherwise[1], report.answer};
  ask(watch, report.seq);
  plan_to_forget(step, watch);
  if (watch.checked) {
    if (!judge(step, watch)) end(step, place, LinkChange::What::unknown);
  } else if (watch.doubtful() && watch.check == kNever) {
    check(step, watch);
  }
}

void Reachability::check(Step& step, Watch& watch) {
  --watch.checks_left;
  watch.check = step.after(step.config.swim.probe_timeout);
  const SeqNo seq{static_cast<std::uint32_t>(rng_.next())};
  ask(watch, seq);
  step.counters.add(Count::link_checks);
  const MemberId self = step.members.self();
  step.out.send_bare({watch.address},
                     wire::Ping{seq, step.members.name(watch.member), step.members.addr(self),
                                step.members.self_row().port, step.members.name(self), step.extension});
}

bool Reachability::on_message(Step& step, const Origin& origin, const wire::Ack& ack) {
  if (origin.is_stream()) return false;
  const auto place = std::ranges::find_if(watched_, [&](const Watch& watch) {
    const std::size_t asked = std::min(watch.next_asked, watch.asked.size());
    const auto end = watch.asked.begin() + static_cast<std::ptrdiff_t>(asked);
    return same_place(watch.address, origin.from) && std::find(watch.asked.begin(), end, ack.seq) != end;
  });
  if (place == watched_.end()) return false;
  step.members.heard_from(place->member, step.now.steady);
  end(step, place, LinkChange::What::restored);
  return true;
}

void Reachability::on_packet(Step& step, const Address& from) {
  const auto place =
      std::ranges::find_if(watched_, [&](const Watch& watch) { return same_place(watch.address, from); });
  if (place == watched_.end()) return;
  place->packet = step.now.steady;
  plan_to_forget(step, *place);
  if (!place->checked || place->fault == Link::Fault::outgoing) return;
  // It speaks again: the way there may be open again, too.
  place->checked = false;
  place->checks_left = kChecks;
  check(step, *place);
}

bool Reachability::judge(Step& step, Watch& watch) {
  // Since the last but one failure; or within its last rounds, because two probes in shuffled lists may lie close.
  const Time lately = std::min(watch.began[0], step.now.steady - 3 * round_of(step));
  // Who has died since has no packets to lose.
  const bool lives = watch.packet >= watch.began[1] || watch.otherwise[1] != OwnProbe::Answer::none;
  const bool packets = lives && watch.packet != Time{} && watch.packet >= lately;
  const bool alive = std::ranges::all_of(watch.otherwise,
                                         [](OwnProbe::Answer answer) { return answer != OwnProbe::Answer::none; });
  const auto fault = judge_link(packets, alive);
  if (!fault) return !watch.fault;
  if (watch.fault != fault) {
    watch.fault = fault;
    watch.since = watch.since == Time{} ? step.now.steady : watch.since;
    tell(step, watch, LinkChange::What::broken);
  }
  return true;
}

void Reachability::on_outcome(Step& step, const Outcome& outcome) {
  if (!outcome.accepted() || watched_.empty()) return;
  const auto place = find(outcome.member);
  if (place == watched_.end()) return;
  const bool gone = !step.members.contains(outcome.member) || outcome.verdict == Verdict::left;
  if (gone || step.members.address(outcome.member) != place->address) end(step, place, LinkChange::What::unknown);
}

void Reachability::plan_to_forget(const Step& step, Watch& watch) {
  watch.forget = step.after(4 * std::max<Duration>(round_of(step), 8 * step.config.swim.probe_interval));
}

void Reachability::on_time(Step& step) {
  for (std::size_t i = 0; i < watched_.size();) {
    Watch& watch = watched_[i];
    const auto place = watched_.begin() + static_cast<std::ptrdiff_t>(i);
    if (step.now.steady >= watch.forget || !step.members.contains(watch.member)) {
      end(step, place, LinkChange::What::unknown);
      continue;
    }
    if (step.now.steady >= watch.check) {
      if (watch.checks_left > 0) {
        check(step, watch);
      } else {
        watch.check = kNever;
        watch.checked = true;
        if (!judge(step, watch)) {
          end(step, place, LinkChange::What::unknown);
          continue;
        }
      }
    }
    ++i;
  }
}

Time Reachability::next_deadline() const {
  Time next = kNever;
  for (const Watch& watch : watched_) next = std::min({next, watch.check, watch.forget});
  return next;
}

void Reachability::end(Step& step, Place place, LinkChange::What what) {
  if (place->fault) tell(step, *place, what);
  watched_.erase(place);
}

Link Reachability::describe(const members::MemberTable& members, const Watch& watch) {
  Link link;
  link.self = members.name(members.self());
  if (members.contains(watch.member)) link.member = members.name(watch.member);
  link.address = watch.address;
  link.fault = watch.fault.value_or(Link::Fault::unheard);
  link.since = watch.since;
  link.failed_probes = watch.failed;
  link.answer = watch.otherwise[1];
  return link;
}

void Reachability::tell(Step& step, const Watch& watch, LinkChange::What what) {
  // A member that was forgotten has taken its name with it; that it is gone was told.
  if (!step.members.contains(watch.member)) return;
  step.out.notify({step.now, LinkChange{what, describe(step.members, watch)}});
}

std::vector<Link> Reachability::links(const members::MemberTable& members) const {
  std::vector<Link> named;
  for (const Watch& watch : watched_) {
    if (watch.fault && members.contains(watch.member)) named.push_back(describe(members, watch));
  }
  std::ranges::stable_sort(named, {}, &Link::since);
  return named;
}

}  // namespace hearsay::contact
