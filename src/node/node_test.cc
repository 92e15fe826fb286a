#include "hearsay/node.h"

#include "base/interner.h"
#include "support/link.h"
#include "support/openssl_aead.h"
#include "wire/memberlist.h"

namespace hearsay {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Node, a_fresh_node_knows_itself_and_has_news_of_itself) {
  tests::Link link;
  link.add({}, 2);
  const auto members = link.node(0).members();
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].name, "n2");
  EXPECT_EQ(members[0].status, Status::alive);
  EXPECT_EQ(members[0].incarnation, Incarnation{1});
  EXPECT_TRUE(members[0].is_self);
  EXPECT_EQ(link.node(0).info().rumors_queued, 1u);
  EXPECT_LE(link.node(0).next_deadline(), link.steady + seconds(1));
}

TEST(Node, what_is_known_from_the_start_is_no_news) {
  for (const Family family : {Family::swim, Family::heartbeat}) {
    Config config;
    config.name = "b";
    config.family = family;
    config.advertise = *parse_address("10.0.0.2", 7946);
    std::vector<Member> known(3);
    for (std::size_t i = 0; i < known.size(); ++i) {
      known[i].name = std::string(1, static_cast<char>('a' + i));
      known[i].address = *parse_address("10.0.0." + std::to_string(i + 1), 7946);
      known[i].incarnation = Incarnation{4};
      known[i].tags = {{"dc", "eu"}};
    }
    Resources resources;
    resources.known = known;
    const auto node = Node::create(config, resources, {});
    ASSERT_TRUE(node);
    const auto members = (*node)->members();
    ASSERT_EQ(members.size(), 3u);
    EXPECT_EQ(members[2].name, "c");
    EXPECT_EQ(members[2].status, Status::alive);
    EXPECT_EQ(members[2].incarnation, Incarnation{4});
    EXPECT_EQ(members[2].tags, known[2].tags);
    EXPECT_EQ(members[1].incarnation, Incarnation{1}) << "of itself it knows better";
    EXPECT_EQ((*node)->info().rumors_queued, 0u);
    for (const Notice& notice : (*node)->history())
      EXPECT_EQ(std::get<MemberChange>(notice.body).member.name, "b") << "nobody is notified of what is no news";
  }
}

TEST(Node, create_tells_all_faults_at_once) {
  Config config;
  config.swim.probe_timeout = hours(1);
  config.packet_bytes = 1;
  config.crypto.keys = {Bytes(5)};
  const auto node = Node::create(config, {}, {});
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().code, Errc::invalid_config);
  for (const char* key : {"name", "advertise", "swim.probe_timeout", "packet_bytes", "crypto.keys"})
    EXPECT_NE(node.error().cause.find(std::string(key) + ": "), std::string::npos) << node.error().cause;
}

TEST(Node, keys_without_encryption_are_refused) {
  Config config;
  config.name = "n";
  config.advertise = *parse_address("10.0.0.1", 7946);
  config.crypto.keys = {Bytes(16)};
  const auto node = Node::create(config, {}, {});
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().code, Errc::invalid_config);
}

class NodesTest : public testing::Test {
 protected:
  // n2, n3, ... joined to n2.
  void cluster(std::uint8_t nodes) {
    for (std::uint8_t i = 0; i < nodes; ++i) {
      link.add(config, static_cast<std::uint8_t>(i + 2), resources);
      if (i > 0) link.join(i, 2);
    }
    link.pass(seconds(5));
  }
  std::vector<MemberChange> changes(std::size_t number, MemberChange::What what) {
    std::vector<MemberChange> all;
    for (const Notice& notice : link.notices(number)) {
      const auto* change = std::get_if<MemberChange>(&notice.body);
      if (change != nullptr && change->what == what) all.push_back(*change);
    }
    return all;
  }
  tests::Link link;
  Config config;
  Resources resources;
};

TEST_F(NodesTest, who_joins_is_known_to_all_and_knows_all) {
  cluster(5);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(link.node(i).info().members[0], 5u) << i;
    EXPECT_FALSE(link.node(i).info().defunct);
  }
}

TEST_F(NodesTest, the_crashed_are_found_by_all) {
  cluster(4);
  link.cut(3);
  link.pass(seconds(30));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(link.status(i, "n5"), "failed");
  const auto failed = changes(0, MemberChange::What::failed);
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_FALSE(failed[0].evidence.accuser.empty());
}

TEST_F(NodesTest, who_leaves_is_seen_as_left_and_may_come_back) {
  cluster(3);
  link.command(2, Leave{CommandId{9}});
  link.pass(seconds(10));
  EXPECT_TRUE(link.node(2).info().has_left);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(link.status(i, "n4"), "left");
  EXPECT_EQ(std::get<CommandDone>(link.notices(2).back().body).id, CommandId{9});
  link.join(2, 2);
  link.pass(seconds(5));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(link.status(i, "n4"), "alive");
}

TEST_F(NodesTest, a_lie_about_its_incarnation_is_told_to_people) {
  cluster(2);
  Bytes lie;
  base::ByteWriter writer(lie);
  wire::encode(writer, wire::Suspect{{UINT32_MAX}, "n2", "n3"});
  link.feed(0, [&](Node& node) { node.on_datagram(link.now(), *parse_address("10.0.0.3", 7946), lie); });
  const auto* warning = std::get_if<Warning>(&link.notices(0).back().body);
  ASSERT_NE(warning, nullptr);
  EXPECT_NE(warning->text.find("n3 (told by 10.0.0.3:7946) claims of this node an incarnation of 4294967295"),
            std::string::npos)
      << warning->text;
  EXPECT_EQ(link.node(0).info().self.incarnation, Incarnation{1});
}

TEST_F(NodesTest, tags_travel_with_the_member) {
  cluster(3);
  link.command(1, SetTags{CommandId{9}, {{"role", "web"}}});
  link.pass(seconds(5));
  for (std::size_t i = 0; i < 3; ++i) {
    for (const Member& member : link.node(i).members()) {
      EXPECT_EQ(member.tags.count("role"), member.name == "n3" ? 1u : 0u) << member.name << " at " << i;
    }
  }
  const auto updated = changes(2, MemberChange::What::updated);
  ASSERT_EQ(updated.size(), 1u);
  EXPECT_EQ(updated[0].member.tags.at("role"), "web");
}

TEST_F(NodesTest, a_forgotten_member_is_named_in_the_notice) {
  config.serf.forget_after = seconds(60);
  config.contact.reconnect_interval = hours(1);
  cluster(2);
  const std::string name(100, 'x');
  Config other = config;
  other.name = name;
  link.join(link.add(other, 9), 2);
  link.pass(seconds(3));
  ASSERT_EQ(link.status(0, name), "alive");
  link.cut(2);
  link.pass(seconds(150));
  const auto forgotten = changes(0, MemberChange::What::forgotten);
  ASSERT_EQ(forgotten.size(), 1u);
  EXPECT_EQ(forgotten[0].member.name, name);
  EXPECT_EQ(link.status(0, name), "unknown");
}

TEST_F(NodesTest, commands_that_cannot_be_done_now_say_so) {
  cluster(2);
  link.command(1, SetTags{CommandId{7}, {{"k", std::string(600, 'v')}}});
  EXPECT_EQ(std::get<CommandDone>(link.notices(1).back().body).error->code, Errc::too_large);
  link.command(1, Leave{CommandId{8}});
  link.join(1, 2);
  EXPECT_EQ(std::get<CommandDone>(link.notices(1).back().body).error->code, Errc::wrong_state);
  link.command(1, SetTags{CommandId{9}, {}});
  EXPECT_EQ(std::get<CommandDone>(link.notices(1).back().body).error->code, Errc::wrong_state);
}

TEST_F(NodesTest, a_name_that_does_not_resolve_fails_the_join) {
  cluster(1);
  link.command(0, Join{CommandId{7}, {"seed.example"}});
  const auto& done = std::get<CommandDone>(link.notices(0).back().body);
  ASSERT_TRUE(done.error);
  EXPECT_NE(done.error->cause.find("no names here"), std::string::npos) << done.error->cause;
}

TEST_F(NodesTest, encrypted_nodes_join_and_others_do_not) {
  tests::OpensslAead aead;
  tests::CountingNonces nonces;
  resources.aead = &aead;
  resources.nonces = &nonces;
  config.crypto.keys = {tests::counting_key(16)};
  cluster(2);
  EXPECT_EQ(link.status(0, "n3"), "alive");
  EXPECT_TRUE(link.node(0).info().encrypted);
  const std::size_t plain = link.add({}, 9);
  link.join(plain, 2);
  link.pass(seconds(2));
  EXPECT_EQ(link.status(0, "n9"), "unknown");
  const auto& done = std::get<CommandDone>(link.notices(plain).back().body);
  ASSERT_TRUE(done.error);
  EXPECT_EQ(done.error->code, Errc::unreachable);
}

TEST_F(NodesTest, the_same_inputs_give_the_same_state) {
  cluster(3);
  tests::Link other;
  std::swap(link, other);
  cluster(3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(link.node(i).state_hash(), other.node(i).state_hash());
}

TEST_F(NodesTest, what_a_node_interned_goes_with_it) {
  resources.interner = make_interner();
  cluster(3);
  EXPECT_GT(resources.interner->records(), 0u);
  link = {};
  EXPECT_EQ(resources.interner->records(), 0u);
}

TEST_F(NodesTest, time_that_goes_back_is_the_drivers_fault_and_ends_this_node_only) {
  cluster(2);
  link.steady -= seconds(1);
  link.feed(0, [&](Node& node) { node.on_time(link.now()); });
  EXPECT_TRUE(link.node(0).info().defunct);
  EXPECT_TRUE(std::holds_alternative<Defunct>(link.notices(0).back().body));
  EXPECT_EQ(link.node(0).next_deadline(), kNever);
  link.steady += seconds(1);
  link.feed(0, [&](Node& node) { node.on_time(link.now()); });
  EXPECT_TRUE(link.node(0).actions().empty());
  EXPECT_FALSE(link.node(1).info().defunct);
}

// The intruder at 10.0.0.9 calls itself n3.
TEST(NameConflicts, who_has_a_name_keeps_it_and_the_intruder_loses_the_vote) {
  tests::Link link;
  Config config;
  config.name_conflict = ConflictPolicy::warn;
  for (std::uint8_t last = 2; last <= 4; ++last) link.add(config, last);
  config.name_conflict = ConflictPolicy::stop;
  config.name = "n3";
  const std::size_t intruder = link.add(config, 9);
  link.join(1, 2);
  link.join(2, 2);
  link.pass(std::chrono::seconds(5));
  link.join(intruder, 2);
  link.pass(std::chrono::seconds(10));
  const auto& heard = link.notices(intruder);
  const auto* defunct = heard.empty() ? nullptr : std::get_if<Defunct>(&heard.back().body);
  ASSERT_NE(defunct, nullptr) << describe(heard.back());
  EXPECT_NE(defunct->why.find("the name n3 belongs to 10.0.0.3:7946"), std::string::npos) << defunct->why;
  EXPECT_TRUE(link.node(intruder).info().defunct);
  EXPECT_EQ(link.node(intruder).next_deadline(), kNever) << "it is silent";
  for (std::size_t number = 0; number < 3; ++number) EXPECT_EQ(link.status(number, "n3"), "alive");
  const auto conflicts = link.node(0).info().conflicts;
  ASSERT_EQ(conflicts.size(), 1u);
  EXPECT_EQ(to_string(conflicts[0].known), "10.0.0.3:7946");
  EXPECT_EQ(to_string(conflicts[0].claimed), "10.0.0.9:7946");
}

TEST(Why, the_accuser_is_asked_and_answers) {
  tests::Link link;
  for (std::uint8_t last = 2; last <= 5; ++last) link.add(Config{}, last);
  for (std::size_t number = 1; number < 4; ++number) link.join(number, 2);
  link.pass(std::chrono::seconds(10));
  link.cut(3);
  link.pass(std::chrono::seconds(60));
  std::size_t with_testimony = 0;
  for (std::size_t number = 0; number < 3; ++number) {
    EXPECT_EQ(link.status(number, "n5"), "failed");
    link.command(number, Why{CommandId{9}, "n5"});
    link.pass(std::chrono::seconds(2));
    std::size_t told = 0;
    for (const Notice& notice : link.notices(number)) {
      const auto* explanation = std::get_if<Explanation>(&notice.body);
      if (explanation == nullptr) continue;
      ++told;
      EXPECT_FALSE(explanation->probes.empty());
      if (!explanation->testimony) continue;
      ++with_testimony;
      EXPECT_EQ(explanation->testimony->missing, "");
      EXPECT_EQ(explanation->testimony->evidence.source, Evidence::Source::own_probe);
      EXPECT_GT(explanation->testimony->evidence.direct_probes, 0);
    }
    EXPECT_EQ(told, 1u);
  }
  EXPECT_GE(with_testimony, 1u) << "not all three were the first";
}

}  // namespace
}  // namespace hearsay
