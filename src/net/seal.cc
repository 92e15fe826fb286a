#include "net/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace hearsay::net {

struct OpenSslAead::Context {
  std::array<std::uint8_t, 32> key{};
  std::size_t key_bytes = 0;
  Direction direction = Direction::seal;
  std::uint64_t last_use = 0;
  EVP_CIPHER_CTX* evp = nullptr;

  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  Context(Context&& other) noexcept { swap(other); }
  Context& operator=(Context&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Context() {
    EVP_CIPHER_CTX_free(evp);
    OPENSSL_cleanse(key.data(), key.size());
  }

  void swap(Context& other) noexcept {
    std::swap(key, other.key);
    std::swap(key_bytes, other.key_bytes);
    std::swap(direction, other.direction);
    std::swap(last_use, other.last_use);
    std::swap(evp, other.evp);
  }
  bool is_for(ByteView wanted, Direction way) const {
    return direction == way && key_bytes == wanted.size() && std::equal(wanted.begin(), wanted.end(), key.begin());
  }
};

OpenSslAead::OpenSslAead() : library_(OSSL_LIB_CTX_new()), provider_(OSSL_PROVIDER_load(library_, "default")) {
  CHECK(library_ != nullptr && provider_ != nullptr);
  contexts_.reserve(kContextsMax);
}

OpenSslAead::~OpenSslAead() {
  contexts_.clear();
  OSSL_PROVIDER_unload(provider_);
  OSSL_LIB_CTX_free(library_);
}

std::size_t OpenSslAead::contexts() const { return contexts_.size(); }

EVP_CIPHER_CTX* OpenSslAead::context_for(ByteView key, Direction direction) {
  ++uses_;
  for (auto& context : contexts_) {
    if (!context.is_for(key, direction)) continue;
    context.last_use = uses_;
    return context.evp;
  }

  const char* name = key.size() == 16 ? "AES-128-GCM" : key.size() == 24 ? "AES-192-GCM" : "AES-256-GCM";
  const std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> cipher(EVP_CIPHER_fetch(library_, name, nullptr),
                                                                       &EVP_CIPHER_free);
  Context made;
  made.evp = EVP_CIPHER_CTX_new();
  if (cipher == nullptr || made.evp == nullptr) return nullptr;
  const int ok = direction == Direction::seal
                     ? EVP_EncryptInit_ex2(made.evp, cipher.get(), key.data(), nullptr, nullptr)
                     : EVP_DecryptInit_ex2(made.evp, cipher.get(), key.data(), nullptr, nullptr);
  if (ok != 1) return nullptr;
  std::copy(key.begin(), key.end(), made.key.begin());
  made.key_bytes = key.size();
  made.direction = direction;
  made.last_use = uses_;

  if (contexts_.size() < kContextsMax) return contexts_.emplace_back(std::move(made)).evp;
  auto oldest = std::min_element(contexts_.begin(), contexts_.end(),
                                 [](const Context& a, const Context& b) { return a.last_use < b.last_use; });
  *oldest = std::move(made);
  return oldest->evp;
}

bool OpenSslAead::add_aad(EVP_CIPHER_CTX* context, Direction direction, ByteView aad) {
  if (aad.empty()) return true;
  int written = 0;
  const int bytes = static_cast<int>(aad.size());
  return (direction == Direction::seal ? EVP_EncryptUpdate(context, nullptr, &written, aad.data(), bytes)
                                       : EVP_DecryptUpdate(context, nullptr, &written, aad.data(), bytes)) == 1;
}

bool OpenSslAead::seal(ByteView key, ByteView nonce, ByteView aad, ByteView plain, std::uint8_t* out) {
  CHECK((key.size() == 16 || key.size() == 24 || key.size() == 32) && nonce.size() == kNonceBytes);
  if (plain.size() > INT_MAX || aad.size() > INT_MAX) return false;
  EVP_CIPHER_CTX* context = context_for(key, Direction::seal);
  int written = 0;
  if (context == nullptr || EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) != 1 ||
      !add_aad(context, Direction::seal, aad)) {
    return false;
  }
  if (!plain.empty() &&
      EVP_EncryptUpdate(context, out, &written, plain.data(), static_cast<int>(plain.size())) != 1) {
    return false;
  }
  std::uint8_t* tag = out + plain.size();
  return EVP_EncryptFinal_ex(context, tag, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1;
}

bool OpenSslAead::open(ByteView key, ByteView nonce, ByteView aad, ByteView sealed, std::uint8_t* out) {
  CHECK((key.size() == 16 || key.size() == 24 || key.size() == 32) && nonce.size() == kNonceBytes);
  CHECK(sealed.size() >= kTagBytes);
  if (sealed.size() > INT_MAX || aad.size() > INT_MAX) return false;
  EVP_CIPHER_CTX* context = context_for(key, Direction::open);
  int written = 0;
  if (context == nullptr || EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) != 1 ||
      !add_aad(context, Direction::open, aad)) {
    return false;
  }
  const std::size_t plain_bytes = sealed.size() - kTagBytes;
  std::array<std::uint8_t, kTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + plain_bytes, kTagBytes);
  if (plain_bytes != 0 &&
      EVP_DecryptUpdate(context, out, &written, sealed.data(), static_cast<int>(plain_bytes)) != 1) {
    return false;
  }
  std::array<std::uint8_t, kTagBytes> rest;  // the final block is empty in this mode; it wants a place all the same
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(context, rest.data(), &written) == 1;
}

void SystemNonces::fill(std::span<std::uint8_t> out) {
  if (out.size() > block_.size()) return fill_random(out);
  if (block_.size() - used_ < out.size()) {
    fill_random(block_);
    used_ = 0;
  }
  std::memcpy(out.data(), block_.data() + used_, out.size());
  used_ += out.size();
}

void fill_random(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0);  // a node without random numbers must not seal anything
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t random_seed() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes;
  std::uint64_t seed = 0;
  while (seed == 0) {
    fill_random(bytes);
    std::memcpy(&seed, bytes.data(), sizeof seed);
  }
  return seed;
}

}  // namespace hearsay::net
