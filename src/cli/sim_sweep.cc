// `hearsay sim sweep`: many runs, and what they say together.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/memory.h"
#include "cli/output_file.h"
#include "cli/plan_file.h"
#include "cli/progress.h"
#include "cli/sim_spread.h"
#include "cli/sweep_experiments.h"
#include "cli/sweep_page.h"
#include "cli/sweep_results.h"
#include "cli/sweep_run.h"
#include "cli/sweep_summary.h"
#include "cli/sweep_table.h"
#include "cli/workers.h"

namespace hearsay::cli {
namespace {

constexpr unsigned kJobsMax = 1024;

struct Prepared {
  Sweep sweep;
  unsigned jobs = 1;
  std::vector<agent::Fault> faults;
};

// How many runs at once: those that were asked for, or one for each core as far as memory goes.
void choose_jobs(const SimSweepArguments& words, Prepared& prepared) {
  const RankPlace place = rank_place();
  const auto cores = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  const unsigned share = std::max(1u, cores / static_cast<unsigned>(place.here));
  prepared.jobs = words.jobs > 0 ? words.jobs : std::min(threads_here(), share);
  if (words.jobs > kJobsMax) {
    prepared.faults.push_back({"--jobs", "", std::to_string(words.jobs) + " are too many", "give 1 to 1024"});
    return;
  }
  const double each = prepared.sweep.experiment->run_bytes();
  const auto available = available_memory();
  if (!available) return;
  const double free = *available / place.here;
  const double fitting = std::floor(free / each);
  if (fitting < 1) {
    prepared.faults.push_back(
        {"--nodes", "",
         "a single run needs about " + gib_text(each) + " of memory, and " + gib_text(free) + " are free",
         "try fewer nodes"});
  } else if (words.jobs > fitting) {
    prepared.faults.push_back({"--jobs", "",
                               std::to_string(words.jobs) + " runs at once need about " +
                                   gib_text(each * words.jobs) + " of memory, and " + gib_text(free) + " are free",
                               "give --jobs " + fixed_text(fitting, 0) + ", or fewer nodes"});
  } else if (fitting < prepared.jobs) {
    prepared.jobs = static_cast<unsigned>(fitting);
  }
}

Prepared prepare(const Arguments& arguments) {
  const SimSweepArguments& words = arguments.sim_sweep;
  SweepWords sweep_words = words.sweep;
  sweep_words.config_file = arguments.config_file;
  Prepared prepared;
  if (words.cluster.file) {
    auto file = read_plan_file(*words.cluster.file);
    sweep_words.values = std::move(file.values);
    prepared.faults = std::move(file.faults);
    if (!prepared.faults.empty()) return prepared;
    prepared.faults = take_sweep_table(sweep_words.values, words.cluster.values, sweep_words);
  }
  sweep_words.values.insert(sweep_words.values.end(), words.cluster.values.begin(), words.cluster.values.end());
  auto loaded = make_sweep(sweep_words);
  prepared.sweep = std::move(loaded.sweep);
  std::ranges::move(loaded.faults, std::back_inserter(prepared.faults));
  for (const auto& [one, other] : {std::pair(words.out, words.summary), std::pair(words.out, words.report),
                                   std::pair(words.summary, words.report)}) {
    if (one && one == other) {
      prepared.faults.push_back(
          {"--out, --summary, --report", "", "two of them name the same file", "name several"});
    }
  }
  if (prepared.faults.empty()) choose_jobs(words, prepared);
  return prepared;
}

std::string runs_text(std::size_t count) { return grouped(count) + (count == 1 ? " run" : " runs"); }

void print_summary(const Sweep& sweep, const SweepSummary& summary, Terminal& terminal) {
  terminal.out(summary_table(sweep, summary, terminal));
  terminal.out("Means over seeds ± half of their 95 % interval (Student's t); shares with theirs (Wilson).\n");
}

// The runs whose figure of this name is such.
template <class Such>
std::vector<std::size_t> runs_where(const Sweep& sweep, const Rows& rows, std::string_view name, Such such) {
  std::vector<std::size_t> found;
  const auto figure = std::ranges::find(sweep.figures, name);
  if (figure == sweep.figures.end()) return found;
  const auto place = static_cast<std::size_t>(figure - sweep.figures.begin());
  for (const auto& [run, row] : rows) {
    if (row[place] && such(*row[place])) found.push_back(run);
  }
  return found;
}

// What rank 0, or the only process, does.
class SweepCommand {
 public:
  SweepCommand(const Arguments& arguments, Prepared prepared, const Ranks* ranks, Terminal& terminal)
      : arguments_(arguments),
        words_(arguments.sim_sweep),
        prepared_(std::move(prepared)),
        sweep_(prepared_.sweep),
        ranks_(ranks),
        terminal_(terminal) {}

  int run() {
    bool fault = !prepared_.faults.empty();
    for (const auto& one : prepared_.faults) complain(describe(one), "");
    int status = fault ? kUsage : kDone;
    // What cannot be written must be known before the work begins.
    const auto create = [&](const std::optional<std::string>& path, std::optional<OutputFile>& file) {
      if (!path || fault) return;
      auto created = OutputFile::create(*path);
      if (created) {
        file.emplace(std::move(*created));
        return;
      }
      complain(created.error().cause, created.error().cure);
      fault = true;
      status = kFailed;
    };
    create(words_.summary, summary_file_);
    create(words_.report, page_file_);
    if (!fault && words_.out) {
      auto opened = file_.open(*words_.out, sweep_);
      if (opened) {
        rows_ = std::move(*opened);
      } else {
        complain(opened.error().cause, opened.error().cure);
        fault = true;
        status = opened.error().code == Errc::invalid_argument ? kUsage : kFailed;
      }
    }
    if (ranks_ != nullptr) {
      if (const auto wrong = agree(*ranks_, sweep_, fault)) {
        if (!fault) complain(wrong->cause, wrong->cure);
        return fault ? status : kUsage;
      }
    }
    return fault ? status : run_all();
  }

 private:
  void complain(const std::string& cause, const std::string& cure) {
    terminal_.err("hearsay sim sweep: " + printable(cause) + "\n" +
                  (cure.empty() ? "" : "  " + printable(cure) + "\n"));
  }

  int run_all() {
    std::vector<std::size_t> todo;
    for (std::size_t run = 0; run < sweep_.runs(); ++run) {
      if (!rows_.contains(run)) todo.push_back(run);
    }
    const std::size_t found = rows_.size();
    const auto began = std::chrono::steady_clock::now();
    const SweepEnd end = do_runs(todo);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const bool complete = rows_.size() == sweep_.runs();
    std::optional<Error> error = end.error;
    const auto keep = [&](const Result<void>& done) {
      if (!done && !error) error = done.error();
    };
    if (complete && words_.out && !error) keep(file_.finish(rows_));
    const auto summary = summarise(sweep_, rows_);
    if (summary_file_) keep(summary_file_->commit(summary_csv(sweep_, summary)));
    if (page_file_) keep(page_file_->commit(sweep_page(sweep_, summary, rows_.size())));
    if (arguments_.json) {
      terminal_.out(summary_json(sweep_, summary, rows_.size()));
    } else if (!rows_.empty()) {
      const std::size_t points = sweep_.points.size();
      terminal_.out(terminal_.paint(Style::bold, "sweep of " + sweep_.of + ": " + grouped(points) +
                                                     (points == 1 ? " point, " : " points, ") +
                                                     grouped(sweep_.seeds) + " seeds from " +
                                                     std::to_string(sweep_.first_seed)) +
                    "\n");
      print_summary(sweep_, summary, terminal_);
      terminal_.out(runs_text(rows_.size() - found) + " in " + fixed_text(seconds, 1) + " s" +
                    (found > 0 ? ", " + runs_text(found) + " from " + *words_.out : "") + "\n");
    }
    if (error) complain(error->cause, error->cure);
    if (!complete) say_partial();
    const bool broken = any_broken();
    return complete && !error && !broken ? judged() : kFailed;
  }

  std::string place_of(std::size_t run) const {
    return "point " + std::to_string(sweep_.point_of(run)) + " with seed " + std::to_string(sweep_.seed_of(run));
  }

  bool any_broken() {
    const auto runs = runs_where(sweep_, rows_, "violations", [](double value) { return value > 0; });
    if (runs.empty()) return false;
    complain("an invariant was broken at " + place_of(runs.front()),
             "run it with `hearsay sim cluster`, and please report it");
    return true;
  }

  // Do all runs keep to the limits of the plan?
  int judged() {
    const auto runs = runs_where(sweep_, rows_, kExpected, [](double value) { return value == 0; });
    if (runs.empty()) return kDone;
    complain("the limits of the plan do not hold in " + grouped(runs.size()) + " of " + runs_text(sweep_.runs()) +
                 "; first at " + place_of(runs.front()),
             "");
    return kUnmet;
  }

  SweepEnd do_runs(const std::vector<std::size_t>& todo) {
    const Interrupts interrupts;  // before the threads, so that they leave the signals alone as well
    Progress progress(terminal_);
    return run_sweep(
        sweep_, todo, prepared_.jobs, ranks_,
        [&](std::size_t run, const Row& row) -> Result<void> {
          rows_[run] = row;
          return words_.out ? file_.add(run, row) : Result<void>();
        },
        [&](double done) {
          progress.show(std::to_string(rows_.size()) + " of " + runs_text(sweep_.runs()) + ",",
                        todo.empty() ? 1 : done / static_cast<double>(todo.size()));
          return !interrupts.wait(0);
        });
  }

  void say_partial() {
    std::string text = "partial: " + std::to_string(rows_.size()) + " of " + runs_text(sweep_.runs());
    if (words_.out) {
      text += " are in " + *words_.out + "; the same words go on from there";
    } else {
      text += "; with --out FILE.csv the same words would go on from here";
    }
    terminal_.err(terminal_.paint(Style::warn, printable(text)) + "\n");
  }

  const Arguments& arguments_;
  const SimSweepArguments& words_;
  Prepared prepared_;
  const Sweep& sweep_;
  const Ranks* ranks_;
  Terminal& terminal_;
  ResultsFile file_;
  std::optional<OutputFile> summary_file_;
  std::optional<OutputFile> page_file_;
  Rows rows_;
};

}  // namespace

int run_sim_sweep(const Arguments& arguments, Terminal& terminal) {
  std::unique_ptr<Ranks> ranks;
  std::optional<Interrupts> from_the_start;
  if (rank_place().size > 1) {
    // MPI starts threads of its own, and a signal that one of them does not block ends the process.
    from_the_start.emplace();
    auto joined = Ranks::join();
    if (!joined) {
      terminal.err("hearsay sim sweep: " + joined.error().cause + "\n  " + joined.error().cure + "\n");
      return kFailed;
    }
    ranks = std::move(*joined);
  }
  Prepared prepared = prepare(arguments);
  int status = kDone;
  if (ranks && ranks->rank() > 0) {
    const Interrupts interrupts;
    serve(*ranks, prepared.sweep, prepared.jobs, prepared.faults.empty() ? "" : describe(prepared.faults.front()),
          [&] { return interrupts.wait(0); });
  } else {
    status = SweepCommand(arguments, std::move(prepared), ranks.get(), terminal).run();
  }
  if (ranks) ranks->finish();
  return status;
}

}  // namespace hearsay::cli
