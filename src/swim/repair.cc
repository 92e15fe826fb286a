#include "swim/repair.h"

#include <algorithm>
#include <map>

#include "base/hash.h"

namespace hearsay::swim {

using members::Verdict;
using room::Outcome;
using room::Step;

namespace {

// Answers to view pulls in one second: a node that asks without end wears nobody out.
constexpr unsigned kAnswersMax = 32;

std::uint32_t hash_of(std::string_view name) {
  base::Hasher hash;
  hash.add(name);
  return static_cast<std::uint32_t>(hash.value());
}

// Worse news of one incarnation win over better ones.
std::uint8_t rank_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::alive:
      return 0;
    case Verdict::suspect:
      return 1;
    case Verdict::dead:
    case Verdict::left:
      return 2;
  }
  return 0;
}

}  // namespace

Duration repair_window(const SwimConfig& config) {
  return std::max<Duration>(config.probe_interval * 10, std::chrono::seconds(10));
}

Repair::Repair(base::Rng rng) : run_id_(static_cast<std::uint32_t>(rng.next())) {}

ByteView Repair::extension(const members::MemberTable& members) {
  const auto view_hash = members.view_hash();
  if (!extension_.empty() && view_hash == encoded_hash_) return extension_;
  encoded_hash_ = view_hash;
  wire::Extension mine;
  mine.features = wire::kTellsEvidence | wire::kKeepsState;
  mine.run_id = run_id_;
  mine.view_hash = view_hash;
  extension_.clear();
  base::ByteWriter out(extension_);
  wire::encode(out, mine);
  return extension_;
}

void Repair::on_outcome(Step& step, const Outcome& outcome) {
  if (!outcome.accepted() || !step.members.contains(outcome.member)) return;
  if (std::holds_alternative<members::IntentClaim>(outcome.claim->body)) return;
  recent_.push_back({step.now.steady, outcome.member});
  doubted_at_ = {};
  const Duration kept = 2 * repair_window(step.config.swim);
  while (recent_.size() > kRecentMax || step.now.steady - recent_.front().at > kept) recent_.pop_front();
}

const std::vector<MemberId>& Repair::changed(const Step& step, Duration window) {
  changed_.clear();
  for (auto change = recent_.rbegin(); change != recent_.rend() && changed_.size() < wire::kViewEntriesMax;
       ++change) {
    if (step.now.steady - change->at > window) break;
    if (!step.members.contains(change->member)) continue;
    if (std::ranges::find(changed_, change->member) == changed_.end()) changed_.push_back(change->member);
  }
  return changed_;
}

void Repair::on_extension(Step& step, MemberId sender, ByteView extension) {
  const auto theirs = wire::decode_extension(extension);
  if (!theirs) {
    step.counters.add(Count::dropped_malformed);
    return;
  }
  step.members.heard_extension(sender, (theirs->features & wire::kTellsEvidence) != 0,
                               (theirs->features & wire::kKeepsState) != 0);
  if (theirs->view_hash == step.members.view_hash()) {
    doubted_at_ = {};
    return;
  }
  if (!members::is_up(step.members.self_row().verdict)) return;
  // News take a moment to spread: not more often than twice in a probe interval.
  if (asked_at_ != Time{} && step.now.steady - asked_at_ < step.config.swim.probe_interval / 2) return;
  asked_at_ = step.now.steady;
  ask(step, sender);
}

void Repair::ask(Step& step, MemberId peer) {
  const Duration window = repair_window(step.config.swim);
  wire::ViewPull pull;
  pull.sender = step.members.name(step.members.self());
  for (const MemberId id : changed(step, 2 * window)) {
    const auto& row = step.members.row(id);
    pull.entries.push_back({hash_of(step.members.name(id)), Incarnation{row.incarnation}, rank_of(row.verdict)});
  }
  // A storm of news, such as a mass join: a cut list would be answered with much that we know. While it lasts,
  // gossip and the joiners' own exchanges are at work. What they missed must not wait until the storm is out of the
  // list.
  const bool cut = pull.entries.size() >= wire::kViewEntriesMax;
  const Duration calm = cut ? 2 * step.config.swim.probe_interval : window;
  const bool quiet = recent_.empty() || step.now.steady - recent_.back().at > calm;
  // Who is quiet may only be the last to hear what others tell just now: they are asked first, and tables are
  // exchanged when the difference lasts.
  if (quiet && doubted_at_ == Time{}) doubted_at_ = step.now.steady;
  const bool lasts = cut || step.now.steady - doubted_at_ >= step.config.swim.probe_interval;
  const bool exchange = quiet && lasts && (exchanged_at_ == Time{} || step.now.steady - exchanged_at_ > window);
  if (cut && !exchange) return;
  step.counters.add(Count::view_pulls);
  if (exchange) {
    exchanged_at_ = step.now.steady;
    step.out.join({to_string(step.members.address(peer))});
    return;
  }
  step.out.send_bare(room::peer_of(step.members, peer), pull);
}

void Repair::on_message(Step& step, MemberId sender, const wire::ViewPull& pull) {
  if (step.now.steady - answers_since_ >= std::chrono::seconds(1)) {
    answers_since_ = step.now.steady;
    answers_ = 0;
  }
  if (++answers_ > kAnswersMax) {
    step.counters.add(Count::dropped_output_limit);
    return;
  }
  std::map<std::uint32_t, wire::ViewPull::Entry> known;
  for (const auto& entry : pull.entries) known[entry.name_hash] = entry;
  std::size_t told = 0;
  for (const MemberId id : changed(step, repair_window(step.config.swim))) {
    const auto& row = step.members.row(id);
    const auto theirs = known.find(hash_of(step.members.name(id)));
    if (theirs != known.end()) {
      const auto& entry = theirs->second;
      const bool newer = row.incarnation > entry.incarnation.value ||
                         (row.incarnation == entry.incarnation.value && rank_of(row.verdict) > entry.verdict);
      if (!newer) continue;
    }
    if (++told > kRepairsMax) break;
    tell(step, sender, id);
  }
  step.counters.add(Count::repairs, std::min(told, kRepairsMax));
}

void Repair::tell(Step& step, MemberId peer, MemberId subject) {
  const auto& row = step.members.row(subject);
  const std::string_view name = step.members.name(subject);
  const std::string_view self = step.members.name(step.members.self());
  const room::Peer to = room::peer_of(step.members, peer);
  const Incarnation incarnation{row.incarnation};
  switch (row.verdict) {
    case Verdict::alive:
      step.out.send_bare(to, wire::Alive{incarnation, name, step.members.addr(subject), row.port,
                                         step.members.meta(subject), row.versions});
      break;
    case Verdict::suspect: {
      // In the name of the first accuser: the same accusation told twice confirms nothing.
      const auto accusers = step.members.accusers(subject);
      step.out.send_bare(to, wire::Suspect{incarnation, name, accusers.empty() ? self : accusers.front()});
      break;
    }
    case Verdict::dead:
      step.out.send_bare(to, wire::Dead{incarnation, name, self});
      break;
    case Verdict::left:
      step.out.send_bare(to, wire::Dead{incarnation, name, name});
      break;
  }
}

}  // namespace hearsay::swim
