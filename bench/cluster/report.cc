#include "cluster/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <thread>

#include "cluster/watch.h"

namespace hearsay::bench {
namespace {

namespace json = boost::json;

json::object object_of(const Figures& figures) {
  json::object object;
  for (const auto& measure : measures()) {
    const auto found = figures.find(measure.key);
    if (found != figures.end()) object[measure.key] = found->second;
  }
  return object;
}

std::string cell_of(std::vector<double> values, int decimals) {
  const auto median = quantile(values, 0.5);
  if (!median) return "-";
  const auto text = [&](double value) { return fmt::format("{:.{}f}", value, decimals); };
  const auto [least, greatest] = std::ranges::minmax(values);
  const std::string middle = text(*median);
  return text(least) == text(greatest) ? middle : fmt::format("{} ({}-{})", middle, text(least), text(greatest));
}

struct Column {
  std::string head;
  std::vector<const Figures*> figures;
};

}  // namespace

const std::vector<Recorded>& recorded() {
  // Two cores, Debian 12. memberlist 0.6.0: all nodes in one process; "tuned" means without compression, less
  // garbage collection and an assisted join, because by default 500 nodes that join at once never agree. Serf
  // 0.10.1: a process for each node; its bytes include IP and UDP headers.
  static const std::vector<Recorded> all{
      {"Serf 0.10.1",
       50,
       {{"join_median_s", 0.47},
        {"join_last_s", 0.95},
        {"join_cpu_s", 1.70},
        {"join_datagrams_per_node", 61},
        {"rest_cpu_ms_per_node_min", 93},
        {"rest_datagrams_per_node_s", 2.0},
        {"rest_bytes_per_node_s", 269},
        {"rest_stream_bytes_per_node_s", 24},
        {"memory_kib_per_node", 16406},
        {"kill_first_s", 8.69},
        {"kill_last_s", 8.85},
        {"kill_worst_s", 9.17},
        {"false_deaths", 0}}},
      {"memberlist 0.6.0",
       100,
       {{"join_median_s", 1.2},
        {"join_last_s", 3.0},
        {"join_cpu_s", 1.2},
        {"rest_cpu_ms_per_node_min", 22},
        {"rest_datagrams_per_node_s", 2.0},
        {"rest_bytes_per_node_s", 93},
        {"rest_stream_bytes_per_node_s", 24},
        {"memory_kib_per_node", 362},
        {"update_median_s", 0.37},
        {"update_last_s", 0.72},
        {"updates_missed", 0},
        {"kill_first_s", 9.80},
        {"kill_last_s", 10.23},
        {"kill_worst_s", 12.9},
        {"tenth_first_s", 9.6},
        {"tenth_median_s", 9.8},
        {"tenth_last_s", 12.0},
        {"false_deaths", 0}}},
      {"Serf 0.10.1",
       100,
       {{"join_median_s", 1.4},
        {"join_last_s", 2.5},
        {"join_cpu_s", 7.58},
        {"join_datagrams_per_node", 103},
        {"rest_cpu_ms_per_node_min", 89},
        {"rest_datagrams_per_node_s", 2.0},
        {"rest_bytes_per_node_s", 269},
        {"rest_stream_bytes_per_node_s", 42},
        {"memory_kib_per_node", 16699},
        {"kill_first_s", 10.5},
        {"kill_last_s", 10.8},
        {"kill_worst_s", 17.2},
        {"false_deaths", 0}}},
      {"memberlist 0.6.0 tuned",
       500,
       {{"rest_cpu_ms_per_node_min", 11.2},
        {"rest_datagrams_per_node_s", 2.0},
        {"rest_bytes_per_node_s", 93},
        {"rest_stream_bytes_per_node_s", 9.5},
        {"memory_kib_per_node", 1081},
        {"update_median_s", 0.50},
        {"update_last_s", 0.90},
        {"updates_missed", 0},
        {"kill_first_s", 12.6},
        {"kill_last_s", 13.1},
        {"tenth_first_s", 12.5},
        {"tenth_median_s", 13.0},
        {"tenth_last_s", 18.1},
        {"false_deaths", 0}}},
      {"memberlist 0.6.0 tuned",
       1000,
       {{"rest_cpu_ms_per_node_min", 11.7},
        {"rest_datagrams_per_node_s", 2.0},
        {"rest_bytes_per_node_s", 93},
        {"rest_stream_bytes_per_node_s", 60},
        {"memory_kib_per_node", 1779},
        {"update_median_s", 0.44},
        {"update_last_s", 0.93},
        {"updates_missed", 0},
        {"kill_first_s", 13.1},
        {"kill_last_s", 28.2},
        {"false_deaths", 290223},
        {"false_dead_nodes", 820}}},
  };
  return all;
}

std::string table_of(std::span<const Run> runs) {
  std::set<std::size_t> sizes;
  for (const auto& run : runs) sizes.insert(run.nodes);
  std::string text;
  for (const std::size_t nodes : sizes) {
    std::vector<Column> columns;
    std::vector<double> loads;
    for (const auto& run : runs) {
      if (run.nodes != nodes) continue;
      loads.push_back(run.load_before);
      const auto column = std::ranges::find(columns, run.subject, &Column::head);
      if (column == columns.end()) {
        columns.push_back({run.subject, {&run.figures}});
      } else {
        column->figures.push_back(&run.figures);
      }
    }
    for (const auto& peer : recorded()) {
      if (peer.nodes == nodes) columns.push_back({fmt::format("[{}]", peer.subject), {&peer.figures}});
    }
    text += fmt::format("{}{} nodes, load of the machine before each run {}\n", text.empty() ? "" : "\n", nodes,
                        cell_of(loads, 1));
    std::vector<std::vector<std::string>> rows{{""}};
    for (const auto& column : columns) rows[0].push_back(column.head);
    for (const auto& measure : measures()) {
      auto& row = rows.emplace_back(1, std::string(measure.label));
      for (const auto& column : columns) {
        std::vector<double> values;
        for (const auto* figures : column.figures) {
          if (const auto found = figures->find(measure.key); found != figures->end())
            values.push_back(found->second);
        }
        row.push_back(cell_of(std::move(values), measure.decimals));
      }
    }
    for (const auto& row : rows) {
      text += fmt::format("  {:<42}", row[0]);
      for (std::size_t i = 1; i < row.size(); ++i) {
        std::size_t width = 0;
        for (const auto& other : rows) width = std::max(width, other[i].size());
        text += fmt::format("  {:>{}}", row[i], width);
      }
      text += '\n';
    }
  }
  return text + "[in brackets]: recorded another time on two cores of another day; compare with care.\n";
}

std::string json_of(const Plan& plan, std::span<const Run> runs) {
  json::array measured;
  for (const auto& run : runs) {
    measured.push_back({{"subject", run.subject},
                        {"nodes", run.nodes},
                        {"run", run.number},
                        {"load_before", run.load_before},
                        {"figures", object_of(run.figures)}});
  }
  json::array peers;
  for (const auto& peer : recorded()) {
    peers.push_back({{"subject", peer.subject}, {"nodes", peer.nodes}, {"figures", object_of(peer.figures)}});
  }
  const json::object document{{"bench", "cluster"},          {"profile", "lan"},
                              {"seed", plan.seed},           {"rest_seconds", plan.rest_seconds},
                              {"updates", plan.updates},     {"kills", plan.kills},
                              {"threads", plan.threads},     {"cores", std::thread::hardware_concurrency()},
                              {"runs", std::move(measured)}, {"recorded_elsewhere", std::move(peers)}};
  return json::serialize(document) + '\n';
}

std::string line_of(const Figures& figures) { return json::serialize(object_of(figures)) + '\n'; }

Figures figures_of(const std::string& line) {
  boost::system::error_code error;
  const auto value = json::parse(line, error);
  Figures figures;
  if (error || !value.is_object()) return figures;
  for (const auto& [key, number] : value.as_object()) {
    boost::system::error_code not_a_number;
    const auto figure = number.to_number<double>(not_a_number);
    if (!not_a_number) figures.emplace(key, figure);
  }
  return figures;
}

}  // namespace hearsay::bench
