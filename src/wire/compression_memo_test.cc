#include "wire/compression_memo.h"

#include <gtest/gtest.h>

#include "wire/envelope.h"
#include "wire/sealing.h"

namespace hearsay::wire {
namespace {

Bytes table_of(std::size_t nodes) {
  PushPull table;
  for (std::size_t i = 0; i < nodes; ++i) {
    PushNode node;
    node.name = "a name";
    node.incarnation = {static_cast<std::uint32_t>(i + 1)};
    table.nodes.push_back(node);
  }
  Bytes bytes;
  base::ByteWriter writer(bytes);
  encode(writer, table);
  return bytes;
}

class CompressionMemoTest : public testing::Test {
 protected:
  Bytes seal(ByteView message, CompressionMemo* with) {
    Bytes out;
    EXPECT_TRUE(seal_stream(envelope, message, false, scratch, out, with));
    return out;
  }

  Envelope envelope;
  SealScratch scratch;
  base::Interner interner;
  CompressionMemo memo{interner};
};

TEST_F(CompressionMemoTest, what_was_sent_twice_in_a_row_is_remembered_and_the_bytes_are_the_same) {
  const Bytes one = table_of(20);
  const Bytes other = table_of(21);
  const Bytes packed = seal(one, nullptr);
  for (const bool remembered : {false, false, true, true}) {
    EXPECT_EQ(!memo.packed_of(one).empty(), remembered);
    EXPECT_EQ(seal(one, &memo), packed);
  }
  EXPECT_EQ(to_bytes(memo.plain_of(packed)), one);
  EXPECT_EQ(seal(other, &memo), seal(other, nullptr));
  EXPECT_EQ(to_bytes(memo.plain_of(packed)), one) << "one exchange with other news";
  seal(other, &memo);
  EXPECT_TRUE(memo.plain_of(packed).empty());
  EXPECT_TRUE(memo.packed_of(one).empty());
  EXPECT_EQ(interner.records(), 2u);
}

TEST_F(CompressionMemoTest, an_arriving_message_is_known_by_its_bytes) {
  const Bytes message = table_of(20);
  const Bytes packed = seal(message, nullptr);
  for (const bool remembered : {false, false, true}) {
    for (const std::size_t piece : {packed.size(), std::size_t{7}}) {
      StreamOpener opener(false);
      ByteView got;
      for (ByteView rest = packed; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
        const auto fed = opener.feed(envelope, rest.first(std::min(piece, rest.size())), &memo);
        ASSERT_TRUE(fed);
        if (!fed->empty()) got = *fed;
      }
      EXPECT_EQ(to_bytes(got), message);
      EXPECT_EQ(opener.remembered(), remembered);
    }
    seal(message, &memo);
  }
}

TEST_F(CompressionMemoTest, what_would_inflate_to_more_than_is_allowed_is_refused_all_the_same) {
  const Bytes message = table_of(20);
  Bytes packed;
  for (int i = 0; i < 2; ++i) packed = seal(message, &memo);
  ASSERT_FALSE(memo.plain_of(packed).empty());
  envelope.inflated_bytes_max = static_cast<std::uint32_t>(message.size() - 1);
  StreamOpener opener(false);
  EXPECT_FALSE(opener.feed(envelope, packed, &memo));
}

}  // namespace
}  // namespace hearsay::wire
