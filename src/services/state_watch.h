// Whom our own state has reached. Who waits for it asks, in a rumor: "who holds version v of my state?" Each member
// tells the owner, in one small packet, as soon as it holds it. What others say when they compare counts as well.
//
// A question is for everybody, or carries a bitmap of those who are asked again: the bit of a member is chosen by
// the hash of its name, so nobody has to agree on who is who. Members that share a bit answer once too often, and
// no more. Answers are spread over some time that grows with the cluster. Questions are asked again at growing
// pauses, while somebody is missing. All watches of a node share its question; while nobody waits, nothing is sent
// or kept.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "hearsay/state.h"
#include "room/step.h"
#include "state/store.h"

namespace hearsay::services {

// Owners whose questions a node keeps at the same time.
inline constexpr std::size_t kAskersMax = 64;
// A question that was heard is known so long: its rumor is gone by then.
inline constexpr Duration kQuestionKept = std::chrono::minutes(1);
inline constexpr Duration kAskPauseMax = std::chrono::seconds(30);

class StateWatch {
 public:
  explicit StateWatch(base::Rng rng) : rng_(rng) {}

  void on_command(room::Step& step, const state::Store& store, const WatchState& command);
  void on_command(room::Step& step, const state::Store& store, const EndWatch& command);
  void on_message(room::Step& step, const state::Store& store, const room::Origin& origin,
                  const wire::StateQuestion& question);
  void on_message(room::Step& step, const state::Store& store, MemberId sender, const wire::StateHeld& held);
  // This member knows so much of our own state.
  void on_held(room::Step& step, const state::Store& store, MemberId member, wire::Epoch epoch,
               std::uint64_t version);
  // We have taken news of this owner.
  void on_news(room::Step& step, const state::Store& store, std::string_view owner);
  void on_outcome(const room::Outcome& outcome);
  void on_time(room::Step& step, const state::Store& store);
  Time next_deadline() const { return std::min({check_, ask_, answer_}); }
  std::uint32_t watches() const { return static_cast<std::uint32_t>(watches_.size()); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, watches_, held_, epoch_.generation, epoch_.life, number_, check_, ask_, pause_, asked_, answer_);
  }

 private:
  struct Cost {
    std::uint64_t questions = 0;
    std::uint64_t question_bytes = 0;
    std::uint64_t answers = 0;
    std::uint64_t answer_bytes = 0;
  };
  struct Watch {
    CommandId id;
    std::uint64_t version = 0;
    Holders wanted;
    Time began{};
    Time until{};
    Cost before;  // of those that ended already
    template <class Archive>
    void fields(Archive& archive) {
      archive(id, version, began, until);
    }
  };
  // An owner's question.
  struct Asked {
    wire::Epoch epoch;
    std::uint64_t version = 0;  // answered from this one on
    std::uint64_t told = 0;     // what it knows that we hold
    std::uint32_t number = 0;
    Time until{};   // so long, what comes is told, too
    Time forget{};  // and so long the question is known
    Time answer = kNever;
    template <class Archive>
    void fields(Archive& archive) {
      archive(epoch.generation, epoch.life, version, told, number, until, forget, answer);
    }
  };
  // Up, and as far as we know a hearsay node.
  bool may_hold(const room::Step& step, const state::Store& store, MemberId member) const;
  bool holds(MemberId member, std::uint64_t version) const;
  void check(room::Step& step, const state::Store& store);
  void ask(room::Step& step, const state::Store& store);
  void finish(room::Step& step, const state::Store& store, const Watch& watch, std::optional<Error> error);
  void maybe_answer(room::Step& step, const state::OwnerState& state, Asked& asked);
  void answer(room::Step& step, const state::Store& store);

  base::Rng rng_;
  std::vector<Watch> watches_;
  std::map<MemberId, std::uint64_t> held_;  // the version of ours that a member is known to hold
  wire::Epoch epoch_;                       // of these versions
  std::uint32_t number_ = 0;                // of the latest question
  Time check_ = kNever;                     // who holds what: soon after it changed, and when a watch ends
  Time ask_ = kNever;                       // those who are missing
  Duration pause_{};                        // after the next question
  Cost cost_;                               // of all watches so far
  std::map<std::uint64_t, Asked> asked_;    // by owner
  Time answer_ = kNever;                    // the next that is due, or to be forgotten
  Bytes encoded_;                           // scratch
};

}  // namespace hearsay::services
