// A sweep: one experiment, some of whose knobs take several values, each point repeated with many seeds. What is to
// run, and how one run of it is done; no files and no threads.
//
// Runs are numbered, the seeds of the first point first. A run is given by its number alone and depends on nothing
// else: not on what ran before, where, or beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "hearsay/result.h"

namespace hearsay::cli {

inline constexpr std::size_t kPointsMax = 10'000;
inline constexpr std::size_t kRunsMax = 1'000'000;

// A knob that varies.
struct SweepAxis {
  std::string where;  // flag, or file and line
  std::string key;
  std::vector<std::string> values;
};

// As the words were given; each `vary` is "KEY=VALUE,VALUE", each `points` entry "KEY=VALUE,KEY=VALUE", each of the
// figures "NAME,NAME".
struct SweepWords {
  std::optional<std::string> of;  // default: cluster
  std::vector<std::string> vary;
  std::vector<SweepAxis> axes;  // of a file; `vary` of the same knob replaces the values
  std::vector<std::string> points;
  std::vector<std::string> figures;        // empty: the experiment's own choice
  std::string figures_where;               // where a file names them; empty: --figures
  std::optional<std::uint64_t> seeds;      // default: 10
  std::vector<agent::Given> values;        // what is the same at all points, in order
  std::optional<std::string> config_file;  // an agent's configuration
};

using Row = std::vector<std::optional<double>>;  // one value for each figure; none: there was nothing to tell

class Experiment;

struct Sweep {
  std::string of;
  std::vector<std::string> keys;                 // the knobs that vary
  std::vector<std::vector<std::string>> points;  // their values, by point
  bool grid = true;
  std::vector<std::string> figures;
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1;
  std::shared_ptr<const Experiment> experiment;
  // Everything that the results depend on, a line each: the same text, the same results.
  std::string description;

  std::size_t runs() const { return points.size() * seeds; }
  std::size_t point_of(std::size_t run) const { return run / seeds; }
  std::uint64_t seed_of(std::size_t run) const { return first_seed + run % seeds; }
  // Yes or no in each run (1 or 0), so that its mean is a share.
  bool is_share(std::size_t figure) const;
};

// What is repeated.
class Experiment {
 public:
  virtual ~Experiment() = default;
  // `go_on` is asked now and then with the share that is done; false ends the run, and there is no row.
  virtual std::optional<Row> run(std::size_t point, std::uint64_t seed,
                                 const std::function<bool(double)>& go_on) const = 0;
  // About what the largest run needs of memory.
  virtual double run_bytes() const = 0;
};

struct LoadedSweep {
  Sweep sweep;
  std::vector<agent::Fault> faults;  // all that is wrong; empty: it can run
};
LoadedSweep make_sweep(const SweepWords& words);

}  // namespace hearsay::cli
