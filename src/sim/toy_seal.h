// Encryption for the virtual world: who has not the key reads nothing and forges nothing by accident. It is no
// secret from anybody who wants to know; what matters here is who can read whom, the same on any machine.
#pragma once

#include <algorithm>

#include "base/hash.h"
#include "base/rng.h"
#include "hearsay/aead.h"

namespace hearsay::sim {

class ToyAead final : public Aead {
 public:
  bool seal(ByteView key, ByteView nonce, ByteView aad, ByteView plain, std::uint8_t* out) override {
    if (out != plain.data()) std::copy(plain.begin(), plain.end(), out);
    write_tag(key, nonce, aad, {out, plain.size()}, out + plain.size());
    mask(key, nonce, {out, plain.size()});
    return true;
  }
  bool open(ByteView key, ByteView nonce, ByteView aad, ByteView sealed, std::uint8_t* out) override {
    const ByteView text = sealed.first(sealed.size() - kTagBytes);
    std::copy(text.begin(), text.end(), out);
    mask(key, nonce, {out, text.size()});
    std::uint8_t tag[kTagBytes];
    write_tag(key, nonce, aad, {out, text.size()}, tag);
    return std::equal(tag, tag + kTagBytes, sealed.end() - kTagBytes);
  }

 private:
  static std::uint64_t hash(ByteView key, ByteView nonce, std::uint64_t number) {
    base::Hasher hasher;
    hasher.add(key);
    hasher.add(nonce);
    hasher.add(number);
    return hasher.value();
  }
  static void mask(ByteView key, ByteView nonce, std::span<std::uint8_t> text) {
    base::Rng stream(hash(key, nonce, 0));
    for (std::size_t i = 0; i < text.size();) {
      std::uint64_t word = stream.next();
      for (int byte = 0; byte < 8 && i < text.size(); ++byte, ++i, word >>= 8) {
        text[i] ^= static_cast<std::uint8_t>(word);
      }
    }
  }
  static void write_tag(ByteView key, ByteView nonce, ByteView aad, ByteView plain, std::uint8_t* out) {
    for (std::uint64_t half = 1; half <= 2; ++half) {
      base::Hasher hasher;
      hasher.add(hash(key, nonce, half));
      hasher.add(aad);
      hasher.add(plain);
      std::uint64_t word = hasher.value();
      for (int byte = 0; byte < 8; ++byte, word >>= 8) *out++ = static_cast<std::uint8_t>(word);
    }
  }
};

class SeededNonces final : public NonceSource {
 public:
  explicit SeededNonces(base::Rng rng) : rng_(rng) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(rng_.next());
  }

 private:
  base::Rng rng_;
};

}  // namespace hearsay::sim
