#include <algorithm>

#include "wire/envelope.h"

namespace hearsay::wire {

namespace {

auto find_key(std::vector<Bytes>& keys, ByteView key) {
  return std::find_if(keys.begin(), keys.end(), [&](const Bytes& held) { return std::ranges::equal(held, key); });
}

}  // namespace

Keyring::Change Keyring::add(ByteView key) {
  if (!valid_key(key)) return Change::bad_key;
  if (find_key(keys_, key) != keys_.end()) return Change::no_change;
  if (keys_.size() == kKeysMax) return Change::full;
  keys_.push_back(to_bytes(key));
  return Change::done;
}

Keyring::Change Keyring::use(ByteView key) {
  if (!valid_key(key)) return Change::bad_key;
  const auto found = find_key(keys_, key);
  if (found == keys_.end()) return Change::absent;
  if (found == keys_.begin()) return Change::no_change;
  std::rotate(keys_.begin(), found, found + 1);
  return Change::done;
}

Keyring::Change Keyring::remove(ByteView key) {
  if (!valid_key(key)) return Change::bad_key;
  const auto found = find_key(keys_, key);
  if (found == keys_.end()) return Change::no_change;
  if (found == keys_.begin()) return Change::is_primary;
  keys_.erase(found);
  return Change::done;
}

}  // namespace hearsay::wire
