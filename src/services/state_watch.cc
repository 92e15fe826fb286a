#include "services/state_watch.h"

#include <algorithm>
#include <bit>

#include "spread/rumor_queue.h"
#include "wire/state.h"

namespace hearsay::services {

using room::Step;
using state::Store;

namespace {

constexpr Duration kCheckPause = std::chrono::milliseconds(20);
// Answers come spread over so long for each member of the cluster.
constexpr Duration kAnswerTimeEach = std::chrono::microseconds(250);
constexpr Duration kAnswerTimeMin = std::chrono::milliseconds(20);
constexpr Duration kAnswerTimeMax = std::chrono::seconds(1);
constexpr std::size_t kAskedBitsMin = 64;

Time due_at(Time answer, Time until, Time forget) { return std::min(answer, std::max(until, forget)); }

// Rumors replace each other by their subject; that of a delta is the owner's name.
std::string question_subject(std::string_view owner) { return "?" + std::string(owner); }

std::string members_text(std::uint32_t count) {
  return std::to_string(count) + (count == 1 ? " member" : " members");
}

}  // namespace

// ---- waiting ----

void StateWatch::on_command(Step& step, const Store& store, const WatchState& command) {
  const auto refuse = [&](Errc code, std::string cause, std::string cure) {
    step.out.notify({step.now, CommandDone{command.id, 0, Error{code, std::move(cause), std::move(cure)}}});
  };
  const std::uint64_t latest = store.own().version();
  const std::uint64_t version = command.version == 0 ? latest : command.version;
  if (command.wanted.value == 0 || (command.wanted.percent && command.wanted.value > 100)) {
    return refuse(Errc::invalid_argument, "a watch for " + std::to_string(command.wanted.value) + " holders",
                  "use 1 to 100 percent, or at least one member");
  }
  if (command.timeout < std::chrono::milliseconds(1) || command.timeout > kStateWatchMax)
    return refuse(Errc::invalid_argument, "the timeout of the watch is out of range", "use 1 ms to 10 minutes");
  if (version == 0 || version > latest) {
    return refuse(Errc::not_found,
                  version == 0 ? "nothing was ever published"
                               : "there is no version " + std::to_string(version) + " yet: the latest is " +
                                     std::to_string(latest),
                  "publish something first");
  }
  if (!members::is_up(step.members.self_row().verdict))
    return refuse(Errc::wrong_state, "this node has left: nobody is told of its state", "join again first");
  if (watches_.size() == kStateWatchesMax) {
    return refuse(Errc::wrong_state, std::to_string(kStateWatchesMax) + " watches wait already",
                  "wait until one of them ends");
  }
  if (watches_.empty()) {
    held_.clear();
    epoch_ = store.own().epoch();
  }
  watches_.push_back({command.id, version, command.wanted, step.now.steady, step.after(command.timeout), cost_});
  pause_ = Duration::zero();
  ask_ = step.now.steady;
  check_ = step.now.steady;
  on_time(step, store);
}

void StateWatch::on_command(Step& step, const Store& store, const EndWatch& command) {
  const auto found = std::ranges::find(watches_, command.watch, &Watch::id);
  std::optional<Error> error;
  if (found == watches_.end()) {
    error = Error{Errc::not_found, "there is no such watch", "it has ended already"};
  } else {
    const Watch watch = *found;
    watches_.erase(found);
    finish(step, store, watch, Error{Errc::wrong_state, "the watch was withdrawn", {}});
  }
  step.out.notify({step.now, CommandDone{command.id, 0, std::move(error)}});
}

bool StateWatch::may_hold(const Step& step, const Store& store, MemberId member) const {
  // Of those never met nothing is known: they may.
  return !step.members.row(member).is_plain || held_.contains(member) ||
         store.find(step.members.name(member)) != nullptr;
}

bool StateWatch::holds(MemberId member, std::uint64_t version) const {
  const auto found = held_.find(member);
  return found != held_.end() && found->second >= version;
}

void StateWatch::on_held(Step& step, const Store& store, MemberId member, wire::Epoch epoch,
                         std::uint64_t version) {
  if (watches_.empty() || epoch != epoch_ || version > store.own().version()) return;
  auto& held = held_[member];
  if (version <= held) return;
  held = version;
  check_ = std::min(check_, step.after(kCheckPause));
}

void StateWatch::on_message(Step& step, const Store& store, MemberId sender, const wire::StateHeld& held) {
  if (watches_.empty()) return;
  encoded_.clear();
  base::ByteWriter out(encoded_);
  wire::encode(out, held);
  ++cost_.answers;
  cost_.answer_bytes += encoded_.size();
  on_held(step, store, sender, held.epoch, held.version);
}

void StateWatch::on_outcome(const room::Outcome& outcome) {
  // A new life of it has lost what it held.
  if (outcome.accepted() && outcome.what == MemberChange::What::joined) held_.erase(outcome.member);
}

void StateWatch::check(Step& step, const Store& store) {
  check_ = kNever;
  if (epoch_ != store.own().epoch()) {  // our state has begun again: all of it has new versions
    epoch_ = store.own().epoch();
    held_.clear();
    for (Watch& watch : watches_) watch.version = store.own().version();
    pause_ = Duration::zero();
    ask_ = step.now.steady;
  }
  std::uint32_t members = 0;
  std::vector<std::uint32_t> held(watches_.size(), 1);
  for (const MemberId id : step.members.order()) {
    if (!members::is_up(step.members.row(id).verdict) || !may_hold(step, store, id)) continue;
    ++members;
    for (std::size_t i = 0; i < watches_.size(); ++i) held[i] += holds(id, watches_[i].version) ? 1u : 0u;
  }
  std::vector<Watch> waiting;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const Watch watch = watches_[i];
    const std::uint32_t wanted = needed(watch.wanted, members);
    if (held[i] >= wanted) {
      finish(step, store, watch, std::nullopt);
    } else if (step.now.steady >= watch.until) {
      finish(step, store, watch,
             Error{Errc::timed_out,
                   std::to_string(held[i]) + " of " + members_text(members) + " are known to hold version " +
                       std::to_string(watch.version) + ", " + std::to_string(wanted) + " were wanted",
                   "look at those that are missing; their state may arrive all the same"});
    } else {
      check_ = std::min(check_, watch.until);
      waiting.push_back(watch);
    }
  }
  watches_ = std::move(waiting);
}

void StateWatch::finish(Step& step, const Store& store, const Watch& watch, std::optional<Error> error) {
  StateHolders told{watch.id, watch.version, 0, 1, 0, 0, {}, false, step.now.steady - watch.began};
  for (const MemberId id : step.members.order()) {
    if (!members::is_up(step.members.row(id).verdict)) continue;
    if (!may_hold(step, store, id)) {
      ++told.others;
      continue;
    }
    ++told.members;
    if (step.members.is_self(id)) continue;
    if (holds(id, watch.version)) {
      ++told.held;
    } else {
      told.missing.emplace_back(step.members.name(id));
    }
  }
  std::ranges::sort(told.missing);
  told.more = told.missing.size() > kMissingToldMax;
  if (told.more) told.missing.resize(kMissingToldMax);
  told.needed = needed(watch.wanted, told.members);
  told.questions = cost_.questions - watch.before.questions;
  told.question_bytes = cost_.question_bytes - watch.before.question_bytes;
  told.answers = cost_.answers - watch.before.answers;
  told.answer_bytes = cost_.answer_bytes - watch.before.answer_bytes;
  const std::uint32_t held = told.held;
  step.out.notify({step.now, std::move(told)});
  step.out.notify({step.now, CommandDone{watch.id, held, std::move(error)}});
}

void StateWatch::ask(Step& step, const Store& store) {
  ask_ = kNever;
  if (watches_.empty()) return;
  wire::StateQuestion question{step.members.name(step.members.self()), epoch_, UINT64_MAX, ++number_, 0, {}};
  std::uint64_t latest = 0;
  Time until{};
  for (const Watch& watch : watches_) {
    question.version = std::min(question.version, watch.version);
    latest = std::max(latest, watch.version);
    until = std::max(until, watch.until);
  }
  std::vector<MemberId> missing;
  for (const MemberId id : step.members.order()) {
    if (members::is_up(step.members.row(id).verdict) && !step.members.is_self(id) && !holds(id, latest) &&
        may_hold(step, store, id))
      missing.push_back(id);
  }
  if (missing.empty()) return;
  question.for_ms = static_cast<std::uint32_t>((until - step.now.steady) / std::chrono::milliseconds(1) + 1);
  Bytes bitmap;
  if (missing.size() * 2 <= step.members.size()) {
    bitmap.resize(
        std::clamp(std::bit_ceil(std::size_t{step.members.size()}), kAskedBitsMin, wire::kAskedBytesMax * 8) / 8);
    for (const MemberId id : missing) {
      const std::size_t bit = wire::asked_bit(step.members.name(id), number_, bitmap.size() * 8);
      bitmap[bit / 8] = static_cast<std::uint8_t>(bitmap[bit / 8] | 1u << (bit % 8));
    }
  }
  question.asked = bitmap;
  encoded_.clear();
  base::ByteWriter out(encoded_);
  wire::encode(out, question);
  step.rumors.push(spread::RumorClass::state, spread::Audience::hearsay, question_subject(question.owner),
                   encoded_);
  step.counters.add(Count::state_questions);
  ++cost_.questions;
  cost_.question_bytes += encoded_.size();
  // Long enough for the news, the question and the answers.
  if (pause_ == Duration::zero())
    pause_ = step.config.state.sync_interval * spread::transmit_limit(1, step.members.size());
  ask_ = step.after(pause_);
  pause_ = std::min(2 * pause_, kAskPauseMax);
}

// ---- answering ----

void StateWatch::on_message(Step& step, const Store& store, const room::Origin& origin,
                            const wire::StateQuestion& question) {
  if (origin.is_stream() || !room::vouches(step, origin)) {
    step.counters.add(Count::dropped_unexpected);
    return;
  }
  const MemberId owner = step.members.find(question.owner);
  if (!owner.valid()) {
    step.counters.add(Count::dropped_state_owner);
    return;
  }
  if (step.members.is_self(owner)) return;
  const std::uint64_t id = state::owner_hash(question.owner);
  auto found = asked_.find(id);
  if (found != asked_.end()) {
    const Asked& known = found->second;
    const bool later_one = static_cast<std::int32_t>(question.number - known.number) > 0;
    if (question.epoch < known.epoch || (question.epoch == known.epoch && !later_one)) return;
  } else if (asked_.size() == kAskersMax) {
    step.counters.add(Count::dropped_questions);
    return;
  } else {
    found = asked_.emplace(id, Asked{}).first;
  }
  Asked& asked = found->second;
  if (asked.epoch != question.epoch || wire::is_asked(question, step.members.name(step.members.self())))
    asked.told = 0;
  asked.epoch = question.epoch;
  asked.version = question.version;
  asked.number = question.number;
  asked.until = step.after(std::min<Duration>(std::chrono::milliseconds(question.for_ms), kStateWatchMax));
  asked.forget = step.after(kQuestionKept);
  step.rumors.push(spread::RumorClass::state, spread::Audience::hearsay, question_subject(question.owner),
                   origin.verbatim);
  if (const auto* state = store.find(question.owner); state != nullptr && asked.told == 0)
    maybe_answer(step, state->state, asked);
  answer_ = std::min(answer_, due_at(asked.answer, asked.until, asked.forget));
}

void StateWatch::on_news(Step& step, const Store& store, std::string_view owner) {
  if (asked_.empty()) return;
  const auto found = asked_.find(state::owner_hash(owner));
  if (found == asked_.end()) return;
  maybe_answer(step, store.find(owner)->state, found->second);
  answer_ = std::min(answer_, found->second.answer);
}

void StateWatch::maybe_answer(Step& step, const state::OwnerState& state, Asked& asked) {
  if (state.epoch() != asked.epoch || state.version() < asked.version || state.version() <= asked.told ||
      asked.answer != kNever || step.now.steady >= asked.until)
    return;
  const Duration spread = std::clamp(kAnswerTimeEach * step.members.size(), kAnswerTimeMin, kAnswerTimeMax);
  asked.answer = step.after(rng_.within(spread));
}

void StateWatch::answer(Step& step, const Store& store) {
  answer_ = kNever;
  for (auto at = asked_.begin(); at != asked_.end();) {
    auto& [id, asked] = *at;
    if (step.now.steady >= asked.answer) {
      asked.answer = kNever;
      const auto* owner = store.find(id);
      const MemberId member = owner == nullptr ? MemberId{} : step.members.find(owner->name);
      if (member.valid() && owner->state.epoch() == asked.epoch) {
        asked.told = owner->state.version();
        step.counters.add(Count::state_answers);
        step.out.send_bare(
            room::peer_of(step.members, member),
            wire::StateHeld{step.members.name(step.members.self()), asked.epoch, owner->state.version()});
      }
    }
    if (step.now.steady >= std::max(asked.until, asked.forget)) {
      at = asked_.erase(at);
      continue;
    }
    answer_ = std::min(answer_, due_at(asked.answer, asked.until, asked.forget));
    ++at;
  }
}

void StateWatch::on_time(Step& step, const Store& store) {
  const Time now = step.now.steady;
  if (now >= check_) check(step, store);
  if (now >= ask_) ask(step, store);
  if (now >= answer_) answer(step, store);
  if (!watches_.empty()) return;
  held_.clear();
  ask_ = kNever;
}

}  // namespace hearsay::services
