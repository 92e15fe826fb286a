// Plans of `hearsay sim` from keys and values: the one door that plan files, command lines and sweeps share.
//
//   [cluster]                 nodes, seed, for, profile, family
//   [network]                 latency, jitter, sigma, loss, bandwidth ...
//   [[zone]]                  name = "eu", nodes = 5: the next five nodes
//   [[link]]                  from = "eu", to = "us", latency = "80ms": zones or nodes, both ways
//   [[fault]]                 what = "crash", at = "20s", node = 3
//   [measure]                 from, until: when traffic and counters count; figures: those to be shown
//   [expect]                  detection.all_s = "<= 15": limits on figures (cli/expect)
//   [sweep]                   what `hearsay sim sweep` repeats (cli/sweep_table)
//   [swim] [serf] [contact]   knobs of every node, as in the agent's configuration
//   [limits], packet_bytes, compression, label
//
// A later value of a key wins, so the words of a command line stand behind those of the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config.h"
#include "cli/expect.h"
#include "sim/plan.h"

namespace hearsay::cli {

// Values with their places, in order. Keys are dotted: "cluster.nodes", "network.loss", "swim.probe_interval",
// "fault[0].at"; "cluster." may be left out. A fault may also be one text, as on the command line: key "fault",
// value "crash 3@20s"; and a link, one way: key "link", value "0-2:3-9 latency=80ms,loss=0.1".
struct PlanValues {
  std::vector<agent::Given> values;
  std::vector<agent::Fault> faults;  // why the file could not be read
};
PlanValues read_plan_file(const std::string& path);
// `name` stands for the file in faults.
PlanValues read_plan_text(std::string_view toml, std::string_view name);

struct LoadedPlan {
  sim::ClusterPlan plan;
  std::vector<agent::Fault> faults;  // all that is wrong, with file and line or flag; empty: the plan can run
  std::vector<std::string> figures;  // those to be shown; empty: all
  std::vector<Expectation> expectations;
};
// Values may be texts throughout ("0.05", "12"). `agent_file`: an agent's configuration whose knobs are taken.
// `memory_bytes`: what there is, if not what this machine says (cli/memory).
LoadedPlan make_plan(const std::vector<agent::Given>& values, const std::optional<std::string>& agent_file = {},
                     std::optional<double> memory_bytes = {});

// The plan of a command line: its file, and the words over it.
LoadedPlan load_plan(const struct Arguments& arguments);

// The whole name of a key: "cluster.nodes" of "nodes", "profile" of "cluster.profile".
std::string plan_key(const std::string& key);

// Every key but those of the agent's configuration, and what it takes; for help and documents.
std::vector<std::pair<std::string_view, std::string_view>> plan_keys();

}  // namespace hearsay::cli
