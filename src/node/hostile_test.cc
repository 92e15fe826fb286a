// Hostile input is normal: whatever arrives, a node goes on, within its bounds.
#include "base/rng.h"
#include "hearsay/node.h"
#include "room/outbox.h"
#include "support/openssl_aead.h"
#include "support/pcap.h"
#include "support/vectors.h"
#include "wire/envelope.h"
#include "wire/memberlist.h"

namespace hearsay {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMembersMax = 200;

// Bytes of real packets, changed in a few places.
class Mutator {
 public:
  explicit Mutator(std::vector<Bytes> seeds) : seeds_(std::move(seeds)) {}

  Bytes next(base::Rng& rng) const {
    Bytes bytes = pick(rng);
    switch (rng.bounded(8)) {
      case 0:
        break;  // as it was
      case 1:
        bytes.resize(rng.bounded(bytes.size() + 1));
        break;
      case 2: {
        const Bytes& other = pick(rng);
        const std::size_t keep = rng.bounded(bytes.size() + 1);
        bytes.resize(keep);
        bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(rng.bounded(other.size() + 1)),
                     other.end());
        break;
      }
      case 3:
        bytes.resize(bytes.size() + rng.bounded(50), static_cast<std::uint8_t>(rng.next()));
        break;
      default:
        for (std::uint64_t changes = 1 + rng.bounded(6); changes > 0 && !bytes.empty(); --changes) {
          const std::size_t at = rng.bounded(bytes.size());
          constexpr std::uint8_t kNasty[] = {0x00, 0x7f, 0x80, 0xc0, 0xcf, 0xd9, 0xdd, 0xdf, 0xff};
          const bool nasty = rng.bounded(2) == 0;
          const std::uint64_t value = nasty ? kNasty[rng.bounded(std::size(kNasty))] : rng.next();
          bytes[at] = static_cast<std::uint8_t>(value);
        }
        break;
    }
    return bytes;
  }

 private:
  const Bytes& pick(base::Rng& rng) const { return seeds_[rng.bounded(seeds_.size())]; }
  std::vector<Bytes> seeds_;
};

class HostileTest : public testing::Test {
 protected:
  HostileTest() {
    const auto recording = tests::read_recording(tests::read_file("tests/data/wire/serf-0.10.1-plain.pcap"));
    for (const auto& datagram : recording.datagrams) {
      datagrams.push_back(datagram.bytes);
      const auto message = wire::decode_datagram_message(datagram.bytes);
      if (!message || !config.name.empty()) continue;
      if (const auto* ping = std::get_if<wire::Ping>(&*message)) config.name = ping->node;
    }
    for (const auto& stream : recording.streams) {
      if (stream.ports.to == 7946 || stream.ports.from == 7946) streams.push_back(stream.bytes);
    }
    for (const auto& [name, bytes] : tests::read_vectors("go-msgpack.txt")) datagrams.push_back(bytes);
    for (const auto& [name, bytes] : tests::read_vectors("memberlist-0.6.0.txt")) datagrams.push_back(bytes);
    EXPECT_FALSE(config.name.empty()) << "we are one of the recorded nodes";
    config.advertise = *parse_address("127.0.0.1", 7946);
    config.limits.members_max = kMembersMax;
    config.limits.rumors_max = 200;
    config.limits.streams_max = 16;
    config.limits.stream_bytes_max = 64u << 10;
    config.limits.inflated_bytes_max = 256u << 10;
  }
  void start() { node = std::move(*Node::create(config, resources, now())); }
  Now now() const { return {steady, {}}; }
  // After each input.
  void check() {
    const auto actions = node->actions();
    ASSERT_LE(actions.size(), room::kDatagramsMax + 64);
    for (const Action& action : actions) {
      if (const auto* send = std::get_if<SendDatagram>(&action)) {
        ASSERT_LE(send->bytes.size(), config.packet_bytes);
        ASSERT_TRUE(send->to.valid());
      }
      if (const auto* notify = std::get_if<Notify>(&action)) {
        const auto* defunct = std::get_if<Defunct>(&notify->notice.body);
        ASSERT_EQ(defunct, nullptr) << defunct->why;
      }
    }
  }
  void check_bounds() {
    const NodeInfo info = node->info();
    ASSERT_FALSE(info.defunct);
    ASSERT_LE(node->members().size(), kMembersMax);
    ASSERT_LE(info.rumors_queued, config.limits.rumors_max);
    ASSERT_EQ(info.self.status, Status::alive);
  }

  std::vector<Bytes> datagrams;
  std::vector<Bytes> streams;
  Config config;
  Resources resources;
  Time steady{std::chrono::seconds(1000)};
  std::unique_ptr<Node> node;
};

TEST_F(HostileTest, no_datagram_stops_a_node) {
  const Mutator mutator(datagrams);
  base::Rng rng(1);
  start();
  for (int i = 0; i < 30'000; ++i) {
    const Bytes bytes = mutator.next(rng);
    const std::uint8_t from[] = {127, 0, 0, static_cast<std::uint8_t>(rng.bounded(256))};
    node->on_datagram(now(), Address::from_ip(from, 7946), bytes);
    ASSERT_NO_FATAL_FAILURE(check()) << tests::to_hex(bytes);
    if (rng.bounded(4) == 0) {
      steady += Duration(static_cast<Duration::rep>(rng.bounded(300'000'000)));
      node->on_time(now());
      ASSERT_NO_FATAL_FAILURE(check());
    }
    if (i % 1000 != 0) continue;
    ASSERT_NO_FATAL_FAILURE(check_bounds());
  }
  EXPECT_GT(node->info().counters[Count::messages_in], 10'000u) << "most of it was understood";
}

TEST_F(HostileTest, no_sealed_datagram_stops_a_node) {
  tests::OpensslAead aead;
  tests::CountingNonces nonces;
  resources.aead = &aead;
  resources.nonces = &nonces;
  config.crypto.keys = {tests::counting_key(32)};
  config.label = "blue";
  wire::Envelope envelope;
  envelope.aead = &aead;
  envelope.nonces = &nonces;
  envelope.label = config.label;
  envelope.keyring.add(config.crypto.keys[0]);
  const Mutator inner(datagrams);
  base::Rng rng(2);
  start();
  wire::SealScratch scratch;
  for (int i = 0; i < 4'000; ++i) {
    // What a member that was taken over could send, and now and then damage on the way.
    const Bytes plain = inner.next(rng);
    const ByteView parts[] = {plain};
    Bytes sealed;
    ASSERT_TRUE(wire::seal_datagram(envelope, parts, rng.bounded(2) == 0, rng.bounded(2) == 0, scratch, sealed));
    if (rng.bounded(4) == 0) sealed[rng.bounded(sealed.size())] ^= 1;
    node->on_datagram(now(), *parse_address("127.0.0.2", 7946), sealed);
    ASSERT_NO_FATAL_FAILURE(check()) << tests::to_hex(plain);
  }
  ASSERT_NO_FATAL_FAILURE(check_bounds());
}

TEST_F(HostileTest, no_stream_stops_a_node) {
  const Mutator mutator(streams);
  base::Rng rng(3);
  start();
  std::uint64_t inbound = 1;
  for (int i = 0; i < 4'000; ++i) {
    const Bytes bytes = mutator.next(rng);
    StreamId stream{inbound += 2};
    node->on_stream(now(), StreamOpened{stream, *parse_address("127.0.0.2", 7946), true});
    ASSERT_NO_FATAL_FAILURE(check());
    const std::size_t piece = 1 + rng.bounded(bytes.size() + 1);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      node->on_stream(now(), StreamData{stream, ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at))});
      ASSERT_NO_FATAL_FAILURE(check()) << tests::to_hex(bytes);
    }
    if (rng.bounded(2) == 0) node->on_stream(now(), StreamClosed{stream, ""});
    if (rng.bounded(2) == 0) {
      steady += milliseconds(rng.bounded(400));
      node->on_time(now());
      // Whatever we dial is answered by nonsense.
      std::vector<OpenStream> dialled;
      for (const Action& action : node->actions()) {
        if (const auto* open = std::get_if<OpenStream>(&action)) dialled.push_back(*open);
      }
      for (const OpenStream& open : dialled) {
        node->on_stream(now(), StreamOpened{open.stream, open.to, false});
        node->on_stream(now(), StreamData{open.stream, mutator.next(rng)});
        ASSERT_NO_FATAL_FAILURE(check());
        node->on_stream(now(), StreamClosed{open.stream, "reset"});
      }
    }
    ASSERT_LE(node->info().streams_open, 100u);
  }
  ASSERT_NO_FATAL_FAILURE(check_bounds());
  EXPECT_GT(node->info().counters[Count::push_pulls], 100u);
}

}  // namespace
}  // namespace hearsay
