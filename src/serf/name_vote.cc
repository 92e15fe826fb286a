#include "serf/name_vote.h"

#include <algorithm>

#include "base/math.h"
#include "wire/serf_query.h"

namespace hearsay::serf {

using room::Origin;
using room::Outcome;
using room::Step;

namespace {
// A conflict repeats with every packet of both.
constexpr Duration kVotePause = std::chrono::seconds(30);
}  // namespace

void NameVote::on_outcome(Step& step, const Outcome& outcome) {
  if (outcome.kind != Outcome::Kind::conflict || !step.members.is_self(outcome.member)) return;
  if (step.config.name_conflict != ConflictPolicy::stop || deadline_ != kNever || step.now.steady < again_) return;
  if (!members::is_up(step.members.self_row().verdict)) return;
  const auto& alive = std::get<members::AliveClaim>(outcome.claim->body);
  other_ = Address::from_ip(alive.addr, alive.port);
  begin(step);
}

void NameVote::begin(Step& step) {
  here_ = there_ = 0;
  said_.clear();
  id_ = static_cast<std::uint32_t>(rng_.next()) & 0x7fffffffu;
  wire::Query query;
  query.id = id_;
  query.name = kConflictQuery;
  query.payload = as_bytes(step.config.name);
  const Bytes message = queries_->begin(step, query);
  time_ = query.time;
  deadline_ = step.after(Duration(query.timeout_ns));
  again_ = later(deadline_, kVotePause);
  PassThrough::gossip(step, message);
}

bool NameVote::on_message(Step& step, const Origin& origin, const wire::QueryResponse& response) {
  if (deadline_ == kNever || response.time != time_ || response.id != id_) return false;
  // One vote for each other member, from its own address.
  const MemberId voter = step.members.find(response.from);
  const bool counts = voter.valid() && !step.members.is_self(voter) &&
                      same_ip(step.members.address(voter), origin.from) && (response.flags & kIsAck) == 0;
  if (!counts || !said_.insert(std::string(response.from)).second) return true;
  const auto known = wire::decode_conflict_response(response.payload);
  if (!known) {
    step.counters.add(wire::counter_of(known.error()));
    return true;
  }
  const Address place = Address::from_ip(known->addr, known->port);
  if (!place.valid()) return true;  // it does not know the name
  const bool here = same_place(place, step.members.address(step.members.self()));
  ++(here ? here_ : there_);
  return true;
}

void NameVote::on_time(Step& step) {
  if (step.now.steady < deadline_) return;
  deadline_ = kNever;
  const std::string votes = std::to_string(here_) + " of " + std::to_string(here_ + there_) + " members";
  const std::string name(step.members.name(step.members.self()));
  if (loses_name(here_, there_)) {
    lost_ = "the name " + name + " belongs to " + to_string(other_) + ": " + votes +
            " know it here; give this node another name";
    return;
  }
  step.out.notify({step.now, Warning{"this node keeps the name " + name + ", which " + to_string(other_) +
                                     " claims: " + votes + " know it here"}});
}

}  // namespace hearsay::serf
