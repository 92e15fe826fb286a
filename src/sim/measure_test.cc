#include "sim/measure.h"

#include <gmock/gmock.h>

#include <string>

namespace hearsay::sim {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using What = MemberChange::What;

// Three or more nodes that all run and know each other; the clock of the plan starts at 100 s.
class MeasureTest : public testing::Test {
 protected:
  explicit MeasureTest(std::size_t nodes = 4) : recorder_(nodes) {
    for (Place place = 0; place < nodes; ++place) recorder_.on_start(place, {});
    for (Place observer = 0; observer < nodes; ++observer) {
      for (Place subject = 0; subject < nodes; ++subject) show(0, observer, subject, What::joined, Status::alive);
    }
    recorder_.begin(at(0));
  }

  static Duration at(double second) { return seconds(100) + Duration(static_cast<Duration::rep>(second * 1e9)); }

  void show(double second, Place observer, Place subject, What what, Status status, Tags tags = {},
            std::uint32_t incarnation = 1, Evidence::Source source = Evidence::Source::gossip) {
    MemberChange change;
    change.what = what;
    change.member.status = status;
    change.member.tags = std::move(tags);
    change.member.incarnation = Incarnation{incarnation};
    change.evidence.source = source;
    recorder_.on_change(observer, subject, change, at(second));
  }
  void suspect(double second, Place observer, Place subject) {
    show(second, observer, subject, What::suspected, Status::suspect);
  }
  void fail(double second, Place observer, Place subject) {
    show(second, observer, subject, What::failed, Status::failed);
  }
  void refute(double second, Place observer, Place subject) {
    show(second, observer, subject, What::refuted, Status::alive, {}, 2);
  }
  ClusterReport end(double second) {
    ClusterReport report;
    recorder_.end(at(second), report);
    return report;
  }

  Recorder recorder_;
};

std::vector<double> in_seconds(const std::vector<Duration>& times) {
  std::vector<double> out;
  for (const auto time : times) out.push_back(std::chrono::duration<double>(time).count());
  return out;
}

TEST_F(MeasureTest, detection_counts_from_the_crash_for_each_observer) {
  recorder_.on_crash(3, at(10), true);
  suspect(11, 0, 3);
  suspect(12, 1, 3);
  fail(16, 0, 3);
  fail(17, 2, 3);  // learned of no suspicion before
  fail(15, 1, 3);
  const auto report = end(60);
  ASSERT_EQ(report.detections.size(), 1u);
  EXPECT_EQ(report.detections[0].observers, 3u);
  EXPECT_EQ(report.detections[0].at, seconds(10));
  EXPECT_THAT(in_seconds(report.detections[0].times), ElementsAre(5, 6, 7));
  EXPECT_THAT(in_seconds(report.detections[0].suspected), ElementsAre(1, 2, 7));
  EXPECT_EQ(report.false_deaths, 0u);
  EXPECT_EQ(report.failing.mistakes, 0u);
}

TEST_F(MeasureTest, only_the_suspicion_that_lasts_is_the_detection) {
  suspect(5, 1, 3);  // wrong then, right from the crash on
  recorder_.on_crash(3, at(10), true);
  suspect(11, 0, 3);
  refute(12, 0, 3);  // old news
  suspect(20, 0, 3);
  fail(24, 0, 3);
  refute(25, 2, 3);
  const auto report = end(60);
  EXPECT_THAT(in_seconds(report.detections[0].suspected), ElementsAre(0, 10));
  EXPECT_THAT(in_seconds(report.detections[0].times), ElementsAre(14));
  EXPECT_EQ(report.detections[0].observers, 3u) << "two of them never found out";
}

TEST_F(MeasureTest, who_did_not_run_all_the_while_is_no_observer) {
  recorder_.on_crash(3, at(10), true);
  for (const Place observer : {Place{0}, Place{1}, Place{2}}) fail(15, observer, 3);
  recorder_.on_crash(0, at(20), false);
  recorder_.on_start(0, at(21));
  recorder_.on_pause(1, at(20));
  recorder_.on_go_on(1, at(30));
  const auto report = end(60);
  EXPECT_EQ(report.detections[0].observers, 1u);
  EXPECT_THAT(in_seconds(report.detections[0].times), ElementsAre(5));
}

TEST_F(MeasureTest, a_mistake_lasts_until_it_is_taken_back) {
  suspect(10, 0, 1);
  fail(14, 0, 1);
  refute(16, 0, 1);
  suspect(40, 0, 1);
  refute(41, 0, 1);
  suspect(58, 2, 1);
  const auto report = end(60);
  const Quality& suspecting = report.suspecting;
  EXPECT_EQ(suspecting.mistakes, 3u);
  EXPECT_EQ(suspecting.unfinished, 1u);
  EXPECT_THAT(in_seconds(suspecting.durations), ElementsAre(1, 6));
  EXPECT_THAT(in_seconds(suspecting.recurrences), ElementsAre(30));
  EXPECT_DOUBLE_EQ(suspecting.wrong_seconds, 6 + 1 + 2);
  EXPECT_DOUBLE_EQ(suspecting.pair_seconds, 4 * 3 * 60);
  EXPECT_DOUBLE_EQ(suspecting.duration_s().value(), 3);
  EXPECT_DOUBLE_EQ(suspecting.recurrence_s().value(), 240);
  EXPECT_DOUBLE_EQ(suspecting.accuracy(), 1 - 3.0 / 240) << "P_A = 1 - T_M / T_MR";
  EXPECT_EQ(report.failing.mistakes, 1u);
  EXPECT_THAT(in_seconds(report.failing.durations), ElementsAre(2));
  EXPECT_EQ(report.false_deaths, 1u);
}

TEST_F(MeasureTest, a_paused_member_is_suspected_rightly) {
  recorder_.on_pause(1, at(10));
  suspect(12, 0, 1);
  suspect(12, 2, 1);
  recorder_.on_go_on(1, at(20));
  refute(21, 0, 1);
  suspect(22, 3, 1);  // the rumor comes late: now it is wrong
  refute(23, 3, 1);
  const auto report = end(60);
  EXPECT_EQ(report.suspecting.mistakes, 1u);
  EXPECT_THAT(in_seconds(report.suspecting.durations), ElementsAre(1));
  EXPECT_DOUBLE_EQ(report.suspecting.pair_seconds, 4 * 3 * 50 + 3 * 2 * 10);
}

TEST_F(MeasureTest, a_mistake_ends_with_either_of_the_two_and_waits_for_a_paused_observer) {
  suspect(10, 0, 1);
  recorder_.on_crash(1, at(13), true);  // from now on it is right
  suspect(20, 2, 3);
  recorder_.on_crash(2, at(24), false);
  suspect(30, 0, 3);
  recorder_.on_pause(0, at(32));
  recorder_.on_go_on(0, at(42));
  refute(45, 0, 3);
  const auto report = end(60);
  EXPECT_THAT(in_seconds(report.suspecting.durations), ElementsAre(3, 4, 5));
  EXPECT_THAT(in_seconds(report.detections[0].suspected), IsEmpty()) << "node 0 was paused, node 2 crashed";
}

TEST_F(MeasureTest, tags_are_known_when_they_or_later_ones_are_shown) {
  recorder_.on_tags(0, at(10), {{"version", "1"}});
  show(11, 1, 0, What::updated, Status::alive, {{"version", "1"}});
  recorder_.on_tags(0, at(12), {{"version", "2"}});
  show(13, 2, 0, What::updated, Status::alive, {{"version", "2"}});  // never saw the first
  show(15, 1, 0, What::updated, Status::alive, {{"version", "2"}});
  const auto report = end(60);
  ASSERT_EQ(report.disseminations.size(), 2u);
  EXPECT_THAT(in_seconds(report.disseminations[0].times), ElementsAre(1, 3));
  EXPECT_THAT(in_seconds(report.disseminations[1].times), ElementsAre(1, 3));
  EXPECT_EQ(report.disseminations[1].observers, 3u);
  EXPECT_EQ(report.disseminations[1].what, Dissemination::What::tags);
}

TEST_F(MeasureTest, a_leave_and_a_new_life_are_news) {
  recorder_.on_leave(3, at(10));
  show(11, 0, 3, What::leaving, Status::leaving);
  show(12, 0, 3, What::left, Status::left);
  show(12, 1, 3, What::left, Status::left);
  recorder_.on_crash(2, at(20), false);
  fail(25, 0, 2);
  recorder_.on_start(2, at(30), Incarnation{17}, Incarnation{1});
  show(31, 0, 2, What::joined, Status::alive, {}, 17);
  show(31, 1, 2, What::updated, Status::alive, {}, 1);  // of its earlier life
  show(34, 1, 2, What::updated, Status::alive, {}, 17);
  const auto report = end(60);
  ASSERT_EQ(report.disseminations.size(), 2u);
  EXPECT_THAT(in_seconds(report.disseminations[0].times), ElementsAre(1, 2));
  EXPECT_EQ(report.disseminations[0].observers, 2u) << "node 2 was away";
  EXPECT_EQ(report.disseminations[1].what, Dissemination::What::join);
  EXPECT_THAT(in_seconds(report.disseminations[1].times), ElementsAre(1, 4));
}

TEST_F(MeasureTest, a_new_life_without_a_disk_is_no_news_to_who_missed_the_crash) {
  recorder_.on_crash(2, at(20), false);
  fail(25, 0, 2);
  recorder_.on_start(2, at(30), Incarnation{1}, Incarnation{5});
  show(33, 0, 2, What::joined, Status::alive, {}, 6);
  EXPECT_THAT(in_seconds(end(60).disseminations[0].times), ElementsAre(0, 0, 3))
      << "nodes 1 and 3 had nothing to learn";
}

TEST_F(MeasureTest, own_accusations_and_what_is_taken_back_are_counted) {
  show(10, 0, 1, What::suspected, Status::suspect, {}, 1, Evidence::Source::own_probe);
  suspect(11, 2, 1);  // relayed
  refute(12, 0, 1);
  recorder_.on_crash(3, at(20), true);
  show(21, 0, 3, What::suspected, Status::suspect, {}, 1, Evidence::Source::own_probe);
  const auto report = end(30);
  EXPECT_EQ(report.suspicions, 2u);
  EXPECT_EQ(report.false_suspicions, 1u);
  EXPECT_EQ(report.refutations, 1u);
  EXPECT_EQ(report.node_milliseconds, 3u * 30'000 + 20'000);
}

TEST_F(MeasureTest, a_story_tells_what_every_node_came_to_show) {
  recorder_.on_pause(1, at(10));
  suspect(12, 0, 1);
  refute(15, 0, 1);
  const auto report = end(30);
  ASSERT_EQ(report.stories.size(), 1u);
  const Story& story = report.stories[0];
  EXPECT_EQ(story.place, 1u);
  EXPECT_EQ(story.from, seconds(10));
  EXPECT_EQ(story.shown.size(), 4u);
  EXPECT_EQ(story.shown[0], static_cast<std::uint8_t>(Status::alive));
  ASSERT_EQ(story.turns.size(), 2u);
  EXPECT_EQ(story.turns[0].at, seconds(12));
  EXPECT_EQ(story.turns[0].observer, 0u);
  EXPECT_EQ(story.turns[0].shows, static_cast<std::uint8_t>(Status::suspect));
}

TEST_F(MeasureTest, a_newcomer_is_news_and_an_observer_of_what_follows) {
  recorder_.on_start(4, at(10), Incarnation{1});
  for (const Place observer : {Place{0}, Place{1}, Place{2}, Place{3}}) {
    show(11 + static_cast<double>(observer), observer, 4, What::joined, Status::alive);
    show(11, 4, observer, What::joined, Status::alive);
  }
  recorder_.on_crash(3, at(20), true);
  fail(25, 4, 3);
  const auto report = end(40);
  EXPECT_THAT(in_seconds(report.disseminations[0].times), ElementsAre(1, 2, 3)) << "node 3 is gone";
  EXPECT_EQ(report.detections[0].observers, 4u);
  EXPECT_THAT(in_seconds(report.detections[0].times), ElementsAre(5));
  EXPECT_EQ(report.node_milliseconds, 3u * 40'000 + 20'000 + 30'000);
}

TEST_F(MeasureTest, what_came_before_the_clock_is_not_counted) {
  Recorder recorder(2);
  recorder.on_start(0, {});
  recorder.on_start(1, {});
  MemberChange change;
  change.what = What::failed;
  change.member.status = Status::failed;
  recorder.on_change(0, 1, change, seconds(5));
  recorder.begin(seconds(10));
  ClusterReport report;
  recorder.end(seconds(20), report);
  EXPECT_EQ(report.false_deaths, 0u);
  EXPECT_EQ(report.failing.mistakes, 0u);
  EXPECT_DOUBLE_EQ(report.failing.pair_seconds, 2 * 10);
  EXPECT_EQ(report.node_milliseconds, 20'000u);
}

std::optional<double> figure(const ClusterReport& report, const std::string& name) {
  for (const auto& figure : figures_of(report)) {
    if (figure.name == name) return figure.value;
  }
  ADD_FAILURE() << "no figure " << name;
  return {};
}

TEST(Figures, several_crashes_are_one_detection) {
  ClusterReport report;
  report.detections.resize(2);
  report.detections[0].observers = 3;
  report.detections[0].times = {seconds(2), seconds(3), seconds(9)};
  report.detections[1].observers = 2;
  report.detections[1].times = {seconds(1), seconds(4)};
  EXPECT_EQ(figure(report, "detection.first_s"), 1);
  EXPECT_EQ(figure(report, "detection.median_s"), 3);
  EXPECT_EQ(figure(report, "detection.p90_s"), 9);
  EXPECT_EQ(figure(report, "detection.all_s"), 9);
  EXPECT_EQ(figure(report, "detection.detected_by"), 5);
  report.detections[1].observers = 4;
  EXPECT_EQ(figure(report, "detection.all_s"), std::nullopt) << "two never found out";
  EXPECT_EQ(figure(ClusterReport{}, "detection.first_s"), std::nullopt);
}

TEST(Figures, rates_are_those_of_a_running_node) {
  ClusterReport report;
  report.node_milliseconds = 50'000;
  report.counters.add(Count::datagram_bytes_out, 1000);
  report.counters.add(Count::stream_bytes_out, 500);
  report.counters.add(Count::datagrams_out, 100);
  report.counted_from = seconds(1);
  report.counted_until = seconds(3);
  report.traffic.resize(4);
  for (std::size_t i = 0; i < 4; ++i) report.traffic[i].to = seconds(i + 1);
  report.traffic[0].node_s = report.traffic[3].node_s = 1;
  report.traffic[0].datagram_bytes = report.traffic[3].datagram_bytes = 5000;  // before and after
  report.traffic[2].node_s = 2;
  report.traffic[2].datagram_bytes = 100;
  report.traffic[1].node_s = 10;
  report.traffic[1].datagram_bytes = 650;
  report.traffic[1].stream_bytes = 50;
  report.sent.add(MessageKind::ping, 20);
  report.sent.add(MessageKind::ping, 30);
  EXPECT_EQ(figure(report, "bytes_per_node_s"), 30);
  EXPECT_EQ(figure(report, "stream_bytes_per_node_s"), 10);
  EXPECT_EQ(figure(report, "packets_per_node_s"), 2);
  EXPECT_EQ(figure(report, "peak_bytes_per_node_s"), 70);
  EXPECT_EQ(figure(report, "counters.datagrams_out"), 100);
  EXPECT_DOUBLE_EQ(figure(report, "sent.ping.messages_per_node_s").value(), 0.04);
  EXPECT_EQ(figure(report, "sent.ping.bytes_per_node_s"), 1);
}

TEST(Figures, quantiles_are_values_that_were_seen) {
  const std::vector<Duration> sorted{seconds(1), seconds(2), seconds(3), seconds(4)};
  EXPECT_EQ(quantile(sorted, 0), seconds(1));
  EXPECT_EQ(quantile(sorted, 0.5), seconds(2));
  EXPECT_EQ(quantile(sorted, 0.51), seconds(3));
  EXPECT_EQ(quantile(sorted, 1), seconds(4));
  EXPECT_EQ(quantile({}, 0.5), std::nullopt);
}

}  // namespace
}  // namespace hearsay::sim
