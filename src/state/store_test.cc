#include "state/store.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace hearsay::state {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart{seconds(1000)};

StateWrite set(std::string key, std::string value) { return {std::move(key), std::move(value), {}, {}}; }
StateWrite deletion(std::string key) { return {std::move(key), std::nullopt, {}, {}}; }

std::string text(const NodeState& state) {
  std::string out;
  for (const auto& item : state.items) out += (out.empty() ? "" : " ") + item.key + "=" + item.value;
  return out;
}

// What `to` lacks of this owner's state, in pieces of at most so many bytes.
Store::Taken send(const Store& from, Store& to, std::string_view owner, Time now, std::size_t bytes_max,
                  bool lost = false) {
  const auto* held = from.find(owner);
  const auto* known = to.find(owner);
  const auto theirs = known == nullptr ? wire::StateDigest{} : known->state.digest(owner_hash(owner));
  if (held == nullptr || !is_newer(held->state.digest(owner_hash(owner)), theirs)) return Store::Taken::stale;
  wire::StateDelta delta;
  if (!held->state.make_delta(owner, theirs, now, bytes_max, delta) || lost) return Store::Taken::gap;
  std::vector<std::string> changed;
  return to.apply(now, delta, true, changed);
}

TEST(Store, refusals_name_cause_and_cure_and_change_nothing) {
  Store store("n1", {1, 7}, {.own_bytes_max = 1000});
  ASSERT_TRUE(store.write(kStart, std::vector{set("a", "1")}));
  const struct {
    std::vector<StateWrite> writes;
    Errc code;
    std::string_view cause;
  } kCases[] = {
      {{set("", "1")}, Errc::invalid_argument, "the key is empty"},
      {{set("a b", "1")}, Errc::invalid_argument, "spaces"},
      {{set("a=b", "1")}, Errc::invalid_argument, "'='"},
      {{set("\xc3", "1")}, Errc::invalid_argument, "no UTF-8"},
      {{set(std::string(129, 'k'), "1")}, Errc::too_large, "129 bytes"},
      {{set("b", std::string(kStateValueBytesMax + 1, 'v'))}, Errc::too_large, "262145 bytes"},
      {{set("b", std::string(990, 'v'))}, Errc::too_large, "of which 1000 are allowed"},
      {{set("b", "1"), set("b", "2")}, Errc::invalid_argument, "twice"},
      {{deletion("b")}, Errc::not_found, "no key \"b\""},
      {{set("b", "1"), deletion("c")}, Errc::not_found, "no key \"c\""},
      {{{"a", "2", {}, 7}}, Errc::wrong_state, "has the version 1, not 7"},
      {{{"b", "2", {}, 1}}, Errc::wrong_state, "is not there"},
      {{{"a", "2", milliseconds(-1), {}}}, Errc::invalid_argument, "time to live"},
      {{{"a", {}, seconds(1), {}}}, Errc::invalid_argument, "cannot have"},
  };
  for (const auto& test : kCases) {
    const auto result = store.write(kStart, test.writes);
    ASSERT_FALSE(result) << test.cause;
    EXPECT_EQ(result.error().code, test.code) << test.cause;
    EXPECT_NE(result.error().cause.find(test.cause), std::string::npos) << result.error().cause;
    EXPECT_FALSE(result.error().cure.empty());
    EXPECT_EQ(store.own().version(), 1u);
  }
  EXPECT_TRUE(store.write(kStart, std::vector<StateWrite>{{"a", "2", {}, 1}, {"b", "3", {}, 0}}));
  EXPECT_EQ(text(store.read(*store.find("n1"), kStart)), "a=2 b=3");
  EXPECT_TRUE(store.write(kStart, std::vector{set("a", "2")}));
  EXPECT_EQ(store.own().version(), 3u) << "a write that changes nothing costs nothing";
}

TEST(Store, what_lives_for_a_while_is_hidden_by_readers_and_deleted_by_its_owner) {
  Store owner("n1", {1, 7}, {});
  Store reader("n2", {1, 7}, {});
  ASSERT_TRUE(owner.write(kStart, std::vector<StateWrite>{{"a", "1", seconds(10), {}}, {"b", "2", {}, {}}}));
  EXPECT_EQ(owner.next_deadline(minutes(1)), kStart + seconds(10));
  EXPECT_EQ(send(owner, reader, "n1", kStart + seconds(4), 1000), Store::Taken::news);
  EXPECT_EQ(reader.read(*reader.find("n1"), kStart + seconds(4)).items[0].ttl, seconds(6));
  EXPECT_EQ(text(reader.read(*reader.find("n1"), kStart + seconds(10))), "b=2");
  EXPECT_FALSE(owner.expire(kStart + seconds(9)));
  EXPECT_TRUE(owner.expire(kStart + seconds(10)));
  EXPECT_EQ(owner.own().version(), 3u);
  EXPECT_EQ(send(owner, reader, "n1", kStart + seconds(10), 1000), Store::Taken::news);
  EXPECT_TRUE(reader.find("n1")->state.find("a")->deleted);
  EXPECT_EQ(owner.hash(), reader.hash());
}

TEST(Store, who_was_away_while_tombstones_were_forgotten_takes_the_whole_state) {
  Store owner("n1", {1, 7}, {});
  Store reader("n2", {1, 7}, {});
  ASSERT_TRUE(owner.write(kStart, std::vector{set("a", "1"), set("b", "2")}));
  EXPECT_EQ(send(owner, reader, "n1", kStart, 1000), Store::Taken::news);
  ASSERT_TRUE(owner.write(kStart, std::vector{deletion("a"), set("c", "3"), set("d", "4")}));
  EXPECT_FALSE(owner.collect(kStart + minutes(59), minutes(60)));
  EXPECT_TRUE(owner.collect(kStart + minutes(60), minutes(60)));
  EXPECT_EQ(owner.own().floor(), 3u);
  EXPECT_EQ(owner.own().find("a"), nullptr);
  // A cut that does not reach the floor would be no state at all.
  EXPECT_EQ(send(owner, reader, "n1", kStart, 60), Store::Taken::gap);
  EXPECT_EQ(text(reader.read(*reader.find("n1"), kStart)), "a=1 b=2");
  EXPECT_EQ(send(owner, reader, "n1", kStart, 1000), Store::Taken::news);
  EXPECT_EQ(text(reader.read(*reader.find("n1"), kStart)), "b=2 c=3 d=4");
  EXPECT_EQ(owner.hash(), reader.hash());
}

TEST(Store, a_life_that_lost_its_memory_outbids_the_former_one) {
  const std::uint64_t n1 = owner_hash("n1");
  Store owner("n1", {1, 7}, {});
  ASSERT_TRUE(owner.write(kStart, std::vector{set("dc", "eu")}));
  // Of this life, or of nobody: nothing to do.
  EXPECT_EQ(owner.outbid(kStart, {n1, {1, 7}, 1, 0}), Store::Former::none);
  EXPECT_EQ(owner.outbid(kStart, {n1, {}, 0, 0}), Store::Former::none);
  EXPECT_EQ(owner.outbid(kStart, {n1, {1, 6}, 90, 0}), Store::Former::none) << "this life wins anyway";
  EXPECT_EQ(owner.outbid(kStart, {n1, {1, 8}, 1, 0}), Store::Former::outbid);
  EXPECT_EQ(owner.own().epoch().generation, 2u);
  EXPECT_EQ(owner.outbid(kStart, {n1, {1 + kGenerationJumpMax, 1}, 1, 0}), Store::Former::outbid);
  EXPECT_EQ(owner.own().epoch().generation, 2 + kGenerationJumpMax) << "who knows 2 believes it";
  EXPECT_EQ(owner.outbid(kStart, {n1, {2 + 2 * kGenerationJumpMax, 1}, 1, 0}), Store::Former::absurd);
  EXPECT_EQ(owner.own().epoch().generation, 2 + kGenerationJumpMax);
  EXPECT_EQ(text(owner.read(*owner.find("n1"), kStart)), "dc=eu");
  // One that has nothing to say says so, for others still hold what it said once.
  Store silent("n1", {5, 7}, {});
  EXPECT_TRUE(silent.empty());
  EXPECT_EQ(silent.outbid(kStart, {n1, {4, 9}, 20, 0}), Store::Former::outbid);
  EXPECT_FALSE(silent.empty());
  EXPECT_EQ(silent.own().epoch().generation, 5u);
}

TEST(Store, counts_only_who_is_up_and_forgets_whom_it_is_told_to) {
  Store a("a", {1, 1}, {});
  Store b("b", {1, 1}, {});
  Store small("c", {1, 1}, {.total_bytes_max = 19});
  EXPECT_EQ(a.hash(), b.hash());
  ASSERT_TRUE(a.write(kStart, std::vector{set("dc", "eu")}));
  EXPECT_EQ(send(a, b, "a", kStart, 1000), Store::Taken::news);
  EXPECT_EQ(send(a, small, "a", kStart, 1000), Store::Taken::too_large);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_EQ(a.buckets(), b.buckets());
  EXPECT_EQ(b.bytes(), a.bytes());
  b.count("a", false);
  EXPECT_EQ(b.hash(), small.hash());
  EXPECT_EQ(b.counted(), 0u);
  b.count("a", true);
  EXPECT_EQ(a.hash(), b.hash());
  b.forget("a");
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.bytes(), 0u);
  EXPECT_EQ(b.hash(), small.hash());
}

// Five nodes that write, delete, forget, restart and exchange pieces at random. Whatever anybody holds of a life is
// true of it at that version, and in the end all hold the same.
class Gossip {
 public:
  explicit Gossip(std::uint64_t seed) : rng_(seed) {
    for (int i = 0; i < kNodes; ++i) lives_.emplace_back();
    for (int i = 0; i < kNodes; ++i) stores_.push_back(make(i));
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      now_ += milliseconds(100);
      step();
      const auto node = rng_.bounded(kNodes);
      for (int owner = 0; owner < kNodes; ++owner) check(*stores_[node], owner);
    }
    // In the end everything is heard of in pieces, also by an owner of itself.
    for (int round = 0; round < 100; ++round) {
      for (int from = 0; from < kNodes; ++from) {
        for (int to = 0; to < kNodes; ++to) exchange(from, to, round % 2 == 0 ? 90 : 10'000, false);
      }
    }
    for (int node = 0; node < kNodes; ++node) {
      EXPECT_EQ(stores_[static_cast<std::size_t>(node)]->hash(), stores_[0]->hash());
      for (int owner = 0; owner < kNodes; ++owner) {
        check(*stores_[static_cast<std::size_t>(node)], owner);
        const auto* held = stores_[static_cast<std::size_t>(node)]->find(name(owner));
        const auto& own = *stores_[static_cast<std::size_t>(owner)];
        if (own.own().empty()) continue;
        ASSERT_NE(held, nullptr);
        EXPECT_EQ(text(stores_[0]->read(*held, now_)), text(own.read(*own.find(own.self()), now_)));
      }
    }
  }
  int resets = 0;

 private:
  static constexpr int kNodes = 5;
  struct Write {
    std::string key;
    std::optional<std::string> value;
  };
  using Log = std::map<std::uint64_t, Write>;  // of one life, by version

  static std::string name(int node) { return "n" + std::to_string(node); }
  std::unique_ptr<Store> make(int node) {
    const auto generation = static_cast<std::uint32_t>(1 + rng_.bounded(2));
    const auto life = static_cast<std::uint32_t>(rng_.next());
    return std::make_unique<Store>(name(node), Epoch{generation, life}, Limits{});
  }
  void step() {
    const auto node = static_cast<int>(rng_.bounded(kNodes));
    Store& store = *stores_[static_cast<std::size_t>(node)];
    const auto what = rng_.bounded(100);
    if (what < 30) {
      const std::string key = "k" + std::to_string(rng_.bounded(8));
      const auto* entry = store.own().find(key);
      const bool there = entry != nullptr && !entry->deleted;
      if (there && rng_.chance(0.5)) {
        EXPECT_TRUE(store.write(now_, std::vector{deletion(key)}));
      } else {
        EXPECT_TRUE(store.write(now_, std::vector{set(key, std::to_string(++values_))}));
      }
      log(node);
    } else if (what < 32) {
      store.collect(now_, seconds(rng_.bounded(20)));
    } else if (what < 33) {
      stores_[static_cast<std::size_t>(node)] = make(node);
    } else {
      const auto other = static_cast<int>(rng_.bounded(kNodes));
      const bool lost = rng_.chance(0.2);
      exchange(node, other, 60 + rng_.bounded(200), lost);
    }
  }
  void log(int node) {
    const OwnerState& own = stores_[static_cast<std::size_t>(node)]->own();
    const Entry& last = own.entries().rbegin()->second;
    lives_[static_cast<std::size_t>(node)][own.epoch()][last.version] = {
        last.key, last.deleted ? std::nullopt : std::optional(last.value)};
  }
  void exchange(int from_node, int to_node, std::size_t bytes, bool lost) {
    const Store& from = *stores_[static_cast<std::size_t>(from_node)];
    Store& to = *stores_[static_cast<std::size_t>(to_node)];
    if (from_node == to_node) return;
    for (int owner = 0; owner < kNodes; ++owner) {
      if (owner != to_node) {
        const auto* before = to.find(name(owner));
        const auto floor = before == nullptr ? 0 : before->state.floor();
        send(from, to, name(owner), now_, bytes, lost);
        const auto* after = to.find(name(owner));
        if (after != nullptr && before != nullptr && after->state.floor() > floor) ++resets;
      } else if (const auto* known = from.find(name(owner)); known != nullptr) {
        if (to.outbid(now_, known->state.digest(to.self())) == Store::Former::outbid) {
          auto& life = lives_[static_cast<std::size_t>(owner)][to.own().epoch()];
          for (const auto& [version, entry] : to.own().entries()) life[version] = {entry.key, entry.value};
        }
      }
    }
  }
  // What is held was written so, and is the latest of its key up to the version at which it is held; but what was
  // written once more after that version may have been left out on the way.
  void check(const Store& store, int owner) {
    const auto* held = store.find(name(owner));
    if (held == nullptr || held->state.empty()) return;
    EXPECT_LE(held->state.floor(), held->state.version());
    const Log& log = lives_[static_cast<std::size_t>(owner)][held->state.epoch()];
    std::map<std::string, std::uint64_t> latest;
    std::map<std::string, std::uint64_t> last;
    for (const auto& [version, write] : log) {
      if (version <= held->state.version()) latest[write.key] = version;
      last[write.key] = version;
    }
    for (const auto& [version, entry] : held->state.entries()) {
      ASSERT_TRUE(latest[entry.key] == version || last[entry.key] > held->state.version()) << entry.key;
      ASSERT_EQ(log.at(version).value, entry.deleted ? std::nullopt : std::optional(entry.value));
    }
  }

  base::Rng rng_;
  Time now_ = kStart;
  int values_ = 0;
  std::vector<std::unique_ptr<Store>> stores_;
  std::vector<std::map<Epoch, Log>> lives_;
};

TEST(Store, nothing_deleted_returns_and_in_the_end_all_agree) {
  int resets = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Gossip gossip(seed);
    gossip.run(1000);
    resets += gossip.resets;
  }
  EXPECT_GT(resets, 100);
}

}  // namespace
}  // namespace hearsay::state
