#include "sim/checkers/checker.h"

namespace hearsay::sim {

namespace {

class NobodyAccusesItself final : public Checker {
 public:
  const char* name() const override { return "nobody believes a word against itself"; }

  std::string on_change(Place, const MemberChange& change) override {
    const bool accused = change.member.status == Status::suspect || change.member.status == Status::failed;
    return change.member.is_self && accused ? std::string("it is ") + name_of(change.member.status) : "";
  }
};

}  // namespace

std::unique_ptr<Checker> nobody_accuses_itself() { return std::make_unique<NobodyAccusesItself>(); }

}  // namespace hearsay::sim
