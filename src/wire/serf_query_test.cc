#include "wire/serf_query.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "support/vectors.h"

namespace hearsay::wire {
namespace {

using tests::from_hex;
using tests::to_hex;

template <class Message>
std::string hex_of(const Message& message) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, message);
  return to_hex(bytes);
}

// Produced with go-msgpack v2.1.5 from Serf's own structs.
constexpr const char* kKeyRequest = "0781a34b6579b0000102030405060708090a0b0c0d0e0f";
constexpr const char* kListKeys = "0781a34b6579a0";
constexpr const char* kKeyResponse =
    "0884a44b65797391b841414543417751464267634943516f4c4441304f44773d3da74d657373616765a0aa5072696d6172794b6579b841"
    "4145"
    "43417751464267634943516f4c4441304f44773d3da6526573756c74c3";
constexpr const char* kConflict =
    "068ba441646472a47f000001ab44656c656761746543757205ab44656c65676174654d617805ab44656c65676174654d696e02a44e616d"
    "65a6"
    "6e6f64652d61a4506f7274cd1f0aab50726f746f636f6c43757202ab50726f746f636f6c4d617805ab50726f746f636f6c4d696e01a653"
    "7461"
    "74757301a45461677381a4726f6c65a3776562";

TEST(SerfQuery, key_requests_are_written_and_read_as_serf_does) {
  const Bytes key = from_hex("000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(hex_of(KeyRequest{key}), kKeyRequest);
  EXPECT_EQ(hex_of(KeyRequest{}), kListKeys);
  const Bytes bytes = from_hex(kKeyRequest);
  const auto back = decode_key_request(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_bytes(back->key), key);
}

TEST(SerfQuery, key_responses_are_written_and_read_as_serf_does) {
  KeyResponse response;
  response.result = true;
  response.keys = {"AAECAwQFBgcICQoLDA0ODw=="};
  response.primary = response.keys[0];
  EXPECT_EQ(hex_of(response), kKeyResponse);
  const auto back = decode_key_response(from_hex(kKeyResponse));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->result);
  EXPECT_EQ(back->keys, response.keys);
  EXPECT_EQ(back->primary, response.primary);
}

TEST(SerfQuery, a_conflict_is_answered_as_serf_does) {
  const Bytes addr = from_hex("7f000001");
  EXPECT_EQ(hex_of(ConflictResponse{"node-a", addr, 7946, {{"role", "web"}}, 1, {1, 5, 2, 2, 5, 5}}), kConflict);
  Bytes unknown;
  ByteWriter out(unknown);
  encode_unknown_member(out);
  EXPECT_EQ(to_hex(unknown), "06c0");
}

TEST(SerfQuery, other_types_and_truncations_are_refused) {
  EXPECT_EQ(decode_key_request({}).error(), Fault::truncated);
  EXPECT_EQ(decode_key_request(from_hex(kKeyResponse)).error(), Fault::unexpected);
  EXPECT_EQ(decode_key_response(from_hex(kKeyRequest)).error(), Fault::unexpected);
  const Bytes whole = from_hex(kKeyResponse);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_key_response(ByteView(whole).first(size))) << size;
  }
}

TEST(SerfQuery, a_list_of_very_many_keys_is_refused) {
  KeyResponse response;
  response.keys.assign(kKeysListedMax + 1, "k");
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, response);
  EXPECT_EQ(decode_key_response(bytes).error(), Fault::too_large);
}

TEST(SerfQuery, a_node_filter_passes_those_it_names) {
  const Bytes filter = from_hex("0092a26e31a26e32");
  const std::vector<ByteView> filters{filter};
  EXPECT_TRUE(filters_pass(filters, "n1"));
  EXPECT_TRUE(filters_pass(filters, "n2"));
  EXPECT_FALSE(filters_pass(filters, "n3"));
  EXPECT_TRUE(filters_pass({}, "n3")) << "no filter is for everybody";
}

TEST(SerfQuery, tag_filters_and_what_is_unknown_or_broken_pass_nobody) {
  const Bytes tag = from_hex("0182a445787072a57765622e2aa3546167a4726f6c65");
  const Bytes node = from_hex("0091a26e31");
  const Bytes broken = from_hex("0092a26e31");
  EXPECT_FALSE(filters_pass({node, tag}, "n1"));
  EXPECT_FALSE(filters_pass({ByteView()}, "n1"));
  EXPECT_FALSE(filters_pass({broken}, "n2"));
}

}  // namespace
}  // namespace hearsay::wire
