#include "swim/inquiry.h"

#include <algorithm>

#include "room/errors.h"

namespace hearsay::swim {

using room::ProbeReport;
using room::Step;
using What = MemberChange::What;
using Source = Evidence::Source;

namespace {

bool accuses(What what) { return what == What::suspected || what == What::confirmed || what == What::failed; }

const MemberChange* change_about(const Notice& notice, std::string_view member) {
  const auto* change = std::get_if<MemberChange>(&notice.body);
  return change != nullptr && change->member.name == member ? change : nullptr;
}

std::uint32_t whole_ms(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, 0, UINT32_MAX));
}

wire::EvidenceAnswer::What on_wire(What what) {
  using Told = wire::EvidenceAnswer::What;
  return what == What::suspected ? Told::suspected : what == What::confirmed ? Told::confirmed : Told::failed;
}

What from_wire(wire::EvidenceAnswer::What what) {
  using Told = wire::EvidenceAnswer::What;
  return what == Told::suspected ? What::suspected : what == Told::confirmed ? What::confirmed : What::failed;
}

wire::EvidenceAnswer::Source on_wire(Source source) {
  using Told = wire::EvidenceAnswer::Source;
  if (source == Source::own_probe) return Told::own_probe;
  if (source == Source::own_timer) return Told::own_timer;
  return source == Source::push_pull ? Told::push_pull : Told::gossip;
}

Source from_wire(wire::EvidenceAnswer::Source source) {
  constexpr Source kSources[] = {Source::own_probe, Source::own_timer, Source::gossip, Source::push_pull};
  return kSources[static_cast<std::size_t>(source)];
}

Testimony testimony_of(std::string witness, const wire::EvidenceAnswer& answer) {
  Testimony said;
  said.witness = std::move(witness);
  if (answer.what == wire::EvidenceAnswer::What::none) {
    said.missing = "it does not remember any";
    return said;
  }
  said.what = from_wire(answer.what);
  said.incarnation = answer.incarnation;
  said.age = std::chrono::milliseconds(answer.age_ms);
  Evidence& evidence = said.evidence;
  evidence.source = from_wire(answer.source);
  evidence.accuser = answer.accuser;
  evidence.direct_probes = answer.direct_probes;
  evidence.indirect_probes = answer.indirect_probes;
  evidence.helpers.assign(answer.helpers.begin(), answer.helpers.end());
  evidence.nacks = answer.nacks;
  evidence.stream_probe_failed = answer.stream_probe_failed;
  evidence.local_health = answer.local_health;
  evidence.silent_for = std::chrono::milliseconds(answer.silent_ms);
  return said;
}

}  // namespace

Accuser first_accuser(const std::vector<Notice>& history, std::string_view member, std::string_view self) {
  Accuser first;
  bool in_trouble = false;
  for (const Notice& notice : history) {
    const MemberChange* change = change_about(notice, member);
    if (change == nullptr) continue;
    if (!accuses(change->what)) {
      in_trouble = in_trouble && change->what == What::updated;
      continue;
    }
    if (in_trouble) continue;
    in_trouble = true;
    const Evidence& evidence = change->evidence;
    // What a table exchange brought is accused in our own name, as memberlist does; its teller is all we know.
    const bool told = evidence.source == Source::push_pull;
    first.name = told || evidence.accuser == self ? std::string() : evidence.accuser;
    first.told_from = told ? evidence.heard_from : Address{};
  }
  return first;
}

Inquiry::Inquiry(const members::History& history) : history_(&history) { probes_.reserve(kProbesKept); }

void Inquiry::on_probe(const ProbeReport& report) {
  if (probes_.size() < kProbesKept) {
    probes_.push_back(report);
  } else {
    probes_[next_probe_] = report;
    next_probe_ = (next_probe_ + 1) % kProbesKept;
  }
}

std::vector<OwnProbe> Inquiry::probes_of(const members::MemberTable& members, std::string_view name) const {
  std::vector<OwnProbe> probes;
  const MemberId id = members.find(name);
  if (!id.valid()) return probes;
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    const ProbeReport& report = probes_[(next_probe_ + i) % probes_.size()];
    if (report.member != id) continue;
    OwnProbe& probe = probes.emplace_back();
    probe.began = report.began;
    probe.answer = report.answer;
    probe.took = report.ended - report.began;
    if (members.contains(report.through)) probe.through = members.name(report.through);
    probe.helpers = report.helpers;
    probe.nacks = report.nacks;
  }
  if (std::ssize(probes) > kProbesTold) probes.erase(probes.begin(), probes.end() - kProbesTold);
  return probes;
}

void Inquiry::on_command(Step& step, const Why& why, std::vector<Link> links) {
  const auto history = history_->all();
  const bool past = std::ranges::any_of(
      history, [&](const Notice& notice) { return change_about(notice, why.member) != nullptr; });
  if (!past && !step.members.find(why.member).valid()) {
    step.out.notify({step.now, CommandDone{why.id, 0, room::no_member(why.member)}});
    return;
  }
  Open open;
  open.command = why.id;
  open.member = why.member;
  open.links = std::move(links);
  const std::string_view self = step.members.name(step.members.self());
  const Accuser accuser = first_accuser(history, why.member, self);
  if (accuser.name.empty() && !accuser.told_from.valid()) {
    explain(step, std::move(open), std::nullopt);
    return;
  }
  std::string missing = ask(step, open, accuser);
  if (missing.empty()) {
    open_.push_back(std::move(open));
  } else {
    Testimony said;
    said.witness = open.witness;
    said.missing = std::move(missing);
    explain(step, std::move(open), std::move(said));
  }
}

std::string Inquiry::ask(Step& step, Open& open, const Accuser& accuser) {
  const auto& members = step.members;
  MemberId witness = members.find(accuser.name);
  if (accuser.name.empty()) {
    const auto order = members.order();
    const auto teller = std::ranges::find_if(order, [&](MemberId id) {
      return same_ip(members.address(id), accuser.told_from) && !members.is_self(id);
    });
    // The port of a stream is not the member's: several nodes on one machine cannot be told apart.
    if (teller != order.end()) witness = *teller;
  }
  open.witness = witness.valid() ? std::string(members.name(witness)) : accuser.name;
  if (open.witness.empty()) open.witness = to_string(accuser.told_from);
  if (!witness.valid()) return "it is not known (any more)";
  const auto& row = members.row(witness);
  if (!members::is_up(row.verdict)) return std::string("it is ") + name_of(members::status_of(row));
  if (!row.speaks_hearsay) return "a Serf agent, or not known to be a hearsay node yet";
  if (!row.tells_evidence) return "an older hearsay that is not asked for evidence";
  if (open_.size() >= kInquiriesMax) return "too many questions are open; ask again";
  open.number = ++numbers_;
  open.asked = witness;
  open.deadline = step.after(step.config.swim.probe_interval);
  step.counters.add(Count::evidence_asked);
  step.out.send_bare(room::peer_of(members, witness),
                     wire::EvidenceRequest{open.number, members.name(members.self()), open.member});
  return {};
}

void Inquiry::explain(Step& step, Open open, std::optional<Testimony> testimony) const {
  Explanation explanation;
  explanation.id = open.command;
  explanation.probes = probes_of(step.members, open.member);
  explanation.member = std::move(open.member);
  explanation.links = std::move(open.links);
  explanation.testimony = std::move(testimony);
  step.out.notify({step.now, std::move(explanation)});
  step.out.notify({step.now, CommandDone{open.command, 0, {}}});
}

void Inquiry::on_message(Step& step, MemberId sender, const wire::EvidenceRequest& request) {
  if (second_ == Time{} || step.now.steady - second_ >= std::chrono::seconds(1)) {
    second_ = step.now.steady;
    told_ = 0;
  }
  if (++told_ > kTestimoniesPerSecond) {
    step.counters.add(Count::dropped_output_limit);
    return;
  }
  const auto history = history_->all();
  const std::string_view self = step.members.name(step.members.self());
  // Our own probes are better evidence than what we have heard ourselves.
  const MemberChange* best = nullptr;
  Time at{};
  for (const Notice& notice : history) {
    const MemberChange* change = change_about(notice, request.subject);
    if (change == nullptr || !accuses(change->what)) continue;
    const bool ours = change->evidence.source == Source::own_probe;
    if (best != nullptr && !ours && best->evidence.source == Source::own_probe) continue;
    best = change;
    at = notice.at.steady;
  }
  wire::EvidenceAnswer answer;
  answer.number = request.number;
  answer.sender = self;
  if (best != nullptr) {
    const Evidence& evidence = best->evidence;
    answer.what = on_wire(best->what);
    answer.source = on_wire(evidence.source);
    answer.incarnation = best->member.incarnation;
    answer.age_ms = whole_ms(step.now.steady - at);
    answer.direct_probes = evidence.direct_probes;
    answer.indirect_probes = evidence.indirect_probes;
    answer.nacks = evidence.nacks;
    answer.stream_probe_failed = evidence.stream_probe_failed;
    answer.local_health = evidence.local_health;
    answer.silent_ms = whole_ms(evidence.silent_for);
    answer.accuser = evidence.accuser;
    for (const auto& helper : evidence.helpers) answer.helpers.push_back(helper);
  }
  step.counters.add(Count::evidence_told);
  step.out.send_bare(room::peer_of(step.members, sender), answer);
}

void Inquiry::on_message(Step& step, MemberId sender, const wire::EvidenceAnswer& answer) {
  const auto found = std::ranges::find_if(
      open_, [&](const Open& open) { return open.number == answer.number && open.asked == sender; });
  if (found == open_.end()) {
    step.counters.add(Count::dropped_unexpected);
    return;
  }
  Open open = std::move(*found);
  open_.erase(found);
  Testimony said = testimony_of(open.witness, answer);
  explain(step, std::move(open), std::move(said));
}

void Inquiry::on_time(Step& step) {
  while (!open_.empty() && step.now.steady >= open_.front().deadline) {
    Open open = std::move(open_.front());
    open_.erase(open_.begin());
    Testimony said;
    said.witness = open.witness;
    said.missing = "it did not answer";
    explain(step, std::move(open), std::move(said));
  }
}

// All wait equally long, so the first is the first to be due.
Time Inquiry::next_deadline() const { return open_.empty() ? kNever : open_.front().deadline; }

}  // namespace hearsay::swim
