#include "wire/heartbeat.h"

#include <gtest/gtest.h>

#include "hearsay/config.h"
#include "wire/describe.h"
#include "wire/memberlist.h"
#include "wire/messages.h"

namespace hearsay::wire {
namespace {

const Bytes kIp{10, 0, 0, 7};
const Bytes kVersionBytes{1, 5, 2, 2, 5, 5};
const Bytes kMeta{0xff, 0x80};

Heartbeat example() {
  Heartbeat message;
  message.sender = "n1";
  message.generation = {3};
  message.sequence = 77;
  message.entries.push_back({"n1", {3}, 500, 1});
  message.entries.push_back({"n7", {2}, 1ull << 40, 4, false, true, kIp, 7946, kVersionBytes, kMeta});
  message.entries.push_back({"n8", {9}, 1, 1, true});
  message.wants = {"n5", "n6"};
  message.opinions.push_back({"n1", "n9", {4}, 499});
  message.reason = "because";
  message.interval_ms = 1000;
  message.number = 5;
  return message;
}

Bytes bytes_of(const Heartbeat& message) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, message);
  return bytes;
}

TEST(HeartbeatWire, reads_back_from_datagrams_and_streams) {
  const Heartbeat message = example();
  const Bytes datagram = bytes_of(message);
  EXPECT_EQ(datagram[0], static_cast<std::uint8_t>(Type::user));
  EXPECT_EQ(datagram[1], kHearsayUserType);
  EXPECT_EQ(datagram[2], static_cast<std::uint8_t>(HearsayType::beats));
  Bytes stream;
  ByteWriter out(stream);
  encode(out, HeartbeatOnStream{message});
  const auto on_stream = decode_stream_message(stream, 10, 1 << 20);
  ASSERT_TRUE(on_stream && *on_stream);
  EXPECT_TRUE(std::ranges::equal(std::get<User>(**on_stream).payload, ByteView(datagram).subspan(1)));

  Heartbeat back;
  ASSERT_TRUE(decode_heartbeat(ByteView(datagram).subspan(3), back));
  EXPECT_EQ(back.sender, "n1");
  EXPECT_EQ(back.sequence, 77u);
  ASSERT_EQ(back.entries.size(), 3u);
  EXPECT_EQ(back.entries[1].heartbeat, 1ull << 40);
  EXPECT_EQ(back.entries[1].port, 7946);
  EXPECT_TRUE(std::ranges::equal(back.entries[1].meta, kMeta));
  EXPECT_TRUE(back.entries[2].left);
  EXPECT_EQ(back.wants, (std::vector<std::string_view>{"n5", "n6"}));
  ASSERT_EQ(back.opinions.size(), 1u);
  EXPECT_EQ(back.opinions[0].subject, "n9");
  EXPECT_EQ(back.reason, "because");
  EXPECT_EQ(back.interval_ms, 1000u);
  EXPECT_EQ(back.number, 5u);
  EXPECT_EQ(bytes_of(back), datagram);
  std::size_t entries = 0;
  for (const auto& entry : message.entries) entries += encoded_bytes(entry);
  Heartbeat bare = message;
  bare.entries.clear();
  EXPECT_EQ(datagram.size(), bytes_of(bare).size() + entries + kHeartbeatSectionBytes);
}

TEST(HeartbeatWire, sections_and_versions_of_later_peers_are_passed_over) {
  Bytes bytes = bytes_of(example());
  bytes[3] = 9;  // a later version
  const Bytes later{200, 0, 0, 0, 3, 1, 2, 3};
  bytes.insert(bytes.end(), later.begin(), later.end());
  Heartbeat back;
  ASSERT_TRUE(decode_heartbeat(ByteView(bytes).subspan(3), back));
  EXPECT_EQ(back.version, 9);
  EXPECT_EQ(back.entries.size(), 3u);
}

TEST(HeartbeatWire, what_is_cut_or_wrong_is_refused) {
  const Bytes whole = bytes_of(example());
  const ByteView body = ByteView(whole).subspan(3);
  Heartbeat back;
  int readable = 0;
  for (std::size_t size = 0; size < body.size(); ++size)
    readable += decode_heartbeat(body.first(size), back) ? 1 : 0;
  EXPECT_EQ(readable, 6) << "a message may end between two sections, and nowhere else";
  const auto fault_of = [&](Heartbeat message) {
    const Bytes bytes = bytes_of(message);
    const auto read = decode_heartbeat(ByteView(bytes).subspan(3), back);
    return read ? std::string("none") : std::string(name_of(read.error()));
  };
  Heartbeat message = example();
  message.version = 0;
  EXPECT_EQ(fault_of(message), name_of(Fault::malformed));
  message = example();
  message.sender = "";
  EXPECT_EQ(fault_of(message), name_of(Fault::malformed));
  message = example();
  const Bytes five(5, 1);
  message.entries[1].addr = five;
  EXPECT_EQ(fault_of(message), name_of(Fault::malformed));
  message = example();
  const Bytes large(kMetaBytesMax + 1, 1);
  message.entries[1].meta = large;
  EXPECT_EQ(fault_of(message), name_of(Fault::too_large));
}

TEST(HeartbeatWire, a_line_of_text_tells_what_it_is) {
  Heartbeat message = example();
  EXPECT_EQ(describe_message(bytes_of(message)), "beats n1 gen=3 seq=77 entries=3 wants=2 opinions=1 why=because");
  message = {};
  message.type = HearsayType::pull;
  message.sender = "n2";
  EXPECT_EQ(describe_message(bytes_of(message)), "pull n2 gen=0 seq=0");
}

}  // namespace
}  // namespace hearsay::wire
