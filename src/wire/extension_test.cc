#include "wire/extension.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "hearsay/config.h"
#include "wire/memberlist.h"
#include "wire/messages.h"

namespace hearsay::wire {
namespace {

Bytes bytes_of(const Extension& extension) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, extension);
  return bytes;
}

Bytes body_of(const ViewPull& pull) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, pull);
  EXPECT_EQ(bytes[0], static_cast<std::uint8_t>(Type::user));
  EXPECT_EQ(bytes[1], kHearsayUserType);
  return Bytes(bytes.begin() + 3, bytes.end());
}

TEST(Extension, reads_back_and_ignores_what_later_versions_append) {
  Bytes bytes = bytes_of({.version = 7, .features = 3, .run_id = 0xaabbccdd, .view_hash = 0x1122334455667788});
  EXPECT_EQ(bytes.size(), kExtensionBytes);
  bytes.push_back(9);
  const auto back = decode_extension(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->version, 7);
  EXPECT_EQ(back->features, 3);
  EXPECT_EQ(back->run_id, 0xaabbccddu);
  EXPECT_EQ(back->view_hash, 0x1122334455667788u);
}

TEST(Extension, every_truncation_is_refused) {
  const Bytes bytes = bytes_of({});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_extension(ByteView(bytes).first(size))) << size;
  }
}

TEST(Extension, rides_on_pings_and_acks_in_front_of_memberlists_keys) {
  const Bytes extension = bytes_of({.run_id = 5});
  Bytes packet;
  ByteWriter out(packet);
  encode(out, Ack{SeqNo{300}, {}, extension});
  const auto ack = decode_datagram_message(packet);
  ASSERT_TRUE(ack);
  EXPECT_EQ(to_bytes(std::get<Ack>(*ack).extension), extension);
  packet.clear();
  encode(out, Ping{SeqNo{300}, "b", {}, 0, "a", extension});
  const auto ping = decode_datagram_message(packet);
  ASSERT_TRUE(ping);
  EXPECT_EQ(to_bytes(std::get<Ping>(*ping).extension), extension);
  EXPECT_EQ(packet[2], 0xa2) << "the key Hs comes first";
}

TEST(ViewPull, reads_back) {
  ViewPull pull;
  pull.sender = "n1";
  pull.entries = {{1, Incarnation{2}, 0}, {0xffffffff, Incarnation{0xfffffff0}, 2}};
  const Bytes body = body_of(pull);
  const auto back = decode_view_pull(body);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->sender, "n1");
  ASSERT_EQ(back->entries.size(), 2u);
  EXPECT_EQ(back->entries[1].name_hash, 0xffffffffu);
  EXPECT_EQ(back->entries[1].incarnation, Incarnation{0xfffffff0});
  EXPECT_EQ(back->entries[1].verdict, 2);
}

TEST(ViewPull, truncations_and_absurd_counts_are_refused) {
  ViewPull pull;
  pull.sender = "n1";
  pull.entries.resize(3);
  const Bytes body = body_of(pull);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(decode_view_pull(ByteView(body).first(size))) << size;
  }
  Bytes many = body;
  many[3] = 0xff;
  EXPECT_EQ(decode_view_pull(many).error(), Fault::too_large);
  Bytes odd = body;
  odd.back() = 3;
  EXPECT_EQ(decode_view_pull(odd).error(), Fault::malformed);
}

template <class Message>
Bytes evidence_body(const Message& message) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, message);
  return Bytes(bytes.begin() + 3, bytes.end());
}

const std::string kLongName(kNameBytesMax, 'x');

EvidenceAnswer full_answer() {
  EvidenceAnswer answer;
  answer.number = 7;
  answer.sender = kLongName;
  answer.what = EvidenceAnswer::What::confirmed;
  answer.source = EvidenceAnswer::Source::own_probe;
  answer.incarnation = Incarnation{0xffff0000};
  answer.age_ms = 1500;
  answer.direct_probes = 2;
  answer.indirect_probes = 3;
  answer.nacks = 1;
  answer.stream_probe_failed = true;
  answer.local_health = 4;
  answer.silent_ms = 2500;
  answer.accuser = kLongName;
  answer.helpers.assign(kHelpersToldMax, kLongName);
  return answer;
}

TEST(Evidence, a_request_reads_back_and_its_truncations_are_refused) {
  const Bytes body = evidence_body(EvidenceRequest{0xfffffffe, "n1", "n7"});
  const auto back = decode_evidence_request(body);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->number, 0xfffffffeu);
  EXPECT_EQ(back->sender, "n1");
  EXPECT_EQ(back->subject, "n7");
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(decode_evidence_request(ByteView(body).first(size))) << size;
}

TEST(Evidence, the_largest_answer_reads_back_and_fits_the_smallest_packet) {
  const Bytes body = evidence_body(full_answer());
  EXPECT_LE(body.size() + 3, 1024u - 256 - 60) << "label, encryption and checksum want room, too";
  const auto back = decode_evidence(body);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->sender, kLongName);
  EXPECT_EQ(back->what, EvidenceAnswer::What::confirmed);
  EXPECT_EQ(back->source, EvidenceAnswer::Source::own_probe);
  EXPECT_EQ(back->incarnation, Incarnation{0xffff0000});
  EXPECT_EQ(back->age_ms, 1500u);
  EXPECT_EQ(back->direct_probes, 2);
  EXPECT_EQ(back->indirect_probes, 3);
  EXPECT_EQ(back->nacks, 1);
  EXPECT_TRUE(back->stream_probe_failed);
  EXPECT_EQ(back->local_health, 4);
  EXPECT_EQ(back->silent_ms, 2500u);
  EXPECT_EQ(back->helpers.size(), kHelpersToldMax);
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(decode_evidence(ByteView(body).first(size))) << size;
  Bytes later = body;
  later.push_back(1);
  EXPECT_TRUE(decode_evidence(later)) << "what later versions append is ignored";
}

TEST(Evidence, who_knows_nothing_says_only_that) {
  EvidenceAnswer nothing;
  nothing.sender = "n2";
  const Bytes body = evidence_body(nothing);
  const auto back = decode_evidence(body);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->what, EvidenceAnswer::What::none);
}

TEST(Evidence, unknown_words_and_long_names_are_refused) {
  EvidenceAnswer answer = full_answer();
  answer.sender = "n2";
  const Bytes body = evidence_body(answer);
  const std::size_t what = 4 + 1 + 2;
  for (const auto& [at, value] : {std::pair{what, 4}, {what + 1, 4}, {what + 13, 2}}) {
    Bytes odd = body;
    odd[at] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(decode_evidence(odd).error(), Fault::malformed) << at;
  }
  Bytes many = evidence_body(EvidenceRequest{1, kLongName, "n7"});
  many[4] = kNameBytesMax + 1;
  EXPECT_EQ(decode_evidence_request(many).error(), Fault::too_large);
}

TEST(ViewPull, random_bytes_never_read_beyond_their_end) {
  base::Rng rng(1);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes(rng.bounded(64));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
    static_cast<void>(decode_view_pull(bytes));
    static_cast<void>(decode_evidence_request(bytes));
    static_cast<void>(decode_evidence(bytes));
    static_cast<void>(decode_extension(bytes));
  }
}

}  // namespace
}  // namespace hearsay::wire
