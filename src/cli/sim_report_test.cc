#include "cli/sim_report.h"

#include <gmock/gmock.h>

#include <boost/json/value.hpp>
#include <sstream>

#include "cli/svg.h"
#include "http/json.h"

namespace hearsay::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Figures that a pencil can follow.
ClusterRun example() {
  ClusterRun run;
  run.plan.nodes = 4;
  run.plan.duration = seconds(10);
  run.plan.faults = {{.what = sim::Fault::What::crash, .at = seconds(2), .place = 3}};
  run.command = "hearsay sim cluster '<script>alert(1)</script>'";
  sim::ClusterReport& report = run.report;
  report.settled = report.agreed = true;
  report.measured = seconds(10);
  report.node_milliseconds = 40'000;
  report.detections.resize(1);
  report.detections[0].place = 3;
  report.detections[0].at = seconds(2);
  report.detections[0].observers = 3;
  report.detections[0].times = {seconds(3), seconds(4), milliseconds(4500)};
  report.detections[0].suspected = {seconds(1), seconds(1), seconds(2)};
  report.disseminations.resize(1);
  report.disseminations[0].observers = 3;
  report.disseminations[0].times = {milliseconds(100), milliseconds(300)};
  report.counters.add(Count::datagram_bytes_out, 4000);
  report.counters.add(Count::dropped_crc, 7);
  report.sent.add(MessageKind::ping, 4000);
  report.traffic.resize(2);
  for (int i = 0; i < 2; ++i) {
    auto& sample = report.traffic[static_cast<std::size_t>(i)];
    sample.to = seconds(5 * (i + 1));
    sample.node_s = 20;
    sample.datagram_bytes = 1000 + 2000 * static_cast<std::uint64_t>(i);
    sample.sent.add(MessageKind::ping, sample.datagram_bytes);
  }
  sim::Story story;
  story.place = 3;
  story.from = seconds(2);
  story.shown = {0, 0, 0, 0};
  story.turns = {{seconds(3), 0, 1}, {seconds(5), 0, 4}, {seconds(6), 2, 4}, {milliseconds(6500), 1, 4}};
  report.stories = {story};
  report.trace_hash = 0xabcdef;
  run.cost = {4, 2, 2, 50};
  return run;
}

TEST(SimReport, the_fields_of_the_json_keep_their_names) {
  const boost::json::value found = cluster_json(example());
  const auto number = [&](const char* pointer) {
    const auto* value = found.find_pointer(pointer, *std::make_unique<boost::system::error_code>());
    EXPECT_NE(value, nullptr) << pointer;
    return value == nullptr ? -1 : value->to_number<double>();
  };
  EXPECT_EQ(number("/nodes"), 4);
  EXPECT_EQ(number("/detection/first_s"), 3);
  EXPECT_EQ(number("/detection/median_s"), 4);
  EXPECT_EQ(number("/detection/all_s"), 4.5);
  EXPECT_EQ(number("/suspicion/first_s"), 1);
  EXPECT_EQ(number("/false_suspicions"), 0);
  EXPECT_EQ(number("/false_deaths"), 0);
  EXPECT_EQ(number("/bytes_per_node_s"), 100);
  EXPECT_EQ(number("/packets_per_node_s"), 0);
  EXPECT_EQ(number("/messages_per_wall_s"), 0);
  EXPECT_EQ(number("/speedup"), 5);
  EXPECT_EQ(number("/counters/dropped_crc"), 7);
  EXPECT_EQ(number("/sent/ping/bytes_per_node_s"), 100);
  EXPECT_EQ(number("/crashes/0/node"), 3);
  EXPECT_EQ(number("/changes/0/known_by"), 2);
  EXPECT_TRUE(found.at("changes").at(0).at("all_s").is_null()) << "one did not come to know";
  EXPECT_EQ(found.at("trace_hash"), "0000000000abcdef");
  EXPECT_EQ(found.at("quality").at("failed").at("query_accuracy"), 1);
}

TEST(SimReport, a_line_of_names_stands_above_a_line_of_figures) {
  std::istringstream lines(cluster_csv(example()));
  std::string names;
  std::string values;
  ASSERT_TRUE(std::getline(lines, names) && std::getline(lines, values));
  EXPECT_EQ(std::ranges::count(names, ','), std::ranges::count(values, ','));
  EXPECT_THAT(names, AllOf(HasSubstr("nodes,seed,"), HasSubstr(",detection.median_s,"), HasSubstr(",trace_hash")));
  EXPECT_THAT(values, AllOf(HasSubstr("4,1,1,1,1,0,"), HasSubstr(",0000000000abcdef")));
  std::istringstream traffic(traffic_csv(example().report));
  std::getline(traffic, names);
  EXPECT_THAT(names,
              HasSubstr("to_s,node_s,bytes,datagram_bytes,stream_bytes,datagrams,ping_messages,ping_bytes,"));
  std::getline(traffic, values);
  EXPECT_THAT(values, HasSubstr("5,20,50,50,0,0,0.05,50,"));
  EXPECT_EQ(std::ranges::count(names, ','), std::ranges::count(values, ','));
}

TEST(SimReport, the_page_needs_nothing_else_and_escapes_what_it_was_given) {
  const std::string page = cluster_html(example());
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(page, AllOf(HasSubstr("crash 3@2s"), HasSubstr("0000000000abcdef"), HasSubstr("dropped_crc"),
                          HasSubstr("n3, as the others showed it"), HasSubstr("Who knew what, when")));
  EXPECT_EQ(cluster_html(example()), page);
  ClusterRun judged = example();
  Expectation limit;
  ASSERT_FALSE(read_expectation({"expect.detection.all_s", "p.toml:3", std::string("<= 4")}, limit));
  judged.verdicts = judge({limit}, judged.report);
  EXPECT_THAT(cluster_html(judged), HasSubstr("✗ detection.all_s 4.5, expected &lt;= 4</span>"));
}

TEST(SimReport, an_empty_report_is_a_page_as_well) {
  ClusterRun run;
  run.report.interrupted = true;
  EXPECT_THAT(cluster_html(run), AllOf(HasSubstr("partial"), HasSubstr("</html>"), Not(HasSubstr("nan"))));
  EXPECT_THAT(cluster_csv(run), HasSubstr("nodes,"));
}

TEST(Svg, numbers_and_texts_are_fit_for_a_page) {
  EXPECT_EQ(short_number(12), "12");
  EXPECT_EQ(short_number(0.50001), "0.5");
  EXPECT_EQ(short_number(-0.0001), "0");
  EXPECT_EQ(short_number(1234.5, 0), "1234");
  EXPECT_EQ(html_text("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

TEST(Svg, a_plot_maps_its_axes_to_its_corners) {
  const Chart chart(200, {.low = 10, .high = 20, .label = "x"}, {.low = 0, .high = 2, .label = "y"}, "a plot");
  EXPECT_EQ(chart.x(10), Chart::kLeft);
  EXPECT_EQ(chart.x(20), Chart::kWidth - Chart::kRight);
  EXPECT_EQ(chart.y(2), Chart::kTop);
  EXPECT_EQ(chart.y(0), Chart::kTop + 200);
  EXPECT_THAT(chart.render(), AllOf(HasSubstr("aria-label=\"a plot\""), HasSubstr(">12<"), HasSubstr(">1.5<")));
}

}  // namespace
}  // namespace hearsay::cli
