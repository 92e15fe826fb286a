#include "node/packer.h"

#include <memory>

#include "base/rng.h"
#include "support/openssl_aead.h"
#include "support/room_fixture.h"
#include "wire/extension.h"

namespace hearsay::node {
namespace {

// What the receiver unwraps, one message per word.
std::string opened(const wire::Envelope& envelope, ByteView packet) {
  wire::OpenedDatagram datagram;
  EXPECT_TRUE(wire::open_datagram(envelope, packet, datagram));
  EXPECT_EQ(datagram.faulty_parts, 0u);
  std::string line;
  for (const ByteView message : datagram.messages)
    line += (line.empty() ? "" : ", ") + wire::describe_message(message);
  return line;
}

class PackerTest : public tests::RoomFixture {
 protected:
  Packer& packer() {
    packer_ = std::make_unique<Packer>(config, envelope, *rumors, counters);
    return *packer_;
  }
  ByteView pack(std::size_t item = 0) {
    return packer().pack(*out, std::get<room::Outbox::Datagram>(out->items().at(item)), 4, buffers);
  }
  void rumor(const std::string& name) {
    Bytes bytes;
    base::ByteWriter writer(bytes);
    wire::encode(writer, wire::Suspect{{1}, name, "self"});
    rumors->push(spread::RumorClass::membership, spread::Audience::all, name, bytes);
  }

  wire::Envelope envelope;
  Buffers buffers;

 private:
  std::unique_ptr<Packer> packer_;
};

TEST_F(PackerTest, a_message_alone_travels_bare) {
  out->send({tests::ip(2)}, wire::Nack{{7}});
  const ByteView packet = pack();
  EXPECT_EQ(packet[0], 11);
  EXPECT_EQ(wire::describe_message(packet), "nack seq=7");
  EXPECT_EQ(counters[Count::datagrams_out], 1u);
  EXPECT_EQ(counters[Count::datagram_bytes_out], packet.size());
}

TEST_F(PackerTest, what_is_sent_is_counted_by_type) {
  rumor("n2");
  rumor("n3");
  out->send({tests::ip(2)}, wire::Nack{{7}});
  Packer& packs = packer();
  const ByteView packet = packs.pack(*out, std::get<room::Outbox::Datagram>(out->items().at(0)), 4, buffers);
  const Sent& sent = packs.sent();
  EXPECT_EQ(sent[MessageKind::nack].messages, 1u);
  EXPECT_EQ(sent[MessageKind::suspect].messages, 2u);
  EXPECT_EQ(sent[MessageKind::compound].messages, 1u);
  EXPECT_EQ(sent[MessageKind::nack].bytes + sent[MessageKind::suspect].bytes + sent[MessageKind::compound].bytes,
            packet.size());
  const Bytes pull{8, wire::kHearsayUserType, 1};
  packs.count(pull);
  EXPECT_EQ(sent[MessageKind::extension].bytes, 3u);
  EXPECT_EQ(sent[MessageKind::ping].messages, 0u);
}

TEST_F(PackerTest, rumors_ride_behind_the_messages) {
  rumor("n2");
  rumor("n3");
  out->send({tests::ip(2)}, wire::Nack{{7}});
  EXPECT_EQ(opened(envelope, pack()), "nack seq=7, suspect n3 inc=1 from=self, suspect n2 inc=1 from=self");
}

TEST_F(PackerTest, bare_means_without_rumors) {
  rumor("n2");
  out->send_bare({tests::ip(2)}, wire::Nack{{7}}, wire::Nack{{8}});
  EXPECT_EQ(opened(envelope, pack()), "nack seq=7, nack seq=8");
}

TEST_F(PackerTest, a_packet_of_rumors_without_rumors_is_no_packet) {
  out->send_rumors({tests::ip(2)});
  EXPECT_TRUE(pack().empty());
  EXPECT_EQ(counters[Count::datagrams_out], 0u);
  rumor("n2");
  EXPECT_EQ(opened(envelope, pack()), "suspect n2 inc=1 from=self");
}

TEST_F(PackerTest, the_checksum_goes_only_to_peers_that_understand_it) {
  config.compression = false;
  out->send({tests::ip(2), true}, wire::Nack{{7}});
  out->send({tests::ip(2), false}, wire::Nack{{7}});
  EXPECT_EQ(pack(0)[0], 12);
  EXPECT_EQ(pack(1)[0], 11);
}

TEST_F(PackerTest, what_cannot_be_sealed_is_not_sent) {
  class Broken : public tests::OpensslAead {
    bool seal(ByteView, ByteView, ByteView, ByteView, std::uint8_t*) override { return false; }
  } broken;
  tests::CountingNonces nonces;
  envelope.aead = &broken;
  envelope.nonces = &nonces;
  envelope.keyring.add(tests::counting_key(16));
  out->send({tests::ip(2)}, wire::Nack{{7}});
  EXPECT_TRUE(pack().empty());
  EXPECT_EQ(counters[Count::send_failures], 1u);
}

TEST_F(PackerTest, a_packet_never_exceeds_its_budget_and_arrives_whole) {
  tests::OpensslAead aead;
  tests::CountingNonces nonces;
  base::Rng rng(1);
  for (int round = 0; round < 400; ++round) {
    envelope = {};
    envelope.label = std::string(rng.bounded(3) == 0 ? rng.bounded(256) : 0, 'l');
    if (rng.bounded(2) == 0) {
      envelope.aead = &aead;
      envelope.nonces = &nonces;
      envelope.keyring.add(tests::counting_key(16));
    }
    config.packet_bytes = static_cast<std::uint16_t>(1024 + rng.bounded(rng.bounded(4) == 0 ? 60'000 : 1000));
    config.compression = rng.bounded(2) == 0;
    spread::RumorQueue::Limits limits;
    limits.message_bytes_max = rumor_bytes_max(envelope, config.packet_bytes);
    rumors = std::make_unique<spread::RumorQueue>(interner, limits, counters);
    for (std::uint64_t i = rng.bounded(300); i > 0; --i) {
      Bytes message(1 + (rng.bounded(9) == 0 ? rng.bounded(2000) : rng.bounded(200)));
      for (auto& byte : message) byte = static_cast<std::uint8_t>(rng.next());
      message[0] = 8;
      const auto rumor_class = rng.bounded(2) == 0 ? spread::RumorClass::membership : spread::RumorClass::intent;
      rumors->push(rumor_class, spread::Audience::all, "", message);
    }
    out->clear();
    const room::Peer peer{tests::ip(2), rng.bounded(2) == 0};
    const std::string name(1 + rng.bounded(kNameBytesMax), 'n');
    const Address v6 = *parse_address("2001:db8::1", 65535);
    const wire::Ping ping{{UINT32_MAX}, name, v6.ip_view(), v6.port, name};
    switch (rng.bounded(4)) {
      case 0:
        out->send(peer, ping);
        break;
      case 1:
        out->send_bare(peer, ping, wire::Suspect{{UINT32_MAX}, name, name});
        break;
      case 2:
        out->send(peer, wire::Ack{{7}, {}});
        break;
      default:
        out->send_rumors(peer);
        break;
    }
    const auto& datagram = std::get<room::Outbox::Datagram>(out->items()[0]);
    const std::size_t before = rumors->size();
    const ByteView packet = pack();
    ASSERT_LE(packet.size(), config.packet_bytes);
    if (datagram.parts == 0 && before > 0) {
      ASSERT_FALSE(packet.empty()) << "what the queue takes fits a packet";
    }
    if (!packet.empty()) {
      wire::OpenedDatagram unwrapped;
      ASSERT_TRUE(wire::open_datagram(envelope, packet, unwrapped));
      ASSERT_EQ(unwrapped.faulty_parts, 0u);
      for (std::size_t i = 0; i < datagram.parts; ++i) {
        ASSERT_EQ(to_bytes(unwrapped.messages[i]), to_bytes(out->message(out->part(datagram.first_part + i))));
      }
    }
    buffers.recycle();
  }
}

TEST(Buffers, keep_their_place_while_others_are_handed_out) {
  Buffers buffers;
  Bytes& first = buffers.next();
  first.push_back(1);
  for (int i = 0; i < 100; ++i) buffers.next();
  EXPECT_EQ(first.size(), 1u);
  buffers.recycle();
  EXPECT_EQ(&buffers.next(), &first);
  EXPECT_TRUE(first.empty());
}

}  // namespace
}  // namespace hearsay::node
