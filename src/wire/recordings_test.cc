// Every packet and stream that real Serf agents exchanged in the recorded runs decodes without a fault.
#include <gtest/gtest.h>

#include <map>

#include "support/openssl_aead.h"
#include "support/pcap.h"
#include "support/vectors.h"
#include "wire/envelope.h"
#include "wire/memberlist.h"
#include "wire/serf.h"

namespace hearsay::wire {
namespace {

constexpr std::uint16_t kGossipPort = 7946;

class Decoder {
 public:
  explicit Decoder(Envelope envelope) : envelope_(std::move(envelope)) {}

  void datagram(ByteView bytes) {
    const auto result = open_datagram(envelope_, bytes, opened_);
    ASSERT_TRUE(result) << name_of(result.error()) << ' ' << tests::to_hex(bytes);
    EXPECT_EQ(opened_.faulty_parts, 0u);
    EXPECT_EQ(opened_.sealed, !envelope_.keyring.empty());
    for (const ByteView message : opened_.messages) {
      const auto decoded = decode_datagram_message(message);
      ASSERT_TRUE(decoded) << name_of(decoded.error()) << ' ' << tests::to_hex(message);
      ++seen["datagram " + std::to_string(message[0])];
      if (const auto* user = std::get_if<User>(&*decoded)) serf(user->payload);
      if (const auto* alive = std::get_if<Alive>(&*decoded)) meta(alive->meta);
      // What peers of this codec wrote, we write alike.
      Bytes again;
      ByteWriter out(again);
      std::visit([&](const auto& m) { encode(out, m); }, *decoded);
      EXPECT_EQ(tests::to_hex(again), tests::to_hex(message));
    }
  }

  void stream(ByteView bytes, bool from_dialer, std::size_t piece) {
    StreamOpener opener(from_dialer);
    Bytes message;
    for (ByteView rest = bytes; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
      const auto fed = opener.feed(envelope_, rest.first(std::min(piece, rest.size())));
      ASSERT_TRUE(fed) << name_of(fed.error()) << ' ' << tests::to_hex(bytes);
      if (!fed->empty()) message = to_bytes(*fed);
    }
    ASSERT_FALSE(message.empty()) << tests::to_hex(bytes);
    const auto decoded = decode_stream_message(message, 1u << 20, 20u << 20);
    ASSERT_TRUE(decoded && *decoded) << tests::to_hex(message);
    ++seen["stream " + std::to_string(message[0])];
    if (const auto* push_pull = std::get_if<PushPull>(&**decoded)) {
      serf(push_pull->user_state);
      for (const PushNode& node : push_pull->nodes) meta(node.meta);
      Bytes again;
      ByteWriter out(again);
      encode(out, *push_pull);
      EXPECT_EQ(tests::to_hex(again), tests::to_hex(message));
    }
  }

  std::map<std::string, int> seen;

 private:
  void serf(ByteView payload) {
    ASSERT_FALSE(payload.empty());
    ++seen["serf " + std::to_string(payload[0])];
    const auto decoded = decode_serf(payload);
    if (payload[0] > 5 && payload[0] != 9) {  // not served
      EXPECT_EQ(decoded.error(), Fault::unexpected);
      return;
    }
    ASSERT_TRUE(decoded) << name_of(decoded.error()) << ' ' << tests::to_hex(payload);
    if (payload[0] == 2) return;  // its order and nil slots are not ours
    Bytes again;
    ByteWriter out(again);
    std::visit([&](const auto& m) { encode(out, m); }, *decoded);
    EXPECT_EQ(tests::to_hex(again), tests::to_hex(payload));
  }
  void meta(ByteView bytes) {
    const Tags tags = decode_tags(bytes);
    EXPECT_FALSE(tags.empty()) << tests::to_hex(bytes);
    EXPECT_EQ(encode_tags(tags).size(), bytes.size());  // peers write them in any order
  }

  Envelope envelope_;
  OpenedDatagram opened_;
};

void decode_all(Decoder& decoder, const char* file) {
  const auto recording = tests::read_recording(tests::read_file(std::string("tests/data/wire/") + file));
  EXPECT_GT(recording.datagrams.size(), 500u);
  for (const auto& datagram : recording.datagrams) decoder.datagram(datagram.bytes);
  unsigned streams = 0;
  for (const auto& stream : recording.streams) {
    const bool from_dialer = stream.ports.to == kGossipPort;
    if (!from_dialer && stream.ports.from != kGossipPort) continue;
    ++streams;
    decoder.stream(stream.bytes, from_dialer, 1 + streams % 50);
    decoder.stream(stream.bytes, from_dialer, stream.bytes.size());
  }
  EXPECT_GT(streams, 20u);
}

void expect_all_kinds(const Decoder& decoder) {
  for (const char* kind : {"datagram 0", "datagram 1", "datagram 2", "datagram 3", "datagram 4", "datagram 5",
                           "datagram 8", "datagram 11", "stream 0", "stream 2", "stream 6", "serf 0", "serf 1",
                           "serf 2", "serf 3", "serf 4", "serf 5"}) {
    EXPECT_GT(decoder.seen.count(kind), 0u) << kind;
  }
}

TEST(Recordings, plain_serf_0_10_1_decodes_without_a_fault) {
  Decoder decoder{Envelope()};
  decode_all(decoder, "serf-0.10.1-plain.pcap");
  expect_all_kinds(decoder);
}

TEST(Recordings, encrypted_serf_0_10_1_decodes_without_a_fault) {
  tests::OpensslAead aead;
  tests::CountingNonces nonces;
  Envelope envelope;
  envelope.aead = &aead;
  envelope.nonces = &nonces;
  envelope.keyring.add(tests::counting_key(32));
  envelope.keyring.add(tests::counting_key(32, 0x20));
  Decoder decoder{envelope};
  decode_all(decoder, "serf-0.10.1-encrypted.pcap");
  expect_all_kinds(decoder);
}

}  // namespace
}  // namespace hearsay::wire
