// Notice -> one line of text; logs, scenarios and `hearsay monitor` share it.
#include "hearsay/notice.h"

namespace hearsay {

namespace {

std::string seconds_text(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  std::string fraction = std::to_string(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(ms / 1000) + "." + fraction + "s";
}

std::string listed(const std::vector<std::string>& names) {
  std::string line;
  for (const auto& name : names) line += (line.empty() ? "" : ",") + name;
  return line;
}

void describe_evidence(const Evidence& evidence, std::string& line) {
  line += std::string("by ") + name_of(evidence.source);
  if (!evidence.accuser.empty()) line += " accuser=" + evidence.accuser;
  if (!evidence.confirmers.empty()) line += " confirmed=" + listed(evidence.confirmers);
  if (evidence.direct_probes > 0) {
    line += " probes=" + std::to_string(evidence.direct_probes) + "+" + std::to_string(evidence.indirect_probes);
    if (!evidence.helpers.empty()) line += " helpers=" + listed(evidence.helpers);
    line += " nacks=" + std::to_string(evidence.nacks);
    if (evidence.stream_probe_failed) line += " stream=failed";
    line += " health=" + std::to_string(evidence.local_health);
  }
  if (evidence.silent_for > Duration::zero()) line += " silent=" + seconds_text(evidence.silent_for);
  if (evidence.heard_from.valid()) line += " from=" + to_string(evidence.heard_from);
}

struct Describer {
  std::string operator()(const MemberChange& change) const {
    std::string line = std::string(name_of(change.what)) + " " + change.member.name + " " +
                       to_string(change.member.address) + " inc=" + std::to_string(change.member.incarnation.value);
    line += ' ';
    describe_evidence(change.evidence, line);
    return line;
  }
  std::string operator()(const NameConflict& conflict) const {
    return "name conflict " + conflict.name + " known=" + to_string(conflict.known) +
           " claimed=" + to_string(conflict.claimed) + (conflict.own ? " own" : "") +
           (conflict.join_refused ? " join refused" : "");
  }
  std::string operator()(const LinkChange& change) const {
    if (change.what == LinkChange::What::broken) return "link " + describe(change.link);
    const std::string ends = "link " + change.link.self + " -> " + change.link.member;
    return change.what == LinkChange::What::restored ? ends + " carries UDP again"
                                                     : ends + " is not known any more";
  }
  std::string operator()(const Explanation& explanation) const {
    const std::string head = "why " + explanation.member + ": ";
    if (explanation.heartbeat) return head + describe(*explanation.heartbeat);
    if (!explanation.testimony) return head + "nobody else to ask";
    const Testimony& said = *explanation.testimony;
    if (!said.missing.empty()) return head + "evidence of " + said.witness + " not available: " + said.missing;
    std::string line = head + said.witness + " says " + name_of(said.what) +
                       " inc=" + std::to_string(said.incarnation.value) + " age=" + seconds_text(said.age) + " ";
    describe_evidence(said.evidence, line);
    return line;
  }
  std::string operator()(const CommandDone& done) const {
    const std::string head = "command " + std::to_string(done.id.value) + " ";
    if (!done.error) return head + "done value=" + std::to_string(done.value);
    return head + "failed " + name_of(done.error->code) + ": " + done.error->cause;
  }
  std::string operator()(const StateChanged& changed) const {
    return "state of " + changed.member + " generation=" + std::to_string(changed.generation) +
           " version=" + std::to_string(changed.version) + " changed: " + listed(changed.keys) +
           (changed.more ? ",..." : "");
  }
  std::string operator()(const StateHolders& holders) const {
    std::string line = "version " + std::to_string(holders.version) +
                       " of our state: " + std::to_string(holders.held) + " of " + std::to_string(holders.members) +
                       " members hold it, " + std::to_string(holders.needed) + " were wanted, after " +
                       seconds_text(holders.took);
    if (!holders.missing.empty()) line += ", missing: " + listed(holders.missing) + (holders.more ? ",..." : "");
    return line;
  }
  std::string operator()(const Warning& warning) const { return "warning " + warning.text; }
  std::string operator()(const Defunct& defunct) const { return "defunct " + defunct.why; }
  std::string operator()(const KeyAnswer& answer) const {
    std::string line = "key answer of " + answer.member + ": " + name_of(answer.result);
    if (!answer.keys.empty()) line += " keys=" + std::to_string(answer.keys.size());
    if (!answer.message.empty()) line += " (" + answer.message + ")";
    return line;
  }
  std::string operator()(const KeysChanged& changed) const {
    return std::string("keys changed: ") + name_of(changed.action) + " asked by " + changed.asked_by +
           " held=" + std::to_string(changed.held);
  }
};

}  // namespace

std::string describe(const Link& link) {
  const std::string there = link.self + " -> " + link.member + " does not carry UDP";
  const std::string back = link.member + " -> " + link.self;
  if (link.fault == Link::Fault::outgoing) {
    return there + " (our probes go unanswered, " + link.member + "'s packets arrive)";
  }
  return back + " or both directions do not carry UDP (our probes go unanswered, no packet of " + link.member +
         " arrives, it answers " + (link.answer == OwnProbe::Answer::stream ? "over TCP" : "through others") + ")";
}

std::string describe(const Evidence& evidence) {
  std::string line;
  describe_evidence(evidence, line);
  return line;
}

std::string describe(const Notice& notice) { return std::visit(Describer{}, notice.body); }

}  // namespace hearsay
