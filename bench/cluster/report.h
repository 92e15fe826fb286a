// The figures of all runs as a table for people or JSON for programs, beside what was recorded of peers elsewhere.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cluster/experiment.h"

namespace hearsay::bench {

struct Run {
  std::string subject;  // "sockets", "virtual time", or a peer
  std::size_t nodes = 0;
  unsigned number = 1;
  double load_before = 0;  // the machine's, over a minute
  Figures figures;
};

// Figures of a peer that were measured another time.
struct Recorded {
  std::string_view subject;
  std::size_t nodes;
  Figures figures;
};
const std::vector<Recorded>& recorded();

// One table for each number of nodes; a cell is the median of the runs, with the least and greatest where they
// differ.
std::string table_of(std::span<const Run> runs);
std::string json_of(const Plan& plan, std::span<const Run> runs);

// How a measured process hands its figures over: one line.
std::string line_of(const Figures& figures);
// Empty when the line cannot be read.
Figures figures_of(const std::string& line);

}  // namespace hearsay::bench
