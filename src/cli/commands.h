// What each command does, once its words have been understood. Returns are exit statuses.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/config.h"
#include "cli/sweep.h"
#include "cli/terminal.h"
#include "sim/spread/settings.h"

namespace hearsay::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUnmet =
    3;  // `sim cluster` and `sim sweep`: a limit that the plan sets on a figure does not hold

// `hearsay sim cluster`: the plan's file, and the keys and values that the flags mean (cli/plan_file).
struct SimClusterArguments {
  std::optional<std::string> file;
  std::vector<agent::Given> values;
  std::string report_file;  // a page; empty: none
  std::string csv_file;     // traffic over time; empty: none
};

// `hearsay sim replay`; the plan is in sim_cluster.
struct SimReplayArguments {
  std::optional<std::uint64_t> swarm_seed;
  std::string from = "0s";
  std::string to;  // empty: the end
  std::vector<std::size_t> nodes;
  std::string match;
  bool datagrams = false;
  bool joining = false;
};

// `hearsay sim swarm`.
struct SimSwarmArguments {
  Family family = Family::swim;
  std::uint64_t first = 1;
  std::uint64_t seeds = 100;
  std::string budget;  // empty: as many seeds as were asked for
  unsigned jobs = 0;   // 0: one for each core
  bool shrink = false;
};

// `hearsay sim spread`.
struct SimSpreadArguments {
  sim::spread::Settings settings;
  std::string report_file;  // a page; empty: none
  std::string csv_file;     // the curve, or the lines of --table or --compare; empty: none
  bool table = false;
  bool compare = false;
  std::uint32_t degree = 4;   // of the tree that gossip is compared with
  std::uint32_t bytes = 100;  // of the update
};

// `hearsay sim sweep`.
struct SimSweepArguments {
  SweepWords sweep;
  SimClusterArguments cluster;         // what is the same at all points
  std::optional<std::string> out;      // the runs, CSV
  std::optional<std::string> summary;  // CSV
  std::optional<std::string> report;   // HTML
  unsigned jobs = 0;                   // 0: one for each core
};

// All that can stand on a command line; each command reads its part.
struct Arguments {
  std::string http = "127.0.0.1:7980";
  bool json = false;
  bool csv = false;     // where the command offers it
  std::string command;  // all the words, quoted for a shell
  bool no_color = false;
  // members
  std::vector<std::string> status;
  std::string name;
  std::vector<std::string> tags;
  bool detailed = false;
  // join
  std::vector<std::string> peers;
  // why
  std::string member;
  // force-leave
  bool prune = false;
  // tags
  std::vector<std::string> set;
  std::vector<std::string> remove;
  // help, completion
  std::vector<std::string> topic;
  bool man = false;
  std::string shell;
  // info
  bool settings_in_force = false;
  // info
  bool all = false;
  // monitor
  unsigned last = 10;
  // keys
  std::string key_action;
  std::string key;
  bool force = false;
  // state; members
  std::string state_action;
  std::vector<std::string> state_words;  // the first two
  std::vector<std::string> more_words;   // those behind them
  std::optional<std::string> ttl;
  std::optional<std::uint64_t> if_version;
  std::optional<std::string> wait;
  std::optional<std::string> timeout;
  std::vector<std::string> state_columns;
  std::vector<std::string> where;
  // keygen
  unsigned key_bytes = 32;
  // repair-generation
  std::string repair_dir;
  // agent
  std::optional<std::string> config_file;
  std::vector<agent::Given> settings;
  bool check = false;
  bool print_config = false;
  // sim
  SimClusterArguments sim_cluster;
  SimReplayArguments sim_replay;
  SimSwarmArguments sim_swarm;
  // sim spread
  SimSpreadArguments sim_spread;
  // sim sweep
  SimSweepArguments sim_sweep;
};

int run_agent(const Arguments& arguments, Terminal& terminal);
int run_members(const Arguments& arguments, Terminal& terminal);
int run_join(const Arguments& arguments, Terminal& terminal);
int run_leave(const Arguments& arguments, Terminal& terminal);
int run_force_leave(const Arguments& arguments, Terminal& terminal);
int run_tags(const Arguments& arguments, Terminal& terminal);
int run_reload(const Arguments& arguments, Terminal& terminal);
int run_info(const Arguments& arguments, Terminal& terminal);
int run_why(const Arguments& arguments, Terminal& terminal);
int run_monitor(const Arguments& arguments, Terminal& terminal);
int run_state(const Arguments& arguments, Terminal& terminal);
int run_watch(const Arguments& arguments, Terminal& terminal);
int run_keys(const Arguments& arguments, Terminal& terminal);
int run_repair_generation(const Arguments& arguments, Terminal& terminal);
int run_keygen(const Arguments& arguments, Terminal& terminal);
int run_sim_cluster(const Arguments& arguments, Terminal& terminal);
int run_sim_replay(const Arguments& arguments, Terminal& terminal);
int run_sim_swarm(const Arguments& arguments, Terminal& terminal);
int run_sim_spread(const Arguments& arguments, Terminal& terminal);
int run_sim_sweep(const Arguments& arguments, Terminal& terminal);
int run_version(const Arguments& arguments, Terminal& terminal);

// Understands the words and runs the command; the exit status of the process.
int run(int count, const char* const* words, Terminal& terminal);

}  // namespace hearsay::cli
