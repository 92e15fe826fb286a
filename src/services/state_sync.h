// Per-node state between nodes: everybody comes to know what everybody says about itself.
//
// A fresh change travels as a rumor that holds the delta, so it is everywhere in O(log N) gossip rounds. What a
// rumor missed, and what is too large for a packet, is found by comparing: now and then a node tells a random peer
// the hash of all states that it knows. Equal hashes end it, so a cluster at rest pays one small packet per node
// and interval. Different ones are narrowed down (ranges of owners, then digests), and both sides tell each other
// the deltas. Who is far behind takes the states in bulk, over a stream. (Scuttlebutt and chitchat exchange digests
// of all owners each time; with many owners they fill the packet, and nothing is left for news.)
//
// While nobody has published anything, nothing is sent at all. Members only: the state of somebody who is not in
// the table is not taken, and goes when its owner is forgotten.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "hearsay/state.h"
#include "room/step.h"
#include "services/state_watch.h"
#include "state/store.h"

namespace hearsay::services {

inline constexpr std::size_t kDeltaPacketsMax = 4;      // told in answer to one list of digests
inline constexpr std::size_t kRangesAskedMax = 4;       // of those that differ, in answer to one list of hashes
inline constexpr unsigned kStateAnswersPerSecond = 64;  // packets of others that are answered
inline constexpr std::size_t kBulkBytesMax = std::size_t{9} << 20;  // of one answer over a stream
inline constexpr std::size_t kChangedKeysMax = 64;                  // named in one notice
inline constexpr Duration kNoticePause = std::chrono::milliseconds(100);
// A rumor repeats what changed before, as far as it takes no more than this: who missed the one before needs no
// repair.
inline constexpr std::size_t kRumorBytesAim = 256;

class StateSync {
 public:
  enum class Timer {
    tick,    // compare with a peer
    notice,  // tell the application what changed
    own,     // keys that have lived long enough, tombstones that may be forgotten
  };

  StateSync(base::Rng rng, const Config& config);

  void on_command(room::Step& step, const WriteState& command);
  void on_command(room::Step& step, const WatchState& command) { watch_.on_command(step, store_, command); }
  void on_command(room::Step& step, const EndWatch& command) { watch_.on_command(step, store_, command); }
  void on_message(room::Step& step, MemberId sender, const wire::StateHash& theirs);
  void on_message(room::Step& step, MemberId sender, const wire::StateDigests& theirs);
  void on_message(room::Step& step, const room::Origin& origin, const wire::StateDeltas& deltas);
  void on_message(room::Step& step, const room::Origin& origin, const wire::StateQuestion& question) {
    watch_.on_message(step, store_, origin, question);
  }
  void on_message(room::Step& step, MemberId sender, const wire::StateHeld& held) {
    watch_.on_message(step, store_, sender, held);
  }
  // Somebody who is far behind asks for everything. False: it gets no answer.
  bool on_request(room::Step& step, const room::Origin& origin, const wire::StateDigests& theirs);
  void on_stream_end(room::Step& step, StreamId stream);
  void on_outcome(room::Step& step, const room::Outcome& outcome);
  void on_time(room::Step& step);
  Time next_deadline() const;

  const state::Store& store() const { return store_; }
  std::uint32_t watches() const { return watch_.watches(); }
  bool fetching() const { return fetch_.value != 0; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, store_, tick_, eager_, notice_, changed_, fetch_, fetch_from_, fetch_after_, second_, answers_,
            watch_);
  }

 private:
  void wake(const room::Step& step);
  // Our own state has changed since this version.
  void spread(room::Step& step, std::uint64_t since);
  void compare(room::Step& step);
  bool may_answer(room::Step& step);
  // Asks about a range of owners, as many of them as fit a packet.
  void ask(room::Step& step, MemberId peer, std::uint64_t first, std::uint64_t last);
  void tell(room::Step& step, MemberId peer, const std::vector<wire::StateDigest>& theirs);
  void fetch(room::Step& step, const Address& from);
  wire::StateDigests all_digests(const room::Step& step) const;
  // What both sides know of the owners in a list: pairs of (ours, theirs) for owners of the range on either side.
  template <class F>
  void each_pair(const wire::StateDigests& theirs, F f) const;
  bool outbid(room::Step& step, const wire::StateDigest& known);
  bool take(room::Step& step, const wire::StateDelta& delta);
  void note(const room::Step& step, std::string_view owner, const std::vector<std::string>& keys);
  void tell_application(room::Step& step);
  std::size_t digests_max(const room::Step& step) const;

  base::Rng rng_;
  state::Store store_;
  StateWatch watch_;
  Time tick_ = kNever;
  unsigned eager_ = 0;  // so many of the next ticks come early: there is news that no rumor carries
  Time notice_ = kNever;
  struct Changed {
    std::set<std::string> keys;
    bool more = false;
    template <class Archive>
    void fields(Archive& archive) {
      archive(more);
      for (std::string key : keys) archive(key);
    }
  };
  std::map<std::string, Changed> changed_;  // by owner; not told yet
  StreamId fetch_;
  Address fetch_from_;
  Time fetch_after_{};  // not before, when the last one brought nothing
  Time second_{};       // when the present second of answers began
  unsigned answers_ = 0;
  Duration age_;                   // of tombstones that are forgotten
  std::vector<MemberId> picked_;   // scratch
  std::vector<std::string> keys_;  // scratch
  Bytes encoded_;                  // scratch
};

}  // namespace hearsay::services
