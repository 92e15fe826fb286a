#include "services/state_watch.h"

#include "support/room_fixture.h"

namespace hearsay::services {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StateWatchTest : public tests::RoomFixture {
 protected:
  StateWatchTest() {
    for (std::uint8_t last = 2; last <= 5; ++last) add(last);
    table->heard_extension(id("n2"), true, true);
    table->heard_extension(id("n3"), true, true);
    for (const char* met : {"n2", "n4"}) table->heard_no_extension(id(met));  // n2 has said it before
    publish("dc", "eu");
  }
  void publish(std::string key, std::string value) {
    const StateWrite write{std::move(key), std::move(value), {}, {}};
    EXPECT_TRUE(store.write(steady, std::span(&write, 1)));
  }
  void watch(std::uint64_t command, Holders wanted, std::uint64_t version = 0, Duration timeout = seconds(10)) {
    auto now_step = step();
    room.on_command(now_step, store, WatchState{CommandId{command}, version, wanted, timeout});
  }
  void end_watch(std::uint64_t watch) {
    auto now_step = step();
    room.on_command(now_step, store, EndWatch{CommandId{99}, CommandId{watch}});
  }
  void held(std::string_view member, std::uint64_t version, wire::Epoch epoch = {3, 7}) {
    auto now_step = step();
    room.on_message(now_step, store, id(member), wire::StateHeld{member, epoch, version});
  }
  void pass(Duration time) {
    const Time end = steady + time;
    while (room.next_deadline() <= end) {
      steady = std::max(steady, room.next_deadline());
      auto now_step = step();
      room.on_time(now_step, store);
    }
    steady = end;
  }
  // Of the commands that ended: "7:held/members others=... missing" or "7:why".
  std::string ended() {
    std::string text;
    for (const auto& item : out->items()) {
      const auto* notice = std::get_if<Notice>(&item);
      if (notice == nullptr) continue;
      if (const auto* told = std::get_if<StateHolders>(&notice->body)) {
        text += std::to_string(told->held) + "/" + std::to_string(told->members) +
                " others=" + std::to_string(told->others);
        for (const auto& name : told->missing) text += " " + name;
        text += "; ";
        holders = *told;
      } else if (const auto* done = std::get_if<CommandDone>(&notice->body)) {
        text += std::to_string(done->id.value) +
                (done->error ? std::string(" ") + name_of(done->error->code) : "") + "; ";
      }
    }
    out->clear();
    return text;
  }
  // ---- the other side: n2 asks ----
  state::Store state_of_n2() const {
    state::Store theirs("n2", {5, 1}, {});
    const StateWrite write{"dc", "us", {}, {}};
    EXPECT_TRUE(theirs.write(steady, std::span(&write, 1)));
    return theirs;
  }
  void learn(const state::Store& theirs) {
    wire::StateDelta delta;
    const auto* owner = theirs.find("n2");
    ASSERT_TRUE(owner->state.make_delta("n2", {}, steady, 1000, delta));
    std::vector<std::string> changed;
    EXPECT_EQ(store.apply(steady, delta, true, changed), state::Store::Taken::news);
    auto now_step = step();
    room.on_news(now_step, store, "n2");
  }
  void question(std::uint32_t number, std::uint64_t version = 1, ByteView asked = {},
                std::string_view owner = "n2") {
    auto now_step = step();
    room.on_message(now_step, store, from(tests::ip(2)),
                    wire::StateQuestion{owner, {5, 1}, version, number, 10'000, asked});
  }

  state::Store store{"self", {3, 7}, {}};
  StateWatch room{base::Rng(1)};
  StateHolders holders;
};

TEST_F(StateWatchTest, ends_when_all_that_can_hold_it_do_and_counts_others_apart) {
  watch(7, {});
  EXPECT_EQ(queued(), std::vector<std::string>{"state-question self version=1 number=1 ms=10001"});
  held("n2", 1);
  held("n3", 1);
  pass(seconds(1));
  EXPECT_EQ(ended(), "") << "n5 was never met: it may be one of us";
  held("n5", 1);
  pass(seconds(1));
  EXPECT_EQ(ended(), "4/4 others=1; 7; ");
  EXPECT_EQ(holders.answers, 3u);
  EXPECT_EQ(holders.answer_bytes, 3 * (3 + 3 + 8 + 8u));
  EXPECT_GT(holders.question_bytes, 20u);
  EXPECT_EQ(room.next_deadline(), kNever) << "nothing is sent when nobody waits";
}

TEST_F(StateWatchTest, says_who_does_not_hold_it_and_asks_them_again) {
  watch(7, {});
  held("n2", 1);
  held("n3", 1);
  held("n5", 1, {2, 7});  // of a former life of ours
  held("n5", 2);          // there is no such version
  pass(seconds(9));
  const auto question = queued();
  ASSERT_EQ(question.size(), 1u);
  EXPECT_EQ(question[0].substr(question[0].find("number=") + 7, 1), "4") << "after 1, 2 and 4 seconds";
  EXPECT_NE(question[0].find("asked=8"), std::string::npos) << "only those that are missing";
  EXPECT_EQ(ended(), "");
  pass(seconds(2));
  EXPECT_EQ(ended(), "3/4 others=1 n5; 7 timed_out; ");
  EXPECT_EQ(holders.questions, 4u);
}

TEST_F(StateWatchTest, watches_for_different_versions_share_the_answers) {
  publish("load", "1");
  watch(7, {false, 2}, 1);
  watch(8, {true, 50}, 2);
  held("n2", 1);
  pass(seconds(1));
  EXPECT_EQ(ended(), "2/4 others=1 n3 n5; 7; ");
  held("n3", 2);
  pass(seconds(1));
  EXPECT_EQ(ended(), "2/4 others=1 n2 n5; 8; ");
}

TEST_F(StateWatchTest, refuses_what_cannot_be_watched_and_a_ninth) {
  watch(1, {true, 0});
  watch(1, {true, 101});
  watch(1, {}, 0, Duration::zero());
  watch(1, {}, 0, std::chrono::hours(1));
  watch(1, {}, 2);
  EXPECT_EQ(ended(),
            "1 invalid_argument; 1 invalid_argument; 1 invalid_argument; 1 invalid_argument; 1 not_found; ");
  for (std::uint64_t command = 1; command <= kStateWatchesMax; ++command) watch(command, {});
  EXPECT_EQ(ended(), "");
  watch(9, {});
  EXPECT_EQ(ended(), "9 wrong_state; ");
  end_watch(4);
  EXPECT_EQ(ended(), "1/4 others=1 n2 n3 n5; 4 wrong_state; 99; ");
  end_watch(4);
  EXPECT_EQ(ended(), "99 not_found; ");
  watch(9, {});
  EXPECT_EQ(ended(), "") << "there is a place again";
}

TEST_F(StateWatchTest, a_new_life_of_a_member_or_of_ours_holds_nothing_yet) {
  watch(7, {false, 3});
  held("n2", 1);
  members::Claim claim{members::AliveClaim{}, {}};
  room::Outcome outcome;
  outcome.kind = room::Outcome::Kind::accepted;
  outcome.what = MemberChange::What::joined;
  outcome.member = id("n2");
  room.on_outcome(outcome);
  held("n3", 1);
  pass(seconds(1));
  EXPECT_EQ(ended(), "");
  EXPECT_EQ(store.outbid(steady, {store.self(), {5, 1}, 9, 0}), state::Store::Former::outbid);
  held("n5", 1);
  pass(milliseconds(500));
  EXPECT_EQ(ended(), "") << "it says that of the former life";
  for (const char* name : {"n2", "n3"}) held(name, store.own().version(), store.own().epoch());
  pass(seconds(1));
  EXPECT_EQ(ended(), "3/4 others=1 n5; 7; ");
}

TEST_F(StateWatchTest, answers_as_soon_as_it_holds_the_version_and_again_for_later_ones) {
  auto theirs = state_of_n2();
  question(1);
  EXPECT_EQ(queued().size(), 1u) << "it is told on";
  pass(seconds(1));
  EXPECT_TRUE(sent().empty()) << "nothing is known yet";
  learn(theirs);
  pass(seconds(1));
  ASSERT_EQ(out->items().size(), 1u);
  EXPECT_NE(sent()[0].find("10.0.0.2:7946 state-held self gen=5 version=1"), std::string::npos);
  question(1);
  pass(seconds(1));
  EXPECT_TRUE(sent().empty()) << "it was heard before";
  question(2);
  pass(seconds(1));
  EXPECT_EQ(sent().size(), 1u) << "the answer was lost, it seems";
  Bytes bitmap(8, 0xff);
  const std::size_t bit = wire::asked_bit("self", 3, 64);
  bitmap[bit / 8] = static_cast<std::uint8_t>(bitmap[bit / 8] & ~(1u << (bit % 8)));
  question(3, 1, bitmap);
  pass(seconds(1));
  EXPECT_TRUE(sent().empty()) << "others are asked";
  const StateWrite write{"load", "1", {}, {}};
  EXPECT_TRUE(theirs.write(steady, std::span(&write, 1)));
  wire::StateDelta delta;
  ASSERT_TRUE(theirs.find("n2")->state.make_delta("n2", store.find("n2")->state.digest(0), steady, 1000, delta));
  std::vector<std::string> changed;
  EXPECT_EQ(store.apply(steady, delta, true, changed), state::Store::Taken::news);
  auto now_step = step();
  room.on_news(now_step, store, "n2");
  pass(seconds(1));
  EXPECT_EQ(sent().size(), 1u);
  EXPECT_EQ(counters[Count::state_answers], 3u);
  pass(seconds(120));
  EXPECT_EQ(room.next_deadline(), kNever) << "all is forgotten";
}

TEST_F(StateWatchTest, questions_of_strangers_and_of_too_many_are_not_kept) {
  question(1, 1, {}, "n9");
  EXPECT_EQ(counters[Count::dropped_state_owner], 1u);
  {
    auto now_step = step();
    room.on_message(now_step, store, from(tests::ip(77)), wire::StateQuestion{"n2", {5, 1}, 1, 1, 10'000, {}});
    room.on_message(now_step, store, on_stream(tests::ip(2), 3),
                    wire::StateQuestion{"n2", {5, 1}, 1, 1, 10'000, {}});
  }
  EXPECT_EQ(counters[Count::dropped_unexpected], 2u);
  for (std::uint8_t last = 6; last <= 70; ++last) {
    add(last);
    question(1, 1, {}, "n" + std::to_string(last));
  }
  EXPECT_EQ(counters[Count::dropped_questions], 1u);
}

}  // namespace
}  // namespace hearsay::services
