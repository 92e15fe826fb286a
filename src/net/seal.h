// Authenticated encryption with OpenSSL, and nonces from the system.
//
// Setting up an OpenSSL context costs more than sealing a packet with it, so one context is kept per key and
// direction; only the nonce is new each time. For the same reason nonces are fetched from the system in blocks.
// OpenSSL gets a library context of its own and no configuration file: what the embedding program does with its
// OpenSSL neither changes ours nor is changed by us.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "hearsay/aead.h"

namespace hearsay::net {

// AES-GCM. One object belongs to one thread; any number of nodes on that thread may share it.
class OpenSslAead final : public Aead {
 public:
  // Contexts kept; the one that was not used for longest makes room. Twice the longest keyring (16).
  static constexpr std::size_t kContextsMax = 32;

  OpenSslAead();
  ~OpenSslAead() override;
  OpenSslAead(const OpenSslAead&) = delete;
  OpenSslAead& operator=(const OpenSslAead&) = delete;

  bool seal(ByteView key, ByteView nonce, ByteView aad, ByteView plain, std::uint8_t* out) override;
  bool open(ByteView key, ByteView nonce, ByteView aad, ByteView sealed, std::uint8_t* out) override;

  std::size_t contexts() const;

 private:
  enum class Direction : std::uint8_t { seal, open };
  struct Context;
  // Null when OpenSSL offers no such cipher or has no memory.
  EVP_CIPHER_CTX* context_for(ByteView key, Direction direction);
  static bool add_aad(EVP_CIPHER_CTX* context, Direction direction, ByteView aad);

  OSSL_LIB_CTX* library_;
  OSSL_PROVIDER* provider_;
  std::vector<Context> contexts_;
  std::uint64_t uses_ = 0;
};

// Random numbers of the system's generator, fetched 256 nonces at a time. Belongs to one thread. A block does
// not survive a fork safely: parent and child would use the same nonces.
class SystemNonces final : public NonceSource {
 public:
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::array<std::uint8_t, 256 * kNonceBytes> block_{};
  std::size_t used_ = block_.size();
};

// Fills with random numbers of the system.
void fill_random(std::span<std::uint8_t> out);
// A seed that is not 0.
std::uint64_t random_seed();

}  // namespace hearsay::net
