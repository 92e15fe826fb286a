#include "cluster/experiment.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "cluster/watch.h"

namespace hearsay::bench {
namespace {

using std::chrono::seconds;

// After the join rumors are still told on; a node is at rest when it has none left, and all for this long.
constexpr auto kSettle = seconds(5);
// Between two updates or kills.
constexpr auto kPause = seconds(2);

Duration duration_of(double s) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s)); }

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double resident_kib() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

class Experiment {
 public:
  Experiment(const Plan& plan, Cluster& cluster, const Progress& progress)
      : plan_(plan), cluster_(cluster), progress_(progress), watch_(plan.nodes) {
    cluster_.on_notice = [this](Index index, const Notice& notice) { watch_.on_notice(index, notice); };
  }

  Figures run() {
    const double before = resident_kib();
    for (Index index = 0; index < plan_.nodes; ++index) cluster_.add();
    join();
    settle();
    rest();
    figures_["memory_kib_per_node"] = (resident_kib() - before) / nodes();
    update();
    kill_one_by_one();
    kill_a_tenth();
    figures_["false_suspicions"] = static_cast<double>(watch_.suspicions_begun);
    figures_["false_deaths"] = static_cast<double>(watch_.deaths_told);
    figures_["false_dead_nodes"] = static_cast<double>(watch_.living_failed());
    figures_["pauses"] = total(Count::pauses);
    return std::move(figures_);
  }

 private:
  double nodes() const { return static_cast<double>(plan_.nodes); }
  double total(Count count) const {
    double sum = 0;
    for (Index index = 0; index < plan_.nodes; ++index) {
      if (!watch_.is_killed(index)) sum += static_cast<double>(cluster_.info(index).counters[count]);
    }
    return sum;
  }
  void set(std::string_view key, std::optional<double> value) {
    if (value) figures_[std::string(key)] = *value;
  }
  template <class Done>
  void wait(Done done) {
    cluster_.run_until(later(cluster_.now(), duration_of(plan_.patience_seconds)), done);
  }

  void join() {
    progress_("all join node 0 at once");
    const double cpu = cpu_seconds();
    const Time start = cluster_.now();
    for (Index index = 1; index < plan_.nodes; ++index) {
      cluster_.command(index, Join{CommandId{index}, {cluster_.address(0)}});
    }
    wait([&] { return watch_.agreed(); });
    const auto agreement = watch_.agreement(start);
    set("join_median_s", agreement.quantile(0.5));
    if (watch_.agreed()) set("join_last_s", agreement.quantile(1));
    figures_["join_cpu_s"] = cpu_seconds() - cpu;
    figures_["join_datagrams_per_node"] = total(Count::datagrams_out) / nodes();
    figures_["join_kb_per_node"] =
        (total(Count::datagram_bytes_out) + total(Count::stream_bytes_out)) / nodes() / 1000;
    figures_["joins_refused"] = static_cast<double>(watch_.joins_refused);
  }

  void settle() {
    progress_("waiting until no rumors are told any more");
    const Time end = later(cluster_.now(), duration_of(plan_.patience_seconds));
    const auto busy = [&] {
      for (Index index = 0; index < plan_.nodes; ++index) {
        if (cluster_.info(index).rumors_queued != 0) return true;
      }
      return false;
    };
    while (busy() && cluster_.now() < end) cluster_.run_until(later(cluster_.now(), seconds(1)), {});
    cluster_.run_until(later(cluster_.now(), kSettle), {});
  }

  void rest() {
    progress_("at rest");
    const double cpu = cpu_seconds();
    const double datagrams = total(Count::datagrams_out);
    const double bytes = total(Count::datagram_bytes_out);
    const double stream_bytes = total(Count::stream_bytes_out);
    const Time start = cluster_.now();
    cluster_.run_until(later(start, duration_of(plan_.rest_seconds)), {});
    const double elapsed = std::chrono::duration<double>(cluster_.now() - start).count();
    const double node_seconds = elapsed * nodes();
    figures_["rest_cpu_ms_per_node_min"] = (cpu_seconds() - cpu) * 1000 * 60 / node_seconds;
    figures_["rest_datagrams_per_node_s"] = (total(Count::datagrams_out) - datagrams) / node_seconds;
    figures_["rest_bytes_per_node_s"] = (total(Count::datagram_bytes_out) - bytes) / node_seconds;
    figures_["rest_stream_bytes_per_node_s"] = (total(Count::stream_bytes_out) - stream_bytes) / node_seconds;
  }

  void update() {
    std::vector<double> medians;
    std::vector<double> lasts;
    double missed = 0;
    for (unsigned i = 0; i < plan_.updates; ++i) {
      progress_("update " + std::to_string(i + 1));
      const Index subject = i % plan_.nodes;
      const std::string value = std::to_string(i + 1);
      watch_.note_update(cluster_.now(), subject, value);
      cluster_.command(subject, SetTags{{}, {{Watch::kTag, value}}});
      wait([&] { return watch_.update().complete(); });
      if (const auto median = watch_.update().quantile(0.5)) medians.push_back(*median);
      if (const auto last = watch_.update().quantile(1)) lasts.push_back(*last);
      missed += static_cast<double>(watch_.update().missing());
      cluster_.run_until(later(cluster_.now(), kPause), {});
    }
    set("update_median_s", quantile(medians, 0.5));
    set("update_last_s", quantile(lasts, 0.5));
    set("update_worst_s", quantile(lasts, 1));
    if (plan_.updates != 0) figures_["updates_missed"] = missed;
  }

  void kill(const std::vector<Index>& victims) {
    watch_.note_killed(cluster_.now(), victims);
    for (const Index victim : victims) cluster_.kill(victim);
    wait([&] { return watch_.deaths().complete(); });
    cluster_.run_until(later(cluster_.now(), kPause), {});
  }

  // From the end, so that node 0 is not among them.
  std::vector<Index> next_victims(std::size_t count) {
    std::vector<Index> victims;
    while (victims.size() < count && next_victim_ > 1) victims.push_back(--next_victim_);
    return victims;
  }

  void kill_one_by_one() {
    std::vector<double> firsts;
    std::vector<double> medians;
    std::vector<double> lasts;
    double missed = 0;
    for (unsigned i = 0; i < plan_.kills; ++i) {
      progress_("kill " + std::to_string(i + 1));
      kill(next_victims(1));
      const Spread& deaths = watch_.deaths();
      if (const auto first = deaths.quantile(0)) firsts.push_back(*first);
      if (const auto median = deaths.quantile(0.5)) medians.push_back(*median);
      if (const auto last = deaths.quantile(1)) lasts.push_back(*last);
      missed += static_cast<double>(deaths.missing());
    }
    set("kill_first_s", quantile(firsts, 0.5));
    set("kill_median_s", quantile(medians, 0.5));
    set("kill_last_s", quantile(lasts, 0.5));
    set("kill_worst_s", quantile(lasts, 1));
    if (plan_.kills != 0) figures_["kill_missed"] = missed;
  }

  void kill_a_tenth() {
    progress_("kill a tenth");
    kill(next_victims(plan_.nodes / 10));
    const Spread& deaths = watch_.deaths();
    set("tenth_first_s", deaths.quantile(0));
    set("tenth_median_s", deaths.quantile(0.5));
    set("tenth_last_s", deaths.quantile(1));
    figures_["tenth_missed"] = static_cast<double>(deaths.missing());
  }

  const Plan& plan_;
  Cluster& cluster_;
  const Progress& progress_;
  Watch watch_;
  Figures figures_;
  Index next_victim_ = plan_.nodes;
};

}  // namespace

const std::vector<Measure>& measures() {
  static const std::vector<Measure> all{
      {"join_median_s", "joined: median node knows all, s", 2},
      {"join_last_s", "joined: last node knows all, s", 2},
      {"join_cpu_s", "joining, CPU s of all nodes", 2},
      {"join_datagrams_per_node", "joining, datagrams per node", 0},
      {"join_kb_per_node", "joining, kB per node with streams", 1},
      {"joins_refused", "joins refused", 0},
      {"rest_cpu_ms_per_node_min", "at rest, CPU ms per node-minute", 2},
      {"rest_datagrams_per_node_s", "at rest, datagrams per node-second", 2},
      {"rest_bytes_per_node_s", "at rest, datagram bytes per node-second", 0},
      {"rest_stream_bytes_per_node_s", "at rest, stream bytes per node-second", 0},
      {"memory_kib_per_node", "memory per node, KiB", 0},
      {"update_median_s", "one update: median node, s", 2},
      {"update_last_s", "one update: last node, s", 2},
      {"update_worst_s", "one update: worst last node, s", 2},
      {"updates_missed", "updates missed by a node", 0},
      {"kill_first_s", "one killed: first node knows, s", 2},
      {"kill_median_s", "one killed: median node knows, s", 2},
      {"kill_last_s", "one killed: last node knows, s", 2},
      {"kill_worst_s", "one killed: worst last node, s", 2},
      {"kill_missed", "one killed: nodes that do not know", 0},
      {"tenth_first_s", "a tenth killed: first, s", 2},
      {"tenth_median_s", "a tenth killed: median, s", 2},
      {"tenth_last_s", "a tenth killed: last, s", 2},
      {"tenth_missed", "a tenth killed: news missing", 0},
      {"false_suspicions", "false suspicions begun", 0},
      {"false_deaths", "false deaths told", 0},
      {"false_dead_nodes", "living nodes held dead by somebody", 0},
      {"pauses", "pauses of the process that nodes noticed", 0},
  };
  return all;
}

Figures measure(const Plan& plan, Cluster& cluster, const Progress& progress) {
  return Experiment(plan, cluster, progress).run();
}

}  // namespace hearsay::bench
