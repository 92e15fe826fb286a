// Scenarios: commands above a line of dashes, the recorded trace below it. They read like the papers' stories and
// are the first tests of every protocol idea.
//
//   seed 7                         profile local|lan|wan          latency 5ms      jitter 2ms
//   nodes n1 n2 n3                 tags n1 k=v ...                set swim.indirect_probes 0
//   join n2 n1 ...                 leave n2                       run 5s
//   crash n3                       restart n3 [INCARNATION]       pause n3         continue n3
//   block n1 n2 [udp] (one way)    heal                           loss 0.2
//   encrypt all|n1 a,b [plain_in] [plain_out]                     keys n1 use b [force]
//   why n1 n2                      expect-link n1 n2 outgoing|unheard|none
//   force-leave n1 n3 [prune]
//   expect n1 n3 failed            agree                          finally
//   trace messages|notices
//
// `encrypt` names the keys that nodes made or restarted later begin with, the one that encrypts first; `plain_in`
// takes plaintext as well, `plain_out` sends it. `keys N A K`: the command ManageKeys with the key of this name.
// `expect A B S`: node A shows member B with status S (or `unknown`). `agree`: all running nodes show the same
// statuses and incarnations. What stands behind `finally` must hold even when any one datagram is lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hearsay/result.h"

namespace hearsay::sim {

struct Scenario {
  struct Line {
    std::size_t number = 0;  // in the file, from 1
    std::vector<std::string> words;
  };
  std::vector<Line> lines;
  std::string commands;  // the text above the dashes, verbatim
  std::string trace;     // the text below them
};

// Errors: invalid_argument, naming the line. Words are checked when the scenario runs.
Result<Scenario> parse_scenario(std::string_view text);

struct ScenarioRun {
  std::string trace;
  std::vector<std::string> failures;  // what did not hold, with the line number; empty: all held
  std::uint64_t datagrams = 0;        // how many were sent
};

// Runs it. With `lose`, the datagram of that number is lost, and only what stands behind `finally` is judged.
ScenarioRun run_scenario(const Scenario& scenario, std::optional<std::uint64_t> lose = {});

}  // namespace hearsay::sim
