// Key changes for the whole cluster, begun here (Serf keymanager.go): ask everybody, collect what each says, tell
// what is missing. One at a time.
//
//   checking ----> asking_self ----> asking ----> asking_self ----> CommandDone
//   (use, remove)  (install)                      (use, remove)
//
// Removing a key that somebody still encrypts with, or using one that somebody lacks, splits a cluster for good; so
// the keyrings are looked at first. We install a key first ourselves, because what fails here need not be asked of
// others, and begin to use it last, so that nobody hears us in a key that he is just being told of.
//
// A query is gossiped once; whoever did not answer in Serf's time is asked again directly, twice. All four queries
// may be repeated without harm. Answers count once per member, only from those that were asked, and only if they
// came encrypted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "hearsay/command.h"
#include "room/step.h"
#include "serf/keys.h"
#include "serf/pass_through.h"

namespace hearsay::serf {

// Why this step would split the cluster, judged by what each member said of its keyring; nothing when it would not.
// REQUIRES: action is use or remove; the answers are those to `list`.
using KeyAnswers = std::map<std::string, KeyAnswer, std::less<>>;
std::optional<Error> unsafe_key_change(KeyAction action, ByteView key, const KeyAnswers& answers);

class KeyRounds {
 public:
  enum class Timer { deadline };  // of the present query, or of our own disk
  // Members that are asked directly in one attempt; a cluster in which more stay silent has other worries.
  static constexpr std::size_t kAskedDirectlyMax = 256;

  KeyRounds(base::Rng rng, PassThrough& queries, Keys& keys) : rng_(rng), queries_(&queries), keys_(&keys) {}

  void on_command(room::Step& step, const ManageKeys& command);
  void on_message(room::Step& step, const room::Origin& origin, const wire::QueryResponse& response);
  // Our own keyring may have changed, or refused to.
  void on_own_keys(room::Step& step);
  void on_time(room::Step& step);
  Time next_deadline() const { return deadline_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, phase_, command_.action, command_.key, deadline_, attempt_, silent_);
  }

 private:
  enum class Phase : std::uint8_t { none, checking, asking_self, asking };
  struct Sent {
    LamportTime time;
    std::uint32_t id = 0;
  };

  std::optional<Error> fault_of(const room::Step& step, const ManageKeys& command) const;
  void begin(room::Step& step, Phase phase, KeyAction action);
  void ask_self(room::Step& step);
  void tell(room::Step& step);
  void on_all_answers(room::Step& step);
  void finish(room::Step& step);
  void end(room::Step& step, std::uint32_t value, std::optional<Error> error);

  base::Rng rng_;
  PassThrough* queries_;
  Keys* keys_;
  Phase phase_ = Phase::none;
  ManageKeys command_;
  KeyAction asked_ = KeyAction::list;  // the present query
  std::vector<Sent> sent_;             // its attempts
  unsigned attempt_ = 0;
  Time deadline_ = kNever;
  KeyAnswers answers_;      // of all that were asked; silent until they speak
  std::size_t silent_ = 0;  // of the others
  bool told_ = false;       // the others have been asked, or need not be
};

}  // namespace hearsay::serf
