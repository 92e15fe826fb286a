// The crypto seam: authenticated encryption and secret numbers are passed in by the driver, because a real
// implementation (OpenSSL in net/) reads files, environment and clocks, which the core cannot.
#pragma once

#include "hearsay/bytes.h"

namespace hearsay {

inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kTagBytes = 16;

// AES-GCM with 16, 24 or 32 byte keys, 12 byte nonces and 16 byte tags. One object belongs to one thread.
class Aead {
 public:
  virtual ~Aead() = default;
  // Writes ciphertext then tag to out[0 .. plain.size() + kTagBytes). `out` may be plain.data().
  // REQUIRES: key is 16, 24 or 32 bytes; nonce is kNonceBytes.
  // False: the implementation failed (out is garbage).
  virtual bool seal(ByteView key, ByteView nonce, ByteView aad, ByteView plain, std::uint8_t* out) = 0;
  // Writes the plaintext to out[0 .. sealed.size() - kTagBytes). False: not authentic (out is garbage).
  // REQUIRES: sealed.size() >= kTagBytes.
  virtual bool open(ByteView key, ByteView nonce, ByteView aad, ByteView sealed, std::uint8_t* out) = 0;
};

// Fills with numbers fit for nonces: unpredictable and never repeated in net/, seeded in sim/.
class NonceSource {
 public:
  virtual ~NonceSource() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

}  // namespace hearsay
