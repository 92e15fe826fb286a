#include "net/seal.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <string>

namespace hearsay::net {
namespace {

Bytes counting(std::size_t bytes, unsigned first = 0) {
  Bytes out(bytes);
  std::iota(out.begin(), out.end(), static_cast<std::uint8_t>(first));
  return out;
}

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

Bytes sealed(Aead& aead, ByteView key, ByteView nonce, ByteView aad, ByteView plain) {
  Bytes out(plain.size() + kTagBytes);
  EXPECT_TRUE(aead.seal(key, nonce, aad, plain, out.data()));
  return out;
}

// What a memberlist node sends for an ack of ping 300 under the key 00..1f with the nonce 00..0b.
const Bytes kAck300 = from_hex("0282a75061796c6f6164c0a55365714e6fcd012c");
const Bytes kCiphertext = from_hex("4580714ba49cae74ec25572ee28c0923ec1b8618");

TEST(seal, the_bytes_are_those_of_memberlist) {
  OpenSslAead aead;
  const Bytes key = counting(32), nonce = counting(12);
  const auto expect = [&](std::string_view label, std::string_view tag) {
    Bytes whole = kCiphertext;
    const Bytes end = from_hex(tag);
    whole.insert(whole.end(), end.begin(), end.end());
    EXPECT_EQ(sealed(aead, key, nonce, as_bytes(label), kAck300), whole);
    Bytes plain(kAck300.size());
    ASSERT_TRUE(aead.open(key, nonce, as_bytes(label), whole, plain.data()));
    EXPECT_EQ(plain, kAck300);
  };
  expect("", "c2c888dcdb44392e46719619451889fb");
  expect("blue", "2da622117c4a4b803bc2fa3566c28d8f");
}

TEST(seal, sixteen_and_twentyfour_byte_keys_round_trip) {
  OpenSslAead aead;
  for (const std::size_t key_bytes : {16u, 24u, 32u}) {
    const Bytes key = counting(key_bytes, 7), nonce = counting(12, 3);
    const Bytes out = sealed(aead, key, nonce, {}, kAck300);
    Bytes plain(kAck300.size());
    ASSERT_TRUE(aead.open(key, nonce, {}, out, plain.data()));
    EXPECT_EQ(plain, kAck300);
  }
}

TEST(seal, sealing_and_opening_work_in_place) {
  OpenSslAead aead;
  const Bytes key = counting(16), nonce = counting(12);
  Bytes buffer = kAck300;
  buffer.resize(kAck300.size() + kTagBytes);
  ASSERT_TRUE(aead.seal(key, nonce, {}, ByteView(buffer).first(kAck300.size()), buffer.data()));
  EXPECT_EQ(buffer, sealed(aead, key, nonce, {}, kAck300));
  ASSERT_TRUE(aead.open(key, nonce, {}, buffer, buffer.data()));
  buffer.resize(kAck300.size());
  EXPECT_EQ(buffer, kAck300);
}

TEST(seal, an_empty_message_is_only_a_tag) {
  OpenSslAead aead;
  const Bytes key = counting(32), nonce = counting(12);
  const Bytes out = sealed(aead, key, nonce, as_bytes("label"), {});
  EXPECT_EQ(out.size(), kTagBytes);
  Bytes plain(1);
  EXPECT_TRUE(aead.open(key, nonce, as_bytes("label"), out, plain.data()));
  EXPECT_FALSE(aead.open(key, nonce, as_bytes("lebal"), out, plain.data()));
}

TEST(seal, any_flipped_bit_is_refused_and_the_next_packet_opens) {
  OpenSslAead aead;
  const Bytes key = counting(32), nonce = counting(12);
  const Bytes good = sealed(aead, key, nonce, {}, kAck300);
  Bytes plain(kAck300.size());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1u << bit % 8));
    ASSERT_FALSE(aead.open(key, nonce, {}, bad, plain.data()));
    ASSERT_TRUE(aead.open(key, nonce, {}, good, plain.data()));
  }
  const Bytes other = counting(32, 1);
  EXPECT_FALSE(aead.open(other, nonce, {}, good, plain.data()));
}

TEST(seal, contexts_are_kept_per_key_and_bounded) {
  OpenSslAead aead;
  const Bytes nonce = counting(12);
  Bytes plain(kAck300.size());
  for (unsigned i = 0; i < 3; ++i) {
    const Bytes key = counting(32);
    ASSERT_TRUE(aead.open(key, nonce, {}, sealed(aead, key, nonce, {}, kAck300), plain.data()));
  }
  EXPECT_EQ(aead.contexts(), 2u);
  for (unsigned i = 0; i < 100; ++i) {
    const Bytes key = counting(16, i);
    ASSERT_TRUE(aead.open(key, nonce, {}, sealed(aead, key, nonce, {}, kAck300), plain.data()));
    EXPECT_EQ(plain, kAck300);
  }
  EXPECT_EQ(aead.contexts(), OpenSslAead::kContextsMax);
}

TEST(seal, nonces_do_not_repeat) {
  SystemNonces nonces;
  std::set<Bytes> seen;
  for (int i = 0; i < 2000; ++i) {
    Bytes nonce(kNonceBytes);
    nonces.fill(nonce);
    ASSERT_TRUE(seen.insert(nonce).second);
  }
  Bytes large(256 * kNonceBytes + 1);
  nonces.fill(large);
  EXPECT_NE(large, Bytes(large.size()));
}

TEST(seal, a_seed_is_never_zero) { EXPECT_NE(random_seed(), 0u); }

}  // namespace
}  // namespace hearsay::net
