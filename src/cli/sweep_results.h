// The file of a sweep's runs: CSV, one line for each run, written as soon as it is done. Killed at any moment it is
// valid up to its last whole line, and the same sweep goes on from there.
//
//   # hearsay 0.1.0, sweep of cluster       what the results depend on (Sweep::description), as comments
//   point,network.loss,seed,false_deaths    the columns
//   0,0,1,0                                 a run: its point, its knobs, its seed, its figures; empty: none
//
// While the sweep runs, lines stand in the order in which runs ended; when all are there, in the order of their
// numbers. So the finished file does not depend on how many workers there were, or how often it was interrupted.
#pragma once

#include <map>
#include <string>

#include "cli/sweep.h"

namespace hearsay::cli {

using Rows = std::map<std::size_t, Row>;  // by number of the run

std::string run_line(const Sweep& sweep, std::size_t run, const Row& row);
// What stands before the first run.
std::string results_head(const Sweep& sweep);
// Empty: the line is no run of this sweep.
std::optional<std::pair<std::size_t, Row>> parse_run_line(const Sweep& sweep, std::string_view line);
// A value as it stands in CSV, quoted where it must be.
std::string csv_text(std::string_view text);

class ResultsFile {
 public:
  ResultsFile() = default;
  ~ResultsFile();
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;

  // Makes the file, or reads what is there and drops a torn last line. An error: it is another sweep's, somebody
  // writes it, or the system refuses; then nothing has changed.
  [[nodiscard]] Result<Rows> open(const std::string& path, const Sweep& sweep);
  [[nodiscard]] Result<void> add(std::size_t run, const Row& row);
  // All are there: in order, in one step.
  [[nodiscard]] Result<void> finish(const Rows& rows);

 private:
  const Sweep* sweep_ = nullptr;
  std::string path_;
  int fd_ = -1;
};

}  // namespace hearsay::cli
