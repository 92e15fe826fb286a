#include "serf/keys.h"

#include "base/base64.h"
#include "support/openssl_aead.h"
#include "support/room_fixture.h"

namespace hearsay::serf {
namespace {

using tests::counting_key;

const Bytes kA = counting_key(32, 1);
const Bytes kB = counting_key(32, 2);
const Bytes kC = counting_key(16, 3);

wire::Keyring ring(const std::vector<Bytes>& keys) {
  wire::Keyring keyring;
  for (const auto& key : keys) keyring.add(key);
  return keyring;
}

TEST(KeyPlan, says_what_a_keyring_becomes_or_why_not) {
  struct Row {
    const char* why;
    std::vector<Bytes> held;
    KeyAction action;
    Bytes key;
    std::vector<Bytes> after;
    const char* refusal;
  };
  std::vector<Bytes> full;
  for (std::size_t i = 0; i < wire::Keyring::kKeysMax; ++i)
    full.push_back(counting_key(32, static_cast<std::uint8_t>(i)));
  const Row rows[] = {
      {"a new key goes to the end", {kA}, KeyAction::install, kB, {kA, kB}, ""},
      {"a held key is installed already", {kA, kB}, KeyAction::install, kA, {kA, kB}, ""},
      {"a used key goes to the front", {kA, kB, kC}, KeyAction::use, kC, {kC, kA, kB}, ""},
      {"the primary key is used already", {kA, kB}, KeyAction::use, kA, {kA, kB}, ""},
      {"another key is removed", {kA, kB}, KeyAction::remove, kB, {kA}, ""},
      {"what is not there is removed already", {kA}, KeyAction::remove, kB, {kA}, ""},
      {"the primary key stays",
       {kA, kB},
       KeyAction::remove,
       kA,
       {kA, kB},
       "Removing the primary key is not allowed"},
      {"an unknown key", {kA}, KeyAction::use, kB, {kA}, "Requested key is not in the keyring"},
      {"a wrong length", {kA}, KeyAction::install, Bytes(17), {kA}, "key size must be 16, 24 or 32 bytes"},
      {"no key", {kA}, KeyAction::install, {}, {kA}, "key size must be 16, 24 or 32 bytes"},
      {"no encryption", {}, KeyAction::install, kA, {}, "No keyring to modify (encryption not enabled)"},
      {"a full keyring", full, KeyAction::install, kC, full,
       "the keyring is full: it holds 16 keys, remove old ones"},
  };
  for (const Row& row : rows) {
    const auto plan = plan_key_change(ring(row.held), row.action, row.key);
    EXPECT_EQ(plan.refusal, row.refusal) << row.why;
    EXPECT_EQ(plan.keyring.keys(), row.after) << row.why;
    EXPECT_EQ(plan.changed, row.after != row.held) << row.why;
  }
}

TEST(KeyQueries, have_serf_s_names) {
  EXPECT_EQ(key_action_of("_serf_use-key"), KeyAction::use);
  EXPECT_FALSE(key_action_of("_serf_ping"));
  EXPECT_EQ(key_query_name(KeyAction::remove), "_serf_remove-key");
}

class KeysTest : public tests::RoomFixture {
 protected:
  KeysTest() {
    envelope.keyring = ring({kA});
    add(2);
  }
  // What n2 is told when it asks this.
  void ask(KeyAction action, ByteView key, bool sealed = true) {
    Bytes payload;
    base::ByteWriter writer(payload);
    wire::encode(writer, wire::KeyRequest{key});
    ask_with(action, payload, sealed);
  }
  void ask_with(KeyAction action, ByteView payload, bool sealed = true) {
    const Asker asker{room::peer_of(*table, id("n2")), "n2", LamportTime{5}, 9, 0,
                      steady + std::chrono::seconds(1)};
    room::Origin origin = from(tests::ip(2));
    origin.sealed = sealed;
    auto now_step = step();
    room.on_query(now_step, origin, asker, action, payload);
  }
  void reply(CallId call, const std::string& fault = {}) {
    auto now_step = step();
    room.on_reply(now_step, call, fault);
  }
  // The answers in the outbox, which is emptied; with their whole size.
  struct Told {
    wire::KeyResponse response;
    std::size_t bytes = 0;
  };
  std::vector<Told> told() {
    std::vector<Told> all;
    for (std::size_t i = 0; i < out->items().size(); ++i) {
      if (!std::holds_alternative<room::Outbox::Datagram>(out->items()[i])) continue;
      const auto user = message<wire::User>(i);
      const auto response = std::get<wire::QueryResponse>(*wire::decode_serf(user.payload));
      EXPECT_EQ(response.time, LamportTime{5});
      EXPECT_EQ(response.id, 9u);
      all.push_back({*wire::decode_key_response(response.payload), user.payload.size()});
    }
    out->clear();
    return all;
  }
  wire::Envelope envelope;
  Answers answers{base::Rng(1)};
  Keys room{envelope, answers};
};

TEST_F(KeysTest, a_query_changes_the_keyring_and_says_so) {
  ask(KeyAction::install, kB);
  ask(KeyAction::use, kB);
  EXPECT_EQ(envelope.keyring.keys(), (std::vector<Bytes>{kB, kA}));
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 4u) << "a notice and an answer each";
  EXPECT_EQ(lines[0], "notify keys changed: install asked by n2 held=2");
  ask(KeyAction::remove, kA);
  const auto answers_now = told();
  ASSERT_EQ(answers_now.size(), 1u);
  EXPECT_TRUE(answers_now[0].response.result);
  EXPECT_EQ(counters[Count::key_changes], 3u);
}

TEST_F(KeysTest, a_refusal_changes_nothing) {
  ask(KeyAction::remove, kA);
  const auto refusal = told();
  ASSERT_EQ(refusal.size(), 1u);
  EXPECT_FALSE(refusal[0].response.result);
  EXPECT_EQ(refusal[0].response.message, "Removing the primary key is not allowed");
  EXPECT_EQ(envelope.keyring.keys(), std::vector<Bytes>{kA});
}

TEST_F(KeysTest, the_list_has_all_keys_in_base64) {
  envelope.keyring = ring({kB, kA});
  ask(KeyAction::list, {});
  const auto list = told();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_TRUE(list[0].response.result);
  EXPECT_EQ(list[0].response.keys, (std::vector<std::string>{base::to_base64(kB), base::to_base64(kA)}));
  EXPECT_EQ(list[0].response.primary, base::to_base64(kB));
}

// As many keys as we hold just fit; a name that no member may have shows what would become of more.
TEST_F(KeysTest, a_long_list_is_cut_to_serf_s_limit_and_says_so) {
  config.name = std::string(300, 'n');
  for (std::size_t i = 1; i < wire::Keyring::kKeysMax; ++i) {
    envelope.keyring.add(counting_key(32, static_cast<std::uint8_t>(100 + i)));
  }
  ask(KeyAction::list, {});
  const auto list = told();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_LE(list[0].bytes, kAnswerBytesMax);
  EXPECT_GE(list[0].response.keys.size(), 10u);
  EXPECT_EQ(list[0].response.message, "truncated key list response, showing first " +
                                          std::to_string(list[0].response.keys.size()) + " of 16 keys");
}

TEST_F(KeysTest, without_encryption_serf_s_words_are_used) {
  envelope.keyring = {};
  ask(KeyAction::install, kB, false);
  ask(KeyAction::list, {}, false);
  const auto both = told();
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].response.message, "No keyring to modify (encryption not enabled)");
  EXPECT_EQ(both[1].response.message, "Keyring is empty (encryption not enabled)");
}

TEST_F(KeysTest, keys_do_not_travel_in_plaintext) {
  for (const KeyAction action : {KeyAction::list, KeyAction::install}) {
    ask(action, action == KeyAction::list ? ByteView() : ByteView(kB), false);
    auto refusal = told();
    ASSERT_EQ(refusal.size(), 1u);
    EXPECT_FALSE(refusal[0].response.result);
    EXPECT_TRUE(refusal[0].response.keys.empty());
    envelope.verify_outgoing = false;
    ask(action, kB);
    refusal = told();
    ASSERT_EQ(refusal.size(), 1u);
    EXPECT_FALSE(refusal[0].response.result) << "its answer would not be encrypted";
    EXPECT_TRUE(refusal[0].response.keys.empty());
    envelope.verify_outgoing = true;
  }
  EXPECT_EQ(envelope.keyring.keys(), std::vector<Bytes>{kA});
}

TEST_F(KeysTest, a_query_without_payload_or_with_another_is_refused) {
  ask_with(KeyAction::install, {});
  ask_with(KeyAction::install, as_bytes("\x08\x80"));
  const auto both = told();
  ASSERT_EQ(both.size(), 2u);
  EXPECT_FALSE(both[0].response.result);
  EXPECT_FALSE(both[1].response.result);
}

TEST_F(KeysTest, with_a_keeper_a_change_counts_once_it_is_saved) {
  config.crypto.save_keys = true;
  ask(KeyAction::install, kB);
  EXPECT_EQ(sent(), std::vector<std::string>{"save 2 keys"});
  EXPECT_EQ(envelope.keyring.keys().size(), 1u) << "not yet";
  reply(CallId{99});
  EXPECT_TRUE(sent().empty()) << "the reply to another call";
  reply(CallId{1});
  EXPECT_EQ(envelope.keyring.keys().size(), 2u);
  ASSERT_EQ(told().size(), 1u);
}

TEST_F(KeysTest, what_cannot_be_saved_does_not_happen) {
  config.crypto.save_keys = true;
  ask(KeyAction::install, kB);
  sent();
  reply(CallId{1}, "disk full");
  EXPECT_EQ(envelope.keyring.keys(), std::vector<Bytes>{kA});
  const auto refusal = told();
  ASSERT_EQ(refusal.size(), 1u);
  EXPECT_EQ(refusal[0].response.message, "the keyring cannot be saved: disk full");
}

TEST_F(KeysTest, changes_wait_for_each_other_in_order) {
  config.crypto.save_keys = true;
  ask(KeyAction::install, kB);
  ask(KeyAction::use, kB);
  ask(KeyAction::remove, kA);
  EXPECT_EQ(sent(), std::vector<std::string>{"save 2 keys"});
  for (const std::uint64_t call : {1u, 2u, 3u}) reply(CallId{call});
  EXPECT_EQ(envelope.keyring.keys(), std::vector<Bytes>{kB});
  EXPECT_EQ(told().size(), 3u);
}

TEST_F(KeysTest, waiting_changes_are_bounded) {
  config.crypto.save_keys = true;
  for (std::size_t i = 0; i < kKeyChangesMax + 2; ++i)
    ask(KeyAction::install, counting_key(32, static_cast<std::uint8_t>(50 + i)));
  const auto refusals = told();
  ASSERT_EQ(refusals.size(), 2u);
  EXPECT_FALSE(refusals[0].response.result);
  EXPECT_EQ(counters[Count::dropped_key_changes], 2u);
}

TEST_F(KeysTest, who_does_not_listen_any_more_is_not_answered) {
  config.crypto.save_keys = true;
  ask(KeyAction::install, kB);
  steady += std::chrono::seconds(2);
  sent();
  reply(CallId{1});
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(envelope.keyring.keys().size(), 2u) << "it was done all the same";
}

}  // namespace
}  // namespace hearsay::serf
