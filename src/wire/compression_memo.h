// The last message that was compressed for a stream twice in a row, and what it was compressed to. In a quiet
// cluster the tables that nodes exchange are equal: ours from one exchange to the next, and ours and a peer's. So
// most of them need neither be compressed nor inflated.
//
// Its bytes lie in the interner: the nodes of one process hold them once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/hash.h"
#include "base/interner.h"
#include "hearsay/bytes.h"

namespace hearsay::wire {

class CompressionMemo {
 public:
  // `interner` must outlive this.
  explicit CompressionMemo(base::Interner& interner) : interner_(&interner) {}
  ~CompressionMemo() { forget(); }
  CompressionMemo(const CompressionMemo&) = delete;
  CompressionMemo& operator=(const CompressionMemo&) = delete;

  // Grows with each new message, from 1 on.
  std::uint64_t number() const { return number_; }
  // The message; empty when there is none. Valid until remember().
  ByteView plain() const { return plain_ != 0 ? interner_->view(plain_) : ByteView(); }
  // What this message is compressed to, or inflated to; empty when it is not the one. Valid until remember().
  ByteView packed_of(ByteView plain) const { return is(plain_, plain) ? interner_->view(packed_) : ByteView(); }
  ByteView plain_of(ByteView packed) const { return is(packed_, packed) ? interner_->view(plain_) : ByteView(); }

  void remember(ByteView plain, ByteView packed) {
    base::Hasher hash;
    hash.add(plain);
    // While news come in, each table is another one.
    if (std::exchange(latest_, hash.value()) != hash.value()) return;
    forget();
    plain_ = interner_->acquire(plain);
    packed_ = interner_->acquire(packed);
    ++number_;
  }

 private:
  bool is(base::Interner::Handle handle, ByteView bytes) const {
    return handle != 0 && std::ranges::equal(interner_->view(handle), bytes);
  }
  void forget() {
    interner_->release(std::exchange(plain_, 0));
    interner_->release(std::exchange(packed_, 0));
  }

  base::Interner* interner_;
  base::Interner::Handle plain_ = 0;
  base::Interner::Handle packed_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t latest_ = 0;  // hash of the one compressed last
};

}  // namespace hearsay::wire
