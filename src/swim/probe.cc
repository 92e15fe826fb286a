#include "swim/probe.h"

#include <algorithm>

#include "spread/peer_picker.h"

namespace hearsay::swim {

using members::Verdict;
using room::Origin;
using room::Outcome;
using room::Step;

namespace {
// memberlist's pmax from which a node answers pings over TCP, and from which it understands nacks.
constexpr std::uint8_t kStreamPingProtocol = 3;
constexpr std::uint8_t kNackProtocol = 4;

wire::Ping make_ping(const Step& step, MemberId target, SeqNo seq) {
  const auto& self = step.members.self_row();
  return {seq,
          step.members.name(target),
          step.members.addr(step.members.self()),
          self.port,
          step.members.name(step.members.self()),
          step.extension};
}
}  // namespace

std::uint8_t Probe::Round::nacks() const {
  return static_cast<std::uint8_t>(std::ranges::count_if(helpers, &Helper::nacked));
}

// Acks count only from the target or a helper: strangers must not keep the dead alive. Ports are not compared,
// because a peer behind an address translator may answer from another one.
bool Probe::Round::expects(const Address& from) const {
  return same_ip(from, address) ||
         std::ranges::any_of(helpers, [&](const Helper& helper) { return same_ip(from, helper.address); });
}

Probe::Probe(base::Rng rng, LocalHealth& health) : rng_(rng), health_(&health) {
  // A random start, even (relayed pings have odd numbers): strangers cannot guess what an ack must say.
  seq_ = SeqNo{static_cast<std::uint32_t>(rng_.next()) & ~1u};
}

void Probe::start(Step& step) { next_round_ = step.after(rng_.within(step.config.swim.probe_interval)); }

Time Probe::next_deadline() const {
  if (!round_) return next_round_;
  const Time round = round_->indirect ? round_->deadline : round_->indirect_at;
  return std::min(next_round_, round);
}

void Probe::on_time(Step& step) {
  if (round_ && !round_->indirect && step.now.steady >= round_->indirect_at) ask_helpers(step);
  if (round_ && step.now.steady >= round_->deadline) finish(step);
  if (step.now.steady < next_round_) return;
  // Missed rounds are skipped, not caught up with.
  next_round_ = step.after(step.config.swim.probe_interval);
  if (round_ || !members::is_up(step.members.self_row().verdict)) return;
  if (const MemberId target = pick_target(step); target.valid()) begin(step, target);
}

MemberId Probe::pick_target(const Step& step) {
  for (std::size_t tries = order_.size(); tries > 0; --tries) {
    if (next_ >= order_.size()) {
      rng_.shuffle(std::span<MemberId>(order_));
      next_ = 0;
    }
    const MemberId id = order_[next_++];
    if (step.members.contains(id) && members::is_up(step.members.row(id).verdict)) return id;
  }
  return {};
}

void Probe::on_outcome(Step& step, const Outcome& outcome) {
  if (!outcome.accepted()) return;
  if (!step.members.contains(outcome.member)) {
    const auto at = std::ranges::find(order_, outcome.member);
    if (at == order_.end()) return;
    if (at - order_.begin() < static_cast<std::ptrdiff_t>(next_)) --next_;
    order_.erase(at);
    if (round_ && round_->target == outcome.member) give_up(step);
    return;
  }
  if (outcome.appeared && !step.members.is_self(outcome.member)) {
    order_.push_back(outcome.member);
    const std::size_t place = rng_.bounded(order_.size());
    std::swap(order_.back(), order_[place]);
  }
}

void Probe::begin(Step& step, MemberId target) {
  step.counters.add(Count::probes);
  seq_.value += 2;
  Round round;
  round.target = target;
  round.incarnation = Incarnation{step.members.row(target).incarnation};
  round.address = step.members.address(target);
  round.seq = seq_;
  round.began = step.now.steady;
  round.indirect_at = step.after(step.config.swim.probe_timeout);
  round.deadline = step.after(health_->scale(step.config.swim.probe_interval));
  round_ = std::move(round);

  const auto& row = step.members.row(target);
  const auto ping = make_ping(step, target, seq_);
  if (row.verdict == Verdict::suspect) {
    const wire::Suspect accusation{Incarnation{row.incarnation}, step.members.name(target),
                                   step.members.name(step.members.self())};
    step.out.send_bare(room::peer_of(step.members, target), ping, accusation);
    return;
  }
  room::Peer peer = room::peer_of(step.members, target);
  peer.crc = false;
  step.out.send(peer, ping);
}

void Probe::ask_helpers(Step& step) {
  Round& round = *round_;
  round.indirect = true;
  if (!step.members.contains(round.target)) return;
  const auto& target = step.members.row(round.target);
  const auto& self = step.members.self_row();
  spread::pick_peers(
      step.members, rng_, step.config.swim.indirect_probes,
      [&](MemberId id, const members::Row& row) { return id != round.target && row.verdict == Verdict::alive; },
      picked_);
  for (const MemberId helper : picked_) {
    const bool nack = step.members.row(helper).versions[1] >= kNackProtocol;
    if (nack) ++round.nacks_expected;
    round.helpers.push_back({helper, step.members.address(helper)});
    room::Peer peer = room::peer_of(step.members, helper);
    peer.crc = false;
    step.out.send(peer,
                  wire::IndirectPing{round.seq, step.members.addr(round.target), target.port,
                                     step.members.name(round.target), nack, step.members.addr(step.members.self()),
                                     self.port, step.members.name(step.members.self())});
    step.counters.add(Count::indirect_probes);
  }
  if (step.config.swim.stream_probe && target.versions[1] >= kStreamPingProtocol) {
    round.stream = step.out.request(round.address, round.deadline, make_ping(step, round.target, round.seq));
    round.stream_tried = true;
    step.counters.add(Count::stream_probes);
  }
}

void Probe::on_message(Step& step, const Origin& origin, const wire::Ping& ping) {
  if (!ping.node.empty() && ping.node != step.config.name) {
    step.counters.add(Count::dropped_foreign_ping);
    if (origin.is_stream()) step.out.close(origin.stream);
    return;
  }
  // Anybody can write a name into a ping: it is a sign of life only from where that member is.
  if (const MemberId id = step.members.find(ping.source_node);
      id.valid() && same_ip(origin.from, step.members.address(id))) {
    step.members.heard_from(id, step.now.steady);
  }
  const wire::Ack ack{ping.seq, {}, step.extension};
  if (origin.is_stream()) {
    step.out.answer(origin.stream, ack);
    return;
  }
  step.out.reply(room::reply_to(step.members, origin.from, ping.source_addr, ping.source_port), ack);
}

bool Probe::on_message(Step& step, const Origin& origin, const wire::Ack& ack) {
  if (!round_ || ack.seq != round_->seq) return false;
  if (origin.is_stream()) {
    if (origin.stream != round_->stream) return false;
    step.members.heard_from(round_->target, step.now.steady);
    round_->stream_answered = true;
    round_->stream = {};
    return true;
  }
  if (!round_->expects(origin.from)) return false;
  const auto helper = std::ranges::find_if(
      round_->helpers, [&](const Helper& asked) { return same_place(asked.address, origin.from); });
  // Several nodes of one machine differ in their ports only.
  const bool relayed = helper != round_->helpers.end() || !same_ip(origin.from, round_->address);
  if (!relayed) step.members.heard_from(round_->target, step.now.steady);
  succeed(step, relayed ? OwnProbe::Answer::relayed : OwnProbe::Answer::direct,
          helper != round_->helpers.end() ? helper->member : MemberId{});
  return true;
}

bool Probe::on_message(Step& /*step*/, const Origin& origin, const wire::Nack& nack) {
  if (!round_ || nack.seq != round_->seq) return false;
  for (Helper& helper : round_->helpers) {
    if (helper.nacked || !same_ip(helper.address, origin.from)) continue;
    helper.nacked = true;
    return true;
  }
  return false;
}

MemberId Probe::sender_of(const Origin& origin, const wire::Ack& ack) const {
  const bool its_own =
      round_ && ack.seq == round_->seq && !origin.is_stream() && same_place(origin.from, round_->address);
  return its_own ? round_->target : MemberId{};
}

void Probe::on_stream_end(Step& /*step*/, StreamId stream) {
  if (round_ && round_->stream == stream) round_->stream = {};
}

void Probe::on_pause(Step& step, Duration /*length*/) {
  health_->add(1);
  if (round_) give_up(step);
}

void Probe::give_up(Step& step) {
  if (round_->stream.value != 0) step.out.close(round_->stream);
  round_.reset();
}

void Probe::succeed(Step& step, OwnProbe::Answer answer, MemberId through) {
  report(step, *round_, answer, through);
  give_up(step);
  health_->add(-1);
}

void Probe::report(Step& step, const Round& round, OwnProbe::Answer answer, MemberId through) {
  step.outcomes.report({round.target, round.address, round.seq, round.began, step.now.steady, answer, through,
                        static_cast<std::uint8_t>(round.helpers.size()), round.nacks()});
}

void Probe::finish(Step& step) {
  const Round round = std::move(*round_);
  round_.reset();
  if (round.stream.value != 0) step.out.close(round.stream);
  report(step, round, round.stream_answered ? OwnProbe::Answer::stream : OwnProbe::Answer::none);
  if (round.stream_answered) {
    step.counters.add(Count::udp_blocked);
    health_->add(-1);
    return;
  }
  step.counters.add(Count::probes_failed);
  const std::uint8_t score = health_->score();
  health_->add(health_penalty(round.nacks_expected, round.nacks()));
  step.members.probe_failed(round.target);
  if (!step.members.contains(round.target)) return;
  const auto& row = step.members.row(round.target);
  const std::string_view self = step.members.name(step.members.self());
  members::Claim claim{members::SuspectClaim{step.members.name(round.target), round.incarnation, self}, {}};
  claim.evidence.source = Evidence::Source::own_probe;
  claim.evidence.accuser = self;
  claim.evidence.direct_probes = row.failed_probes;
  claim.evidence.indirect_probes = static_cast<std::uint8_t>(round.helpers.size());
  for (const Helper& helper : round.helpers) {
    if (step.members.contains(helper.member)) claim.evidence.helpers.emplace_back(step.members.name(helper.member));
  }
  claim.evidence.nacks = round.nacks();
  claim.evidence.stream_probe_failed = round.stream_tried;
  claim.evidence.local_health = score;
  if (row.last_contact != Time{}) claim.evidence.silent_for = step.now.steady - row.last_contact;
  step.submit(std::move(claim));
}

}  // namespace hearsay::swim
