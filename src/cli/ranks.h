// This process among those that mpirun started together, and text messages between them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hearsay/result.h"

struct HearsayRanks;

namespace hearsay::cli {

// What mpirun says in the environment; {0, 1, 1} without it.
struct RankPlace {
  int rank = 0;
  int size = 1;
  int here = 1;  // how many of them run on this machine
};
RankPlace rank_place();

class Ranks {
 public:
  // Loads the plugin and joins the others. REQUIRES: rank_place().size > 1; called once.
  [[nodiscard]] static Result<std::unique_ptr<Ranks>> join();

  int rank() const;
  int size() const;
  void send(int to, const std::string& text) const;
  // Somebody's next message and whose it is; empty: there is none yet.
  std::optional<std::pair<int, std::string>> take() const;
  // Waits for one.
  std::pair<int, std::string> wait() const;
  // The last call of every process.
  void finish() const;

 private:
  explicit Ranks(const HearsayRanks& door) : door_(door) {}
  const HearsayRanks& door_;
};

}  // namespace hearsay::cli
