#include "services/state_sync.h"

#include <algorithm>

#include "spread/peer_picker.h"
#include "wire/state.h"

namespace hearsay::services {

using room::Origin;
using room::Step;
using state::is_newer;

namespace {

// Ticks that come early, and by how much, when there is news that no rumor carries.
constexpr unsigned kEager = 4;
constexpr int kEagerPart = 5;
// A peer whose bulk brought nothing that we could take is left alone for so long.
constexpr Duration kFetchPause = std::chrono::seconds(30);
constexpr std::size_t kHeadBytes = 3;  // of a user message: memberlist's type and ours

std::string_view self_name(const Step& step) { return step.members.name(step.members.self()); }

}  // namespace

StateSync::StateSync(base::Rng rng, const Config& config)
    : rng_(rng),
      store_(config.name, {config.first_generation, static_cast<std::uint32_t>(rng_.next())},
             {config.state.node_bytes_max, config.state.total_bytes_max}),
      watch_(rng.fork("watch")),
      age_(config.state.tombstone_age) {}

// ---- our own state ----

void StateSync::on_command(Step& step, const WriteState& command) {
  std::optional<Error> fault;
  if (command.writes.empty()) {
    fault = Error{Errc::invalid_argument, "nothing is to be written", "name at least one key"};
  } else {
    const std::uint64_t before = store_.own().version();
    if (const auto written = store_.write(step.now.steady, command.writes); !written) {
      fault = written.error();
    } else if (store_.own().version() > before) {
      spread(step, before);
    }
  }
  step.out.notify({step.now, CommandDone{command.id, 0, std::move(fault)}});
}

void StateSync::spread(Step& step, std::uint64_t since) {
  const auto& own = store_.own();
  keys_.clear();
  for (auto at = own.entries().upper_bound(since); at != own.entries().end(); ++at) keys_.push_back(at->second.key);
  note(step, self_name(step), keys_);
  wake(step);
  std::size_t bytes = 0;
  for (auto at = own.entries().rbegin(); at != own.entries().rend(); ++at) {
    bytes += bytes_of(at->second);
    if (at->first <= since && bytes > kRumorBytesAim) break;
    since = std::min(since, at->first - 1);
  }
  wire::StateDigest known{store_.self(), own.epoch(), std::max(since, own.floor()), 0};
  if (since == 0 || known.version >= own.version()) known = {};
  wire::StateDeltas rumor;
  rumor.fresh = true;
  rumor.deltas.emplace_back();
  wire::StateDelta& delta = rumor.deltas[0];
  const std::size_t room = step.rumors.message_bytes_max() - kHeadBytes - 3;
  if (!own.make_delta(self_name(step), known, step.now.steady, room, delta) || delta.to < own.version()) {
    eager_ = kEager;
    tick_ = std::min(tick_, step.after(step.config.state.sync_interval / kEagerPart));
    return;
  }
  encoded_.clear();
  base::ByteWriter out(encoded_);
  wire::encode(out, rumor);
  step.rumors.push(spread::RumorClass::state, spread::Audience::hearsay, self_name(step), encoded_);
}

bool StateSync::outbid(Step& step, const wire::StateDigest& known) {
  switch (store_.outbid(step.now.steady, known)) {
    case state::Store::Former::none:
      return false;
    case state::Store::Former::absurd:
      step.counters.add(Count::dropped_generation);
      return false;
    case state::Store::Former::outbid:
      step.counters.add(Count::state_lives);
      spread(step, 0);
      return true;
  }
  return false;
}

// ---- comparing ----

void StateSync::wake(const Step& step) {
  if (tick_ != kNever || store_.empty()) return;
  tick_ = step.after(rng_.within(step.config.state.sync_interval));
}

void StateSync::on_time(Step& step) {
  const Time now = step.now.steady;
  if (now >= store_.next_deadline(age_)) {
    const std::uint64_t before = store_.own().version();
    if (store_.expire(now)) spread(step, before);
    store_.collect(now, age_);
  }
  if (now >= notice_) tell_application(step);
  watch_.on_time(step, store_);
  if (now < tick_) return;
  const Duration interval = step.config.state.sync_interval;
  tick_ = store_.empty() ? kNever : step.after(eager_ > 0 ? interval / kEagerPart : interval);
  if (eager_ > 0) --eager_;
  if (tick_ != kNever && members::is_up(step.members.self_row().verdict)) compare(step);
}

Time StateSync::next_deadline() const {
  return std::min({tick_, notice_, store_.next_deadline(age_), watch_.next_deadline()});
}

void StateSync::compare(Step& step) {
  spread::pick_peers(
      step.members, rng_, 1,
      [](MemberId, const members::Row& row) { return members::is_up(row.verdict) && row.keeps_state; }, picked_);
  if (picked_.empty()) return;
  step.counters.add(Count::state_comparisons);
  step.out.send_bare(room::peer_of(step.members, picked_[0]), wire::StateHash{self_name(step), store_.hash(), {}});
}

bool StateSync::may_answer(Step& step) {
  if (step.now.steady - second_ >= std::chrono::seconds(1)) {
    second_ = step.now.steady;
    answers_ = 0;
  }
  if (++answers_ <= kStateAnswersPerSecond) return true;
  step.counters.add(Count::dropped_output_limit);
  return false;
}

std::size_t StateSync::digests_max(const Step& step) const {
  return (step.rumors.message_bytes_max() - kHeadBytes - kNameBytesMax - 22) / wire::kStateDigestBytes;
}

void StateSync::on_message(Step& step, MemberId sender, const wire::StateHash& theirs) {
  if (theirs.hash == store_.hash())
    watch_.on_held(step, store_, sender, store_.own().epoch(), store_.own().version());
  if (theirs.hash == store_.hash() || !may_answer(step)) return;
  if (theirs.buckets.empty()) {
    if (store_.counted() <= digests_max(step)) return ask(step, sender, 0, UINT64_MAX);
    wire::StateHash mine{self_name(step), store_.hash(), {}};
    mine.buckets.assign(store_.buckets().begin(), store_.buckets().end());
    step.out.send_bare(room::peer_of(step.members, sender), mine);
    return;
  }
  // From a range at random on: if there are many, each is asked about some time.
  const std::size_t first = rng_.bounded(wire::kStateBuckets);
  std::size_t asked = 0;
  for (std::size_t i = 0; i < wire::kStateBuckets && asked < kRangesAskedMax; ++i) {
    const std::size_t bucket = (first + i) % wire::kStateBuckets;
    if (theirs.buckets[bucket] == store_.buckets()[bucket]) continue;
    const std::uint64_t low = std::uint64_t{bucket} << 59;
    ask(step, sender, low, low + ((std::uint64_t{1} << 59) - 1));
    ++asked;
  }
}

void StateSync::ask(Step& step, MemberId peer, std::uint64_t first, std::uint64_t last) {
  wire::StateDigests mine{self_name(step), first, last, true, {}};
  const auto& owners = store_.owners();
  for (auto at = owners.lower_bound(first); at != owners.end() && at->first <= last; ++at) {
    const auto& [id, owner] = *at;
    if (owner.counted && !owner.state.empty()) mine.digests.push_back(owner.state.digest(id));
  }
  if (const std::size_t fit = digests_max(step); mine.digests.size() > fit) {
    const std::size_t from = rng_.bounded(mine.digests.size() - fit + 1);
    const auto begin = mine.digests.begin() + static_cast<std::ptrdiff_t>(from);
    if (from > 0) mine.first = begin->owner;
    if (from + fit < mine.digests.size()) mine.last = (begin + static_cast<std::ptrdiff_t>(fit) - 1)->owner;
    mine.digests.assign(begin, begin + static_cast<std::ptrdiff_t>(fit));
  }
  step.out.send_bare(room::peer_of(step.members, peer), mine);
}

template <class F>
void StateSync::each_pair(const wire::StateDigests& theirs, F f) const {
  const auto& owners = store_.owners();
  auto mine = owners.lower_bound(theirs.first);
  auto listed = theirs.digests.begin();
  const auto in_range = [&] { return mine != owners.end() && mine->first <= theirs.last; };
  while (in_range() || listed != theirs.digests.end()) {
    const bool own_next = in_range() && (listed == theirs.digests.end() || mine->first <= listed->owner);
    const bool both = own_next && listed != theirs.digests.end() && mine->first == listed->owner;
    if (both) {
      f(&mine->second, mine->second.state.digest(mine->first), *listed);
    } else if (own_next) {
      f(&mine->second, mine->second.state.digest(mine->first), wire::StateDigest{mine->first, {}, 0, 0});
    } else {
      f(nullptr, wire::StateDigest{listed->owner, {}, 0, 0}, *listed);
    }
    if (!own_next || both) ++listed;
    if (own_next) ++mine;
  }
}

void StateSync::on_message(Step& step, MemberId sender, const wire::StateDigests& theirs) {
  if (!may_answer(step)) return;
  for (const auto& digest : theirs.digests) {
    if (digest.owner != store_.self()) continue;
    watch_.on_held(step, store_, sender, digest.epoch, digest.version);
    outbid(step, digest);
  }
  std::vector<wire::StateDigest> lacking;
  wire::StateDigests wanted{self_name(step), theirs.first, theirs.last, false, {}};
  each_pair(theirs, [&](const state::Store::Owner* owner, const wire::StateDigest& mine,
                        const wire::StateDigest& known) {
    // A list of what somebody wants names all that it wants.
    const bool listed = known.epoch.generation > 0;
    const bool told = owner != nullptr && !owner->state.empty() && (theirs.ask ? owner->counted || listed : true);
    if (told && is_newer(mine, known)) {
      if (theirs.ask ||
          std::ranges::find(theirs.digests, mine.owner, &wire::StateDigest::owner) != theirs.digests.end())
        lacking.push_back(known);
    } else if (theirs.ask && listed && is_newer(known, mine) && wanted.digests.size() < digests_max(step)) {
      wanted.digests.push_back(mine);
    }
  });
  if (!lacking.empty()) tell(step, sender, lacking);
  if (!wanted.digests.empty()) step.out.send_bare(room::peer_of(step.members, sender), wanted);
}

void StateSync::tell(Step& step, MemberId peer, const std::vector<wire::StateDigest>& theirs) {
  const std::size_t room = step.rumors.message_bytes_max() - kHeadBytes - 3;
  const room::Peer to = room::peer_of(step.members, peer);
  wire::StateDeltas packet;
  std::size_t used = 0;
  std::size_t packets = 0;
  const auto flush = [&] {
    if (packet.deltas.empty() && !packet.more) return;
    step.out.send_bare(to, packet);
    ++packets;
    packet.deltas.clear();
    used = 0;
  };
  for (const auto& known : theirs) {
    const auto* owner = store_.find(known.owner);
    const auto fits = [&](wire::StateDelta& delta) {
      return owner->state.make_delta(owner->name, known, step.now.steady, room - used, delta);
    };
    wire::StateDelta delta;
    bool fit = fits(delta);
    if ((!fit || delta.to < owner->state.version()) && used > 0 && packets + 1 < kDeltaPacketsMax) {
      flush();
      fit = fits(delta);
    }
    packet.more = packet.more || !fit || delta.to < owner->state.version();
    if (!fit) continue;
    used += wire::encoded_bytes(delta);
    packet.deltas.push_back(std::move(delta));
  }
  flush();
}

// ---- news ----

bool StateSync::take(Step& step, const wire::StateDelta& delta) {
  const MemberId member = step.members.find(delta.owner);
  if (!member.valid()) {
    step.counters.add(Count::dropped_state_owner);
    return false;
  }
  if (step.members.is_self(member)) {
    outbid(step, {store_.self(), delta.epoch, delta.to, delta.floor});
    return false;
  }
  keys_.clear();
  const bool up = members::is_up(step.members.row(member).verdict);
  switch (store_.apply(step.now.steady, delta, up, keys_)) {
    case state::Store::Taken::news:
      break;
    case state::Store::Taken::stale:
      return false;
    case state::Store::Taken::gap:  // what is missing comes soon
      eager_ = std::max(eager_, 1u);
      wake(step);
      return false;
    case state::Store::Taken::absurd:
      step.counters.add(Count::dropped_generation);
      return false;
    case state::Store::Taken::too_large:
      step.counters.add(Count::dropped_state_limit);
      return false;
  }
  step.counters.add(Count::state_news);
  wake(step);
  note(step, delta.owner, keys_);
  watch_.on_news(step, store_, delta.owner);
  return true;
}

void StateSync::on_message(Step& step, const Origin& origin, const wire::StateDeltas& deltas) {
  const bool fetched = origin.is_stream() && origin.stream == fetch_;
  if (origin.is_stream() ? !fetched : !room::vouches(step, origin)) {
    step.counters.add(Count::dropped_unexpected);
    return;
  }
  bool news = false;
  for (const auto& delta : deltas.deltas) {
    const bool taken = take(step, delta);
    news = news || taken;
    if (taken && deltas.fresh && deltas.deltas.size() == 1)
      step.rumors.push(spread::RumorClass::state, spread::Audience::hearsay, delta.owner, origin.verbatim);
  }
  if (!fetched) {
    if (deltas.more && step.members.is_known_address(origin.from)) fetch(step, origin.from);
    return;
  }
  fetch_ = {};
  if (!news) {
    fetch_after_ = step.after(kFetchPause);
    return;
  }
  eager_ = kEager;
  tick_ = std::min(tick_, step.after(step.config.state.sync_interval / kEagerPart));
  if (deltas.more) fetch(step, fetch_from_);
}

wire::StateDigests StateSync::all_digests(const Step& step) const {
  wire::StateDigests all{self_name(step), 0, UINT64_MAX, true, {}};
  for (const auto& [id, owner] : store_.owners()) {
    if (!owner.state.empty()) all.digests.push_back(owner.state.digest(id));
  }
  return all;
}

void StateSync::fetch(Step& step, const Address& from) {
  if (fetching() || step.now.steady < fetch_after_) return;
  step.counters.add(Count::state_fetches);
  encoded_.clear();
  base::ByteWriter out(encoded_);
  wire::encode(out, all_digests(step));
  fetch_from_ = from;
  fetch_ = step.out.request(from, step.after(step.config.swim.stream_timeout),
                            wire::OnStream{ByteView(encoded_).subspan(1)});
}

bool StateSync::on_request(Step& step, const Origin& origin, const wire::StateDigests& theirs) {
  if (!room::vouches(step, origin) || !may_answer(step)) {
    step.counters.add(Count::dropped_unexpected);
    return false;
  }
  wire::StateDeltas answer;
  std::size_t left = std::min<std::size_t>(kBulkBytesMax, step.config.limits.stream_bytes_max / 2);
  each_pair(theirs,
            [&](const state::Store::Owner* owner, const wire::StateDigest& mine, const wire::StateDigest& known) {
              if (owner == nullptr || !owner->counted || owner->state.empty() || !is_newer(mine, known)) return;
              wire::StateDelta delta;
              const bool fit = answer.deltas.size() < UINT16_MAX &&
                               owner->state.make_delta(owner->name, known, step.now.steady, left, delta);
              answer.more = answer.more || !fit || delta.to < owner->state.version();
              if (!fit) return;
              left -= std::min(left, wire::encoded_bytes(delta));
              answer.deltas.push_back(std::move(delta));
            });
  encoded_.clear();
  base::ByteWriter out(encoded_);
  wire::encode(out, answer);
  step.out.answer(origin.stream, wire::OnStream{ByteView(encoded_).subspan(1)});
  return true;
}

void StateSync::on_stream_end(Step& /*step*/, StreamId stream) {
  if (stream == fetch_) fetch_ = {};
}

// ---- members and the application ----

void StateSync::on_outcome(Step& step, const room::Outcome& outcome) {
  watch_.on_outcome(outcome);
  if (!outcome.accepted() || store_.owners().size() == 1) return;
  if (step.members.contains(outcome.member)) {
    store_.count(step.members.name(outcome.member), members::is_up(step.members.row(outcome.member).verdict));
  } else if (const auto* forget = std::get_if<members::ForgetClaim>(&outcome.claim->body)) {
    store_.forget(forget->name);
    changed_.erase(forget->name);
  }
}

void StateSync::note(const Step& step, std::string_view owner, const std::vector<std::string>& keys) {
  if (keys.empty()) return;
  Changed& changed = changed_[std::string(owner)];
  for (const auto& key : keys) {
    if (changed.keys.size() >= kChangedKeysMax && !changed.keys.contains(key)) {
      changed.more = true;
      break;
    }
    changed.keys.insert(key);
  }
  if (notice_ == kNever) notice_ = step.after(kNoticePause);
}

void StateSync::tell_application(Step& step) {
  notice_ = kNever;
  for (auto& [name, changed] : changed_) {
    const auto* owner = store_.find(name);
    if (owner == nullptr) continue;
    StateChanged notice{name, owner->state.epoch().generation, owner->state.version(), {}, changed.more};
    notice.keys.assign(changed.keys.begin(), changed.keys.end());
    step.out.notify({step.now, std::move(notice)});
  }
  changed_.clear();
}

}  // namespace hearsay::services
