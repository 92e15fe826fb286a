#include "swim/inquiry.h"

#include "support/room_fixture.h"

namespace hearsay::swim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = MemberChange::What;
using Source = Evidence::Source;

class InquiryTest : public tests::RoomFixture {
 protected:
  InquiryTest() {
    for (std::uint8_t last = 2; last <= 5; ++last) add(last);
    table->heard_extension(id("n2"), true, true);
    table->heard_extension(id("n3"), false, false);
  }
  MemberChange& change(What what, std::string_view member, Source source, std::string accuser = {}) {
    MemberChange change;
    change.what = what;
    change.member.name = member;
    change.member.incarnation = Incarnation{4};
    change.evidence.source = source;
    change.evidence.accuser = std::move(accuser);
    changes_.push_back(std::make_unique<MemberChange>(change));
    return *changes_.back();
  }
  void remember(What what, std::string_view member, Source source, std::string accuser = {}) {
    history.add(now(), change(what, member, source, std::move(accuser)));
  }
  void ask(std::string member) {
    auto now_step = step();
    room.on_command(now_step, Why{CommandId{7}, std::move(member)}, {});
  }
  void answer(MemberId sender, std::uint32_t number) {
    wire::EvidenceAnswer said;
    said.number = number;
    said.sender = "n2";
    said.what = wire::EvidenceAnswer::What::suspected;
    said.age_ms = 1500;
    said.incarnation = Incarnation{4};
    said.direct_probes = 2;
    said.indirect_probes = 3;
    said.nacks = 3;
    said.accuser = "n2";
    said.helpers = {"n3", "n4"};
    auto now_step = step();
    room.on_message(now_step, sender, said);
  }
  // The explanation that lies in the outbox, which is then emptied.
  std::optional<Explanation> told() {
    std::optional<Explanation> found;
    for (const auto& item : out->items()) {
      const auto* notice = std::get_if<Notice>(&item);
      if (notice == nullptr) continue;
      if (const auto* explanation = std::get_if<Explanation>(&notice->body)) found = *explanation;
    }
    out->clear();
    return found;
  }
  std::string missing() {
    const auto explanation = told();
    EXPECT_TRUE(explanation && explanation->testimony);
    return explanation && explanation->testimony ? explanation->testimony->missing : "-";
  }
  template <class Message>
  std::vector<Message> messages() {
    std::vector<Message> found;
    for (const auto& item : out->items()) {
      const auto* datagram = std::get_if<room::Outbox::Datagram>(&item);
      if (datagram == nullptr) continue;
      const auto decoded = wire::decode_datagram_message(out->message(out->part(datagram->first_part)));
      const auto payload = std::get<wire::User>(*decoded).payload;
      if constexpr (std::is_same_v<Message, wire::EvidenceRequest>) {
        if (auto request = wire::decode_evidence_request(payload.subspan(2))) found.push_back(*request);
      } else {
        if (auto said = wire::decode_evidence(payload.subspan(2))) found.push_back(*said);
      }
    }
    return found;
  }

  members::History history{256u << 10};
  Inquiry room{history};

 private:
  std::vector<std::unique_ptr<MemberChange>> changes_;
};

TEST_F(InquiryTest, the_first_accuser_of_the_last_trouble_is_the_one_to_ask) {
  remember(What::suspected, "n5", Source::gossip, "n4");
  remember(What::refuted, "n5", Source::gossip);
  remember(What::suspected, "n5", Source::gossip, "n2");
  remember(What::confirmed, "n5", Source::gossip, "n3");
  remember(What::suspected, "n9", Source::gossip, "n3");
  remember(What::failed, "n5", Source::gossip, "n3");
  EXPECT_EQ(first_accuser(history.all(), "n5", "self").name, "n2");
  EXPECT_EQ(first_accuser(history.all(), "n4", "self").name, "");
  remember(What::joined, "n5", Source::gossip);
  EXPECT_EQ(first_accuser(history.all(), "n5", "self").name, "n2") << "the trouble is over, its story remains";
}

TEST_F(InquiryTest, a_hearsay_accuser_is_asked_once_and_what_it_says_is_told) {
  remember(What::suspected, "n5", Source::gossip, "n2");
  ask("n5");
  const auto requests = messages<wire::EvidenceRequest>();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].sender, "self");
  EXPECT_EQ(requests[0].subject, "n5");
  const std::uint32_t number = requests[0].number;
  EXPECT_EQ(told(), std::nullopt) << "it has not answered yet";
  answer(id("n3"), number);
  answer(id("n2"), number + 1);
  EXPECT_EQ(told(), std::nullopt) << "not the one who was asked, or not what was asked";
  EXPECT_EQ(counters[Count::dropped_unexpected], 2u);
  answer(id("n2"), number);
  const auto explanation = told();
  ASSERT_TRUE(explanation && explanation->testimony);
  EXPECT_EQ(explanation->id, CommandId{7});
  EXPECT_EQ(describe(Notice{now(), *explanation}),
            "why n5: n2 says suspected inc=4 age=1.500s by own_probe accuser=n2 probes=2+3 helpers=n3,n4 nacks=3 "
            "health=0");
  EXPECT_EQ(room.next_deadline(), kNever);
  answer(id("n2"), number);
  EXPECT_EQ(told(), std::nullopt) << "only once";
}

TEST_F(InquiryTest, who_cannot_be_asked_is_named_with_the_reason) {
  remember(What::suspected, "n5", Source::gossip, "n4");
  ask("n5");
  EXPECT_EQ(missing(), "a Serf agent, or not known to be a hearsay node yet");
  remember(What::suspected, "n4", Source::gossip, "n3");
  ask("n4");
  EXPECT_EQ(missing(), "an older hearsay that is not asked for evidence");
  remember(What::suspected, "n3", Source::gossip, "n9");
  ask("n3");
  EXPECT_EQ(missing(), "it is not known (any more)");
  submit(members::SuspectClaim{"n2", {1}, "n3"});
  submit(members::DeadClaim{"n2", {1}, "n3"});
  remember(What::failed, "n9", Source::gossip, "n2");
  ask("n9");
  EXPECT_EQ(missing(), "it is failed");
  EXPECT_EQ(counters[Count::evidence_asked], 0u);
}

TEST_F(InquiryTest, who_stays_silent_is_waited_for_one_probe_interval) {
  remember(What::suspected, "n5", Source::gossip, "n2");
  ask("n5");
  steady += seconds(1) - milliseconds(1);
  auto early = step();
  room.on_time(early);
  EXPECT_EQ(told(), std::nullopt);
  EXPECT_EQ(room.next_deadline(), steady + milliseconds(1));
  steady = room.next_deadline();
  auto late = step();
  room.on_time(late);
  EXPECT_EQ(missing(), "it did not answer");
}

TEST_F(InquiryTest, our_own_verdict_needs_no_witness) {
  remember(What::suspected, "n5", Source::own_probe, "self");
  remember(What::failed, "n5", Source::own_timer, "self");
  ask("n5");
  const auto explanation = told();
  ASSERT_TRUE(explanation);
  EXPECT_EQ(explanation->testimony, std::nullopt);
}

TEST_F(InquiryTest, what_a_table_exchange_brought_is_asked_of_its_teller) {
  auto& told_of = change(What::suspected, "n5", Source::push_pull, "self");
  told_of.evidence.heard_from = tests::ip(2, 40000);
  history.add(now(), told_of);
  ask("n5");
  EXPECT_EQ(messages<wire::EvidenceRequest>().size(), 1u);
}

TEST_F(InquiryTest, of_nobody_nothing_is_known) {
  ask("n9");
  const auto lines = sent();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "notify command 7 failed not_found: no member is called \"n9\"");
}

TEST_F(InquiryTest, questions_are_bounded) {
  remember(What::suspected, "n5", Source::gossip, "n2");
  for (std::size_t i = 0; i < kInquiriesMax; ++i) ask("n5");
  EXPECT_EQ(messages<wire::EvidenceRequest>().size(), kInquiriesMax);
  out->clear();
  ask("n5");
  EXPECT_EQ(missing(), "too many questions are open; ask again");
}

TEST_F(InquiryTest, our_own_probes_are_the_evidence_that_others_want) {
  auto& own = change(What::confirmed, "n5", Source::own_probe, "self");
  own.evidence.direct_probes = 1;
  own.evidence.helpers = {"a", "b", "c", "d", "e"};
  own.evidence.silent_for = milliseconds(2500);
  history.add(now(), own);
  steady += seconds(2);
  remember(What::failed, "n5", Source::gossip, "n3");
  auto now_step = step();
  room.on_message(now_step, id("n2"), wire::EvidenceRequest{9, "n2", "n5"});
  room.on_message(now_step, id("n2"), wire::EvidenceRequest{10, "n2", "n4"});
  const auto answers = messages<wire::EvidenceAnswer>();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].number, 9u);
  EXPECT_EQ(answers[0].what, wire::EvidenceAnswer::What::confirmed);
  EXPECT_EQ(answers[0].source, wire::EvidenceAnswer::Source::own_probe);
  EXPECT_EQ(answers[0].age_ms, 2000u);
  EXPECT_EQ(answers[0].silent_ms, 2500u);
  EXPECT_EQ(answers[0].helpers.size(), wire::kHelpersToldMax);
  EXPECT_EQ(answers[1].what, wire::EvidenceAnswer::What::none);
  EXPECT_EQ(counters[Count::evidence_told], 2u);
}

TEST_F(InquiryTest, answers_are_limited) {
  for (unsigned i = 0; i < kTestimoniesPerSecond + 5; ++i) {
    auto now_step = step();
    room.on_message(now_step, id("n2"), wire::EvidenceRequest{i, "n2", "n5"});
  }
  EXPECT_EQ(out->items().size(), kTestimoniesPerSecond);
  EXPECT_EQ(counters[Count::dropped_output_limit], 5u);
  steady += seconds(1);
  auto now_step = step();
  room.on_message(now_step, id("n2"), wire::EvidenceRequest{1, "n2", "n5"});
  EXPECT_EQ(counters[Count::evidence_told], kTestimoniesPerSecond + 1);
}

TEST_F(InquiryTest, the_last_probes_of_a_member_are_told_and_old_ones_make_room) {
  const auto report = [&](std::string_view name, OwnProbe::Answer answer) {
    room::ProbeReport probe;
    probe.member = id(name);
    probe.began = steady;
    steady += milliseconds(10);
    probe.ended = steady;
    probe.answer = answer;
    if (answer == OwnProbe::Answer::relayed) probe.through = id("n4");
    room.on_probe(probe);
  };
  report("n5", OwnProbe::Answer::direct);
  for (std::size_t i = 0; i < kProbesKept; ++i) report("n3", OwnProbe::Answer::direct);
  ask("n5");
  EXPECT_TRUE(told()->probes.empty());
  ask("n3");
  EXPECT_EQ(told()->probes.size(), static_cast<std::size_t>(kProbesTold));
  report("n5", OwnProbe::Answer::relayed);
  report("n5", OwnProbe::Answer::none);
  ask("n5");
  const auto probes = told()->probes;
  ASSERT_EQ(probes.size(), 2u);
  EXPECT_EQ(probes[0].through, "n4");
  EXPECT_EQ(probes[0].took, milliseconds(10));
  EXPECT_EQ(probes[1].answer, OwnProbe::Answer::none) << "oldest first";
}

}  // namespace
}  // namespace hearsay::swim
