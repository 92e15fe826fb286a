#include "state/store.h"

#include <algorithm>
#include <set>

#include "base/hash.h"

namespace hearsay::state {

std::uint64_t owner_hash(std::string_view name) {
  base::Hasher hash;
  hash.add(name);
  return hash.value();
}

Store::Store(std::string_view self, Epoch epoch, const Limits& limits) : limits_(limits), self_(owner_hash(self)) {
  Owner& own = owners_[self_];
  own.name = self;
  own.counted = true;
  own.state.start(epoch);
}

void Store::add_shares(const Owners::value_type& entry, bool in) {
  const auto& [id, owner] = entry;
  bytes_ += in ? owner.state.bytes() : 0 - owner.state.bytes();
  if (!owner.counted || owner.state.empty()) return;
  base::Hasher hasher;
  const auto digest = owner.state.digest(id);
  for (const std::uint64_t word : {digest.owner, std::uint64_t{digest.epoch.generation},
                                   std::uint64_t{digest.epoch.life}, digest.version, digest.floor})
    hasher.add(word);
  const std::uint64_t share = in ? hasher.value() : 0 - hasher.value();
  hash_ += share;
  buckets_[wire::state_bucket(id)] += share;
  counted_ += in ? 1 : std::size_t{0} - 1;
}

template <class Change>
void Store::update(Owners::iterator owner, Change change) {
  add_shares(*owner, false);
  change(owner->second);
  add_shares(*owner, true);
}

Result<void> Store::write(Time now, std::span<const StateWrite> writes) {
  std::size_t bytes = own().bytes();
  std::set<std::string_view> keys;
  for (const StateWrite& write : writes) {
    if (auto fault = fault_of(write)) return tl::unexpected(*std::move(fault));
    if (!keys.insert(write.key).second) {
      return fail(Errc::invalid_argument, "the key \"" + write.key + "\" is written twice",
                  "name each key once in a batch");
    }
    const Entry* entry = own().find(write.key);
    const bool there = entry != nullptr && entry->is_alive(now);
    const std::uint64_t version = there ? entry->version : 0;
    if (write.if_version && *write.if_version != version) {
      return fail(Errc::wrong_state,
                  "\"" + write.key + "\" " +
                      (there ? "has the version " + std::to_string(version) : std::string("is not there")) +
                      ", not " + std::to_string(*write.if_version),
                  "read it again and decide anew");
    }
    if (!write.value && !there)
      return fail(Errc::not_found, "there is no key \"" + write.key + "\"", "`hearsay state get` lists the keys");
    if (entry != nullptr) bytes -= bytes_of(*entry);
    bytes += kStateEntryBytes + write.key.size() + (write.value ? write.value->size() : 0);
  }
  if (bytes > limits_.own_bytes_max) {
    return fail(Errc::too_large,
                "the state of this node would take " + std::to_string(bytes) + " bytes, of which " +
                    std::to_string(limits_.own_bytes_max) + " are allowed",
                "delete keys or raise state.node_bytes_max");
  }
  update(owners_.find(self_), [&](Owner& own) {
    for (const StateWrite& write : writes) {
      expiries_.cancel(write.key);
      if (!write.value) {
        own.state.erase(write.key);
        graves_.push_back({own.state.version(), now});
        continue;
      }
      const bool lives_on = write.ttl == Duration::zero();
      const Entry* entry = own.state.find(write.key);
      const bool same = entry != nullptr && entry->is_alive(now) && entry->value == *write.value;
      if (same && lives_on && entry->expires == kNever) continue;
      const Time expires = lives_on ? kNever : later(now, write.ttl);
      own.state.put(write.key, *write.value, expires);
      if (!lives_on) expiries_.set(write.key, expires);
    }
  });
  return {};
}

bool Store::expire(Time now) {
  bool any = false;
  while (const auto key = expiries_.take_due(now)) {
    any = true;
    update(owners_.find(self_), [&](Owner& own) { own.state.erase(*key); });
    graves_.push_back({own().version(), now});
  }
  return any;
}

bool Store::collect(Time now, Duration age) {
  const bool due = !graves_.empty() && now - graves_.front().since >= age;
  if (!due && graves_.size() <= kTombstonesMax) return false;
  // Some younger ones with them: each time the floor rises everybody hears of it.
  const Duration young = age / 2;
  std::uint64_t floor = 0;
  while (!graves_.empty() && (now - graves_.front().since >= young || graves_.size() > kTombstonesMax / 2)) {
    floor = graves_.front().version;
    graves_.pop_front();
  }
  update(owners_.find(self_), [&](Owner& own) { own.state.raise_floor(floor); });
  return true;
}

Time Store::next_deadline(Duration age) const {
  const Time graves = graves_.empty() ? kNever : later(graves_.front().since, age);
  return std::min(graves, expiries_.next_deadline());
}

Store::Former Store::outbid(Time now, const wire::StateDigest& known) {
  const OwnerState& mine = own();
  const bool former = known.epoch != mine.epoch();
  // Of this life nobody can know more than we do, unless somebody lies or our memory is not our own.
  const bool believed = former ? known.epoch > mine.epoch() : known.version > mine.version();
  if (known.epoch.generation == 0 || (!former && !believed)) return Former::none;
  if (!believed) {
    // An older life, which this one supersedes as soon as it says anything.
    if (!mine.empty()) return Former::none;
    update(owners_.find(self_), [](Owner& own) { own.state.say_something(); });
    return Former::outbid;
  }
  const std::uint32_t generation = mine.epoch().generation;
  // The next one must be believed by those who know ours.
  const bool jumps =
      known.epoch.generation > generation && known.epoch.generation - generation >= kGenerationJumpMax;
  if (jumps || known.epoch.generation == UINT32_MAX) return Former::absurd;
  graves_.clear();
  const Epoch next{std::max(known.epoch.generation, generation) + 1, mine.epoch().life};
  update(owners_.find(self_), [&](Owner& own) { own.state.begin_again(next, now); });
  return Former::outbid;
}

Store::Taken Store::apply(Time now, const wire::StateDelta& delta, bool counted,
                          std::vector<std::string>& changed) {
  const std::uint64_t id = owner_hash(delta.owner);
  auto found = owners_.find(id);
  if (found != owners_.end() && (id == self_ || found->second.name != delta.owner)) return Taken::stale;
  const OwnerState unknown;
  const OwnerState& known = found == owners_.end() ? unknown : found->second.state;
  switch (known.judge(delta)) {
    case Applied::stale:
      return Taken::stale;
    case Applied::gap:
      return Taken::gap;
    case Applied::absurd:
      return Taken::absurd;
    case Applied::news:
      break;
  }
  std::size_t more = 0;
  for (const auto& entry : delta.entries) more += bytes_of(entry);
  const bool anew = delta.epoch != known.epoch() || delta.floor > known.version();
  const std::size_t kept = anew ? 0 : known.bytes();
  if (kept + more > kOwnerBytesMax || bytes_ - (known.bytes() - kept) + more > limits_.total_bytes_max)
    return Taken::too_large;
  if (found == owners_.end()) found = owners_.emplace(id, Owner{std::string(delta.owner), counted, {}}).first;
  update(found, [&](Owner& owner) { owner.state.apply(now, delta, changed); });
  return Taken::news;
}

void Store::count(std::string_view owner, bool counted) {
  const auto found = owners_.find(owner_hash(owner));
  if (found == owners_.end() || found->first == self_ || found->second.counted == counted) return;
  update(found, [&](Owner& entry) { entry.counted = counted; });
}

void Store::forget(std::string_view owner) {
  const auto found = owners_.find(owner_hash(owner));
  if (found == owners_.end() || found->first == self_) return;
  add_shares(*found, false);
  owners_.erase(found);
}

const Store::Owner* Store::find(std::uint64_t owner) const {
  const auto found = owners_.find(owner);
  return found == owners_.end() ? nullptr : &found->second;
}

const Store::Owner* Store::find(std::string_view name) const {
  const Owner* owner = find(owner_hash(name));
  return owner != nullptr && owner->name == name ? owner : nullptr;
}

NodeState Store::read(const Owner& owner, Time now) const {
  NodeState state{owner.name, owner.state.epoch().generation, owner.state.version(), {}, owner.state.epoch().life};
  for (const auto& [version, entry] : owner.state.entries()) {
    if (!entry.is_alive(now)) continue;
    state.items.push_back(
        {entry.key, entry.value, version, entry.expires == kNever ? Duration::zero() : entry.expires - now});
  }
  std::ranges::sort(state.items, {}, &StateItem::key);
  return state;
}

}  // namespace hearsay::state
