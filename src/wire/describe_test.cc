#include "wire/describe.h"

#include <gtest/gtest.h>

#include "support/openssl_aead.h"
#include "support/vectors.h"
#include "wire/envelope.h"
#include "wire/memberlist.h"
#include "wire/serf.h"
#include "wire/state.h"

namespace hearsay::wire {
namespace {

using tests::from_hex;
using tests::read_vectors;

TEST(Describe, every_message_is_one_line) {
  const auto rows = read_vectors("go-msgpack.txt");
  const auto line = [&](const char* name) { return describe_message(rows.at(name)); };
  EXPECT_EQ(line("ping with source"), "ping node-b seq=300 from=node-a");
  EXPECT_EQ(line("ping"), "ping b seq=5");
  EXPECT_EQ(line("indirect ping"), "indirect-ping node-c seq=70000 at=127.0.0.1:7946 nack from=node-a");
  EXPECT_EQ(line("ack"), "ack seq=300");
  EXPECT_EQ(line("nack"), "nack seq=300");
  EXPECT_EQ(line("error"), "error boom");
  EXPECT_EQ(line("suspect"), "suspect node-b inc=7 from=node-a");
  EXPECT_EQ(line("dead"), "left node-b inc=7");
  EXPECT_EQ(line("alive"), "alive node-a inc=1 at=127.0.0.1:7946 meta=11");
  const auto memberlist = read_vectors("memberlist-0.6.0.txt");
  EXPECT_EQ(describe_message(memberlist.at("dead")), "dead n1 inc=9 from=n2");
  EXPECT_EQ(describe_message(memberlist.at("pushPull(join, 2 nodes, user state 'usr')")),
            "push-pull join nodes=2 state=3");
  EXPECT_EQ(describe_message(memberlist.at("stream user msg 'hello'")), "user bytes=5");
}

TEST(Describe, serf_messages_are_looked_into) {
  const auto rows = read_vectors("go-msgpack.txt");
  const auto line = [&](const char* name) {
    Bytes message = {8};
    message.insert(message.end(), rows.at(name).begin(), rows.at(name).end());
    return describe_message(message);
  };
  EXPECT_EQ(line("join intent"), "user join node-a time=2");
  EXPECT_EQ(line("leave intent"), "user leave node-a time=300");
  EXPECT_EQ(line("user event"), "user event deploy time=5 payload=3");
  EXPECT_EQ(line("query"), "user query load id=77 time=9 from=node-a payload=0");
  EXPECT_EQ(line("query response"), "user query-response id=77 time=9 from=node-b payload=4");
  EXPECT_EQ(line("query ack"), "user query-ack id=77 time=9 from=node-b payload=0");
  EXPECT_EQ(line("serf push/pull"), "user push-pull time=10 members=1 left=0 events=1");
  EXPECT_EQ(line("relay"), "user relay to=node-a at=127.0.0.1:7946 bytes=0");
}

TEST(Describe, what_does_not_decode_is_named_with_its_length) {
  EXPECT_EQ(describe_message({}), "truncated bytes=0");
  EXPECT_EQ(describe_message(from_hex("0383a4")), "truncated suspect bytes=3");
  EXPECT_EQ(describe_message(from_hex("03c1")), "malformed suspect bytes=2");
  EXPECT_EQ(describe_message(from_hex("0683a4")), "truncated push-pull bytes=3");
  EXPECT_EQ(describe_message(from_hex("0c00000000")), "unexpected crc bytes=5");
  EXPECT_EQ(describe_message(from_hex("63")), "unexpected type=99 bytes=1");
}

TEST(Describe, what_a_peer_wrote_cannot_break_the_line) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, Suspect{Incarnation{1}, "a\nb c\x80", std::string(200, 'x')});
  EXPECT_EQ(describe_message(bytes), "suspect a\\x0ab\\x20c\\x80 inc=1 from=" + std::string(128, 'x') + "...");
}

TEST(Describe, states_have_words) {
  const auto line = [](const auto& message) {
    Bytes bytes;
    ByteWriter out(bytes);
    encode(out, message);
    return describe_message(bytes);
  };
  EXPECT_EQ(line(StateHash{"n1", 77, {}}), "state-hash n1");
  EXPECT_EQ(line(StateHash{"n1", 77, std::vector<std::uint64_t>(kStateBuckets)}), "state-hash n1 ranges=32");
  EXPECT_EQ(line(StateDigests{"n1", 0, 9, true, {{1, {1, 2}, 3, 3}}}), "state-digests n1 owners=1 compare");
  StateDelta delta{"n1", {3, 4}, 4, 9, 2, {{"dc", "eu", 5, false, 0}}};
  EXPECT_EQ(line(StateDeltas{false, {delta}, true}), "state-deltas n1 from=4 to=9 entries=1 fresh");
  const auto many = line(StateDeltas{true, std::vector<StateDelta>(6, delta)});
  EXPECT_NE(many.find(" and=2 more"), std::string::npos) << many;
  EXPECT_EQ(line(StateQuestion{"n1", {3, 4}, 7, 1, 1500, {}}), "state-question n1 version=7 number=1 ms=1500");
  EXPECT_EQ(line(StateHeld{"n2", {3, 4}, 7}), "state-held n2 gen=3 version=7");
}

TEST(Describe, a_datagram_is_its_messages_and_on_request_its_wrappers) {
  const auto rows = read_vectors("go-msgpack.txt");
  Envelope plain;
  EXPECT_EQ(describe_datagram(plain, rows.at("crc compound")), "ack seq=300 + suspect node-b inc=7 from=node-a");
  EXPECT_EQ(describe_datagram(plain, rows.at("crc compound"), true),
            "(crc compound bytes=70) ack seq=300 + suspect node-b inc=7 from=node-a");
  EXPECT_EQ(describe_datagram(plain, rows.at("compress 40 a"), true),
            "(compressed bytes=26) unexpected type=97 bytes=40");
  tests::OpensslAead aead;
  Envelope sealed;
  sealed.label = "blue";
  sealed.aead = &aead;
  sealed.keyring.add(tests::counting_key(32));
  EXPECT_EQ(describe_datagram(sealed, rows.at("sealed v1 label blue"), true),
            "(label=blue sealed bytes=55) ack seq=300");
  EXPECT_EQ(describe_datagram(sealed, rows.at("sealed v1")), "wrong_label datagram bytes=49");
}

TEST(Describe, lost_parts_are_counted) {
  EXPECT_EQ(describe_datagram(Envelope(), from_hex("0702000200050b80ff")), "nack seq=0 + 1 faulty");
}

}  // namespace
}  // namespace hearsay::wire
