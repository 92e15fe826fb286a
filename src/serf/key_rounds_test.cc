#include "serf/key_rounds.h"

#include "base/base64.h"
#include "support/openssl_aead.h"
#include "support/room_fixture.h"

namespace hearsay::serf {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tests::counting_key;

const Bytes kA = counting_key(32, 1);
const Bytes kB = counting_key(32, 2);
const std::string kTextA = base::to_base64(kA);
const std::string kTextB = base::to_base64(kB);

KeyAnswer holds(std::vector<std::string> keys) { return {{}, "", KeyAnswer::Result::done, "", std::move(keys)}; }

TEST(KeyRounds, a_step_is_unsafe_while_somebody_could_not_follow) {
  const KeyAnswer silent;
  struct Row {
    KeyAction action;
    KeyAnswers answers;
    const char* named;  // in the cause; null: safe
  };
  const Row rows[] = {
      {KeyAction::use, {{"a", holds({kTextA, kTextB})}, {"b", holds({kTextB})}}, nullptr},
      {KeyAction::use, {{"a", holds({kTextA, kTextB})}, {"b", holds({kTextA})}}, "others: b"},
      {KeyAction::use, {{"a", holds({kTextA, kTextB})}, {"b", silent}}, "known of: b"},
      {KeyAction::use, {{"a", holds({})}}, "known of: a"},
      {KeyAction::remove, {{"a", holds({kTextA, kTextB})}, {"b", holds({kTextA})}}, nullptr},
      {KeyAction::remove, {{"a", holds({kTextA})}, {"b", holds({kTextB, kTextA})}}, "send: b"},
      {KeyAction::remove, {{"a", holds({kTextA})}, {"b", silent}}, "known of: b"},
  };
  for (const Row& row : rows) {
    const auto error = unsafe_key_change(row.action, kB, row.answers);
    ASSERT_EQ(error.has_value(), row.named != nullptr) << name_of(row.action);
    if (!error) continue;
    EXPECT_EQ(error->code, Errc::wrong_state);
    EXPECT_NE(error->cause.find(row.named), std::string::npos) << error->cause;
    EXPECT_NE(error->cure.find("--force"), std::string::npos);
  }
}

class KeyRoundsTest : public tests::RoomFixture {
 protected:
  KeyRoundsTest() {
    config.swim.gossip_interval = milliseconds(200);
    hold({kA});
  }
  void hold(const std::vector<Bytes>& held) {
    envelope.keyring = {};
    for (const auto& key : held) envelope.keyring.add(key);
  }
  void command(KeyAction action, const Bytes& key = {}, bool force = false) {
    auto now_step = step();
    room.on_command(now_step, {CommandId{7}, action, key, force});
  }
  // The query that was told last, by gossip or directly.
  wire::Query query() {
    std::vector<ByteView> views;
    rumors->fill(spread::Audience::all, 1000, 1u << 20, 2, 255, views);
    EXPECT_FALSE(views.empty());
    if (views.empty()) return {};
    kept_ = to_bytes(views.front());
    const auto user = std::get<wire::User>(*wire::decode_datagram_message(kept_));
    return std::get<wire::Query>(*wire::decode_serf(user.payload));
  }
  void answer(std::string_view from_name, const wire::Query& to, const wire::KeyResponse& response,
              bool sealed = true) {
    Bytes payload;
    base::ByteWriter writer(payload);
    wire::encode(writer, response);
    room::Origin origin = from(tests::ip(2));
    origin.sealed = sealed;
    auto now_step = step();
    room.on_message(now_step, origin, {to.time, to.id, from_name, 0, payload});
  }
  void pass(Duration duration) {
    steady += duration;
    auto now_step = step();
    room.on_time(now_step);
  }
  wire::KeyResponse done() const { return {true, "", {}, {}}; }
  wire::KeyResponse list(std::vector<std::string> held) const {
    const std::string primary = held.front();
    return {true, "", std::move(held), primary};
  }
  // Notices only, without the word in front of each.
  std::vector<std::string> notices() {
    std::vector<std::string> lines;
    for (const auto& line : sent()) {
      if (line.starts_with("notify ")) lines.push_back(line.substr(7));
    }
    return lines;
  }

  Clock events{{1}};
  Clock queries{{1}};
  wire::Envelope envelope;
  Answers answers{base::Rng(1)};
  Keys keys{envelope, answers};
  PassThrough pass_through{events, queries, answers, keys};
  KeyRounds room{base::Rng(2), pass_through, keys};
  Bytes kept_;
};

TEST_F(KeyRoundsTest, install_asks_everybody_and_ends_with_the_last_answer) {
  add(2);
  add(3);
  command(KeyAction::install, kB);
  EXPECT_EQ(envelope.keyring.keys().size(), 2u) << "we ourselves first";
  const auto asked = query();
  EXPECT_EQ(asked.name, "_serf_install-key");
  EXPECT_EQ(asked.source_node, "self");
  EXPECT_EQ(asked.flags, 0u);
  EXPECT_EQ(asked.timeout_ns, 3'200'000'000);
  EXPECT_EQ(to_bytes(wire::decode_key_request(asked.payload)->key), kB);
  answer("n2", asked, done());
  answer("n2", asked, {false, "twice", {}, {}});
  EXPECT_EQ(notices(), std::vector<std::string>{"keys changed: install asked by self held=2"}) << "n3 is missing";
  answer("n3", asked, done());
  EXPECT_EQ(notices(), (std::vector<std::string>{"key answer of n2: done", "key answer of n3: done",
                                                 "key answer of self: done", "command 7 done value=3"}));
  EXPECT_EQ(room.next_deadline(), kNever);
}

TEST_F(KeyRoundsTest, a_failure_is_told_with_its_member_and_message) {
  add(2);
  command(KeyAction::install, kB);
  answer("n2", query(), {false, "disk full", {}, {}});
  const auto lines = notices();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1], "key answer of n2: failed (disk full)");
  EXPECT_EQ(lines[3], "command 7 failed refused: 1 of 2 members failed: n2");
}

TEST_F(KeyRoundsTest, who_stays_silent_is_asked_again_directly_and_then_named) {
  add(2);
  add(3);
  command(KeyAction::install, kB);
  answer("n2", query(), done());
  sent();
  for (int again = 0; again < 2; ++again) {
    pass(room.next_deadline() - steady);
    const auto lines = sent();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_TRUE(lines[0].starts_with("10.0.0.3:7946 user query _serf_install-key")) << lines[0];
  }
  pass(room.next_deadline() - steady);
  const auto lines = notices();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1], "key answer of n3: silent (no answer came)");
  EXPECT_EQ(lines[3], "command 7 failed timed_out: 1 of 3 members did not answer: n3");
}

TEST_F(KeyRoundsTest, a_late_answer_to_an_earlier_attempt_counts) {
  add(2);
  command(KeyAction::install, kB);
  const auto first = query();
  pass(seconds(4));
  answer("n2", first, done());
  EXPECT_EQ(notices().back(), "command 7 done value=2");
}

TEST_F(KeyRoundsTest, use_looks_first_and_changes_ourselves_last) {
  hold({kA, kB});
  add(2);
  command(KeyAction::use, kB);
  const auto look = query();
  EXPECT_EQ(look.name, "_serf_list-keys");
  rumors->clear();
  answer("n2", look, list({kTextA, kTextB}));
  const auto asked = query();
  EXPECT_EQ(asked.name, "_serf_use-key");
  EXPECT_EQ(envelope.keyring.keys().front(), kA) << "the others are still being told";
  answer("n2", look, done());
  EXPECT_EQ(envelope.keyring.keys().front(), kA) << "an answer to the look is none to the change";
  answer("n2", asked, done());
  EXPECT_EQ(envelope.keyring.keys().front(), kB);
  EXPECT_EQ(notices().back(), "command 7 done value=2");
}

TEST_F(KeyRoundsTest, an_unsafe_step_asks_nobody_for_the_change) {
  hold({kA, kB});
  add(2);
  command(KeyAction::use, kB);
  const auto look = query();
  rumors->clear();
  answer("n2", look, list({kTextA}));
  const auto lines = notices();
  ASSERT_EQ(lines.size(), 1u) << "no KeyAnswer: nobody was asked";
  EXPECT_TRUE(lines[0].starts_with("command 7 failed wrong_state: ")) << lines[0];
  EXPECT_TRUE(rumors->empty());
  EXPECT_EQ(envelope.keyring.keys().front(), kA);
  command(KeyAction::use, kB, true);
  EXPECT_EQ(query().name, "_serf_use-key") << "forced";
}

TEST_F(KeyRoundsTest, list_tells_the_primary_key_first) {
  add(2);
  command(KeyAction::list);
  wire::KeyResponse response = list({kTextB, kTextA});
  response.primary = kTextA;
  answer("n2", query(), response);
  std::vector<std::string> first;
  for (const auto& item : out->items()) {
    const auto* notice = std::get_if<Notice>(&item);
    const auto* told = notice == nullptr ? nullptr : std::get_if<KeyAnswer>(&notice->body);
    if (told != nullptr) first.push_back(told->keys.front());
  }
  EXPECT_EQ(first, (std::vector<std::string>{kTextA, kTextA}));
  for (const auto& line : sent())
    EXPECT_EQ(line.find(kTextA.substr(0, 8)), std::string::npos) << "a secret in " << line;
}

TEST_F(KeyRoundsTest, answers_of_strangers_and_in_plaintext_do_not_count) {
  add(2);
  command(KeyAction::install, kB);
  const auto asked = query();
  sent();
  answer("n9", asked, done());
  answer("self", asked, done());
  answer("n2", asked, done(), false);
  wire::Query other = asked;
  other.id ^= 1;
  answer("n2", other, done());
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(counters[Count::dropped_unexpected], 4u);
}

TEST_F(KeyRoundsTest, alone_it_is_done_at_once) {
  command(KeyAction::install, kB);
  EXPECT_EQ(notices().back(), "command 7 done value=1");
  command(KeyAction::use, kB);
  EXPECT_EQ(notices().back(), "command 7 done value=1");
  command(KeyAction::remove, kA);
  EXPECT_EQ(notices().back(), "command 7 done value=1");
  EXPECT_EQ(envelope.keyring.keys(), std::vector<Bytes>{kB});
}

TEST_F(KeyRoundsTest, what_fails_here_is_asked_of_nobody) {
  config.crypto.save_keys = true;
  add(2);
  command(KeyAction::install, kB);
  EXPECT_TRUE(rumors->empty()) << "our own disk comes first";
  sent();
  auto now_step = step();
  keys.on_reply(now_step, CallId{1}, "disk full");
  room.on_own_keys(now_step);
  const auto lines = notices();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], "key answer of n2: silent (not asked, because it failed here)");
  EXPECT_EQ(lines[1], "key answer of self: failed (the keyring cannot be saved: disk full)");
  EXPECT_TRUE(rumors->empty());
}

TEST_F(KeyRoundsTest, a_disk_that_never_answers_does_not_hold_the_command_for_ever) {
  config.crypto.save_keys = true;
  command(KeyAction::install, kB);
  sent();
  pass(seconds(31));
  EXPECT_EQ(notices().back(), "command 7 failed refused: 1 of 1 members failed: self");
  command(KeyAction::list);
  EXPECT_EQ(notices().back(), "command 7 done value=1");
  auto now_step = step();
  keys.on_reply(now_step, CallId{1}, "");
  room.on_own_keys(now_step);
  EXPECT_EQ(notices(), std::vector<std::string>{"keys changed: install asked by self held=2"}) << "nothing else";
}

TEST_F(KeyRoundsTest, wrong_commands_are_refused_and_nobody_is_asked) {
  add(2);
  const auto refused = [&](KeyAction action, const Bytes& key, const char* cause) {
    command(action, key, true);
    const auto lines = notices();
    ASSERT_EQ(lines.size(), 1u) << cause;
    EXPECT_NE(lines[0].find(cause), std::string::npos) << lines[0];
    EXPECT_TRUE(rumors->empty());
  };
  refused(KeyAction::install, Bytes(5), "5 bytes");
  refused(KeyAction::use, {}, "0 bytes");
  refused(KeyAction::list, kA, "given to list");
  refused(KeyAction::use, kB, "not in the keyring");
  refused(KeyAction::remove, kA, "primary");
  envelope.verify_outgoing = false;
  refused(KeyAction::list, {}, "plaintext");
  envelope.verify_outgoing = true;
  hold({});
  refused(KeyAction::install, kA, "not enabled");
}

TEST_F(KeyRoundsTest, one_command_at_a_time) {
  add(2);
  command(KeyAction::install, kB);
  sent();
  command(KeyAction::list);
  EXPECT_EQ(notices(),
            std::vector<std::string>{"command 7 failed wrong_state: another key command is running (install)"});
}

TEST_F(KeyRoundsTest, our_own_query_is_not_told_on_when_it_comes_back) {
  add(2);
  command(KeyAction::install, kB);
  const auto asked = query();
  rumors->clear();
  room::Origin origin = from(tests::ip(2));
  origin.verbatim = as_bytes("verbatim");
  auto now_step = step();
  pass_through.on_message(now_step, origin, asked);
  EXPECT_TRUE(rumors->empty());
}

}  // namespace
}  // namespace hearsay::serf
