// The flags of `hearsay sim`.
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/declare.h"

namespace hearsay::cli {
namespace {

// Flags that set a key of a plan (cli/plan_file).
void add_plan_options(CLI::App& app, Arguments& arguments, SimClusterArguments& sim) {
  app.add_option("FILE", sim.file,
                 "a plan in TOML: cluster, network, faults, limits, what to sweep; flags override it")
      ->type_name("");
  app.add_option("--config", arguments.config_file, "an agent's configuration: its knobs are tried")
      ->type_name("FILE");
  const auto add_key = [&](const char* flag, const char* key, const char* type, const char* help) {
    add_each(app, flag, type, help, [&sim, flag, key](const std::string& value) {
      sim.values.push_back({key, flag, value});
    });
  };
  add_key("--nodes", "cluster.nodes", "N", "how many nodes, 2 to 20000 (default: 10)");
  app.add_flag_callback(
      "--joined",
      [&sim] {
        sim.values.push_back({"cluster.joined", "--joined", "true"});
      },
      "begin with a cluster that has joined: all know all, and nothing is left to be told");
  add_key("--family", "family", "swim|heartbeat", "the protocol family (default: swim)");
  add_key("--profile", "profile", "local|lan|wan", "timings of all nodes (default: lan)");
  add_key("--for", "cluster.for", "TIME", "virtual time, after all have joined (default: 60s)");
  add_key("--loss", "network.loss", "P", "share of datagrams that is lost, 0 to 1 (default: 0)");
  add_key("--latency", "network.latency", "TIME", "one way (default: 500us)");
  add_key("--jitter", "network.jitter", "TIME", "added to the latency, uniform from 0 to this (default: 0s)");
  add_key("--link", "link", "FROM:TO PATH",
          "of one way between ranges of nodes: \"0-2:3-9 latency=80ms,loss=0.1\"");
  const auto add_fault = [&](const char* flag, const char* what, const char* type, const char* help) {
    add_each(app, flag, type, help, [&sim, flag, what](const std::string& value) {
      sim.values.push_back({"fault", flag, what + (" " + value)});
    });
  };
  add_fault("--crash", "crash", "NODE@TIME",
            "the process is gone; nodes are numbered from 0; repeatable, as all faults");
  add_fault("--restart", "restart", "NODE@TIME+DOWN", "it crashes and comes back with its disk");
  add_fault("--wipe", "wipe", "NODE@TIME+DOWN", "it crashes and comes back without its disk");
  add_fault("--pause", "pause", "NODE@TIME+DURATION", "SIGSTOP, SIGCONT");
  add_fault("--cut", "cut", "NODE[-LAST]@TIME+DURATION",
            "a partition: this node, or these, on one side; 0-2 are the first three");
  add_fault("--one-way", "one-way", "FROM:TO@TIME+DURATION", "nothing arrives from one at the other");
  add_fault("--leave", "leave", "NODE@TIME", "it leaves, and its process ends");
  add_fault("--tags", "tags", "NODE@TIME", "it publishes another tag");
  add_fault("--lossy", "loss", "SHARE@TIME+DURATION", "this share of all datagrams is lost meanwhile");
  add_fault("--flap", "flap", "NODE[-LAST]@TIME+DURATION/TURN", "a partition that comes and goes by turns");
  add_fault("--swizzle", "swizzle", "NODE[-LAST]@TIME+DURATION",
            "link after link is cut, then healed in another order");
  add_fault("--slow", "slow", "NODE@TIME+DURATION/EACH", "each packet keeps its processor busy for so long");
  add_fault("--jump", "jump", "NODE@TIME/BY", "its wall clock is set forward, or back: -1h");
  add_fault("--drift", "drift", "NODE@TIME+DURATION/PPM",
            "its clocks run fast by so many millionths, or slow: -200ppm");
  add_fault("--corrupt", "corrupt", "SHARE@TIME+DURATION", "in this share of all datagrams a bit is flipped");
  add_fault("--mass-restart", "mass-restart", "SHARE@TIME+DOWN/WINDOW",
            "this share of all nodes restarts within a time");
  add_fault("--join-storm", "join-storm", "COUNT@TIME", "so many new nodes join at once");
  add_fault("--lose-disk", "lose-disk", "NODE@TIME", "its disk is lost; it misses it at its next start");
  add_fault("--write", "write", "NODE@TIME", "it sets or deletes some keys of its own state");
  add_key("--seed", "cluster.seed", "S", "everything random derives from it (default: 1)");
  add_each(app, "--set", "KEY=VALUE",
           "any key of a plan, or of the agent's configuration: swim.probe_interval=500ms; repeatable",
           [&sim](const std::string& pair) {
             const std::string key = pair.substr(0, pair.find('='));
             sim.values.push_back({key, "--set " + key, pair.substr(std::min(key.size() + 1, pair.size()))});
           });
}

}  // namespace

void declare_sim_cluster(CLI::App& app, Arguments& arguments) {
  auto& sim = arguments.sim_cluster;
  add_formats(app, arguments, true);
  add_plan_options(app, arguments, sim);
  app.add_option_function<std::vector<std::string>>(
         "--figures",
         [&sim](const auto& names) {
           sim.values.push_back({"measure.figures", "--figures", names});
         },
         "show only these, by their names in --format json; repeatable")
      ->type_name("NAME,...")
      ->delimiter(',');
  app.add_option("--report", sim.report_file, "write a page with plots: one HTML file that needs nothing else")
      ->type_name("FILE.html");
  app.add_option("--csv", sim.csv_file, "write what a node sends over time, by type of message")
      ->type_name("FILE.csv");
  app.footer("Exit status: 0 done, 1 failed, 2 wrong usage, 3 a limit of the plan's [expect] does not hold.");
}

void declare_sim_replay(CLI::App& app, Arguments& arguments) {
  add_output_options(app, arguments);
  auto& replay = arguments.sim_replay;
  app.add_option("--swarm-seed", replay.swarm_seed, "the plan of this seed of the swarm, instead of one in words")
      ->type_name("SEED");
  app.add_option("--from", replay.from, "since when, on the plan's clock (default: 0s)")->type_name("TIME");
  app.add_option("--to", replay.to, "until when (default: the end)")->type_name("TIME");
  repeatable(app.add_option("--node", replay.nodes, "only what concerns this node, by its number; repeatable"),
             "N");
  app.add_option("--match", replay.match, "only lines that contain this text")->type_name("TEXT");
  app.add_flag("--datagrams", replay.datagrams, "every datagram as well, in words");
  app.add_flag("--joining", replay.joining, "what happened before the plan's clock started, too");
  add_plan_options(app, arguments, arguments.sim_cluster);
}

void declare_sim_swarm(CLI::App& app, Arguments& arguments) {
  add_output_options(app, arguments);
  auto& swarm = arguments.sim_swarm;
  app.add_option_function<std::string>(
         "--family",
         [&swarm](const std::string& word) {
           swarm.family = word == "heartbeat" ? Family::heartbeat : Family::swim;
         },
         "the protocol family (default: swim)")
      ->check(CLI::IsMember({"swim", "heartbeat"}))
      ->type_name("swim|heartbeat");
  app.add_option("--first", swarm.first, "the first seed (default: 1)")->type_name("SEED");
  app.add_option("--seeds", swarm.seeds, "how many clusters to try (default: 100)")->type_name("N");
  app.add_option("--for", swarm.budget, "as many as this time allows instead, for example 10m")->type_name("TIME");
  app.add_option("--jobs", swarm.jobs, "how many at once (default: one for each core)")->type_name("N");
  app.add_flag("--shrink", swarm.shrink,
               "take faults and nodes away from the first three that fail, while they do");
}

// A flag with a few known words, which the parser of the type understands.
template <class Value>
void add_word(CLI::App& app, const char* flag, Value& value, std::optional<Value> (*parse)(std::string_view),
              const char* words, const char* help) {
  app.add_option_function<std::string>(
         flag,
         [&value, flag, parse, words](const std::string& text) {
           const auto parsed = parse(text);
           if (!parsed) throw CLI::ValidationError(flag, "\"" + text + "\" is none of " + words);
           value = *parsed;
         },
         help)
      ->type_name(words);
}

void declare_sim_spread(CLI::App& app, Arguments& arguments) {
  add_formats(app, arguments, true);
  auto& spread = arguments.sim_spread;
  auto& settings = spread.settings;
  using namespace sim::spread;
  app.add_option("--nodes", settings.nodes, "how many nodes, 2 to 10000000 (default: 1000)")->type_name("N");
  app.add_option("--fanout", settings.fanout, "contacts of a node in each round, 1 to 64 (default: 1)")
      ->type_name("K");
  add_word(app, "--mode", settings.mode, &parse_mode, "push|pull|push-pull",
           "who hands over the rumor: the caller, the one called, or both (default: push)");
  add_word(app, "--timing", settings.timing, &parse_timing, "sync|unsync|poisson",
           "rounds; timers with random phases, as real agents have; Poisson clocks (default: sync)");
  app.add_option("--loss", settings.loss, "share of datagrams that is lost, 0 to 0.9 (default: 0)")->type_name("P");
  add_word(app, "--stop", settings.stop, &parse_stop, "forever|die|counter|coin|budget|median",
           "when a node stops telling: never; after one round; after M rounds in which nobody needed it; with "
           "probability 1/M after such a round; after M transmissions; Karp's median counter (default: forever)");
  app.add_option("--copies", settings.copies,
                 "M of --stop, 1 to 1000 (default: counter, coin 3; median 2; budget 4 per digit of N)")
      ->type_name("M");
  auto* feedback = app.add_flag_callback(
      "--feedback", [&settings] { settings.feedback = true; },
      "counter, coin: only rounds in which all receivers knew it already count (the default)");
  app.add_flag_callback(
         "--blind", [&settings] { settings.feedback = false; }, "counter, coin: every round of telling counts")
      ->excludes(feedback);
  app.add_flag("--digest-first", settings.digest_first,
               "offer first; the content goes only to who lacks it, and once");
  app.add_option("--trials", settings.trials, "epidemics to run, 1 to 1000000 (default: 4 to 10000, by N)")
      ->type_name("T");
  app.add_option("--seed", settings.seed, "everything random derives from it (default: 1)")->type_name("S");
  app.add_option("--report", spread.report_file, "write a page with the curve beside theory: one HTML file")
      ->type_name("FILE.html");
  app.add_option("--csv", spread.csv_file, "write the curve by rounds, or the lines of --table or --compare")
      ->type_name("FILE.csv");
  auto* table = app.add_flag(
      "--table", spread.table,
      "rounds and messages for 10 to 1000000 nodes, fanout 1 to 3 and all modes, beside what is often claimed");
  auto* compare = app.add_flag("--compare", spread.compare,
                               "gossip beside a broadcast to all, a hub and a tree: messages, bytes, the busiest "
                               "node, and what survives deaths and loss");
  compare->excludes(table);
  for (const char* flag : {"--mode", "--timing", "--stop", "--feedback", "--blind", "--digest-first"}) {
    compare->excludes(app.get_option(flag));
  }
  app.add_option("--degree", spread.degree, "--compare: children of a node in the tree, 1 to 64 (default: 4)")
      ->type_name("D")
      ->needs(compare);
  app.add_option("--bytes", spread.bytes, "--compare: bytes of the update, 1 to 65000 (default: 100)")
      ->type_name("B")
      ->needs(compare);
}

void declare_sim_sweep(CLI::App& app, Arguments& arguments) {
  add_output_options(app, arguments);
  auto& sweep = arguments.sim_sweep;
  const auto add_list = [&](const char* flag, std::vector<std::string>& values, const char* type,
                            const char* help) { repeatable(app.add_option(flag, values, help), type); };
  app.add_option("--of", sweep.sweep.of,
                 "what is repeated: cluster, or spread, the epidemic model (default: cluster)")
      ->type_name("cluster|spread");
  add_list("--vary", sweep.sweep.vary, "KEY=VALUE,...",
           "a knob and its values, for example network.loss=0,0.05; several make a grid; repeatable");
  add_list("--point", sweep.sweep.points, "KEY=VALUE,...", "instead of a grid: one point of a list; repeatable");
  app.add_option("--seeds", sweep.sweep.seeds, "runs of each point, from --seed on (default: 10)")->type_name("N");
  add_list(
      "--figures", sweep.sweep.figures, "NAME,...",
      "what to record: names of `sim cluster --format json`, or settled, agreed, detected, unharmed, violations; "
      "all; repeatable");
  app.add_option("--out", sweep.out, "a line of CSV for each run; the same words go on with what is there")
      ->type_name("FILE.csv");
  app.add_option("--summary", sweep.summary, "means and intervals of each point as CSV")->type_name("FILE.csv");
  app.add_option("--report", sweep.report, "a page with a panel for each figure")->type_name("FILE.html");
  app.add_option("--jobs", sweep.jobs, "how many at once (default: one for each core, as far as memory goes)")
      ->type_name("N");
  add_plan_options(app, arguments, sweep.cluster);
  app.footer(
      "Exit status: 0 done, 1 failed or partial, 2 wrong usage, 3 a limit of the plan's [expect] does not hold in "
      "some "
      "run.");
}

}  // namespace hearsay::cli
