// `hearsay repair-generation`: what an agent does whose generation no peer believes.
#include <unistd.h>

#include <boost/json/value.hpp>

#include "agent/data_dir.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "http/json.h"

namespace hearsay::cli {

int run_repair_generation(const Arguments& arguments, Terminal& terminal) {
  constexpr const char* kCommand = "repair-generation";
  const std::string& path = arguments.repair_dir;
  if (::access(path.c_str(), F_OK) != 0) {
    return report(terminal, kCommand,
                  {Errc::not_found, "there is no directory " + path, "name the agent's --data-dir"});
  }
  auto dir = agent::DataDir::open(path);
  if (!dir) return report(terminal, kCommand, dir.error());
  auto saved = (*dir)->load();
  if (!saved) return report(terminal, kCommand, saved.error());
  if (!*saved) {
    return report(terminal, kCommand,
                  {Errc::not_found, "no agent has kept anything in " + path, "name the agent's --data-dir"});
  }
  agent::SavedState& state = **saved;
  const std::uint32_t before = state.incarnation.value;
  state.incarnation = Incarnation{1};
  state.generation = 0;
  if (const auto done = (*dir)->save(state); !done) return report(terminal, kCommand, done.error());
  terminal.out(arguments.json
                   ? http::pretty(boost::json::object{{"name", state.name}, {"forgotten", before}}) + "\n"
                   : state.name + " forgot its generation " + std::to_string(before) +
                         ". Start its agent: it learns from its peers where to go on.\n");
  return kDone;
}

}  // namespace hearsay::cli
