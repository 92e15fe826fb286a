// The page of `hearsay sim cluster --report`: what was asked, what came of it, and plots. One file; no scripts.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "agent/text.h"
#include "agent/version.h"
#include "cli/fault_words.h"
#include "cli/page.h"
#include "cli/run_figures.h"
#include "cli/sim_report.h"
#include "cli/sim_timeline.h"
#include "cli/svg.h"
#include "sim/measure.h"
#include "sim/spread/theory.h"

namespace hearsay::cli {
namespace {

// Plots of more points than this look no different.
constexpr std::size_t kPointsMax = 300;
constexpr std::size_t kCurvesMax = 8;
constexpr std::size_t kRowsMax = 40;  // of a table

std::string number(const std::optional<double>& value, int decimals) {
  return value ? short_number(*value, decimals) : "–";
}

std::string seconds_text(const std::optional<Duration>& time) {
  return time ? short_number(seconds_of(*time), 2) + " s" : "–";
}

std::string plural(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// "crash 3@20s": the words of the command line.
std::string words_of(const sim::Fault& fault) { return std::string(name_of(fault.what)) + " " + fault_text(fault); }

// Share of the observers over time; the last value lasts until `until`.
std::vector<Point> shares_of(const std::vector<Duration>& times, std::size_t observers, double until) {
  std::vector<Point> points{{0, 0}};
  const std::size_t stride = times.size() / kPointsMax + 1;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (i % stride != 0 && i + 1 != times.size()) continue;
    points.push_back({seconds_of(times[i]), static_cast<double>(i + 1) / static_cast<double>(observers)});
  }
  points.push_back({until, points.back().y});
  return points;
}

class Report {
 public:
  explicit Report(const ClusterRun& run) : run_(run), plan_(run.plan), report_(run.report) {}

  std::string page() {
    const std::string title = "hearsay sim cluster: " + std::to_string(plan_.nodes) + " nodes";
    std::string body = "<h1>" + html_text(title) + "</h1>\n";
    body += verdicts() + asked() + tiles() + detection() + dissemination() + timelines() + traffic() + quality() +
            counters() + cost();
    return make_page(title, body);
  }

 private:
  double measured_s() const { return seconds_of(report_.measured); }

  std::string verdicts() const {
    std::string out = "<p class=\"verdicts\">";
    const auto verdict = [&](bool good, const std::string& text) {
      out += std::string("<span class=\"") + (good ? "good" : "bad") + "\">" + (good ? "✓ " : "✗ ") +
             html_text(text) + "</span> ";
    };
    if (report_.interrupted) verdict(false, "interrupted after " + short_number(measured_s()) + " s: partial");
    verdict(report_.settled, plan_.joined ? "joined from the start"
                             : report_.settled
                                 ? "all joined within " + short_number(seconds_of(report_.settle_time), 1) + " s"
                                 : "not all joined within " + agent::duration_text(plan_.settle_max));
    verdict(report_.agreed,
            report_.agreed ? "in the end all running nodes agree" : "in the end " + report_.disagreement);
    verdict(report_.violations.empty(), report_.violations.empty() ? "every invariant held" : "invariants broken");
    for (const auto& [expectation, value, met] : run_.verdicts) {
      verdict(met, expectation.figure + " " + (value ? printed_figure(value) : "has no value") + ", expected " +
                       expectation.limit);
    }
    out += "</p>\n";
    if (report_.violations.empty()) return out;
    out += "<ul>";
    for (const auto& violation : report_.violations) out += "<li>" + html_text(violation) + "</li>";
    return out + "</ul>\n";
  }

  std::string asked() const {
    const SwimConfig& swim = plan_.config.swim;
    const auto text = [](Duration time) { return agent::duration_text(time); };
    std::string words =
        plural(plan_.nodes, "node") + ": a probe every " + text(swim.probe_interval) + ", an answer within " +
        text(swim.probe_timeout) + ", " + plural(swim.indirect_probes, "helper") + "; gossip to " +
        std::to_string(swim.gossip_fanout) + " every " + text(swim.gossip_interval) + "; whole tables every " +
        text(swim.push_pull_interval) + "; a suspicion lasts " + std::to_string(swim.suspicion_mult) +
        " × log10(N) probe intervals, up to " + std::to_string(swim.suspicion_max_mult) +
        " times as long while nobody confirms it. " + network_words() + " The clock starts when all have " +
        "joined and runs for " + text(plan_.duration) + ". Seed " + std::to_string(plan_.seed) + ".";
    std::string out = "<h2>What was asked</h2>\n<p>" + html_text(words) + "</p>\n";
    if (plan_.faults.empty()) {
      out += "<p>Nothing goes wrong.</p>\n";
    } else {
      out += "<p>What goes wrong, at which time of that clock: ";
      for (std::size_t i = 0; i < std::min(plan_.faults.size(), kRowsMax); ++i) {
        out += (i > 0 ? ", " : "") + ("<code>" + html_text(words_of(plan_.faults[i])) + "</code>");
      }
      if (plan_.faults.size() > kRowsMax)
        out += ", and " + std::to_string(plan_.faults.size() - kRowsMax) + " more";
      out += "</p>\n";
    }
    return out + "<p>This repeats it:</p>\n<pre>" + html_text(run_.command) + "</pre>\n";
  }

  std::string network_words() const {
    const auto& network = plan_.network;
    std::string words = "Packets take " + agent::duration_text(network.latency);
    if (network.jitter > Duration{}) {
      words += " to " + agent::duration_text(network.latency + network.jitter);
    }
    if (network.sigma > 0) words += " (log-normal, sigma " + short_number(network.sigma) + ")";
    const auto share = [&](double value, const char* what) {
      if (value > 0) words += "; " + short_number(value * 100, 2) + " % " + what;
    };
    share(network.loss, "of all datagrams are lost");
    if (!network.special.empty()) words += "; " + plural(network.special.size(), "path") + " of another kind";
    share(network.duplicate, "arrive twice");
    share(network.reorder, "are overtaken by others");
    share(network.corrupt, "arrive with a flipped bit");
    if (network.bandwidth > 0)
      words += "; a node can send " + std::to_string(network.bandwidth) + " bytes per second";
    share(network.refuse, "of the streams are refused");
    share(network.reset, "of the streams break");
    share(network.stall, "of the streams stall");
    return words + ".";
  }

  std::string tiles() const {
    std::string out = "<div class=\"tiles\">\n";
    const auto tile = [&](const std::string& value, const std::string& what) {
      out += "<div><b>" + html_text(value) + "</b><span>" + html_text(what) + "</span></div>\n";
    };
    std::map<std::string, std::optional<double>> all;
    for (auto& figure : figures_of(run_)) all[figure.name] = figure.value;
    const auto time = [&](const char* name) { return all[name] ? number(all[name], 2) + " s" : std::string("–"); };
    if (!report_.detections.empty()) {
      tile(time("detection.median_s"), "until a crash was known: median over observers");
      tile(time("detection.all_s"), "until the last observer knew of it");
    }
    if (!report_.disseminations.empty()) tile(time("dissemination.all_s"), "until the last node knew of a change");
    tile(std::to_string(report_.false_suspicions), "false suspicions");
    tile(std::to_string(report_.false_deaths), "false deaths");
    tile(number(all["bytes_per_node_s"], 0) + " B/s", "sent by a node, on average");
    tile(number(all["packets_per_node_s"], 1) + " /s", "datagrams of a node");
    tile(number(all["speedup"], 0) + " ×", "faster than real time");
    return out + "</div>\n";
  }

  // ---- detection ----

  std::string detection() const {
    const auto& all = report_.detections;
    if (all.empty()) return {};
    double until = 1;
    for (const auto& item : all) {
      if (!item.times.empty()) until = std::max(until, seconds_of(item.times.back()) * 1.1);
    }
    std::string out =
        "<h2>How a crash came to be known</h2>\n<p>Of the nodes that ran all the while: how many showed "
        "the crashed member as suspect or worse, and as failed, so long after the crash.</p>\n";
    Chart chart(240, {.low = 0, .high = until, .label = "seconds after the crash"},
                {.low = 0, .high = 1, .label = "share of the observers", .percent = true},
                "share of the observers that show the crashed member as suspect and as failed, over time");
    for (std::size_t i = 0; i < std::min(all.size(), kCurvesMax); ++i) {
      const auto& item = all[i];
      if (item.observers == 0) continue;
      const std::string who = "n" + std::to_string(item.place);
      chart.steps(shares_of(item.suspected, item.observers, until), "line suspect",
                  who + " shown as suspect or failed");
      chart.steps(shares_of(item.times, item.observers, until), "line failed", who + " shown as failed");
    }
    label_curves(chart, all, until);
    out += chart.render();
    if (all.size() > kCurvesMax) {
      out += "<p class=\"note\">The first " + std::to_string(kCurvesMax) + " crashes of " +
             std::to_string(all.size()) + ".</p>\n";
    }
    out += histogram();
    out += table_of(all, "crash", "detected by", [](const auto&) { return std::string("crash"); });
    return out;
  }

  static void label_curves(Chart& chart, const std::vector<sim::Detection>& all, double until) {
    const auto& first = all.front();
    const auto note = [&](const std::vector<Duration>& times, const std::string& what, const char* css, double at) {
      const auto median = sim::quantile(times, 0.5);
      if (!median) return;
      const bool end = seconds_of(*median) > until * 0.6;
      chart.note(seconds_of(*median), at, what + ", median " + short_number(seconds_of(*median), 2) + " s", css,
                 end);
    };
    note(first.suspected, "suspect or failed", "label suspect", 0.55);
    note(first.times, "failed", "label failed", 0.4);
  }

  // All crashes together: at which times the verdict fell.
  std::string histogram() const {
    constexpr int kBars = 40;
    std::vector<Duration> times;
    for (const auto& item : report_.detections) times.insert(times.end(), item.times.begin(), item.times.end());
    if (times.size() < 8) return {};
    std::ranges::sort(times);
    const double low = seconds_of(times.front());
    const double high = std::max(seconds_of(times.back()), low + 0.01);
    std::vector<double> bars(kBars);
    for (const auto time : times) {
      const auto bar = static_cast<std::size_t>((seconds_of(time) - low) / (high - low) * kBars);
      ++bars[std::min<std::size_t>(bar, kBars - 1)];
    }
    const double top = *std::ranges::max_element(bars);
    Chart chart(130, {.low = low, .high = high, .label = "seconds from the crash to the verdict, first to last"},
                {.low = 0, .high = top, .label = "observers"}, "detection times of all observers");
    std::string commands;
    for (int i = 0; i < kBars; ++i) {
      const double from = low + (high - low) * i / kBars;
      const double to = low + (high - low) * (i + 1) / kBars;
      const double count = bars[static_cast<std::size_t>(i)];
      if (count == 0) continue;
      commands += "M" + short_number(chart.x(from) + 0.5, 1) + " " + short_number(chart.y(0), 1) + "V" +
                  short_number(chart.y(count), 1) + "H" + short_number(chart.x(to) - 0.5, 1) + "V" +
                  short_number(chart.y(0), 1) + "Z";
    }
    chart.path(commands, "fill failed");
    chart.mark(seconds_of(*sim::quantile(times, 0.5)), "median");
    chart.mark(seconds_of(*sim::quantile(times, 0.9)), "p90");
    chart.mark(seconds_of(*sim::quantile(times, 0.99)), "p99");
    return chart.render();
  }

  template <class Items, class Name>
  std::string table_of(const Items& items, const char* what, const char* by, Name name) const {
    std::string out = "<div class=\"wide\"><table><tr><th>member</th><th>" + html_text(what) +
                      "</th><th class=\"n\">at</th><th class=\"n\">first</th><th class=\"n\">median</th>"
                      "<th class=\"n\">p90</th><th class=\"n\">p99</th><th class=\"n\">last</th><th class=\"n\">" +
                      html_text(by) + "</th></tr>\n";
    for (std::size_t i = 0; i < std::min(items.size(), kRowsMax); ++i) {
      const auto& item = items[i];
      const auto cell = [&](const std::string& text) { out += "<td class=\"n\">" + text + "</td>"; };
      out += "<tr><td>n" + std::to_string(item.place) + "</td><td>" + html_text(name(item)) + "</td>";
      cell(short_number(seconds_of(item.at), 1) + " s");
      for (const double share : {0.0, 0.5, 0.9, 0.99}) cell(seconds_text(sim::quantile(item.times, share)));
      const bool complete = item.times.size() >= item.observers;
      cell(complete ? seconds_text(sim::quantile(item.times, 1)) : "not all");
      cell(std::to_string(item.times.size()) + " of " + std::to_string(item.observers));
      out += "</tr>\n";
    }
    out += "</table></div>\n";
    if (items.size() > kRowsMax) {
      out += "<p class=\"note\">" + std::to_string(items.size() - kRowsMax) + " more are left out here.</p>\n";
    }
    return out;
  }

  // ---- dissemination ----

  std::string dissemination() const {
    const auto& all = report_.disseminations;
    if (all.empty()) return {};
    double until = 0.1;
    for (std::size_t i = 0; i < std::min(all.size(), kCurvesMax); ++i) {
      if (!all[i].times.empty()) until = std::max(until, seconds_of(all[i].times.back()) * 1.15);
    }
    const SwimConfig& swim = plan_.config.swim;
    // In a second a node sends so many packets that carry news: gossip, a ping of its own, an answer to another's.
    const double rate = (1 - plan_.network.loss) * (swim.gossip_fanout / seconds_of(swim.gossip_interval) +
                                                    2 / seconds_of(swim.probe_interval));
    const double nodes = static_cast<double>(plan_.nodes);
    std::vector<Point> theory;
    for (std::size_t i = 0; i <= kPointsMax; ++i) {
      const double time = until * static_cast<double>(i) / kPointsMax;
      theory.push_back({time, sim::spread::logistic(nodes, rate * time) / nodes});
    }
    Chart chart(240, {.low = 0, .high = until, .label = "seconds after the change"},
                {.low = 0, .high = 1, .label = "share of the nodes that know", .percent = true},
                "share of the nodes that know of a published change, over time, beside the logistic curve");
    chart.line(theory, "line theory", "mean field: 1 / (1 + (N - 1) exp(-rate t))");
    for (std::size_t i = 0; i < std::min(all.size(), kCurvesMax); ++i) {
      const auto& item = all[i];
      if (item.observers == 0) continue;
      auto points = shares_of(item.times, item.observers, until);
      // Whoever published it knew from the beginning.
      const double whole = static_cast<double>(item.observers + 1);
      for (auto& point : points) point.y = (point.y * static_cast<double>(item.observers) + 1) / whole;
      chart.steps(points, "line known", std::string(name_of(item.what)) + " of n" + std::to_string(item.place));
    }
    chart.label(1, "measured", "label known");
    chart.label(1, "theory: mean field", "label theory");
    std::string out =
        "<h2>How a change came to be known</h2>\n<p>A change is new tags, a leave, or a process that "
        "started again. Theory is the mean field of push gossip in which every node sends " +
        short_number(rate, 1) +
        " packets with news in a second (gossip, pings and acks, less the loss): "
        "N / (1 + (N − 1) e<sup>−rate·t</sup>). It knows no delay, no limit of retransmissions and no "
        "packet that is full. A process that starts again is known through a table exchange first, and "
        "a leave is told to be known, so their curves may stand apart.</p>\n";
    out += chart.render();
    if (all.size() > kCurvesMax) {
      out += "<p class=\"note\">The first " + std::to_string(kCurvesMax) + " changes of " +
             std::to_string(all.size()) + ".</p>\n";
    }
    return out +
           table_of(all, "change", "known by", [](const auto& item) { return std::string(name_of(item.what)); });
  }

  // ---- who knew what when ----

  std::string timelines() const {
    if (report_.stories.empty()) return {};
    std::string out =
        "<h2>Who knew what, when</h2>\n<p>How all nodes showed one member, from just before something "
        "happened to it until nothing changed any more. <span class=\"key alive\">alive</span> <span "
        "class=\"key suspect\">suspect</span> <span class=\"key failed\">failed</span> <span class=\"key "
        "left\">leaving, left</span> <span class=\"key unknown\">not running, or does not know it</span></p>\n";
    for (const auto& story : report_.stories) out += timeline_html(story, run_);
    if (report_.stories.size() == sim::Recorder::kStoriesMax) {
      out += "<p class=\"note\">The first " + std::to_string(sim::Recorder::kStoriesMax) +
             " members that something happened to; others are left out.</p>\n";
    }
    return out;
  }

  // ---- traffic ----

  struct Layer {
    const char* name;
    const char* css;
    std::vector<MessageKind> kinds;
  };

  std::string traffic() const {
    using Kind = MessageKind;
    static const std::vector<Layer> kLayers{
        {"probes, answers", "fill probes", {Kind::ping, Kind::indirect_ping, Kind::ack, Kind::nack}},
        {"whole tables", "fill tables", {Kind::push_pull}},
        {"suspect", "fill suspect", {Kind::suspect}},
        {"dead", "fill failed", {Kind::dead}},
        {"alive", "fill known", {Kind::alive}},
        {"user, repair", "fill user", {Kind::user, Kind::extension, Kind::error}},
        {"framing", "fill framing", {Kind::compound}}};
    if (report_.traffic.empty()) return {};
    // Bins of equal length, so that a plot has no more than can be seen.
    const std::size_t stride = (report_.traffic.size() + kPointsMax - 1) / kPointsMax;
    std::vector<sim::TrafficSample> bins;
    for (std::size_t i = 0; i < report_.traffic.size(); ++i) {
      if (i % stride == 0) {
        bins.push_back(report_.traffic[i]);
      } else {
        bins.back().merge(report_.traffic[i]);
      }
    }
    std::vector<std::vector<Point>> tops(kLayers.size() + 1);
    double top = 0;
    for (std::size_t i = 0; i < bins.size(); ++i) {
      const double from = i == 0 ? 0 : seconds_of(bins[i - 1].to);
      const double to = seconds_of(bins[i].to);
      double sum = 0;
      for (std::size_t layer = 0; layer <= kLayers.size(); ++layer) {
        tops[layer].push_back({from, sum});
        tops[layer].push_back({to, sum});
        if (layer == kLayers.size()) break;
        for (const Kind kind : kLayers[layer].kinds) sum += bins[i].per_node_s(bins[i].sent[kind].bytes);
      }
      top = std::max({top, sum, bins[i].bytes_per_node_s()});
    }
    Chart chart(240, {.low = 0, .high = measured_s(), .label = "seconds of the plan's clock"},
                {.low = 0, .high = top * 1.05, .label = "bytes per second"},
                "bytes that a node sends in a second, by type of message");
    for (std::size_t layer = 0; layer < kLayers.size(); ++layer) {
      chart.area(tops[layer + 1], tops[layer], kLayers[layer].css, kLayers[layer].name);
    }
    std::vector<Point> sent;
    for (std::size_t i = 0; i < bins.size(); ++i) {
      sent.push_back({i == 0 ? 0 : seconds_of(bins[i - 1].to), bins[i].bytes_per_node_s()});
      sent.push_back({seconds_of(bins[i].to), bins[i].bytes_per_node_s()});
    }
    chart.line(sent, "line total", "sent, after compression");
    for (const auto& fault : plan_.faults) chart.mark(seconds_of(fault.at), words_of(fault));
    label_layers(chart, top * 1.05, kLayers);
    std::string out =
        "<h2>Traffic of one node</h2>\n<p>What a node sends on average: areas are messages by type before "
        "compression, the line is what goes out, on UDP and TCP, before IP headers and without "
        "encryption. Beside the plot: means.</p>\n";
    return out + chart.render() + kinds_table();
  }

  // From above to below, as they lie, with their means.
  void label_layers(Chart& chart, double top, const std::vector<Layer>& layers) const {
    const double node_s = std::max(report_.node_seconds(), 1e-9);
    const auto label = [&](const std::string& name, double mean, const std::string& css) {
      chart.label(top, name + " " + short_number(mean, mean < 10 ? 1 : 0), css);
    };
    label("sent (line)", report_.rate(Count::datagram_bytes_out) + report_.rate(Count::stream_bytes_out), "label");
    for (std::size_t i = layers.size(); i-- > 0;) {
      double mean = 0;
      for (const auto kind : layers[i].kinds) mean += static_cast<double>(report_.sent[kind].bytes) / node_s;
      if (mean > 0) label(layers[i].name, mean, std::string("label ") + (layers[i].css + std::strlen("fill ")));
    }
  }

  std::string kinds_table() const {
    double most = 0;
    for (const auto& tally : report_.sent.kinds) most = std::max(most, static_cast<double>(tally.bytes));
    std::string out =
        "<div class=\"wide\"><table><tr><th>message</th><th class=\"n\">per node and second</th><th class=\"n\">"
        "bytes per node and second</th><th></th><th>what it is</th></tr>\n";
    for (std::size_t i = 0; i < kMessageKinds; ++i) {
      const auto kind = static_cast<MessageKind>(i);
      const auto& tally = report_.sent[kind];
      if (tally.messages == 0) continue;
      const double node_s = std::max(report_.node_seconds(), 1e-9);
      out += std::string("<tr><td>") + name_of(kind) + "</td><td class=\"n\">" +
             short_number(static_cast<double>(tally.messages) / node_s, 4) + "</td><td class=\"n\">" +
             short_number(static_cast<double>(tally.bytes) / node_s, 1) +
             "</td><td class=\"bar\"><i style=\"width:" +
             short_number(static_cast<double>(tally.bytes) / most * 100, 1) + "%\"></i></td><td>" +
             html_text(help_of(kind)) + "</td></tr>\n";
    }
    const auto sum = [&](const char* what, double bytes, double packets) {
      out += std::string("<tr class=\"sum\"><td>") + what + "</td><td class=\"n\">" +
             (packets > 0 ? short_number(packets, 2) : "") + "</td><td class=\"n\">" + short_number(bytes, 1) +
             "</td><td></td><td>sent, after compression</td></tr>\n";
    };
    sum("datagrams", report_.rate(Count::datagram_bytes_out), report_.rate(Count::datagrams_out));
    sum("streams", report_.rate(Count::stream_bytes_out), report_.rate(Count::streams_out));
    return out + "</table></div>\n";
  }

  // ---- quality ----

  std::string quality() const {
    std::string out =
        "<h2>Mistakes</h2>\n<p>Over all pairs of an observer and a member, while both run. A mistake begins "
        "when a running member is shown as suspect or failed, and ends when it is shown alive again "
        "(Chen, Toueg, Aguilera). A member that is cut off by a partition runs: it counts.</p>\n"
        "<div class=\"wide\"><table><tr><th>shown as</th><th class=\"n\">mistakes</th><th class=\"n\">not over "
        "at the end</th><th class=\"n\">T<sub>M</sub>: lasting, mean</th><th class=\"n\">longest</th>"
        "<th class=\"n\">T<sub>MR</sub>: of one pair, again after</th><th class=\"n\">P<sub>A</sub>: a "
        "question is answered rightly</th></tr>\n";
    const auto row = [&](const char* what, const sim::Quality& quality) {
      const auto recurrence = quality.recurrence_s();
      out += std::string("<tr><td>") + what + "</td><td class=\"n\">" + std::to_string(quality.mistakes) +
             "</td><td class=\"n\">" + std::to_string(quality.unfinished) + "</td><td class=\"n\">" +
             (quality.mistakes > 0 ? number(quality.duration_s(), 2) + " s" : "–") + "</td><td class=\"n\">" +
             seconds_text(sim::quantile(quality.durations, 1)) + "</td><td class=\"n\">" +
             (recurrence ? short_number(*recurrence / 3600, 2) + " h" : "–") + "</td><td class=\"n\">" +
             short_number(quality.accuracy() * 100, 6) + " %</td></tr>\n";
    };
    row("suspect or failed", report_.suspecting);
    row("failed", report_.failing);
    out += "</table></div>\n<p>" + plural(report_.false_suspicions, "false suspicion") +
           " by a node's own probe, of " + plural(report_.suspicions, "suspicion") + " in all; " +
           plural(report_.false_deaths, "false death") + "; " + plural(report_.refutations, "refutation") +
           ", over all nodes. " + short_number(report_.failing.pair_seconds / 3600, 1) +
           " hours of pairs were watched.</p>\n";
    return out;
  }

  // ---- counters and cost ----

  std::string counters() const {
    std::string lost;
    std::string all;
    for (std::size_t i = 0; i < kCounts; ++i) {
      const auto count = static_cast<Count>(i);
      const std::string name = name_of(count);
      const std::string row = "<tr><td>" + name + "</td><td class=\"n\">" +
                              std::to_string(report_.counters[count]) + "</td><td>" + html_text(help_of(count)) +
                              "</td></tr>\n";
      const bool bad = name.starts_with("dropped_") || name.ends_with("_failures") || name.ends_with("_failed");
      if (bad && report_.counters[count] > 0) lost += row;
      all += row;
    }
    const sim::Network::Counts& network = report_.network;
    for (const auto& [count, what] : std::initializer_list<std::pair<std::uint64_t, const char*>>{
             {network.lost, "datagrams lost by chance"},
             {network.blocked, "datagrams that a cut stopped"},
             {network.too_long, "datagrams longer than the MTU"},
             {network.queue_full, "datagrams without room in the queue of their sender"},
             {network.overrun, "datagrams that a slow receiver had no room for"},
             {network.duplicated, "datagrams that arrived twice"},
             {network.reordered, "datagrams that others overtook"},
             {network.corrupted, "datagrams with a flipped bit"},
             {network.streams_refused, "streams refused"},
             {network.streams_reset, "streams that broke"},
             {network.streams_stalled, "streams that stalled"}}) {
      if (count > 0) {
        lost += "<tr><td>network</td><td class=\"n\">" + std::to_string(count) + "</td><td>" + what +
                ", joining included</td></tr>\n";
      }
    }
    return "<h2>Dropped or failed</h2>\n" +
           (lost.empty() ? std::string("<p>Nothing.</p>\n")
                         : "<div class=\"wide\"><table>" + lost + "</table></div>\n") +
           "<details><summary>All counters, over all nodes</summary><div class=\"wide\"><table>" + all +
           "</table></div></details>\n";
  }

  std::string cost() const {
    const SimCost& cost = run_.cost;
    std::string out = "<h2>What it took</h2>\n<p>" + short_number(cost.wall_s, 2) + " s of wall time, of it " +
                      short_number(cost.settle_wall_s, 2) + " s until all had joined; " +
                      short_number(cost.memory_mib, 0) + " MiB; " + std::to_string(report_.messages) +
                      " messages decoded. Trace hash <code>" + hash_text(report_.trace_hash) +
                      "</code>: the same words and the same seed give the same hash.";
    if (report_.untold > 0) {
      out += " " + std::to_string(report_.untold) + " crashes, changes or turns were too many to be followed.";
    }
    return out + " hearsay " + html_text(agent::version()) + ".</p>\n";
  }

  const ClusterRun& run_;
  const sim::ClusterPlan& plan_;
  const sim::ClusterReport& report_;
};

}  // namespace

std::string cluster_html(const ClusterRun& run) { return Report(run).page(); }

}  // namespace hearsay::cli
