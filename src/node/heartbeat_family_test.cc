// A few nodes of the heartbeat family on a perfect network.
#include <gtest/gtest.h>

#include <deque>

#include "base/rng.h"
#include "heartbeat/ledger.h"
#include "support/link.h"
#include "wire/heartbeat.h"

namespace hearsay {
namespace {

using heartbeat::Ruling;
using members::Verdict;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(HeartbeatRules, each_word_is_ruled_by_what_is_held) {
  using heartbeat::Held;
  using heartbeat::Told;
  struct Row {
    const char* rule;
    Told told;  // generation, heartbeat, facts, left, has facts, first hand
    Held held;  // generation, heartbeat, facts, verdict
    Ruling ruling;
  };
  const Row table[] = {
      {"a higher counter counts", {{3}, 11, 1}, {{3}, 10, 1, Verdict::alive}, Ruling::counter},
      {"the same one does not count twice", {{3}, 10, 1}, {{3}, 10, 1, Verdict::alive}, Ruling::stale},
      {"a higher one clears a suspect", {{3}, 11, 1}, {{3}, 10, 1, Verdict::suspect}, Ruling::counter},
      {"a former life is over", {{2}, 999, 9}, {{3}, 10, 1, Verdict::alive}, Ruling::stale},
      {"a new life needs its facts", {{4}, 1, 1}, {{3}, 10, 1, Verdict::alive}, Ruling::want_facts},
      {"... and begins with them", {{4}, 1, 1, false, true}, {{3}, 10, 1, Verdict::alive}, Ruling::facts},
      {"newer facts are asked for", {{3}, 10, 2}, {{3}, 10, 1, Verdict::alive}, Ruling::want_facts},
      {"... and taken", {{3}, 10, 2, false, true}, {{3}, 10, 1, Verdict::alive}, Ruling::facts},
      {"who was down is asked first", {{3}, 11, 1}, {{3}, 10, 1, Verdict::dead}, Ruling::ask_first},
      {"... also in a new life", {{4}, 1, 1, false, true}, {{3}, 10, 1, Verdict::dead}, Ruling::ask_first},
      {"its own word calls it up", {{3}, 11, 1, false, false, true}, {{3}, 10, 1, Verdict::dead}, Ruling::counter},
      {"an old word of its own does not",
       {{3}, 10, 1, false, false, true},
       {{3}, 10, 1, Verdict::dead},
       Ruling::stale},
      {"a leave ends the generation", {{3}, 11, 1, true}, {{3}, 10, 1, Verdict::alive}, Ruling::left},
      {"... of the dead, too", {{3}, 10, 1, true}, {{3}, 10, 1, Verdict::dead}, Ruling::left},
      {"an older leave is none", {{3}, 9, 1, true}, {{3}, 10, 1, Verdict::alive}, Ruling::stale},
      {"nothing follows a leave", {{3}, 99, 9, false, true}, {{3}, 10, 1, Verdict::left}, Ruling::stale},
      {"... and who goes on hears of it",
       {{3}, 99, 9, false, true, true},
       {{3}, 10, 1, Verdict::left},
       Ruling::tell_it},
      {"who is in a former life hears of the next one",
       {{2}, 99, 9, false, false, true},
       {{3}, 10, 1, Verdict::dead},
       Ruling::tell_it},
      {"who forgot its counter hears of it",
       {{3}, 9, 1, false, false, true},
       {{3}, 10, 1, Verdict::dead},
       Ruling::tell_it},
      {"... not while it is up, for words overtake each other",
       {{3}, 9, 1, false, false, true},
       {{3}, 10, 1, Verdict::alive},
       Ruling::stale},
      {"but a new life", {{4}, 1, 1, false, true, true}, {{3}, 10, 1, Verdict::left}, Ruling::facts},
      {"a leave is heard once", {{3}, 10, 1, true}, {{3}, 10, 1, Verdict::left}, Ruling::stale},
  };
  for (const Row& row : table) EXPECT_EQ(heartbeat::rule(row.told, row.held), row.ruling) << row.rule;
}

TEST(HeartbeatRules, the_replay_window_takes_each_sequence_once_and_a_new_life_begins_it_anew) {
  heartbeat::Beat beat;
  EXPECT_TRUE(take_sequence(beat, {1}, 100));
  EXPECT_FALSE(take_sequence(beat, {1}, 100));
  EXPECT_TRUE(take_sequence(beat, {1}, 102));
  EXPECT_TRUE(take_sequence(beat, {1}, 101)) << "datagrams may overtake each other";
  EXPECT_FALSE(take_sequence(beat, {1}, 101));
  EXPECT_FALSE(take_sequence(beat, {1}, 100));
  EXPECT_TRUE(take_sequence(beat, {1}, 166));
  EXPECT_FALSE(take_sequence(beat, {1}, 102)) << "64 below the top: it came";
  EXPECT_FALSE(take_sequence(beat, {1}, 99)) << "older than the window";
  EXPECT_TRUE(take_sequence(beat, {1}, 1000));
  EXPECT_FALSE(take_sequence(beat, {1}, 900));
  EXPECT_TRUE(take_sequence(beat, {2}, 1));
  EXPECT_FALSE(take_sequence(beat, {1}, 2000)) << "a recording of a former life";
}

class HeartbeatFamilyTest : public testing::TestWithParam<ExchangeMode> {
 protected:
  Config config() const {
    Config config;
    config.family = Family::heartbeat;
    config.heartbeat.mode = GetParam();
    config.heartbeat.expected_members = 10;
    config.contact.reconnect_interval = seconds(2);
    return config;
  }
  void start(std::uint8_t nodes, const Config& config) {
    for (std::uint8_t i = 1; i <= nodes; ++i) link.add(config, i);
    for (std::uint8_t i = 2; i <= nodes; ++i) link.join(i - 1u, 1);
    link.pass(seconds(15));
  }
  // What each of the first `nodes` says of all members, "alive" left out.
  std::string odd(std::size_t nodes, std::size_t members) {
    std::string text;
    for (std::size_t i = 0; i < nodes; ++i) {
      for (std::size_t m = 1; m <= members; ++m) {
        const std::string name = "n" + std::to_string(m);
        if (const auto status = link.status(i, name); status != "alive")
          text += "n" + std::to_string(i + 1) + ":" + name + "=" + status + " ";
      }
    }
    return text;
  }
  Incarnation generation(std::size_t node) { return link.node(node).info().self.incarnation; }
  // The error of the last command done; "" when it was well.
  std::string last_error(std::size_t node) {
    for (auto at = link.notices(node).rbegin(); at != link.notices(node).rend(); ++at) {
      if (const auto* done = std::get_if<CommandDone>(&at->body)) return done->error ? done->error->cause : "";
    }
    return "no command ended";
  }
  tests::Link link;
  std::deque<Bytes> addresses;
};

TEST_P(HeartbeatFamilyTest, members_learn_of_each_other_and_of_a_crash) {
  start(6, config());
  EXPECT_EQ(odd(6, 6), "");
  link.pass(seconds(60));
  EXPECT_EQ(odd(6, 6), "") << "and stay so";
  EXPECT_EQ(link.node(0).counters()[Count::suspicions], 0u);
  EXPECT_GT(link.node(0).info().heartbeat->heartbeat, 60u);
  link.cut(5);
  link.pass(seconds(60));
  EXPECT_EQ(odd(5, 6), "n1:n6=failed n2:n6=failed n3:n6=failed n4:n6=failed n5:n6=failed ");
  const auto& notices = link.notices(0);
  int evidence = 0;
  for (const Notice& notice : notices) {
    const auto* change = std::get_if<MemberChange>(&notice.body);
    if (change == nullptr || change->member.name != "n6") continue;
    if (change->what != MemberChange::What::suspected && change->what != MemberChange::What::failed) continue;
    EXPECT_EQ(change->evidence.source, Evidence::Source::silence);
    EXPECT_GT(change->evidence.silent_for, seconds(3));
    ++evidence;
  }
  EXPECT_EQ(evidence, 2);
}

TEST_P(HeartbeatFamilyTest, tags_a_leave_and_a_return_reach_everybody) {
  start(5, config());
  link.command(2, SetTags{CommandId{7}, {{"role", "db"}}});
  link.pass(seconds(20));
  for (std::size_t i = 0; i < 5; ++i) {
    for (const Member& member : link.node(i).members()) {
      if (member.name != "n3") continue;
      EXPECT_EQ(member.tags.count("role"), 1u) << i;
    }
  }
  EXPECT_EQ(generation(2), Incarnation{1}) << "tags do not begin a new life";
  link.command(4, Leave{CommandId{8}});
  link.pass(seconds(10));
  EXPECT_EQ(last_error(4), "");
  EXPECT_EQ(odd(4, 5), "n1:n5=left n2:n5=left n3:n5=left n4:n5=left ");
  link.pass(seconds(60));
  EXPECT_EQ(odd(4, 5), "n1:n5=left n2:n5=left n3:n5=left n4:n5=left ") << "nobody calls it back";
  link.join(4, 1);
  link.pass(seconds(20));
  EXPECT_EQ(odd(5, 5), "");
  EXPECT_EQ(generation(4), Incarnation{2});
}

TEST_P(HeartbeatFamilyTest, a_node_that_lost_its_disk_begins_above_its_former_life) {
  start(4, config());
  link.pass(seconds(20));
  link.cut(3);
  link.pass(milliseconds(500));
  Config again = config();
  again.name = "n4";
  const std::size_t back = link.add(again, 4, {.seed = 99});  // the same name and address, generation 1 again
  link.join(back, 1);
  link.pass(seconds(25));
  EXPECT_EQ(generation(back), Incarnation{2});
  EXPECT_EQ(link.node(back).counters()[Count::generations_raised], 1u);
  EXPECT_EQ(odd(3, 4), "");
}

TEST_P(HeartbeatFamilyTest, a_taken_name_or_address_and_other_rounds_are_refused_and_nothing_changes) {
  start(3, config());
  Config other = config();
  other.name = "n2";
  link.add(other, 9);
  link.join(3, 1);
  EXPECT_NE(last_error(3).find("name conflict: n2 is 10.0.0.2:7946"), std::string::npos) << last_error(3);
  other = config();
  other.name = "slow";
  other.heartbeat.interval = seconds(30);
  link.add(other, 10);
  link.join(4, 1);
  EXPECT_NE(last_error(4).find("its heartbeat.interval is 30000ms"), std::string::npos) << last_error(4);
  other = config();
  other.name = "ahead";
  other.first_incarnation = Incarnation{5};
  link.add(other, 11);
  link.join(5, 1);
  EXPECT_EQ(last_error(5), "");
  link.pass(seconds(10));
  link.cut(5);
  other.first_incarnation = Incarnation{(1u << 20) + 6};
  link.add(other, 11, {.seed = 5});
  link.join(6, 1);
  EXPECT_NE(last_error(6).find("is more than 2^20 above 5"), std::string::npos) << last_error(6);
  EXPECT_EQ(link.status(0, "n9"), "unknown");
  EXPECT_EQ(link.status(0, "slow"), "unknown");
  Config swim;
  swim.name = "swimmer";
  link.add(swim, 12);
  link.join(7, 1);
  EXPECT_NE(last_error(7).find("runs the heartbeat family"), std::string::npos) << last_error(7);
}

TEST_P(HeartbeatFamilyTest, a_pause_of_our_own_accuses_nobody) {
  start(4, config());
  link.steady += seconds(120);  // nobody was run
  link.pass(seconds(5));
  EXPECT_EQ(odd(4, 4), "");
  EXPECT_EQ(link.node(0).counters()[Count::pauses], 1u);
}

TEST_P(HeartbeatFamilyTest, why_shows_what_the_detector_sees) {
  start(3, config());
  link.pass(seconds(30));
  link.command(0, Why{CommandId{3}, "n2"});
  const Explanation* found = nullptr;
  for (const Notice& notice : link.notices(0)) {
    if (const auto* explanation = std::get_if<Explanation>(&notice.body)) found = explanation;
  }
  ASSERT_TRUE(found != nullptr && found->heartbeat);
  EXPECT_GT(found->heartbeat->heartbeat, 20u);
  EXPECT_GT(found->heartbeat->mean, milliseconds(300));
  EXPECT_LT(found->heartbeat->mean, seconds(3));
  EXPECT_GT(found->heartbeat->suspect_at, seconds(3));
  EXPECT_GT(found->heartbeat->failed_at, found->heartbeat->suspect_at);
}

TEST_P(HeartbeatFamilyTest, with_majority_a_member_fails_when_more_than_half_suspect_it) {
  Config voting = config();
  voting.heartbeat.verdict = VerdictRule::majority;
  start(5, voting);
  link.cut(4);
  link.pass(seconds(60));
  EXPECT_EQ(odd(4, 5), "n1:n5=failed n2:n5=failed n3:n5=failed n4:n5=failed ");
  // One that hears nobody any more has no majority behind it.
  link.cut(3);
  link.pass(seconds(60));
  for (const char* name : {"n1", "n2", "n3"}) EXPECT_EQ(link.status(3, name), "suspect");
}

TEST_P(HeartbeatFamilyTest, who_suspects_last_finds_the_others_majority) {
  Config voting = config();
  voting.heartbeat.verdict = VerdictRule::majority;
  voting.contact.seeds = {"10.0.0.1"};
  start(5, voting);
  link.cut(3);
  link.cut(4);
  link.pass(seconds(120));  // long enough that nobody's suspicion of n5 counts any more
  EXPECT_EQ(link.status(0, "n5"), "failed");
  EXPECT_EQ(link.status(3, "n5"), "suspect") << "alone";
  link.mend(3);
  link.pass(seconds(120));
  EXPECT_EQ(odd(4, 5), "n1:n5=failed n2:n5=failed n3:n5=failed n4:n5=failed ");
}

TEST_P(HeartbeatFamilyTest, who_is_in_a_life_that_is_over_is_told_by_any_that_knows) {
  start(3, config());
  link.pass(seconds(20));
  link.command(2, Leave{CommandId{8}});
  link.pass(seconds(10));
  link.cut(2);
  link.pass(seconds(60));  // its leave is told no more
  link.add(config(), 4);
  link.join(3, 2);  // n4 does not know of n3
  link.pass(seconds(5));
  Config again = config();
  again.name = "n3";
  const std::size_t back = link.add(again, 3, {.seed = 99});
  link.join(back, 4);
  link.pass(seconds(25));
  EXPECT_EQ(generation(back), Incarnation{2});
  EXPECT_EQ(link.status(0, "n3"), "alive");
}

TEST_P(HeartbeatFamilyTest, rounds_slow_down_while_nothing_changes_and_hurry_when_something_does) {
  Config slow = config();
  slow.heartbeat.interval_max = seconds(8);
  slow.heartbeat.suspect_after = seconds(30);
  slow.heartbeat.failed_after = seconds(60);
  start(5, slow);
  link.pass(seconds(60));
  const auto exchanges = [&](std::size_t node) { return link.node(node).counters()[Count::exchanges]; };
  auto before = exchanges(0);
  link.pass(seconds(160));
  EXPECT_EQ(exchanges(0) - before, 40u) << "twenty rounds with two peers each";
  EXPECT_EQ(odd(5, 5), "");
  EXPECT_EQ(link.node(0).counters()[Count::suspicions], 0u);
  before = exchanges(1);
  link.command(1, SetTags{CommandId{7}, {{"role", "db"}}});
  link.pass(seconds(1));
  EXPECT_EQ(exchanges(1) - before, 2u) << "a member changed";
  link.pass(seconds(60));
  before = exchanges(1);
  link.command(1, WriteState{CommandId{8}, {StateWrite{"load", "0.7", {}, {}}}});
  link.pass(milliseconds(1200));
  EXPECT_EQ(exchanges(1) - before, 2u) << "its state changed";
  link.cut(4);
  link.pass(seconds(150));
  EXPECT_EQ(odd(4, 5), "n1:n5=failed n2:n5=failed n3:n5=failed n4:n5=failed ");
}

// A peer of another minor version: its sections are unknown, missing or longer, its version byte is higher.
TEST_P(HeartbeatFamilyTest, peers_of_older_and_newer_minor_versions_are_understood) {
  start(2, config());
  const Address from = link.node(1).info().self.address;
  const auto say = [&](wire::HearsayType type, std::uint64_t heartbeat, std::uint8_t version, ByteView later) {
    wire::Heartbeat message;
    message.type = type;
    message.version = version;
    message.sender = "n2";
    message.generation = {1};
    message.sequence = 1'000'000 + heartbeat;
    message.entries.push_back({"n2", {1}, heartbeat, 0});
    Bytes bytes;
    base::ByteWriter out(bytes);
    encode(out, message);
    bytes.insert(bytes.end(), later.begin(), later.end());
    link.feed(0, [&](Node& node) { node.on_datagram(link.now(), from, bytes); });
  };
  const auto count = [&](Count what) { return link.node(0).counters()[what]; };
  const auto beats = count(Count::beats);
  // Version 1.0: counters alone, no opinions, settings or numbers.
  say(wire::HearsayType::beats, 1'000'000, 1, {});
  EXPECT_EQ(count(Count::beats), beats + 1);
  say(wire::HearsayType::echo, 1'000'001, 1, {});
  say(wire::HearsayType::syn, 1'000'002, 1, {});
  EXPECT_EQ(count(Count::beats), beats + 3);
  // A later one: settings with another field behind, and a section that nobody knows.
  const Bytes later{5, 0, 0, 0, 6, 0, 0, 3, 0xe8, 7, 7, 99, 0, 0, 0, 2, 1, 2};
  say(wire::HearsayType::beats, 1'000'003, 2, later);
  say(wire::HearsayType::syn, 1'000'004, 2, later);
  EXPECT_EQ(count(Count::beats), beats + 5);
  EXPECT_EQ(count(Count::dropped_malformed) + count(Count::dropped_unexpected) + count(Count::dropped_replays), 0u);
}

TEST_P(HeartbeatFamilyTest, what_a_node_says_about_itself_reaches_everybody) {
  start(5, config());
  link.command(1, WriteState{CommandId{4}, {StateWrite{"load", "0.7", {}, {}}}});
  link.pass(seconds(30));
  for (std::size_t i = 0; i < 5; ++i) {
    const auto state = link.node(i).state("n2");
    EXPECT_TRUE(state && state->items.size() == 1) << i;
  }
}

// Whatever a member says: nobody can reach a CHECK, fill a table beyond its bound or wake us with our own name.
TEST_P(HeartbeatFamilyTest, hostile_messages_of_a_member_are_borne) {
  Config bounded = config();
  bounded.limits.members_max = 40;
  bounded.heartbeat.verdict = VerdictRule::majority;
  start(3, bounded);
  base::Rng rng(7);
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) names.push_back("n" + std::to_string(i + 1));
  const auto any_name = [&]() -> std::string_view { return names[rng.bounded(names.size())]; };
  const Address from = link.node(1).info().self.address;
  const Bytes versions{1, 5, 2, 2, 5, 5};
  const std::uint32_t numbers[] = {0, 1, 2, 3, 50, 1u << 20, 0xfffe'ffffu, 0xffff'ffffu};
  for (int i = 0; i < 20'000; ++i) {
    wire::Heartbeat message;
    message.type = static_cast<wire::HearsayType>(16 + rng.bounded(10));
    message.sender = any_name();
    message.generation = {numbers[rng.bounded(std::size(numbers))]};
    message.sequence = rng.next() >> rng.bounded(64);
    for (std::uint64_t left = rng.bounded(8); left > 0; --left) {
      Bytes ip{10, 0, 0, static_cast<std::uint8_t>(rng.bounded(80))};
      wire::HeartbeatEntry entry{
          any_name(), {numbers[rng.bounded(std::size(numbers))]}, rng.next() >> rng.bounded(64)};
      entry.facts = numbers[rng.bounded(std::size(numbers))];
      entry.left = rng.chance(0.2);
      entry.has_facts = rng.chance(0.6);
      entry.port = static_cast<std::uint16_t>(rng.bounded(4) == 0 ? 0 : 7946);
      entry.vsn = versions;
      entry.addr = addresses.emplace_back(std::move(ip));
      message.entries.push_back(entry);
      message.opinions.push_back({any_name(), any_name(), entry.generation, entry.heartbeat});
      message.wants.push_back(any_name());
    }
    Bytes bytes;
    base::ByteWriter out(bytes);
    encode(out, message);
    if (rng.chance(0.2)) bytes[3 + rng.bounded(bytes.size() - 3)] = static_cast<std::uint8_t>(rng.next());
    link.feed(0, [&](Node& node) { node.on_datagram(link.now(), from, bytes); });
    ASSERT_LT(link.actions_most, 4000u);
    if (i % 50 == 0) link.pass(milliseconds(300));
  }
  const NodeInfo info = link.node(0).info();
  EXPECT_FALSE(info.defunct);
  EXPECT_LE(link.node(0).members().size(), 40u);
  EXPECT_GT(info.counters[Count::dropped_incarnation], 0u);
  EXPECT_GT(info.counters[Count::dropped_replays], 0u);
  EXPECT_GT(info.counters[Count::dropped_malformed], 0u);
}

INSTANTIATE_TEST_SUITE_P(Modes, HeartbeatFamilyTest,
                         testing::Values(ExchangeMode::push, ExchangeMode::pull, ExchangeMode::push_pull,
                                         ExchangeMode::digest),
                         [](const auto& mode) {
                           std::string name = name_of(mode.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace hearsay
