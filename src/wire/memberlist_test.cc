#include "wire/memberlist.h"

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
Bytes encoded_again(const DatagramMessage& message) {
  return std::visit([](const auto& m) { return encoded(m); }, message);
}
Bytes encoded_again(const StreamMessage& message) {
  if (const auto* user = std::get_if<User>(&message)) {
    Bytes bytes;
    ByteWriter out(bytes);
    encode_stream(out, *user);
    return bytes;
  }
  return std::visit([](const auto& m) { return encoded(m); }, message);
}
Decoded<std::optional<StreamMessage>> decode_stream(ByteView bytes) {
  return decode_stream_message(bytes, 1u << 20, 20u << 20);
}

bool asks_for_more(ByteView bytes) {
  const auto message = decode_stream(bytes);
  return message && !*message;
}

const Bytes kLocalhost = {127, 0, 0, 1};
const Bytes kVersions = {1, 5, 2, 2, 5, 5};

TEST(Memberlist, encoders_write_what_peers_wrote) {
  const auto rows = read_vectors("go-msgpack.txt");
  const auto expect = [&](const char* name, const Bytes& bytes) {
    EXPECT_EQ(to_hex(bytes), to_hex(rows.at(name)));
  };
  expect("ping with source", encoded(Ping{SeqNo{300}, "node-b", kLocalhost, 7946, "node-a"}));
  expect("ping", encoded(Ping{SeqNo{5}, "b", {}, 0, ""}));
  expect("indirect ping",
         encoded(IndirectPing{SeqNo{70000}, kLocalhost, 7946, "node-c", true, kLocalhost, 7946, "node-a"}));
  expect("ack", encoded(Ack{SeqNo{300}, {}}));
  expect("nack", encoded(Nack{SeqNo{300}}));
  expect("suspect", encoded(Suspect{Incarnation{7}, "node-b", "node-a"}));
  expect("dead", encoded(Dead{Incarnation{7}, "node-b", "node-b"}));
  const Bytes meta = from_hex("ff81a4726f6c65a3776562");
  expect("alive", encoded(Alive{Incarnation{1}, "node-a", kLocalhost, 7946, meta, kVersions}));
  expect("push/pull header", encoded(PushPullHeader{200, 70000, true}));
  expect("push/pull entry",
         encoded(PushNode{"node-a", kLocalhost, 7946, {}, Incarnation{1}, NodeState::alive, kVersions}));
  expect("error", encoded(ErrorReply{"boom"}));
  Bytes user;
  ByteWriter out(user);
  encode_stream(out, User{as_bytes("abc")});
  EXPECT_EQ(to_hex(user), to_hex(rows.at("user header")) + "616263");
}

TEST(Memberlist, what_memberlist_0_6_0_wrote_is_read_and_written_alike) {
  const auto rows = read_vectors("memberlist-0.6.0.txt");
  for (const char* name : {"ping-full", "ping-min (omitempty)", "indirectPing", "indirectPing-v1",
                           "ack-nil-payload", "ack-payload", "nack", "suspect", "alive-ip4", "alive-ip6-nometa",
                           "alive-longmeta", "dead", "dead-leave (From == Node)"}) {
    const auto message = decode_datagram_message(rows.at(name));
    ASSERT_TRUE(message) << name;
    EXPECT_EQ(to_hex(encoded_again(*message)), to_hex(rows.at(name))) << name;
  }
  for (const char* name : {"err", "pushPull(join, 2 nodes, user state 'usr')", "stream user msg 'hello'"}) {
    const auto message = decode_stream(rows.at(name));
    ASSERT_TRUE(message && *message) << name;
    EXPECT_EQ(to_hex(encoded_again(**message)), to_hex(rows.at(name))) << name;
  }
}

TEST(Memberlist, fields_land_where_they_belong) {
  const auto rows = read_vectors("memberlist-0.6.0.txt");
  const auto ping = std::get<IndirectPing>(*decode_datagram_message(rows.at("indirectPing")));
  EXPECT_EQ(ping.seq, SeqNo{70000});
  EXPECT_EQ(to_hex(ping.target), "7f000107");
  EXPECT_EQ(ping.port, 7946);
  EXPECT_EQ(ping.node, "node-0042");
  EXPECT_TRUE(ping.nack);
  EXPECT_EQ(ping.source_node, "node-0007");
  const auto alive = std::get<Alive>(*decode_datagram_message(rows.at("alive-ip6-nometa")));
  EXPECT_EQ(alive.incarnation, Incarnation{300});
  EXPECT_EQ(alive.addr.size(), 16u);
  EXPECT_EQ(alive.port, 80);
  EXPECT_TRUE(alive.meta.empty());
  EXPECT_EQ(to_hex(alive.vsn), "010502000000");
  const auto push_pull = std::get<PushPull>(**decode_stream(rows.at("pushPull(join, 2 nodes, user state 'usr')")));
  EXPECT_TRUE(push_pull.join);
  ASSERT_EQ(push_pull.nodes.size(), 2u);
  EXPECT_EQ(push_pull.nodes[1].name, "n2");
  EXPECT_EQ(push_pull.nodes[1].state, NodeState::left);
  EXPECT_EQ(push_pull.nodes[1].port, 7947);
  EXPECT_EQ(as_text(push_pull.user_state), "usr");
}

TEST(Memberlist, the_signed_integers_of_newer_codecs_are_taken) {
  const auto rows = read_vectors("go-msgpack.txt");
  EXPECT_TRUE(asks_for_more(rows.at("push/pull header v2.1")));  // 200 entries are missing
  Bytes bytes = from_hex("0683a44a6f696ec2a54e6f646573d001ac5573657253746174654c656ed10000");
  const Bytes& entry = rows.at("push/pull entry");
  bytes.insert(bytes.end(), entry.begin(), entry.end());
  const auto message = decode_stream(bytes);
  ASSERT_TRUE(message && *message);
  EXPECT_EQ(std::get<PushPull>(**message).nodes.at(0).name, "node-a");
}

TEST(Memberlist, new_raw_families_and_the_array_form_are_taken) {
  // A ping with str8 and bin8 values and an unknown key; the same as an array with two items too many.
  const Bytes as_map =
      from_hex("0084a44e6f6465d90162a55365714e6fcc05aa536f7572636541646472c4047f000001a3466f6f93010203");
  const Bytes as_array = from_hex("009705a162c4047f000001cd1f0aa1610102");
  const auto ping = std::get<Ping>(*decode_datagram_message(as_map));
  EXPECT_EQ(ping.seq, SeqNo{5});
  EXPECT_EQ(ping.node, "b");
  EXPECT_EQ(to_hex(ping.source_addr), "7f000001");
  const auto other = std::get<Ping>(*decode_datagram_message(as_array));
  EXPECT_EQ(other.seq, SeqNo{5});
  EXPECT_EQ(other.node, "b");
  EXPECT_EQ(other.source_port, 7946);
  EXPECT_EQ(other.source_node, "a");
}

TEST(Memberlist, types_that_do_not_belong_there_are_unexpected) {
  for (unsigned type = 0; type < 256; ++type) {
    const Bytes bytes = {static_cast<std::uint8_t>(type), 0x80};
    const bool in_datagram = type <= 5 || type == 8 || type == 11;
    const auto datagram = decode_datagram_message(bytes);
    EXPECT_EQ(datagram.has_value(), in_datagram) << type;
    EXPECT_EQ(datagram ? Fault::unexpected : datagram.error(), Fault::unexpected) << type;
    const bool in_stream = type == 0 || type == 2 || type == 6 || type == 8 || type == 13;
    const auto stream = decode_stream(bytes);
    EXPECT_EQ(stream.has_value(), in_stream) << type;
    EXPECT_EQ(stream ? Fault::unexpected : stream.error(), Fault::unexpected) << type;
  }
}

TEST(Memberlist, every_truncation_of_a_datagram_message_is_refused) {
  for (const char* file : {"go-msgpack.txt", "memberlist-0.6.0.txt"}) {
    for (const auto& [name, bytes] : read_vectors(file)) {
      if (bytes[0] == 8 || !decode_datagram_message(bytes) || name.starts_with("serf")) continue;
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        const Bytes exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(decode_datagram_message(exact)) << name << " cut to " << size;
      }
    }
  }
}

TEST(Memberlist, every_truncation_of_a_stream_message_asks_for_more) {
  const auto rows = read_vectors("memberlist-0.6.0.txt");
  for (const char* name : {"err", "ping-full", "ack-payload", "pushPull(join, 2 nodes, user state 'usr')",
                           "stream user msg 'hello'"}) {
    const Bytes& bytes = rows.at(name);
    StreamScan scan;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Bytes exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_TRUE(asks_for_more(exact)) << name << " cut to " << size;
      EXPECT_EQ(scan.advance(exact, 1000), std::size_t{0}) << name << " cut to " << size;
    }
    EXPECT_EQ(scan.advance(bytes, 1000), bytes.size());
  }
}

TEST(Memberlist, lengths_are_bounded_before_anything_is_kept) {
  const Bytes many = encoded(PushPullHeader{1u << 21, 0, false});
  EXPECT_EQ(decode_stream(many).error(), Fault::too_large);
  const Bytes large = encoded(PushPullHeader{0, 1u << 30, false});
  EXPECT_EQ(decode_stream(large).error(), Fault::too_large);
  EXPECT_EQ(StreamScan().advance(large, 20u << 20).error(), Fault::too_large);
  const Bytes user = from_hex("0881aa557365724d73674c656ece7fffffff");
  EXPECT_EQ(decode_stream(user).error(), Fault::too_large);
  EXPECT_EQ(StreamScan().advance(user, 20u << 20).error(), Fault::too_large);
  const Bytes negative = from_hex("0683a44a6f696ec2a54e6f646573ffac5573657253746174654c656e00");
  EXPECT_EQ(decode_stream(negative).error(), Fault::malformed);
}

TEST(Memberlist, entries_that_hold_nothing_do_not_multiply_memory) {
  Bytes bytes = encoded(PushPullHeader{1000, 0, false});
  bytes.insert(bytes.end(), 1000, 0xc0);
  EXPECT_TRUE(asks_for_more(bytes));
  EXPECT_EQ(StreamScan().advance(bytes, 1000).error(), Fault::malformed);
}

TEST(Memberlist, a_state_beyond_the_known_ones_is_handed_over) {
  Bytes bytes = encoded(PushPullHeader{1, 0, false});
  const Bytes entry =
      encoded(PushNode{"n", kLocalhost, 1, {}, Incarnation{1}, static_cast<NodeState>(9), kVersions});
  bytes.insert(bytes.end(), entry.begin(), entry.end());
  EXPECT_EQ(std::get<PushPull>(**decode_stream(bytes)).nodes.at(0).state, static_cast<NodeState>(9));
}

// ---- whatever is written is read back ----

// Owns what the views of generated messages point to.
struct Draw {
  std::vector<std::string> kept = std::vector<std::string>(64);
  std::size_t used = 0;
  std::string_view text() { return kept.at(used++) = *rc::gen::arbitrary<std::string>(); }
  ByteView bytes() { return as_bytes(text()); }
  template <class T>
  T number() {
    return *rc::gen::arbitrary<T>();
  }
};

template <class Message>
void reads_back(const Message& message) {
  const Bytes bytes = encoded(message);
  const auto decoded = decode_datagram_message(bytes);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(std::holds_alternative<Message>(*decoded));
  RC_ASSERT(to_hex(encoded_again(*decoded)) == to_hex(bytes));
}

RC_GTEST_PROP(Memberlist, datagram_messages_read_back, ()) {
  Draw d;
  using N16 = std::uint16_t;
  using N32 = std::uint32_t;
  reads_back(Ping{SeqNo{d.number<N32>()}, d.text(), d.bytes(), d.number<N16>(), d.text()});
  reads_back(IndirectPing{SeqNo{d.number<N32>()}, d.bytes(), d.number<N16>(), d.text(), d.number<bool>(), d.bytes(),
                          d.number<N16>(), d.text()});
  reads_back(Ack{SeqNo{d.number<N32>()}, d.bytes()});
  reads_back(Nack{SeqNo{d.number<N32>()}});
  reads_back(Suspect{Incarnation{d.number<N32>()}, d.text(), d.text()});
  reads_back(Alive{Incarnation{d.number<N32>()}, d.text(), d.bytes(), d.number<N16>(), d.bytes(), d.bytes()});
  reads_back(Dead{Incarnation{d.number<N32>()}, d.text(), d.text()});
  reads_back(User{d.bytes()});
}

RC_GTEST_PROP(Memberlist, push_pulls_read_back, ()) {
  Draw d;
  PushPull message{d.number<bool>(), {}, d.bytes()};
  const auto count = *rc::gen::inRange<std::size_t>(0, 10);
  for (std::size_t i = 0; i < count; ++i) {
    message.nodes.push_back({d.text(), d.bytes(), d.number<std::uint16_t>(), d.bytes(),
                             Incarnation{d.number<std::uint32_t>()}, NodeState::suspect, d.bytes()});
  }
  const Bytes bytes = encoded(message);
  const auto decoded = decode_stream(bytes);
  RC_ASSERT((decoded && *decoded));
  RC_ASSERT(std::get<PushPull>(**decoded).nodes.size() == count);
  RC_ASSERT(to_hex(encoded_again(**decoded)) == to_hex(bytes));
  RC_ASSERT(StreamScan().advance(bytes, 1u << 20) == bytes.size());
}

}  // namespace
}  // namespace hearsay::wire
