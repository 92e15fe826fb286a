// What becomes of a command: what must hold before a room hears it.
#include <algorithm>

#include "node/router.h"
#include "wire/serf.h"

namespace hearsay::node {

void Router::command(Step& step, const hearsay::Join& join) {
  if (family_->is_leaving()) {
    out_.notify({step.now, CommandDone{join.id, 0,
                                       Error{Errc::wrong_state, "this node is leaving",
                                             "wait until it has left, then join again"}}});
    return;
  }
  if (!family_->accepts(step, join)) return;
  if (const auto back = family_->come_back(step); !back) {
    out_.notify({step.now, CommandDone{join.id, 0, back.error()}});
    return;
  }
  drain(step);
  family_->join(step, join, false);
}

void Router::command(Step& step, const hearsay::Leave& leave) { family_->leave(step, leave.id); }

void Router::command(Step& step, const hearsay::SetTags& set_tags) {
  Bytes meta = wire::encode_tags(set_tags.tags);
  if (meta.size() > kMetaBytesMax) {
    out_.notify({step.now, CommandDone{set_tags.id, 0,
                                       Error{Errc::too_large, tags_complaint(set_tags.tags),
                                             "use at most " + std::to_string(kMetaBytesMax) + " bytes"}}});
    return;
  }
  if (family_->is_leaving() || !members::is_up(members_.self_row().verdict)) {
    out_.notify(
        {step.now, CommandDone{set_tags.id, 0,
                               Error{Errc::wrong_state, "this node is leaving or has left", "join again first"}}});
    return;
  }
  const auto set = family_->set_meta(step, std::move(meta));
  drain(step);
  out_.notify({step.now, CommandDone{set_tags.id, 0, set ? std::nullopt : std::optional(set.error())}});
}

void Router::command(Step& step, const hearsay::Why& why) { family_->why(step, why); }

void Router::command(Step& step, const hearsay::ManageKeys& manage_keys) {
  family_->manage_keys(step, manage_keys);
}

void Router::command(Step& step, const hearsay::ForceLeave& force_leave) {
  const bool gone = family_->is_leaving() || !members::is_up(members_.self_row().verdict);
  auto error = gone ? std::optional(Error{Errc::wrong_state, "this node is leaving or has left",
                                          "ask an agent that is a member of the cluster"})
                    : family_->force_leave(step, force_leave.name, force_leave.prune);
  drain(step);
  out_.notify({step.now, CommandDone{force_leave.id, 0, std::move(error)}});
}

void Router::command(Step& step, const hearsay::Reconfigure& wanted) {
  auto error = reconfigure(step, wanted.config);
  drain(step);
  out_.notify({step.now, CommandDone{wanted.id, 0, std::move(error)}});
}

std::optional<Error> Router::reconfigure(Step& step, const Config& wanted) {
  const auto take = [&wanted](Config& config) {
    config.tags = wanted.tags;
    config.swim = wanted.swim;
    config.heartbeat = wanted.heartbeat;
    config.serf = wanted.serf;
    config.contact = wanted.contact;
    config.admission = wanted.admission;
    config.limits.members_max = wanted.limits.members_max;
  };
  Config next = config_;
  take(next);
  Error faults{Errc::invalid_config, {}, {}};
  for (const auto& fault : validate(next)) {
    faults.cause += (faults.cause.empty() ? "" : "; ") + fault.key + ": " + fault.cause;
    faults.cure += (faults.cure.empty() ? "" : "; ") + fault.key + ": " + fault.cure;
  }
  if (!faults.cause.empty()) return faults;
  Bytes meta = wire::encode_tags(wanted.tags);
  const bool other_tags = !std::ranges::equal(meta, members_.meta(members_.self()));
  if (other_tags && (family_->is_leaving() || !members::is_up(members_.self_row().verdict))) {
    return Error{Errc::wrong_state, "this node is leaving or has left: its tags cannot change", "join again first"};
  }
  take(config_);  // in place: views of the name stay valid
  members_.configure(config_);
  family_->on_reconfigured(step);
  if (other_tags) family_->set_meta(step, std::move(meta));
  forget_refused(step);
  return std::nullopt;
}

void Router::forget_refused(Step& step) {
  const auto& policy = config_.admission;
  if (policy.admits_all()) return;
  for (const MemberId id : members_.order()) {
    if (members_.is_self(id)) continue;
    const Member member = describe(members_, id);
    auto reason = refuses(policy, member.name, member.address, member.tags);
    if (!reason) continue;
    const auto& row = members_.row(id);
    admission_.refused(step.now, out_, {members_.name(id), {row.incarnation}, members_.addr(id), row.port, {}, {}},
                       {}, *std::move(reason));
    refused_.push_back(member.name);
  }
  for (auto& name : refused_) {
    members::Claim forget{members::ForgetClaim{std::move(name)}, {}};
    forget.evidence.source = Evidence::Source::command;
    step.submit(std::move(forget));
  }
  refused_.clear();
}

}  // namespace hearsay::node
