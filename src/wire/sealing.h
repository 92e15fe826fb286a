// The encrypted frame that datagrams and streams share: version, nonce, ciphertext, tag (memberlist security.go).
// Inside the room only; others use envelope.h.
#pragma once

#include "wire/envelope.h"

namespace hearsay::wire {

// Fewer bytes than this are no frame of any version.
inline constexpr std::size_t kSealedBytesMin = kSealBytes;

// Whether `frame` may be one, judged by its version byte and length.
bool looks_sealed(ByteView frame);
// Tries all keys and puts the plaintext into `plain`. not_opened: no key opens it, malformed: it is authentic but
// its padding (version 0) is wrong.
Decoded<void> open_sealed(const Envelope& envelope, ByteView frame, ByteView associated, Bytes& plain);

// Appends version and nonce; the caller then appends the plaintext and calls finish_seal with where this began.
void begin_seal(const Envelope& envelope, Bytes& out);
bool finish_seal(const Envelope& envelope, std::size_t begin, ByteView associated, Bytes& out);

// Appends the label header; nothing when there is no label.
void write_label(const Envelope& envelope, Bytes& out);

struct LabelHeader {
  bool whole = false;     // false: more bytes are needed to tell
  std::size_t bytes = 0;  // of the header
};
// Checks that `packet` begins with our label, or with none when we have none.
Decoded<LabelHeader> check_label(const Envelope& envelope, ByteView packet);

// The compress message of `plain`; a view into scratch.packed.
ByteView compress_message(ByteView plain, SealScratch& scratch);
// The body of a compress message, type byte removed, is inflated to the end of `out`.
Decoded<void> inflate_message(ByteView body, std::size_t plain_bytes_max, Bytes& out);

}  // namespace hearsay::wire
