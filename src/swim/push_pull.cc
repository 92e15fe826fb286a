#include "swim/push_pull.h"

#include <algorithm>
#include <bit>

#include "members/precedence.h"
#include "spread/peer_picker.h"

namespace hearsay::swim {

using members::Verdict;
using room::Origin;
using room::Step;

namespace {
// After a join: so many exchanges in a row that brought nothing new are enough, and so many in all; each comes
// after once to twice this pause.
constexpr unsigned kCaughtUp = 2;
constexpr unsigned kCatchUpsMax = 16;
constexpr Duration kCatchUpLeast = std::chrono::milliseconds(500);

// Which of the table's rows is the newcomer's own? The only one, or the only one at its machine; else nobody can
// tell.
const wire::PushNode* newcomer_in(const wire::PushPull& table, const Address& from) {
  if (table.nodes.size() == 1) return &table.nodes.front();
  const auto is_there = [&](const wire::PushNode& node) {
    return node.state == wire::NodeState::alive && same_ip(Address::from_ip(node.addr, node.port), from);
  };
  const auto found = std::ranges::find_if(table.nodes, is_there);
  if (found == table.nodes.end() || std::find_if(found + 1, table.nodes.end(), is_there) != table.nodes.end())
    return nullptr;
  return &*found;
}

members::AliveClaim alive_claim(const Step& step, const wire::PushNode& node) {
  return {node.name, node.incarnation, node.addr, room::port_or_own(step, node.port), node.meta, node.vsn};
}

}  // namespace

Duration push_pull_period(Duration interval, std::uint32_t nodes) {
  constexpr std::uint32_t kUnscaled = 32;
  if (nodes <= kUnscaled) return interval;
  // ceil(log2 n) is the width of n - 1.
  const auto ceiling = static_cast<int>(std::bit_width(nodes - 1));
  return interval * (ceiling - 5 + 1);
}

wire::PushPull make_push_pull(const Step& step, bool join, ByteView user_state) {
  const auto& members = step.members;
  constexpr wire::NodeState kStates[] = {wire::NodeState::alive, wire::NodeState::suspect, wire::NodeState::dead,
                                         wire::NodeState::left};
  wire::PushPull table;
  table.join = join;
  table.user_state = user_state;
  table.nodes.reserve(members.size());
  for (const MemberId id : members.order()) {
    const auto& row = members.row(id);
    const bool gone = row.verdict == Verdict::left && !members.is_self(id) &&
                      step.now.steady - row.verdict_since > step.config.swim.gossip_to_the_dead;
    if (gone) continue;
    table.nodes.push_back({members.name(id), members.addr(id), row.port, members.meta(id),
                           Incarnation{row.incarnation}, kStates[static_cast<std::size_t>(row.verdict)],
                           row.versions});
  }
  return table;
}

void PushPull::start(Step& step) {
  const Duration interval = step.config.swim.push_pull_interval;
  if (interval == Duration::zero()) return;
  tick_ = step.after(rng_.within(interval));
}

StreamId PushPull::introduce(Step& step, const Address& peer) {
  Bytes state;
  user_state_->write(step, state);
  return step.out.request(peer, step.after(step.config.swim.stream_timeout), make_push_pull(step, true, state));
}

void PushPull::on_reconfigured(Step& step) {
  if (step.config.swim.push_pull_interval == Duration::zero()) {
    tick_ = kNever;
  } else if (tick_ == kNever) {
    start(step);
  }
}

void PushPull::on_time(Step& step) {
  const bool up = members::is_up(step.members.self_row().verdict);
  if (step.now.steady >= tick_) {
    tick_ = step.after(push_pull_period(step.config.swim.push_pull_interval, step.members.up()));
    if (up) exchange_with_anyone(step);
  }
  if (step.now.steady >= catch_up_) {
    catch_up_ = kNever;
    if (up) exchange_with_anyone(step);
  }
}

void PushPull::exchange_with_anyone(Step& step) {
  spread::pick_peers(
      step.members, rng_, 1, [](MemberId, const members::Row& row) { return row.verdict == Verdict::alive; },
      picked_);
  if (picked_.empty()) return;
  const Address peer = step.members.address(picked_[0]);
  const Time deadline = step.after(step.config.swim.stream_timeout);
  if (const ByteView own = own_table(step); !own.empty()) {
    pending_.push_back(step.out.request_encoded(peer, deadline, own));
    return;
  }
  Bytes state;
  user_state_->write(step, state);
  pending_.push_back(step.out.request(peer, deadline, make_push_pull(step, false, state)));
}

void PushPull::answer(Step& step, StreamId stream, bool join) {
  Bytes state;
  user_state_->write(step, state);
  step.out.answer(stream, make_push_pull(step, join, state));
}

std::array<std::uint64_t, 3> PushPull::stamp(const Step& step) const {
  return {memo_->number(), step.members.version(), user_state_->version()};
}

ByteView PushPull::own_table(const Step& step) const {
  // Those that left drop out of the table as time passes.
  return own_ == stamp(step) && step.members.count(Status::left) == 0 ? memo_->plain() : ByteView();
}

bool PushPull::is_our_own(Step& step, ByteView message) {
  if (!own_table(step).empty()) return true;
  Bytes state;
  user_state_->write(step, state);
  const wire::PushPull table = make_push_pull(step, false, state);
  if (std::ranges::any_of(table.nodes, [](const auto& node) { return node.state == wire::NodeState::suspect; }))
    return false;
  Bytes own;
  base::ByteWriter writer(own);
  wire::encode(writer, table);
  if (!std::ranges::equal(own, message)) return false;
  own_ = stamp(step);
  return true;
}

void PushPull::on_our_own(Step& step, const Origin& origin, Role role) {
  std::erase(pending_, origin.stream);
  if (role == Role::request) step.out.answer_encoded(origin.stream, memo_->plain());
  finish(step, role, false);
}

void PushPull::plan_catch_up(Step& step, bool news) {
  nothing_new_ = news ? 0 : nothing_new_ + 1;
  if (nothing_new_ >= kCaughtUp || ++catch_ups_ > kCatchUpsMax) return;
  catch_up_ = step.after(kCatchUpLeast + rng_.within(kCatchUpLeast));
}

void PushPull::on_message(Step& step, const Origin& origin, const wire::PushPull& table, Role role) {
  std::erase(pending_, origin.stream);
  if (role == Role::request && maybe_refuse(step, origin, table)) return;
  if (role == Role::request) {
    if (const std::string why = refusal_of_sender(step, origin, table); !why.empty()) {
      step.out.answer(origin.stream, wire::ErrorReply{why});
      return;
    }
    answer(step, origin.stream, table.join);
  }
  // A newcomer that knew nobody has nobody to tell what it learns but those who know it already. Where hundreds
  // join at once, their echo would crowd the news out.
  const bool known = role == Role::join_answer && step.members.up() <= 1;
  bool news = false;
  for (const auto& node : table.nodes) news = merge(step, origin, node, known) || news;
  if (!table.user_state.empty()) user_state_->merge(step, origin, table.user_state, role == Role::join_answer);
  finish(step, role, news);
}

void PushPull::finish(Step& step, Role role, bool news) {
  step.counters.add(Count::push_pulls);
  if (role == Role::join_answer) {
    nothing_new_ = 0;
    catch_ups_ = 0;
    plan_catch_up(step, true);
  } else if (role == Role::answer && catch_ups_ > 0 && catch_up_ == kNever && nothing_new_ < kCaughtUp) {
    plan_catch_up(step, news);
  }
}

bool PushPull::maybe_refuse(Step& step, const Origin& origin, const wire::PushPull& table) {
  if (!table.join || step.config.name_conflict == ConflictPolicy::warn) return false;
  const wire::PushNode* newcomer = newcomer_in(table, origin.from);
  if (newcomer == nullptr || newcomer->state != wire::NodeState::alive) return false;
  const MemberId holder = step.members.find(newcomer->name);
  if (!holder.valid()) return false;
  const bool holder_is_up = step.members.is_self(holder) || members::is_up(step.members.row(holder).verdict);
  const members::AliveClaim alive = alive_claim(step, *newcomer);
  if (!holder_is_up ||
      step.members.ruling(step.now.steady, holder, alive.addr, alive.port) != members::AddressRuling::conflict) {
    return false;
  }
  step.counters.add(Count::dropped_name_conflict);
  members::Claim claim{alive, {}};
  claim.evidence.source = Evidence::Source::push_pull;
  claim.evidence.heard_from = origin.from;
  claim.join_refused = true;
  step.submit(std::move(claim));  // the table finds the conflict, and it is told
  step.out.answer(origin.stream,
                  wire::ErrorReply{"name conflict: " + std::string(newcomer->name) + " is " +
                                   to_string(step.members.address(holder)) + "; give this node another name"});
  return true;
}

// A table does not say whose it is. When all its members at the address that it came from are refused, its sender
// is one of them: it is told so, and learns nothing else.
std::string PushPull::refusal_of_sender(Step& step, const Origin& origin, const wire::PushPull& table) {
  const auto& policy = step.config.admission;
  if (step.admission == nullptr || policy.admits_all()) return {};
  std::string why;
  for (const auto& node : table.nodes) {
    const Address address = Address::from_ip(node.addr, room::port_or_own(step, node.port));
    if (!same_ip(address, origin.from)) continue;
    const members::AliveClaim alive = alive_claim(step, node);
    auto reason = step.admission->refuses(policy, step.members, alive);
    if (!reason) return {};
    step.counters.add(Count::dropped_admission);
    if (why.empty()) {
      why = step.config.name + " does not admit " + std::string(node.name.substr(0, kNameBytesMax)) + " at " +
            to_string(address) + ": " + *reason;
    }
    step.admission->refused(step.now, step.out, alive, origin.from, *std::move(reason));
  }
  return why;
}

void PushPull::on_stream_end(Step& step, StreamId stream) {
  if (std::erase(pending_, stream) > 0) step.counters.add(Count::push_pull_failures);
}

bool PushPull::merge(Step& step, const Origin& origin, const wire::PushNode& node, bool known) {
  // One bad entry is skipped; memberlist drops the whole exchange for it, and one node could block all joins.
  if (!members::versions_fit(node.vsn, step.members.our_versions())) {
    step.counters.add(Count::dropped_merge_entry);
    return false;
  }
  const members::AliveClaim alive = alive_claim(step, node);
  if (node.state == wire::NodeState::alive && step.members.is_echo(alive)) return false;
  const std::string_view self = step.members.name(step.members.self());
  members::Claim claim;
  claim.evidence.source = Evidence::Source::push_pull;
  claim.evidence.heard_from = origin.from;
  claim.vouched = room::vouches(step, origin);
  switch (node.state) {
    default:  // a state that memberlist does not have yet
      step.counters.add(Count::dropped_merge_entry);
      return false;
    case wire::NodeState::alive:
      claim.known = known;
      claim.body = alive;
      break;
    case wire::NodeState::left:
      claim.body = members::DeadClaim{node.name, node.incarnation, node.name};
      break;
    case wire::NodeState::suspect:
    case wire::NodeState::dead:
      claim.evidence.accuser = self;
      claim.body = members::SuspectClaim{node.name, node.incarnation, self};
      break;
  }
  return step.submit(std::move(claim)).accepted();
}

}  // namespace hearsay::swim
