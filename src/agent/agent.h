// The agent: a host with configuration, memory on disk, an HTTP interface and a log, from start to end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/live_settings.h"
#include "agent/log.h"
#include "hearsay/address.h"
#include "hearsay/result.h"

namespace boost::asio {
class io_context;
}

namespace hearsay::agent {

// Belongs to the loop's thread.
class Agent {
 public:
  // Takes the data directory, binds, announces itself and begins to join. Errors name cause and cure; nothing
  // is left running. `on_end` is called once when the agent should end by itself: 0 after a leave that was asked
  // for over HTTP, 1 when the node has turned defunct.
  // `load` reads the configuration again for a reload; null: there is no file.
  static Result<std::unique_ptr<Agent>> start(boost::asio::io_context& loop, AgentConfig config, Log& log,
                                              std::function<void(int status)> on_end,
                                              std::function<Loaded()> load = {});
  // Stops without leaving. What is to be kept is written before this returns.
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Tells the others that it leaves; `done` comes when they have been told.
  void leave(std::function<void(Result<void>)> done);
  // Reads the configuration again, takes over what it can and logs what came of it.
  void reload(std::function<void(Result<Reloaded>)> done = {});
  // Ends the HTTP server, letting requests in progress finish.
  void stop(std::function<void()> done);

  // What is in force.
  const AgentConfig& config() const;
  std::optional<Address> http() const;
  Address gossip() const;
  // What the operator sees first.
  std::string banner() const;

  struct Impl;

 private:
  explicit Agent(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

// Runs an agent in this process until a signal or a command ends it; the exit status. Takes SIGINT, SIGTERM and, to
// reload with `load`, SIGHUP.
int run_agent(AgentConfig config, const std::vector<std::string>& warnings, std::function<Loaded()> load);

}  // namespace hearsay::agent
