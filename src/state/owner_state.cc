#include "state/owner_state.h"

#include <algorithm>

#include "base/check.h"

namespace hearsay::state {

namespace {

std::uint32_t left_ms(Time now, Time expires) {
  if (expires == kNever) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(expires - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, UINT32_MAX));
}

}  // namespace

std::size_t bytes_of(const Entry& entry) { return kStateEntryBytes + entry.key.size() + entry.value.size(); }
std::size_t bytes_of(const wire::StateEntry& entry) {
  return kStateEntryBytes + entry.key.size() + entry.value.size();
}

bool is_newer(const wire::StateDigest& mine, const wire::StateDigest& theirs) {
  if (mine.epoch != theirs.epoch) return mine.epoch > theirs.epoch;
  return mine.version != theirs.version ? mine.version > theirs.version : mine.floor > theirs.floor;
}

const Entry* OwnerState::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &entries_.at(found->second);
}

void OwnerState::set(Entry entry) {
  const auto found = by_key_.find(entry.key);
  if (found != by_key_.end()) {
    const auto old = entries_.find(found->second);
    bytes_ -= bytes_of(old->second);
    entries_.erase(old);
    found->second = entry.version;
  } else {
    by_key_.emplace(entry.key, entry.version);
  }
  bytes_ += bytes_of(entry);
  version_ = std::max(version_, entry.version);
  entries_.emplace_hint(entries_.end(), entry.version, std::move(entry));
}

void OwnerState::put(std::string_view key, std::string_view value, Time expires) {
  set({std::string(key), std::string(value), version_ + 1, false, expires});
}

void OwnerState::erase(std::string_view key) { set({std::string(key), {}, version_ + 1, true, kNever}); }

void OwnerState::raise_floor(std::uint64_t floor) {
  CHECK(floor <= version_);
  if (floor <= floor_) return;
  floor_ = floor;
  drop_tombstones();
}

void OwnerState::drop_tombstones() {
  for (auto at = entries_.begin(); at != entries_.end() && at->first <= floor_;) {
    if (!at->second.deleted) {
      ++at;
      continue;
    }
    bytes_ -= bytes_of(at->second);
    by_key_.erase(at->second.key);
    at = entries_.erase(at);
  }
}

void OwnerState::wipe(std::vector<std::string>& changed) {
  for (const auto& [version, entry] : entries_) {
    if (!entry.deleted) changed.push_back(entry.key);
  }
  entries_.clear();
  by_key_.clear();
  bytes_ = 0;
  version_ = floor_ = 0;
}

void OwnerState::begin_again(Epoch epoch, Time now) {
  std::map<std::uint64_t, Entry> before;
  before.swap(entries_);
  std::vector<std::string> changed;
  wipe(changed);
  epoch_ = epoch;
  for (auto& [version, entry] : before) {
    if (entry.is_alive(now)) put(entry.key, entry.value, entry.expires);
  }
  say_something();
}

Applied OwnerState::judge(const wire::StateDelta& delta) const {
  if (delta.epoch < epoch_) return Applied::stale;
  if (delta.epoch > epoch_) {
    const bool known = epoch_.generation > 0;
    if (known && delta.epoch.generation - epoch_.generation > kGenerationJumpMax) return Applied::absurd;
    return delta.from == 0 ? Applied::news : Applied::gap;
  }
  if (delta.to < version_ || (delta.to == version_ && delta.floor <= floor_)) return Applied::stale;
  // Deletions after our version may be among those that are forgotten: only the whole state tells.
  const bool behind_the_floor = delta.floor > version_;
  return delta.from > version_ || (behind_the_floor && delta.from > 0) ? Applied::gap : Applied::news;
}

Applied OwnerState::apply(Time now, const wire::StateDelta& delta, std::vector<std::string>& changed) {
  const Applied verdict = judge(delta);
  if (verdict != Applied::news) return verdict;
  const std::size_t before = changed.size();
  if (delta.epoch != epoch_ || delta.floor > version_) wipe(changed);
  epoch_ = delta.epoch;
  for (const wire::StateEntry& entry : delta.entries) {
    if (entry.version <= version_ || (entry.deleted && entry.version <= delta.floor)) continue;
    const Time expires =
        entry.ttl_ms == 0 ? kNever : later(now, std::chrono::milliseconds(std::int64_t{entry.ttl_ms}));
    changed.emplace_back(entry.key);
    set({std::string(entry.key), std::string(entry.value), entry.version, entry.deleted, expires});
  }
  version_ = delta.to;
  if (delta.floor > floor_) {
    floor_ = delta.floor;
    drop_tombstones();
  }
  // A key may be wiped and come again.
  std::sort(changed.begin() + static_cast<std::ptrdiff_t>(before), changed.end());
  changed.erase(std::unique(changed.begin() + static_cast<std::ptrdiff_t>(before), changed.end()), changed.end());
  return Applied::news;
}

bool OwnerState::make_delta(std::string_view owner, const wire::StateDigest& theirs, Time now,
                            std::size_t bytes_max, wire::StateDelta& out) const {
  const bool continues = theirs.epoch == epoch_ && theirs.version >= floor_;
  out.owner = owner;
  out.epoch = epoch_;
  out.from = continues ? std::min(theirs.version, version_) : 0;
  out.to = out.from;
  out.floor = floor_;
  out.entries.clear();
  std::size_t bytes = wire::kStateDeltaBytes + owner.size();
  for (auto at = entries_.upper_bound(out.from); at != entries_.end(); ++at) {
    const Entry& entry = at->second;
    const wire::StateEntry told{entry.key, entry.value, entry.version, entry.deleted, left_ms(now, entry.expires)};
    bytes += wire::encoded_bytes(told);
    if (bytes > bytes_max) return out.to > out.from && out.to >= floor_;
    out.entries.push_back(told);
    out.to = entry.version;
  }
  out.to = version_;
  return bytes <= bytes_max;
}

}  // namespace hearsay::state
