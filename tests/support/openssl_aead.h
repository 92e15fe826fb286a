// AES-GCM for tests: short and slow. The product's own lies in net/.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "hearsay/aead.h"

namespace hearsay::tests {

class OpensslAead : public Aead {
 public:
  bool seal(ByteView key, ByteView nonce, ByteView aad, ByteView plain, std::uint8_t* out) override {
    const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int n = 0;
    return EVP_EncryptInit_ex(context.get(), cipher(key), nullptr, key.data(), nonce.data()) == 1 &&
           EVP_EncryptUpdate(context.get(), nullptr, &n, aad.data(), length(aad)) == 1 &&
           EVP_EncryptUpdate(context.get(), out, &n, plain.data(), length(plain)) == 1 &&
           EVP_EncryptFinal_ex(context.get(), out + plain.size(), &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out + plain.size()) == 1;
  }
  bool open(ByteView key, ByteView nonce, ByteView aad, ByteView sealed, std::uint8_t* out) override {
    const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    const ByteView text = sealed.first(sealed.size() - kTagBytes);
    Bytes tag = to_bytes(sealed.last(kTagBytes));
    std::uint8_t nothing = 0;
    std::uint8_t* const to = text.empty() ? &nothing : out;
    int n = 0;
    return EVP_DecryptInit_ex(context.get(), cipher(key), nullptr, key.data(), nonce.data()) == 1 &&
           EVP_DecryptUpdate(context.get(), nullptr, &n, aad.data(), length(aad)) == 1 &&
           EVP_DecryptUpdate(context.get(), to, &n, text.data(), length(text)) == 1 &&
           EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
           EVP_DecryptFinal_ex(context.get(), to, &n) == 1;
  }

 private:
  using Context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;
  static int length(ByteView bytes) { return static_cast<int>(bytes.size()); }
  static const EVP_CIPHER* cipher(ByteView key) {
    return key.size() == 16 ? EVP_aes_128_gcm() : key.size() == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
  }
};

// 00 01 02 ... as in the vectors; then it counts on.
class CountingNonces : public NonceSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

// first, first + 1, ...
inline Bytes counting_key(std::size_t size, std::uint8_t first = 0) {
  Bytes key(size);
  for (std::uint8_t& byte : key) byte = first++;
  return key;
}

}  // namespace hearsay::tests
