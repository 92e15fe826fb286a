#include "node/streams.h"

#include "support/openssl_aead.h"
#include "support/room_fixture.h"

namespace hearsay::node {
namespace {

using std::chrono::seconds;

class StreamsTest : public tests::RoomFixture {
 protected:
  std::optional<Streams::Event> input(const StreamInput& stream_input) {
    actions.clear();
    return streams.on_input(now(), stream_input, actions);
  }
  void accept(std::uint64_t stream, const Address& from = tests::ip(9)) {
    input(StreamOpened{StreamId{stream}, from, true});
  }
  std::optional<Streams::Event> data(std::uint64_t stream, ByteView bytes) {
    return input(StreamData{StreamId{stream}, bytes});
  }
  // The actions of the last input: "write 5 close 5 abort 7".
  std::string done() const {
    std::string line;
    for (const Action& action : actions) {
      if (const auto* write = std::get_if<WriteStream>(&action)) line += "write " + number(write->stream);
      if (const auto* close = std::get_if<CloseStream>(&action))
        line += (close->abort ? "abort " : "close ") + number(close->stream);
    }
    return line;
  }
  static std::string number(StreamId stream) { return std::to_string(stream.value) + " "; }
  Bytes frame(const wire::Envelope& with, bool to_acceptor = true) const {
    Bytes message;
    base::ByteWriter writer(message);
    wire::encode(writer, wire::Ping{{7}, "self", {}, 0, "n2"});
    Bytes sealed;
    wire::SealScratch scratch;
    EXPECT_TRUE(wire::seal_stream(with, message, to_acceptor, scratch, sealed));
    return sealed;
  }

  tests::OpensslAead aead;
  tests::CountingNonces nonces;
  wire::Envelope envelope;
  base::Interner interner;
  wire::CompressionMemo memo{interner};
  Streams streams{config, envelope, memo, counters};
  std::vector<Action> actions;
};

TEST_F(StreamsTest, a_message_in_pieces_is_handed_over_once) {
  const Bytes bytes = frame(envelope);
  accept(1);
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) EXPECT_FALSE(data(1, ByteView(bytes).subspan(i, 1)));
  const auto event = data(1, ByteView(bytes).last(1));
  ASSERT_TRUE(event);
  EXPECT_FALSE(event->ended);
  EXPECT_EQ(event->peer, tests::ip(9));
  EXPECT_EQ(wire::describe_message(event->message), "ping self seq=7 from=n2");
  EXPECT_FALSE(data(1, bytes)) << "one request per stream";
}

TEST_F(StreamsTest, too_many_inbound_streams_are_refused) {
  config.limits.streams_max = 2;
  accept(1);
  accept(3);
  EXPECT_EQ(done(), "");
  accept(5);
  EXPECT_EQ(done(), "abort 5 ");
  EXPECT_EQ(counters[Count::dropped_stream_limit], 1u);
  EXPECT_EQ(streams.size(), 2u);
  EXPECT_TRUE(streams.finish({1}));
  accept(7);
  EXPECT_EQ(done(), "");
}

TEST_F(StreamsTest, who_holds_the_most_streams_loses_its_oldest_to_somebody_else) {
  config.limits.streams_max = 4;
  for (std::uint64_t i = 1; i < 8; i += 2) accept(i, tests::ip(9, static_cast<std::uint16_t>(50'000 + i)));
  accept(9, tests::ip(9, 50'009));
  EXPECT_EQ(done(), "abort 9 ") << "not to itself";
  accept(11, tests::ip(8));
  EXPECT_EQ(done(), "abort 1 ");
  accept(13, tests::ip(7));
  EXPECT_EQ(done(), "abort 3 ");
  accept(15, tests::ip(6));
  EXPECT_EQ(done(), "abort 5 ");
  EXPECT_EQ(streams.size(), 4u);
  for (std::uint64_t i = 0; i < 4; ++i) accept(17 + 2 * i, tests::ip(static_cast<std::uint8_t>(2 + i)));
  EXPECT_EQ(done(), "") << "nobody holds more than one: each may have its first";
  accept(25, tests::ip(1));
  EXPECT_EQ(done(), "abort 25 ") << "twice the limit";
}

TEST_F(StreamsTest, all_streams_together_hold_a_bounded_number_of_bytes) {
  config.limits.stream_bytes_max = 1000;
  envelope.stream_bytes_max = 1000;
  Bytes request;
  base::ByteWriter writer(request);
  wire::encode(writer, wire::PushPullHeader{1000, 0, false});
  request.resize(request.size() + 700, 0xc0);  // entries of a table that go on and on
  for (std::uint64_t i = 1; i < 12; i += 2) {
    accept(i);
    data(i, ByteView(request).first(i == 3 ? 700 : 650));
  }
  EXPECT_EQ(done(), "");
  accept(13);
  data(13, ByteView(request).first(650));
  EXPECT_EQ(done(), "abort 3 ") << "the largest goes first";
  EXPECT_EQ(counters[Count::dropped_stream_size], 1u);
  EXPECT_TRUE(streams.finish({1}));
  accept(15);
  data(15, ByteView(request).first(650));
  EXPECT_EQ(done(), "") << "what is finished does not count";
}

TEST_F(StreamsTest, our_own_streams_do_not_count_against_the_inbound_ones) {
  config.limits.streams_max = 1;
  for (std::uint64_t i = 2; i < 20; i += 2) streams.open({i}, tests::ip(2), steady + seconds(10), {});
  accept(1);
  EXPECT_EQ(done(), "");
}

TEST_F(StreamsTest, a_silent_inbound_stream_is_closed_at_its_deadline) {
  accept(1);
  EXPECT_EQ(streams.next_deadline(), steady + seconds(10));
  steady += seconds(10);
  EXPECT_FALSE(streams.take_expired(now(), actions)) << "nobody waits for it";
  EXPECT_EQ(done(), "abort 1 ");
  EXPECT_EQ(streams.size(), 0u);
}

TEST_F(StreamsTest, a_request_is_written_when_its_stream_is_open) {
  const Bytes request = frame(envelope);
  streams.open({2}, tests::ip(2), steady + seconds(10), request);
  input(StreamOpened{{2}, tests::ip(2), false});
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(to_bytes(std::get<WriteStream>(actions[0]).bytes), request);
}

TEST_F(StreamsTest, a_request_without_an_answer_ends_with_the_reason) {
  streams.open({2}, tests::ip(2), steady + seconds(1), {});
  streams.open({4}, tests::ip(2), steady + seconds(1), {});
  streams.open({6}, tests::ip(2), steady + seconds(1), {});
  const auto failed = input(StreamFailed{{2}, "connection refused"});
  ASSERT_TRUE(failed);
  EXPECT_TRUE(failed->ended);
  EXPECT_EQ(failed->why, "connection refused");
  const auto closed = input(StreamClosed{{4}, ""});
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->why, "the peer closed the stream without an answer");
  steady += seconds(1);
  const auto expired = streams.take_expired(now(), actions);
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->stream, StreamId{6});
  EXPECT_EQ(expired->why, "no answer in time");
  EXPECT_EQ(counters[Count::stream_failures], 3u);
  EXPECT_EQ(streams.size(), 0u);
}

TEST_F(StreamsTest, an_answer_that_cannot_be_read_ends_the_request) {
  streams.open({2}, tests::ip(2), steady + seconds(1), {});
  const auto event = data(2, as_bytes("\x7fnonsense"));
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->ended);
  EXPECT_TRUE(event->why.starts_with("its answer cannot be read"));
  EXPECT_EQ(done(), "abort 2 ");
}

TEST_F(StreamsTest, inputs_about_streams_that_are_gone_are_ignored) {
  EXPECT_FALSE(data(1, as_bytes("x")));
  EXPECT_FALSE(input(StreamClosed{{1}, ""}));
  EXPECT_FALSE(input(StreamFailed{{2}, ""}));
  EXPECT_FALSE(input(StreamWritable{{1}}));
  EXPECT_EQ(done(), "");
  input(StreamOpened{{2}, tests::ip(2), false});
  EXPECT_EQ(done(), "abort 2 ") << "it was given up while it was being dialled";
}

TEST_F(StreamsTest, an_encrypted_node_tells_why_it_does_not_serve) {
  wire::Envelope plain;
  wire::Envelope other;
  other.aead = envelope.aead = &aead;
  other.nonces = envelope.nonces = &nonces;
  other.keyring.add(tests::counting_key(16, 0x40));
  envelope.keyring.add(tests::counting_key(16));
  std::uint64_t stream = 1;
  for (const auto& [bytes, why] : {std::pair{frame(plain), "this cluster is encrypted and your message is not"},
                                   std::pair{frame(other),
                                             "your message is encrypted with a key that this node "
                                             "does not have"}}) {
    accept(stream);
    EXPECT_FALSE(data(stream, bytes));
    EXPECT_EQ(done(), "write " + std::to_string(stream) + " close " + std::to_string(stream) + " ");
    const Bytes reply = to_bytes(std::get<WriteStream>(actions[0]).bytes);
    wire::StreamOpener opener(false);
    const auto message = opener.feed(envelope, reply);
    ASSERT_TRUE(message);
    const auto decoded = wire::decode_stream_message(*message, 10, 1000);
    ASSERT_TRUE(decoded && *decoded);
    EXPECT_EQ(std::get<wire::ErrorReply>(**decoded).error, why);
    stream += 2;
  }
  EXPECT_EQ(counters[Count::dropped_plaintext], 1u);
  EXPECT_EQ(counters[Count::dropped_sealed], 1u);
}

TEST_F(StreamsTest, strangers_to_our_label_get_no_answer) {
  wire::Envelope other;
  other.label = "other";
  envelope.label = "ours";
  accept(1);
  EXPECT_FALSE(data(1, frame(other)));
  EXPECT_EQ(done(), "abort 1 ");
  accept(3);
  EXPECT_FALSE(data(3, frame(envelope, false)));
  EXPECT_EQ(done(), "abort 3 ");
  EXPECT_EQ(counters[Count::dropped_label], 2u);
  accept(5);
  EXPECT_TRUE(data(5, frame(envelope)));
}

TEST_F(StreamsTest, a_stream_that_grows_too_large_is_dropped) {
  envelope.stream_bytes_max = 1000;
  accept(1);
  Bytes header;
  base::ByteWriter writer(header);
  wire::encode(writer, wire::PushPullHeader{100, 0, false});
  EXPECT_FALSE(data(1, header));
  const Bytes junk(100, 0xc0);
  for (int i = 0; i < 20 && streams.knows({1}); ++i) EXPECT_FALSE(data(1, junk));
  EXPECT_FALSE(streams.knows({1}));
}

TEST_F(StreamsTest, a_pause_of_ours_extends_every_deadline) {
  accept(1);
  streams.open({2}, tests::ip(2), steady + seconds(3), {});
  streams.on_pause(seconds(5));
  EXPECT_EQ(streams.next_deadline(), steady + seconds(8));
}

}  // namespace
}  // namespace hearsay::node
