#include "node/swim_family.h"

#include <algorithm>

#include "base/archive.h"
#include "wire/serf.h"

namespace hearsay::node {

SwimFamily::SwimFamily(const Shared& shared, const Resources& resources)
    : shared_(shared),
      health_(shared.config.swim.health_max),
      clock_(shared.config.first_lamport),
      event_clock_(LamportTime{1}),
      query_clock_(LamportTime{1}),
      intents_(clock_),
      sync_(clock_, event_clock_, query_clock_, intents_),
      leave_(intents_),
      answers_(base::Rng(resources.seed).fork("answers")),
      keys_(shared.envelope, answers_),
      pass_through_(event_clock_, query_clock_, answers_, keys_),
      key_rounds_(base::Rng(resources.seed).fork("key_rounds"), pass_through_, keys_),
      refute_(health_),
      probe_(base::Rng(resources.seed).fork("probe"), health_),
      relay_(base::Rng(resources.seed).fork("relay")),
      vet_(base::Rng(resources.seed).fork("vet")),
      suspicion_(health_),
      gossip_round_(base::Rng(resources.seed).fork("gossip")),
      push_pull_(base::Rng(resources.seed).fork("push_pull"), sync_, shared.memo),
      join_(push_pull_),
      repair_(base::Rng(resources.seed).fork("repair")),
      reconnect_(base::Rng(resources.seed).fork("reconnect")),
      reachability_(base::Rng(resources.seed).fork("reachability")),
      inquiry_(shared.notices.history()),
      name_vote_(base::Rng(resources.seed).fork("name_vote"), pass_through_) {}

void SwimFamily::start(Step& step) {
  refute_.start(step, wire::encode_tags(step.config.tags));
  probe_.start(step);
  gossip_round_.start(step);
  push_pull_.start(step);
  reconnect_.start(step);
}

void SwimFamily::on_outcome(Step& step, const room::Outcome& outcome) {
  intents_.on_outcome(step, outcome);
  refute_.on_outcome(step, outcome);
  probe_.on_outcome(step, outcome);
  vet_.on_outcome(step, outcome);
  suspicion_.on_outcome(step, outcome);
  gossip_round_.on_outcome(step, outcome);
  correct_.on_outcome(step, outcome);
  reap_.on_outcome(step, outcome);
  repair_.on_outcome(step, outcome);
  reachability_.on_outcome(step, outcome);
  name_vote_.on_outcome(step, outcome);
}

void SwimFamily::on_probe(Step& step, const room::ProbeReport& report) {
  reachability_.on_probe(step, report);
  inquiry_.on_probe(report);
}

void SwimFamily::on_pause(Step& step, Duration length) {
  probe_.on_pause(step, length);
  relay_.on_pause();
  suspicion_.on_pause(length);
}

void SwimFamily::on_time(Step& step, const Drain& drain) {
  each_timed(*this, [&](auto& room) {
    room.on_time(step);
    if (!step.outcomes.idle()) drain();
  });
}

Time SwimFamily::next_deadline() const {
  Time next = kNever;
  each_timed(*this, [&](const auto& room) { next = std::min(next, room.next_deadline()); });
  return next;
}

void SwimFamily::on_reply(Step& step, CallId call, const Reply& reply) {
  if (const auto* resolved = std::get_if<Resolved>(&reply)) return join_.on_reply(step, call, *resolved);
  keys_.on_reply(step, call, std::get<Saved>(reply).fault);
  key_rounds_.on_own_keys(step);
}

void SwimFamily::join(Step& step, const hearsay::Join& join, bool quiet) {
  join_.on_command(step, join, step.config.advertise.port, quiet);
}

void SwimFamily::why(Step& step, const hearsay::Why& command) {
  auto links = reachability_.links(step.members);
  std::erase_if(links, [&](const Link& link) { return link.member != command.member; });
  inquiry_.on_command(step, command, std::move(links));
}

void SwimFamily::on_reconfigured(Step& step) {
  health_.set_max(step.config.swim.health_max);
  push_pull_.on_reconfigured(step);
}

void SwimFamily::fill(NodeInfo& info) const {
  info.local_health = health_.score();
  info.lamport = clock_.reading();
  info.suspicions_running = static_cast<std::uint32_t>(suspicion_.running());
  info.links = reachability_.links(shared_.members);
  info.relays_pending = static_cast<std::uint32_t>(relay_.pending());
  info.intents_kept = static_cast<std::uint32_t>(intents_.kept());
}

void SwimFamily::hash(base::HashArchive& archive) {
  archive(health_, clock_, event_clock_, query_clock_, intents_, leave_, answers_, keys_, pass_through_,
          key_rounds_, refute_, probe_, relay_, vet_, suspicion_, gossip_round_, push_pull_, join_, correct_, reap_,
          repair_, reconnect_, reachability_, inquiry_, name_vote_);
}

}  // namespace hearsay::node
