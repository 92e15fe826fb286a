#include "base/interner.h"

#include <cstring>

#include "base/check.h"

namespace hearsay::base {

Interner::Interner() { records_.emplace_back(); }

Interner::Handle Interner::acquire(ByteView bytes) {
  if (bytes.empty()) return 0;
  if (const auto found = by_bytes_.find(as_text(bytes)); found != by_bytes_.end()) return retain(found->second);
  Handle handle = 0;
  if (free_.empty()) {
    handle = static_cast<Handle>(records_.size());
    records_.emplace_back();
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  Record& record = records_[handle];
  record.bytes = std::make_unique<std::uint8_t[]>(bytes.size());
  record.length = static_cast<std::uint32_t>(bytes.size());
  record.users = 1;
  std::memcpy(record.bytes.get(), bytes.data(), bytes.size());
  by_bytes_.emplace(as_text(view(handle)), handle);
  return handle;
}

Interner::Handle Interner::find(ByteView bytes) const {
  const auto found = by_bytes_.find(as_text(bytes));
  return found == by_bytes_.end() ? 0 : found->second;
}

Interner::Handle Interner::retain(Handle handle) {
  if (handle == 0) return 0;
  CHECK(handle < records_.size() && records_[handle].users > 0);
  ++records_[handle].users;
  return handle;
}

void Interner::release(Handle handle) {
  if (handle == 0) return;
  CHECK(handle < records_.size() && records_[handle].users > 0);
  Record& record = records_[handle];
  if (--record.users > 0) return;
  by_bytes_.erase(as_text(view(handle)));
  record.bytes.reset();
  record.length = 0;
  free_.push_back(handle);
}

ByteView Interner::view(Handle handle) const {
  CHECK(handle < records_.size());
  const Record& record = records_[handle];
  return {record.bytes.get(), record.length};
}

}  // namespace hearsay::base
