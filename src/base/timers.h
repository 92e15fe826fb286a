// Deadlines of many keys. Equal deadlines fire in the order in which they were set.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "hearsay/time.h"

namespace hearsay::base {

// One deadline per key. Setting, cancelling and taking cost O(log n).
template <class Key>
class Timers {
 public:
  // Sets or moves the deadline of a key.
  void set(const Key& key, Time at) {
    cancel(key);
    const std::pair<Time, std::uint64_t> when{at, ++set_};
    due_.emplace(when, key);
    by_key_.emplace(key, when);
  }
  void cancel(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    due_.erase(found->second);
    by_key_.erase(found);
  }
  // The deadline of a key; kNever when it has none.
  Time at(const Key& key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? kNever : found->second.first;
  }
  bool is_set(const Key& key) const { return by_key_.contains(key); }
  // The next key whose deadline is not after `now`, taken out.
  std::optional<Key> take_due(Time now) {
    if (due_.empty() || due_.begin()->first.first > now) return std::nullopt;
    const Key key = due_.begin()->second;
    due_.erase(due_.begin());
    by_key_.erase(key);
    return key;
  }
  Time next_deadline() const { return due_.empty() ? kNever : due_.begin()->first.first; }
  std::size_t size() const { return due_.size(); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(due_);
  }

 private:
  std::uint64_t set_ = 0;
  std::map<std::pair<Time, std::uint64_t>, Key> due_;
  std::map<Key, std::pair<Time, std::uint64_t>> by_key_;
};

}  // namespace hearsay::base
