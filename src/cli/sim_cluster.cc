// `hearsay sim cluster`: the words become a plan; what came of it is shown by cli/sim_report.
#include <sys/resource.h>

#include <boost/json/value.hpp>
#include <chrono>

#include "agent/text.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/output_file.h"
#include "cli/plan_file.h"
#include "cli/progress.h"
#include "cli/sim_report.h"
#include "http/json.h"
#include "sim/cluster.h"

namespace hearsay::cli {
namespace {

int complain(const Error& error, Terminal& terminal) {
  terminal.err("hearsay sim cluster: " + printable(error.cause) + "\n  " + printable(error.cure) + "\n");
  return kFailed;
}

}  // namespace

int run_sim_cluster(const Arguments& arguments, Terminal& terminal) {
  const auto loaded = load_plan(arguments);
  const sim::ClusterPlan& plan = loaded.plan;
  if (!loaded.faults.empty()) {
    for (const auto& fault : loaded.faults)
      terminal.err("hearsay sim cluster: " + printable(describe(fault)) + "\n");
    return kUsage;
  }
  // What cannot be written must be known before the work begins.
  std::vector<OutputFile> files;
  const auto& words = arguments.sim_cluster;
  if (!words.report_file.empty() && words.report_file == words.csv_file) {
    return complain({Errc::invalid_argument, "--report and --csv name the same file", "name two files"}, terminal);
  }
  for (const auto& path : {words.report_file, words.csv_file}) {
    if (path.empty()) continue;
    auto file = OutputFile::create(path);
    if (!file) return complain(file.error(), terminal);
    files.push_back(std::move(*file));
  }
  ClusterRun run;
  run.plan = plan;
  run.command = arguments.command;
  run.figures = loaded.figures;
  const auto began = std::chrono::steady_clock::now();
  const auto wall = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  {
    const Interrupts interrupts;
    Progress progress(terminal);
    run.report = run_cluster(plan, [&](double done) {
      if (done == 0) run.cost.settle_wall_s = wall();
      run.cost.measured_wall_s = wall() - run.cost.settle_wall_s;
      progress.show(done == 0 ? "joining" : "simulated", done);
      return !interrupts.wait(0);
    });
  }
  run.cost.wall_s = wall();
  if (!run.report.interrupted) run.verdicts = judge(loaded.expectations, run.report);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  run.cost.memory_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  if (arguments.csv)
    terminal.out(cluster_csv(run));
  else if (arguments.json)
    terminal.out(http::pretty(cluster_json(run)) + "\n");
  else
    print_cluster(run, terminal);
  for (auto& file : files) {
    const bool page = file.path() == words.report_file;
    if (const auto done = file.commit(page ? cluster_html(run) : traffic_csv(run.report)); !done) {
      return complain(done.error(), terminal);
    }
  }
  if (run.report.interrupted) return kFailed;
  if (!run.report.violations.empty()) {
    return complain({Errc::defunct, "an invariant was broken: " + run.report.violations.front(),
                     "please report it with the command, which repeats it"},
                    terminal);
  }
  for (const Verdict& verdict : run.verdicts) {
    if (!verdict.met) terminal.err("hearsay sim cluster: " + printable(describe(verdict)) + "\n");
  }
  return all_met(run.verdicts) ? kDone : kUnmet;
}

}  // namespace hearsay::cli
