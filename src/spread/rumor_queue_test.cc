#include "spread/rumor_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/rng.h"

namespace hearsay::spread {
namespace {

constexpr auto kMembership = RumorClass::membership;
constexpr auto kIntent = RumorClass::intent;

TEST(TransmitLimit, the_table_of_memberlists_lan_profile) {
  const std::pair<std::uint32_t, unsigned> table[] = {{1, 4},      {2, 4},      {9, 4},      {10, 8},    {99, 8},
                                                      {100, 12},   {999, 12},   {1000, 16},  {5000, 16}, {9999, 16},
                                                      {10000, 20}, {99999, 20}, {100000, 24}};
  for (const auto& [nodes, limit] : table) EXPECT_EQ(transmit_limit(4, nodes), limit) << nodes;
}

TEST(TransmitLimit, is_the_multiplier_times_the_rounded_up_logarithm) {
  for (std::uint32_t nodes = 1; nodes < 200'000; nodes += 1 + nodes / 7) {
    const auto expected = static_cast<unsigned>(std::ceil(std::log10(nodes + 1.0) - 1e-12));
    EXPECT_EQ(transmit_limit(1, nodes), expected) << nodes;
    EXPECT_EQ(transmit_limit(3, nodes), 3 * expected) << nodes;
  }
  EXPECT_EQ(transmit_limit(4, UINT32_MAX), 40u);
}

class RumorQueueTest : public testing::Test {
 protected:
  void push(std::string_view subject, std::string_view text, RumorClass rumor_class = kMembership,
            Audience audience = Audience::all) {
    EXPECT_NE(queue.push(rumor_class, audience, subject, as_bytes(text)), RumorId{});
  }
  std::string fill(std::size_t room = 1400, unsigned limit = 4, Audience peer = Audience::all,
                   std::size_t parts = 255) {
    std::vector<ByteView> out;
    queue.fill(peer, limit, room, 2, parts, out);
    std::string line;
    for (const ByteView message : out) line += (line.empty() ? "" : " ") + std::string(as_text(message));
    return line;
  }

  base::Interner interner;
  Counters counters;
  RumorQueue queue{interner, {}, counters};
};

TEST_F(RumorQueueTest, fresh_ones_go_first_then_longer_ones_then_newer_ones) {
  push("a", "told");
  EXPECT_EQ(fill(), "told");
  push("b", "bb");
  push("c", "cccc");
  push("d", "dd");
  EXPECT_EQ(fill(), "cccc dd bb told");
}

TEST_F(RumorQueueTest, a_rumor_is_told_so_often_and_then_dropped) {
  push("a", "aa");
  EXPECT_TRUE(queue.pending(kMembership, "a"));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(fill(1400, 4), "aa");
  EXPECT_FALSE(queue.pending(kMembership, "a"));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_EQ(fill(), "");
}

TEST_F(RumorQueueTest, a_packet_that_holds_no_rumor_costs_no_transmit) {
  push("a", "aaaa");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(fill(5), "");
  EXPECT_EQ(fill(6, 1), "aaaa");
}

TEST_F(RumorQueueTest, what_does_not_fit_lets_shorter_ones_pass) {
  push("a", "aaaaaaaa");
  push("b", "bbbb");
  push("c", "c");
  EXPECT_EQ(fill(9), "bbbb c");
  EXPECT_EQ(fill(10), "aaaaaaaa") << "still fresh";
}

TEST_F(RumorQueueTest, a_newer_rumor_replaces_the_older_one_about_the_same_subject) {
  push("a", "old");
  fill();
  push("a", "new");
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.bytes(), 3u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(fill(), "new") << "counted from the beginning";
  EXPECT_EQ(fill(), "");
}

TEST_F(RumorQueueTest, a_subject_is_replaced_within_its_class_only_and_across_audiences) {
  push("a", "member");
  push("a", "intent", kIntent);
  EXPECT_EQ(queue.size(), 2u);
  push("a", "for hearsay", kMembership, Audience::hearsay);
  EXPECT_EQ(fill(), "intent");
  EXPECT_EQ(fill(1400, 4, Audience::hearsay), "for hearsay intent");
}

TEST_F(RumorQueueTest, rumors_without_a_subject_never_replace_each_other) {
  push("", "one", kIntent);
  push("", "two", kIntent);
  EXPECT_EQ(fill(), "two one");
  EXPECT_FALSE(queue.pending(kIntent, ""));
}

TEST_F(RumorQueueTest, strangers_to_hearsay_are_never_told_what_is_for_hearsay_only) {
  push("a", "secret", kMembership, Audience::hearsay);
  push("b", "public");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(fill().find("secret"), std::string::npos);
  EXPECT_EQ(fill(1400, 4, Audience::hearsay), "secret");
}

TEST_F(RumorQueueTest, every_class_has_its_fair_share_of_a_packet) {
  for (int i = 0; i < 100; ++i) push("m" + std::to_string(i), std::string(8, 'm'));
  for (int i = 0; i < 100; ++i) push("i" + std::to_string(i), std::string(8, 'i'), kIntent);
  const std::string packet = fill(100);
  EXPECT_EQ(std::ranges::count(packet, 'i'), 5 * 8) << packet;
  EXPECT_EQ(std::ranges::count(packet, 'm'), 5 * 8) << packet;
}

TEST_F(RumorQueueTest, what_one_class_does_not_use_the_other_takes) {
  push("i", std::string(8, 'i'), kIntent);
  for (int i = 0; i < 100; ++i) push("m" + std::to_string(i), std::string(8, 'm'));
  EXPECT_EQ(std::ranges::count(fill(100), 'm'), 9 * 8);
}

TEST_F(RumorQueueTest, membership_stands_before_intents_in_a_packet) {
  push("i", "iii", kIntent);
  push("m", "m");
  EXPECT_EQ(fill(), "m iii");
}

TEST_F(RumorQueueTest, there_are_never_more_parts_than_asked_for) {
  for (int i = 0; i < 20; ++i) push("m" + std::to_string(i), "m");
  EXPECT_EQ(fill(1400, 4, Audience::all, 3), "m m m");
  EXPECT_EQ(fill(1400, 4, Audience::all, 0), "");
}

TEST_F(RumorQueueTest, an_oversized_message_is_refused_and_counted) {
  RumorQueue small(interner, {8, 1000, 10}, counters);
  EXPECT_EQ(small.push(kMembership, Audience::all, "a", Bytes(11)), RumorId{});
  EXPECT_NE(small.push(kMembership, Audience::all, "a", Bytes(10)), RumorId{});
  EXPECT_EQ(counters[Count::dropped_rumor_size], 1u);
  EXPECT_EQ(small.push(kMembership, Audience::all, "a", Bytes(11)), RumorId{});
  EXPECT_TRUE(small.pending(kMembership, "a")) << "what is refused replaces nothing";
}

TEST_F(RumorQueueTest, in_a_full_queue_the_most_often_told_makes_room) {
  RumorQueue small(interner, {3, 1000, 10}, counters);
  std::vector<ByteView> out;
  small.push(kIntent, Audience::all, "told", as_bytes("told"));
  small.fill(Audience::all, 4, 1400, 2, 255, out);
  for (const char* subject : {"a", "b", "c"}) small.push(kMembership, Audience::all, subject, as_bytes(subject));
  EXPECT_FALSE(small.pending(kIntent, "told"));
  EXPECT_EQ(small.size(), 3u);
  EXPECT_EQ(counters[Count::dropped_rumor_limit], 1u);
}

TEST_F(RumorQueueTest, the_bytes_are_bounded) {
  RumorQueue small(interner, {1000, 50, 10}, counters);
  for (int i = 0; i < 20; ++i) {
    small.push(kMembership, Audience::all, std::to_string(i), Bytes(10));
    EXPECT_LE(small.bytes(), 50u);
  }
  EXPECT_EQ(counters[Count::dropped_rumor_limit], 15u);
}

TEST_F(RumorQueueTest, clear_forgets_everything) {
  push("a", "aa");
  push("b", "bb", kIntent);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_FALSE(queue.pending(kMembership, "a"));
  EXPECT_EQ(fill(), "");
  push("a", "again");
  EXPECT_EQ(fill(), "again");
}

TEST_F(RumorQueueTest, views_of_the_last_telling_are_valid_until_the_next_call) {
  push("a", "the last time");
  std::vector<ByteView> out;
  queue.fill(Audience::all, 1, 1400, 2, 255, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(as_text(out[0]), "the last time");
}

TEST_F(RumorQueueTest, news_that_are_over_leave_nothing_in_the_interner) {
  push("a", "aaaa");
  push("b", "bb");
  push("a", "replaced");
  EXPECT_EQ(fill(1400, 1), "replaced bb");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(fill(), "");
  EXPECT_EQ(interner.records(), 0u);
  push("c", "cleared");
  queue.clear();
  EXPECT_EQ(interner.records(), 0u);
}

// A vector that is searched from end to end.
class Reference {
 public:
  struct Rumor {
    RumorClass rumor_class;
    Audience audience;
    std::string subject;
    std::string text;
    unsigned told = 0;
    std::uint64_t id = 0;
  };

  void push(RumorClass rumor_class, Audience audience, const std::string& subject, const std::string& text) {
    if (!subject.empty()) {
      std::erase_if(rumors, [&](const Rumor& r) { return r.rumor_class == rumor_class && r.subject == subject; });
    }
    rumors.push_back({rumor_class, audience, subject, text, 0, ++ids_});
  }

  std::vector<std::string> fill(Audience peer, unsigned limit, std::size_t room, std::size_t overhead,
                                std::size_t parts_max) {
    std::set<std::pair<RumorClass, Audience>> queues;
    for (const Rumor& rumor : rumors) queues.insert({rumor.rumor_class, rumor.audience});
    std::vector<std::string> out;
    std::set<std::uint64_t> taken;
    std::size_t left = room;
    for (const bool fair : {true, false}) {
      if (fair && queues.size() < 2) continue;
      for (const auto& [rumor_class, audience] : queues) {
        if (audience == Audience::hearsay && peer != Audience::hearsay) continue;
        std::size_t budget = fair ? std::min(left, room / queues.size()) : left;
        while (out.size() < parts_max) {
          Rumor* best = nullptr;
          for (Rumor& rumor : rumors) {
            if (rumor.rumor_class != rumor_class || rumor.audience != audience || taken.contains(rumor.id))
              continue;
            if (rumor.text.size() + overhead > budget) continue;
            if (best == nullptr || before(rumor, *best)) best = &rumor;
          }
          if (best == nullptr) break;
          taken.insert(best->id);
          ++best->told;
          out.push_back(best->text);
          budget -= best->text.size() + overhead;
          left -= best->text.size() + overhead;
        }
      }
    }
    std::erase_if(rumors, [&](const Rumor& rumor) { return taken.contains(rumor.id) && rumor.told >= limit; });
    return out;
  }

  std::vector<Rumor> rumors;

 private:
  static bool before(const Rumor& a, const Rumor& b) {
    if (a.told != b.told) return a.told < b.told;
    if (a.text.size() != b.text.size()) return a.text.size() > b.text.size();
    return a.id > b.id;
  }
  std::uint64_t ids_ = 0;
};

TEST(RumorQueueModel, random_use_agrees_with_a_naive_reference) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    base::Rng rng(seed);
    Counters counters;
    base::Interner interner;
    RumorQueue queue(interner, {}, counters);
    Reference reference;
    for (int step = 0; step < 300; ++step) {
      const auto rumor_class = rng.bounded(2) == 0 ? kMembership : kIntent;
      const auto audience = rng.bounded(3) == 0 ? Audience::hearsay : Audience::all;
      if (rng.bounded(3) != 0) {
        const std::uint64_t number = rng.bounded(30);
        const std::string subject = number == 0 ? "" : "s" + std::to_string(number);
        std::string text = std::to_string(step) + ":";
        text.resize(text.size() + rng.bounded(40), 'x');
        queue.push(rumor_class, audience, subject, as_bytes(text));
        reference.push(rumor_class, audience, subject, text);
      } else {
        const std::size_t room = rng.bounded(300);
        const std::size_t overhead = rng.bounded(4);
        const std::size_t parts_max = rng.bounded(4) == 0 ? rng.bounded(5) : 255;
        const auto limit = 1 + static_cast<unsigned>(rng.bounded(4));
        std::vector<ByteView> out;
        queue.fill(audience, limit, room, overhead, parts_max, out);
        std::vector<std::string> got;
        std::size_t used = 0;
        for (const ByteView message : out) {
          got.emplace_back(as_text(message));
          used += message.size() + overhead;
        }
        ASSERT_LE(used, room);
        ASSERT_LE(out.size(), parts_max);
        ASSERT_EQ(std::set<std::string>(got.begin(), got.end()).size(), got.size()) << "told twice in one packet";
        ASSERT_EQ(got, reference.fill(audience, limit, room, overhead, parts_max)) << "seed " << seed;
      }
      std::size_t bytes = 0;
      for (const auto& rumor : reference.rumors) bytes += rumor.text.size();
      ASSERT_EQ(queue.size(), reference.rumors.size());
      ASSERT_EQ(queue.bytes(), bytes);
    }
  }
}

}  // namespace
}  // namespace hearsay::spread
