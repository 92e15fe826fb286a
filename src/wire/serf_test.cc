#include "wire/serf.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/vectors.h"

namespace hearsay::wire {
namespace {

using tests::from_hex;
using tests::read_vectors;
using tests::to_hex;

template <class Message>
Bytes encoded(const Message& message) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, message);
  return bytes;
}
Bytes encoded_again(const SerfMessage& message) {
  return std::visit([](const auto& m) { return encoded(m); }, message);
}

const Bytes kLocalhost = {127, 0, 0, 1};

TEST(Serf, encoders_write_what_peers_wrote) {
  const auto rows = read_vectors("go-msgpack.txt");
  const auto expect = [&](const char* name, const Bytes& bytes) {
    EXPECT_EQ(to_hex(bytes), to_hex(rows.at(name)));
  };
  expect("join intent", encoded(JoinIntent{LamportTime{2}, "node-a"}));
  expect("leave intent", encoded(LeaveIntent{LamportTime{300}, "node-a", false}));
  expect("user event", encoded(UserEvent{LamportTime{5}, "deploy", as_bytes("abc"), true}));
  Query query;
  query.time = LamportTime{9};
  query.id = 77;
  query.addr = kLocalhost;
  query.port = 7946;
  query.source_node = "node-a";
  query.timeout_ns = 200000000;
  query.name = "load";
  expect("query", encoded(query));
  expect("query response", encoded(QueryResponse{LamportTime{9}, 77, "node-b", 0, as_bytes("1.02")}));
  expect("query ack", encoded(QueryResponse{LamportTime{9}, 77, "node-b", 1, {}}));
}

TEST(Serf, a_push_pull_is_read_without_its_nil_slots_and_written_without_them) {
  const Bytes row = read_vectors("go-msgpack.txt").at("serf push/pull");
  const auto message = decode_serf(row);
  ASSERT_TRUE(message);
  const auto& push_pull = std::get<SerfPushPull>(*message);
  EXPECT_EQ(push_pull.time, LamportTime{10});
  EXPECT_EQ(push_pull.event_time, LamportTime{4});
  EXPECT_EQ(push_pull.query_time, LamportTime{2});
  ASSERT_EQ(push_pull.status_times.size(), 1u);
  EXPECT_EQ(push_pull.status_times[0].name, "node-a");
  EXPECT_EQ(push_pull.status_times[0].time, LamportTime{3});
  EXPECT_TRUE(push_pull.left_members.empty());
  ASSERT_EQ(push_pull.events.size(), 1u);
  EXPECT_EQ(push_pull.events[0].time, LamportTime{3});
  ASSERT_EQ(push_pull.events[0].events.size(), 1u);
  EXPECT_EQ(push_pull.events[0].events[0].name, "deploy");
  EXPECT_EQ(as_text(push_pull.events[0].events[0].payload), "abc");
  // The recorded three slots, two of them nil, become one.
  std::string expected = to_hex(row);
  const auto slots = expected.find("93c0");
  expected.replace(slots, 4, "91");
  expected.erase(expected.find("c0a54c54696d650aab"), 2);
  EXPECT_EQ(to_hex(encoded_again(*message)), expected);
}

TEST(Serf, an_empty_push_pull_has_empty_lists) {
  EXPECT_EQ(to_hex(encoded(SerfPushPull{LamportTime{1}, {}, {}, LamportTime{1}, {}, LamportTime{1}})),
            "0286aa4576656e744c54696d6501a64576656e747390a54c54696d6501ab4c6566744d656d6265727390"
            "aa51756572794c54696d6501ac5374617475734c54696d657380");
}

TEST(Serf, both_codec_generations_are_read) {
  const auto rows = read_vectors("go-msgpack.txt");
  for (const char* name : {"query", "query v2.1"}) {
    const auto message = decode_serf(rows.at(name));
    ASSERT_TRUE(message) << name;
    EXPECT_EQ(std::get<Query>(*message).timeout_ns, 200000000);
    EXPECT_EQ(to_hex(encoded_again(*message)), to_hex(rows.at("query")));
  }
}

TEST(Serf, a_relayed_message_is_read_and_written_with_what_stands_behind_its_head) {
  const auto rows = read_vectors("go-msgpack.txt");
  const Bytes inner = rows.at("query ack");
  for (const char* name : {"relay", "relay v2.1"}) {
    Bytes whole = rows.at(name);
    whole.insert(whole.end(), inner.begin(), inner.end());
    const auto message = decode_serf(whole);
    ASSERT_TRUE(message) << name;
    const auto& relayed = std::get<RelayedMessage>(*message);
    EXPECT_EQ(to_bytes(relayed.ip), kLocalhost);
    EXPECT_EQ(relayed.port, 7946);
    EXPECT_EQ(relayed.name, "node-a");
    EXPECT_EQ(to_bytes(relayed.message), inner);
    EXPECT_EQ(to_hex(encoded_again(*message)), to_hex(rows.at("relay")) + to_hex(inner));
  }
}

TEST(Serf, messages_that_stand_inside_of_queries_only_are_unexpected) {
  const auto rows = read_vectors("go-msgpack.txt");
  for (const char* name : {"conflict answer", "key request", "key response"}) {
    EXPECT_EQ(decode_serf(rows.at(name)).error(), Fault::unexpected) << name;
  }
}

TEST(Serf, every_truncation_is_refused) {
  for (const auto& [name, bytes] : read_vectors("go-msgpack.txt")) {
    const bool is_serf =
        name.ends_with("intent") || name == "user event" || name.starts_with("query") || name == "serf push/pull";
    if (!is_serf) continue;
    ASSERT_TRUE(decode_serf(bytes)) << name;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Bytes exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(decode_serf(exact).error(), Fault::truncated) << name << " cut to " << size;
    }
  }
}

TEST(Serf, entries_are_bounded) {
  // 2^20 + 1 names of no length among those that left.
  Bytes bytes = from_hex("0281ab4c6566744d656d62657273dd00100001");
  bytes.insert(bytes.end(), kSerfEntriesMax + 1, 0xa0);
  EXPECT_EQ(decode_serf(bytes).error(), Fault::too_large);
  Bytes query = from_hex("0481a746696c74657273dc0101");
  query.insert(query.end(), kQueryFiltersMax + 1, 0xa0);
  EXPECT_EQ(decode_serf(query).error(), Fault::too_large);
}

TEST(SerfTags, are_written_in_order_and_read_back) {
  const auto rows = read_vectors("go-msgpack.txt");
  EXPECT_EQ(encode_tags({{"dc", "e"}}), rows.at("tags"));
  EXPECT_EQ(encode_tags({}), rows.at("no tags"));
  EXPECT_EQ(decode_tags(rows.at("tags")), (Tags{{"dc", "e"}}));
  EXPECT_TRUE(decode_tags(rows.at("no tags")).empty());
}

TEST(SerfTags, meta_without_the_magic_is_the_role) {
  EXPECT_EQ(decode_tags(as_bytes("web")), (Tags{{"role", "web"}}));
  EXPECT_TRUE(decode_tags({}).empty());
}

TEST(SerfTags, what_does_not_decode_holds_no_tags) {
  for (const char* hex : {"ff", "ffc1", "ff05", "ff81a26463", "ff82a26463a165", "ff81a2646305"}) {
    EXPECT_TRUE(decode_tags(from_hex(hex)).empty()) << hex;
  }
}

RC_GTEST_PROP(SerfTags, read_back, (const std::map<std::string, std::string>& drawn)) {
  const Tags tags(drawn.begin(), drawn.end());
  RC_ASSERT(decode_tags(encode_tags(tags)) == tags);
}

// Owns what the views of generated messages point to.
struct Draw {
  std::vector<std::string> kept = std::vector<std::string>(64);
  std::size_t used = 0;
  std::string_view text() { return kept.at(used++) = *rc::gen::arbitrary<std::string>(); }
  ByteView bytes() { return as_bytes(text()); }
  LamportTime time() { return {*rc::gen::arbitrary<std::uint64_t>()}; }
};

template <class Message>
void reads_back(const Message& message) {
  const Bytes bytes = encoded(message);
  const auto decoded = decode_serf(bytes);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(std::holds_alternative<Message>(*decoded));
  RC_ASSERT(to_hex(encoded_again(*decoded)) == to_hex(bytes));
}

RC_GTEST_PROP(Serf, messages_read_back, ()) {
  Draw d;
  reads_back(LeaveIntent{d.time(), d.text(), *rc::gen::arbitrary<bool>()});
  reads_back(JoinIntent{d.time(), d.text()});
  reads_back(UserEvent{d.time(), d.text(), d.bytes(), *rc::gen::arbitrary<bool>()});
  reads_back(QueryResponse{d.time(), 7, d.text(), *rc::gen::arbitrary<std::uint32_t>(), d.bytes()});
  Query query;
  query.time = d.time();
  query.addr = d.bytes();
  query.port = *rc::gen::arbitrary<std::uint16_t>();
  query.filters = {d.bytes(), d.bytes()};
  query.relay_factor = *rc::gen::arbitrary<std::uint8_t>();
  query.timeout_ns = *rc::gen::arbitrary<std::int64_t>();
  query.name = d.text();
  query.payload = d.bytes();
  reads_back(query);
  SerfPushPull push_pull;
  push_pull.time = d.time();
  push_pull.status_times = {{d.text(), d.time()}, {d.text(), d.time()}};
  push_pull.left_members = {d.text(), d.text(), d.text()};
  push_pull.events = {{d.time(), {{d.text(), d.bytes()}, {d.text(), d.bytes()}}}, {d.time(), {}}};
  push_pull.query_time = d.time();
  reads_back(push_pull);
}

}  // namespace
}  // namespace hearsay::wire
