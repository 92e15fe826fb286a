// A member that was declared dead and returns with an old incarnation is not believed: its alive is stale, and if
// nobody told it, it would stay dead for everybody who remembers (memberlist issue 311). So it is told what is said
// of it, by the accusation itself, and refutes.
#pragma once

#include <array>

#include "room/step.h"

namespace hearsay::swim {

class Correct {
 public:
  void on_outcome(room::Step& step, const room::Outcome& outcome);

  template <class Archive>
  void fields(Archive& archive) {
    archive(told_, next_);
  }

 private:
  struct Told {
    MemberId member;
    Time at{};
    template <class Archive>
    void fields(Archive& archive) {
      archive(member, at);
    }
  };
  std::array<Told, 32> told_{};  // whom, and when: each at most once per probe interval
  std::size_t next_ = 0;
};

}  // namespace hearsay::swim
