// The commands that wait for this node's leave.
#pragma once

#include <vector>

#include "hearsay/command.h"
#include "room/step.h"

namespace hearsay::room {

class Leavers {
 public:
  // Commands that may wait for one leave; more are told that it runs.
  static constexpr std::size_t kMax = 64;

  // False: it does not wait, and has been told.
  bool add(Step& step, CommandId command) {
    if (commands_.size() >= kMax) {
      step.out.notify(
          {step.now, CommandDone{command, 0, Error{Errc::wrong_state, "this node is leaving already", ""}}});
      return false;
    }
    commands_.push_back(command);
    return true;
  }
  // The leave is complete.
  void tell(Step& step) {
    for (const CommandId command : commands_) step.out.notify({step.now, CommandDone{command, 0, {}}});
    commands_.clear();
  }

  template <class Archive>
  void fields(Archive& archive) {
    archive(commands_);
  }

 private:
  std::vector<CommandId> commands_;
};

}  // namespace hearsay::room
