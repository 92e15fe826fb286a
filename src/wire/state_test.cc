#include "wire/state.h"

#include <gtest/gtest.h>

#include "wire/extension.h"
#include "wire/memberlist.h"

namespace hearsay::wire {
namespace {

template <class Message>
Bytes body_of(const Message& message) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, message);
  EXPECT_EQ(bytes[0], static_cast<std::uint8_t>(Type::user));
  EXPECT_EQ(bytes[1], kHearsayUserType);
  return Bytes(bytes.begin() + 3, bytes.end());
}

StateDelta delta_of_n1() {
  StateDelta delta{"n1", {3, 0xabcd}, 4, 9, 2, {}};
  delta.entries.push_back({"dc", "eu", 5, false, 0});
  delta.entries.push_back({"old", {}, 7, true, 0});
  delta.entries.push_back({"load", "0.7", 8, false, 1500});
  return delta;
}

TEST(State, messages_read_back_and_every_truncation_is_refused) {
  const Bytes hash = body_of(StateHash{"n1", 77, std::vector<std::uint64_t>(kStateBuckets, 5)});
  const Bytes digests = body_of(StateDigests{"n1", 1, 99, true, {{1, {1, 2}, 3, 3}, {99, {}, 0, 0}}});
  const Bytes deltas = body_of(StateDeltas{true, {delta_of_n1(), {"n2", {1, 1}, 0, 5, 5, {}}}, true});
  {
    const auto back = decode_state_hash(hash);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->sender, "n1");
    EXPECT_EQ(back->hash, 77u);
    EXPECT_EQ(back->buckets.size(), kStateBuckets);
  }
  {
    const auto back = decode_state_digests(digests);
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->ask);
    ASSERT_EQ(back->digests.size(), 2u);
    EXPECT_EQ(back->digests[0].epoch, (Epoch{1, 2}));
    EXPECT_EQ(back->digests[1].owner, 99u);
  }
  {
    const auto back = decode_state_deltas(deltas);
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->more);
    EXPECT_TRUE(back->fresh);
    ASSERT_EQ(back->deltas.size(), 2u);
    const auto& entries = back->deltas[0].entries;
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0].value, "eu");
    EXPECT_TRUE(entries[1].deleted);
    EXPECT_EQ(entries[2].ttl_ms, 1500u);
    EXPECT_EQ(back->deltas[1].floor, 5u);
  }
  for (std::size_t size = 0; size < deltas.size(); ++size) {
    EXPECT_FALSE(decode_state_deltas(ByteView(deltas).first(size))) << size;
    EXPECT_FALSE(decode_state_hash(ByteView(hash).first(size % hash.size()))) << size;
    EXPECT_FALSE(decode_state_digests(ByteView(digests).first(size % digests.size()))) << size;
  }
}

TEST(State, questions_and_answers_read_back_and_every_truncation_is_refused) {
  const Bytes bits(8, 0x10);
  const Bytes question = body_of(StateQuestion{"n1", {3, 4}, 7, 5, 1500, bits});
  const Bytes held = body_of(StateHeld{"n2", {3, 4}, 7});
  const auto asked = decode_state_question(question);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->owner, "n1");
  EXPECT_EQ(asked->epoch, (Epoch{3, 4}));
  EXPECT_EQ(std::tuple(asked->version, asked->number, asked->for_ms), std::tuple(7u, 5u, 1500u));
  EXPECT_EQ(to_bytes(asked->asked), bits);
  const auto told = decode_state_held(held);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->sender, "n2");
  EXPECT_EQ(told->epoch, (Epoch{3, 4}));
  EXPECT_EQ(told->version, 7u);
  for (std::size_t size = 0; size < question.size(); ++size)
    EXPECT_FALSE(decode_state_question(ByteView(question).first(size))) << size;
  for (std::size_t size = 0; size < held.size(); ++size)
    EXPECT_FALSE(decode_state_held(ByteView(held).first(size))) << size;
  const Bytes long_bitmap(kAskedBytesMax + 1, 0);
  EXPECT_FALSE(decode_state_question(body_of(StateQuestion{"n1", {3, 4}, 7, 5, 1500, long_bitmap})));
  EXPECT_FALSE(decode_state_question(body_of(StateQuestion{"n1", {3, 4}, 0, 5, 1500, {}})));
}

TEST(State, a_bitmap_asks_those_whose_bits_are_set_and_another_number_shares_bits_otherwise) {
  EXPECT_TRUE(is_asked(StateQuestion{"n1", {3, 4}, 7, 5, 1, {}}, "n2")) << "without one, all are asked";
  int shared[2] = {};
  for (const std::uint32_t number : {5u, 6u}) {
    Bytes bits(8, 0);
    const std::size_t bit = asked_bit("n2", number, 64);
    bits[bit / 8] = static_cast<std::uint8_t>(1u << (bit % 8));
    const StateQuestion question{"n1", {3, 4}, 7, number, 1, bits};
    EXPECT_TRUE(is_asked(question, "n2"));
    for (int i = 10; i < 650; ++i) shared[number - 5] += is_asked(question, "n" + std::to_string(i)) ? 1 : 0;
  }
  EXPECT_NEAR(shared[0], 10, 9);
  EXPECT_NEAR(shared[1], 10, 9);
}

TEST(State, a_delta_takes_the_bytes_that_were_reckoned) {
  const StateDelta delta = delta_of_n1();
  EXPECT_EQ(body_of(StateDeltas{false, {delta}}).size(), encoded_bytes(delta) + 3);
}

TEST(State, what_no_owner_writes_is_malformed) {
  const auto refused = [](auto change) {
    StateDelta delta = delta_of_n1();
    change(delta);
    const auto back = decode_state_deltas(body_of(StateDeltas{false, {delta}}));
    return !back && back.error() == Fault::malformed;
  };
  EXPECT_FALSE(refused([](StateDelta&) {}));
  EXPECT_TRUE(refused([](StateDelta& d) { d.owner = {}; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.epoch.generation = 0; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.floor = 10; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.from = 5; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.to = 7; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d = {"n1", {1, 0}, 0, 0, 0, {}}; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.entries[1].version = 5; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.entries[0].key = "a b"; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.entries[0].key = "\xff"; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.entries[0].key = {}; }));
  EXPECT_TRUE(refused([](StateDelta& d) { d.entries[1].ttl_ms = 5; }));
  const auto wrong = [](const StateDigests& digests) { return !decode_state_digests(body_of(digests)); };
  EXPECT_TRUE(wrong({"n1", 5, 4, true, {}}));
  EXPECT_TRUE(wrong({"n1", 5, 9, true, {{4, {1, 1}, 1, 0}}}));
  EXPECT_TRUE(wrong({"n1", 5, 9, true, {{10, {1, 1}, 1, 0}}}));
  EXPECT_TRUE(wrong({"n1", 5, 9, true, {{6, {1, 1}, 1, 0}, {6, {1, 1}, 1, 0}}}));
  EXPECT_TRUE(wrong({"n1", 5, 9, true, {{6, {1, 1}, 1, 2}}}));
  EXPECT_TRUE(wrong({"", 5, 9, true, {}}));
}

}  // namespace
}  // namespace hearsay::wire
