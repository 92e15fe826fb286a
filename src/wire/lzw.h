// LZW as Go's compress/lzw does it with 8-bit literals, low bits first; memberlist compresses with it.
//
// Codes 0..255 are bytes, 256 clears the table, 257 ends; further codes name strings met before, each a known
// string and one byte more. Codes grow from 9 to 12 bits as the table fills (docs/protocol/memberlist.md).
//
// Invariants: the encoder's bytes equal Go's; the decoder takes every stream that Go's takes, with or without
// early clears, and never writes more than it was told to. Tables live on the stack (at most 32 KiB): the nodes of
// a process share what is warm, and no call allocates but for the output.
#pragma once

#include <cstddef>

#include "hearsay/bytes.h"
#include "wire/fault.h"

namespace hearsay::wire {

// Appends the compressed form of `plain` to `out`.
void compress_lzw(ByteView plain, Bytes& out);

// Appends the plain form of `packed` to `out`. Errors leave `out` as it was: malformed for a code that cannot be,
// truncated when the end code is missing, too_large when the plain form exceeds `plain_bytes_max`.
Decoded<void> inflate_lzw(ByteView packed, std::size_t plain_bytes_max, Bytes& out);

}  // namespace hearsay::wire
