// What the pages share. A page is the libFuzzer entry point of one decoder; it fails by REQUIRE.
#pragma once

#include <cstdlib>

#include "hearsay/aead.h"
#include "hearsay/bytes.h"

#define REQUIRE(condition) \
  do {                     \
    if (!(condition)) {    \
      std::abort();        \
    }                      \
  } while (false)

namespace hearsay::fuzz {

inline bool same(ByteView a, ByteView b) { return as_text(a) == as_text(b); }

// A copy of exactly these bytes, so that the sanitizer sees every read beyond them.
inline Bytes exact(ByteView bytes) { return to_bytes(bytes); }

// Encryption that hides nothing, so that the fuzzer gets behind it: the tag is the first byte of the key, 16 times.
class GlassAead : public Aead {
 public:
  bool seal(ByteView key, ByteView, ByteView, ByteView plain, std::uint8_t* out) override {
    for (std::size_t i = 0; i < plain.size(); ++i) out[i] = plain[i];
    for (std::size_t i = 0; i < kTagBytes; ++i) out[plain.size() + i] = key[0];
    return true;
  }
  bool open(ByteView key, ByteView, ByteView, ByteView sealed, std::uint8_t* out) override {
    const ByteView plain = sealed.first(sealed.size() - kTagBytes);
    for (std::size_t i = 0; i < plain.size(); ++i) out[i] = plain[i];
    for (const std::uint8_t byte : sealed.last(kTagBytes)) {
      if (byte != key[0]) return false;
    }
    return true;
  }
};

class ZeroNonces : public NonceSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = 0;
  }
};

}  // namespace hearsay::fuzz
