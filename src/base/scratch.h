// Memory that one input uses and the next one uses again.
#pragma once

#include <cstddef>

namespace hearsay::base {

// So many bytes a buffer keeps for the next input: what probes and gossip need. Whole tables are given back,
// because they are rare, large in a large cluster, and many nodes may live in one process.
inline constexpr std::size_t kScratchBytesKept = std::size_t{16} << 10;

// Empties a vector and gives its memory back when there is more of it than is worth keeping.
template <class Vector>
void recycle(Vector& scratch) {
  scratch.clear();
  if (scratch.capacity() * sizeof(typename Vector::value_type) > kScratchBytesKept) Vector().swap(scratch);
}

}  // namespace hearsay::base
