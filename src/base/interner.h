// Immutable byte strings, each kept once and counted: names, addresses and metas of members.
//
// A thousand nodes in one process hold a million rows about a thousand members; with one interner per loop they
// share the thousand records. A handle is 4 bytes, so a row stays small. Not thread-safe; never used for order.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "hearsay/bytes.h"

namespace hearsay::base {

class Interner {
 public:
  // 0 stands for the empty string and needs no release.
  using Handle = std::uint32_t;

  Interner();
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  // The handle of these bytes; one more user.
  Handle acquire(ByteView bytes);
  Handle acquire(std::string_view text) { return acquire(as_bytes(text)); }
  // The handle of these bytes, without using it; 0 when nobody does.
  Handle find(ByteView bytes) const;
  Handle find(std::string_view text) const { return find(as_bytes(text)); }
  // One more user of a handle that is in use.
  Handle retain(Handle handle);
  // One user less; the last one frees the record and its handle may be given out again.
  void release(Handle handle);

  // Valid until the last user releases it.
  ByteView view(Handle handle) const;
  std::string_view text(Handle handle) const { return as_text(view(handle)); }

  std::size_t records() const { return by_bytes_.size(); }

 private:
  struct Record {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::uint32_t length = 0;
    std::uint32_t users = 0;
  };
  std::vector<Record> records_;
  std::vector<Handle> free_;
  boost::unordered_flat_map<std::string_view, Handle> by_bytes_;  // keys point into the records
};

}  // namespace hearsay::base
