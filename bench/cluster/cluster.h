// A cluster under measurement: real nodes with the default settings of the lan profile, in one process, behind real
// loopback sockets or under virtual time. The experiment is the same for both, so that it shows whether the
// simulator predicts what sockets do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "hearsay/command.h"
#include "hearsay/config.h"
#include "hearsay/node.h"
#include "hearsay/notice.h"
#include "hearsay/time.h"

namespace hearsay::bench {

using Index = std::size_t;

inline std::string name_of(Index index) { return "n" + std::to_string(index); }

class Cluster {
 public:
  virtual ~Cluster() = default;
  // Adds the next node. Its seed is node 0, as a program that joins for good would have it.
  virtual void add() = 0;
  // "IP:PORT" of a node.
  virtual std::string address(Index index) const = 0;
  virtual void command(Index index, const Command& command) = 0;
  // The process is gone: its datagrams are dropped, its connections reset. No leave.
  virtual void kill(Index index) = 0;
  virtual NodeInfo info(Index index) const = 0;
  virtual Time now() = 0;
  // Lets the nodes live until `end`, or until `done` when there is one.
  virtual void run_until(Time end, const std::function<bool()>& done) = 0;

  std::function<void(Index, const Notice&)> on_notice;
};

// The lan profile, named and seeded.
Config config_of(Index index, const std::string& seed_address);

// The nodes are dealt out to so many threads, at least one. Null when the sockets cannot be opened; `why` says the
// cause and the cure.
std::unique_ptr<Cluster> make_loopback(std::uint64_t seed, unsigned threads, std::string& why);
std::unique_ptr<Cluster> make_virtual(std::uint64_t seed);

}  // namespace hearsay::bench
