// The table against a slow and obvious model: the same random claims go to both.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/rng.h"
#include "members/member_table.h"

namespace hearsay::members {
namespace {

using Kind = Outcome::Kind;
using std::chrono::seconds;

constexpr Versions kVsn{1, 5, 2, 2, 5, 5};
constexpr std::uint32_t kMembersMax = 6;
constexpr Duration kReclaim = seconds(30);

struct Facts {
  unsigned place = 0;  // the last byte of the address
  std::string meta;
  auto operator<=>(const Facts&) const = default;
};

struct Entry {
  Facts facts;
  std::uint32_t incarnation = 0;
  std::string verdict = "alive";
  bool leaving = false;
  std::uint64_t intent_time = 0;
  Time since{};
  std::vector<std::string> accusers;

  bool up() const { return verdict == "alive" || verdict == "suspect"; }
  std::string status() const {
    if (verdict == "left") return "left";
    if (verdict == "dead") return leaving ? "left" : "failed";
    return leaving ? "leaving" : verdict;
  }
};

// Says what the table should do, rule by rule, with linear searches and strings.
class Model {
 public:
  std::map<std::string, Entry> entries;

  Entry* find(const std::string& name) {
    for (auto& [known, entry] : entries) {
      if (known == name) return &entry;
    }
    return nullptr;
  }

  Kind alive(Time now, const std::string& name, std::uint32_t incarnation, const Facts& facts) {
    Entry* entry = find(name);
    if (incarnation == 0) return Kind::refused;
    if (entry == nullptr) {
      if (entries.size() >= kMembersMax) return Kind::refused;
      Entry fresh;
      fresh.facts = facts;
      fresh.incarnation = incarnation;
      fresh.since = now;
      entries.emplace(name, fresh);
      return Kind::accepted;
    }
    const bool moved = entry->facts.place != facts.place;
    if (name == "self") {
      if (moved) return Kind::conflict;
      if (incarnation < entry->incarnation) return Kind::stale;
      if (incarnation == entry->incarnation && facts == entry->facts) return Kind::stale;
      return Kind::about_self;
    }
    if (moved) {
      const bool may_move = entry->verdict == "left" || (entry->verdict == "dead" && now - entry->since > kReclaim);
      if (!may_move) return Kind::conflict;
    } else if (incarnation <= entry->incarnation) {
      return Kind::stale;
    }
    if (!entry->up()) entry->leaving = false;
    if (entry->verdict != "alive") entry->since = now;
    entry->verdict = "alive";
    entry->accusers.clear();
    entry->facts = facts;
    entry->incarnation = incarnation;
    return Kind::accepted;
  }

  Kind suspect(Time now, const std::string& name, std::uint32_t incarnation, const std::string& from) {
    Entry* entry = find(name);
    if (entry == nullptr) return Kind::refused;
    if (incarnation < entry->incarnation) return Kind::stale;
    if (name == "self") return Kind::about_self;
    if (entry->verdict == "suspect") {
      if (std::ranges::count(entry->accusers, from) > 0) return Kind::stale;
      entry->accusers.push_back(from);
      return Kind::confirmed;
    }
    if (entry->verdict != "alive") return Kind::stale;
    entry->verdict = "suspect";
    entry->since = now;
    entry->incarnation = incarnation;
    entry->accusers = {from};
    return Kind::accepted;
  }

  Kind dead(Time now, const std::string& name, std::uint32_t incarnation, const std::string& from) {
    Entry* entry = find(name);
    if (entry == nullptr) return Kind::refused;
    if (incarnation < entry->incarnation || !entry->up()) return Kind::stale;
    if (name == "self") return Kind::about_self;
    entry->verdict = name == from ? "left" : "dead";
    entry->since = now;
    entry->incarnation = incarnation;
    entry->accusers.clear();
    return Kind::accepted;
  }

  Kind intent(const std::string& name, std::uint64_t time, bool leaving) {
    Entry* entry = find(name);
    if (entry == nullptr) return Kind::refused;
    if (time <= entry->intent_time) return Kind::stale;
    if (name == "self" && leaving) return Kind::about_self;
    entry->intent_time = time;
    if (leaving || entry->up()) entry->leaving = leaving;
    return Kind::accepted;
  }

  Kind forget(const std::string& name) {
    if (find(name) == nullptr || name == "self") return Kind::refused;
    std::erase_if(entries, [&](const auto& entry) { return entry.first == name; });
    return Kind::accepted;
  }
};

class Pair {
 public:
  explicit Pair(std::uint64_t seed) : rng_(seed) {
    config_.name = "self";
    config_.limits.members_max = kMembersMax;
    config_.swim.gossip_to_the_dead = kReclaim;
    table_ = std::make_unique<MemberTable>(interner_, config_, kVsn);
    const std::uint8_t addr[] = {10, 0, 0, 0};
    Claim claim{AliveClaim{"self", {2}, addr, 7946, {}, kVsn}, {}, true, {}};
    table_->apply({now_, {}}, claim);
    Entry self;
    self.incarnation = 2;
    self.since = now_;
    model_.entries.emplace("self", self);
  }

  void step() {
    static const std::string kNames[] = {"self", "a", "b", "c", "d", "e", "f", "g"};
    now_ += seconds(rng_.bounded(20));
    const std::string name = kNames[rng_.bounded(std::size(kNames))];
    const std::string from = kNames[rng_.bounded(std::size(kNames))];
    const auto number = static_cast<std::uint32_t>(rng_.bounded(6));
    const Entry* entry = model_.find(name);
    // Mostly near the incarnation that is held, so that all rules are reached.
    const std::uint32_t incarnation =
        entry == nullptr ? number : entry->incarnation + number - std::min(2u, entry->incarnation);
    const std::uint64_t version = table_->version();
    const std::string before = text_of_table();
    Outcome outcome;
    Kind expected{};
    switch (rng_.bounded(10)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const Facts facts{static_cast<unsigned>(rng_.bounded(2)), rng_.bounded(4) == 0 ? "meta" : ""};
        const std::uint8_t addr[] = {10, 0, 0, static_cast<std::uint8_t>(facts.place)};
        outcome = apply(AliveClaim{name, {incarnation}, addr, 7946, as_bytes(facts.meta), kVsn});
        expected = model_.alive(now_, name, incarnation, facts);
        break;
      }
      case 4:
      case 5:
        outcome = apply(SuspectClaim{name, {incarnation}, from});
        expected = model_.suspect(now_, name, incarnation, from);
        break;
      case 6:
        outcome = apply(DeadClaim{name, {incarnation}, from});
        expected = model_.dead(now_, name, incarnation, from);
        break;
      case 7:
      case 8: {
        const std::uint64_t time = rng_.bounded(50);
        const bool leaving = rng_.bounded(2) == 0;
        outcome = apply(IntentClaim{name, {time}, leaving ? Intent::leaving : Intent::joining});
        expected = model_.intent(name, time, leaving);
        break;
      }
      default:
        if (rng_.bounded(3) != 0) return;
        outcome = apply(ForgetClaim{name});
        expected = model_.forget(name);
        break;
    }
    ASSERT_EQ(outcome.kind, expected) << "about " << name << " at " << incarnation << "\n" << before;
    const std::string after = text_of_table();
    ASSERT_EQ(after, text_of_model());
    if (outcome.kind != Kind::accepted && outcome.kind != Kind::confirmed) {
      ASSERT_EQ(before, after) << "a claim that was not accepted changed something";
      ASSERT_EQ(table_->version(), version);
    }
    if (before != after && outcome.kind != Kind::confirmed) {
      ASSERT_GT(table_->version(), version) << "a change that snapshots would miss";
    }
    check_counts();
  }

  std::size_t echoes() const { return echoes_; }
  std::size_t records_after_destruction() {
    table_.reset();
    return interner_.records();
  }

 private:
  template <class Body>
  Outcome apply(const Body& body) {
    bool echo = false;
    if constexpr (std::is_same_v<Body, AliveClaim>) echo = table_->is_echo(body);
    echoes_ += echo ? 1 : 0;
    const Outcome outcome = table_->apply({now_, {}}, Claim{body, {}, false, {}});
    if (echo) {
      EXPECT_EQ(outcome.kind, Outcome::Kind::stale) << "an echo brings nothing new";
      EXPECT_TRUE(is_up(outcome.verdict)) << "and nobody is to be corrected";
    }
    return outcome;
  }

  std::string text_of_table() const {
    std::string all;
    for (const MemberId id : table_->order()) {
      const Row& row = table_->row(id);
      all += std::string(table_->name(id)) + " " + std::to_string(table_->addr(id)[3]) + " " +
             std::string(as_text(table_->meta(id))) + " " + name_of(row.verdict) + " " + name_of(status_of(row)) +
             " " + std::to_string(row.incarnation) + " " + std::to_string(row.intent_time.value) + " " +
             std::to_string(row.verdict_since.time_since_epoch().count());
      for (const auto& accuser : table_->accusers(id)) all += " <" + accuser;
      all += "\n";
    }
    return all;
  }
  std::string text_of_model() const {
    std::string all;
    for (const auto& [name, entry] : model_.entries) {
      all += name + " " + std::to_string(entry.facts.place) + " " + entry.facts.meta + " " + entry.verdict + " " +
             entry.status() + " " + std::to_string(entry.incarnation) + " " + std::to_string(entry.intent_time) +
             " " + std::to_string(entry.since.time_since_epoch().count());
      for (const auto& accuser : entry.accusers) all += " <" + accuser;
      all += "\n";
    }
    return all;
  }
  void check_counts() const {
    std::map<std::string, std::uint32_t> counts;
    std::uint32_t up = 0;
    for (const auto& [name, entry] : model_.entries) {
      ++counts[entry.status()];
      if (entry.up()) ++up;
    }
    ASSERT_EQ(table_->up(), up);
    ASSERT_EQ(table_->size(), model_.entries.size());
    for (const Status status : {Status::alive, Status::suspect, Status::leaving, Status::left, Status::failed}) {
      ASSERT_EQ(table_->count(status), counts[name_of(status)]) << name_of(status);
    }
    std::set<MemberId> ids(table_->order().begin(), table_->order().end());
    ASSERT_EQ(ids.size(), table_->size());
    for (const MemberId id : ids) ASSERT_EQ(table_->find(table_->name(id)), id);
  }

  base::Rng rng_;
  base::Interner interner_;
  Config config_;
  Time now_{seconds(1000)};
  std::unique_ptr<MemberTable> table_;
  Model model_;
  std::size_t echoes_ = 0;
};

TEST(MemberTableModel, random_claims_have_the_same_effect_on_the_table_and_on_the_model) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Pair pair(seed);
    for (int i = 0; i < 500; ++i) {
      pair.step();
      if (HasFatalFailure()) FAIL() << "seed " << seed << ", step " << i;
    }
    EXPECT_GT(pair.echoes(), 0u);
    EXPECT_EQ(pair.records_after_destruction(), 0u) << "leaked records, seed " << seed;
  }
}

}  // namespace
}  // namespace hearsay::members
