#include "wire/serf_query.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "support/vectors.h"
#include "wire/msgpack.h"
#include "wire/serf.h"

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
  EXPECT_TRUE(filters_pass(filters, "n1", {}));
  EXPECT_TRUE(filters_pass(filters, "n2", {}));
  EXPECT_FALSE(filters_pass(filters, "n3", {}));
  EXPECT_TRUE(filters_pass({}, "n3", {})) << "no filter is for everybody";
}

Bytes tag_filter(std::string_view tag, std::string_view expression) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(1);
  MsgpackWriter map(out);
  map.map(2);
  map.text("Expr");
  map.text(expression);
  map.text("Tag");
  map.text(tag);
  map.flush();
  return bytes;
}

TEST(SerfQuery, a_tag_filter_passes_whose_value_it_finds) {
  const Bytes filter = from_hex("0182a445787072a57765622e2aa3546167a4726f6c65");
  EXPECT_EQ(filter, tag_filter("role", "web.*")) << "as Serf writes it";
  const Bytes web = encode_tags({{"role", "a web server"}, {"zone", "eu"}});
  EXPECT_TRUE(filters_pass({filter}, "n1", web)) << "anywhere in the value";
  EXPECT_FALSE(filters_pass({filter}, "n1", encode_tags({{"role", "db"}})));
  EXPECT_FALSE(filters_pass({filter}, "n1", {})) << "no tags";
  const Bytes none = tag_filter("rack", "^$");
  EXPECT_TRUE(filters_pass({none}, "n1", web)) << "a missing tag is empty";
  EXPECT_TRUE(filters_pass({filter, none}, "n1", web));
  const Bytes other = tag_filter("zone", "us");
  EXPECT_FALSE(filters_pass({filter, other}, "n1", web)) << "all must pass";
}

TEST(SerfQuery, what_is_unknown_or_broken_passes_nobody) {
  const Bytes broken = from_hex("0092a26e31");
  const Bytes unknown = from_hex("0291a26e31");
  const Bytes broken_tag = from_hex("0182a445787072a57765622e2a");
  const Bytes beyond = tag_filter("role", "(?i)web");
  const Bytes any = tag_filter("role", ".*");
  EXPECT_FALSE(filters_pass({ByteView()}, "n1", {}));
  for (const Bytes* filter : {&broken, &unknown, &broken_tag, &beyond})
    EXPECT_FALSE(filters_pass({*filter}, "n2", {}));
  EXPECT_TRUE(filters_pass(std::vector<ByteView>(kTagFiltersMax, any), "n1", {}));
  EXPECT_FALSE(filters_pass(std::vector<ByteView>(kTagFiltersMax + 1, any), "n1", {}));
}

}  // namespace
}  // namespace hearsay::wire
