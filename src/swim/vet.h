// Who says so? In a cluster without keys anybody who can send a packet can speak of members, and a flood of
// invented ones would fill the table, wear out the probes and draw the gossip away from those that are there. So
// nobody becomes a member on a stranger's word alone: the newcomer is pinged at the address that it is said to
// have, and becomes a member with its answer. What members say, what answers a question of ours and what is sealed
// with the cluster's key needs no vetting (room::vouches). A newcomer that asks for our table is pinged over TCP as
// well, for its UDP may be blocked.
//
// Bounded: so many wait at once, and each source has a budget of its own, so that one that floods us cannot crowd
// out another, and nobody can make us ping strangers at more than a bounded rate.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>

#include "base/rng.h"
#include "base/timers.h"
#include "room/step.h"

namespace hearsay::swim {

// Newcomers that wait for their ping to be answered; the oldest makes room.
inline constexpr std::size_t kVettedMax = 512;
// Of those, the ones that are asked over TCP too.
inline constexpr std::size_t kVettedByStreamMax = 16;
// Sources share this many budgets, by a hash of their address: so many newcomers at once, then so many in a second.
inline constexpr std::size_t kVetSources = 64;
inline constexpr unsigned kVetBurst = 512;
inline constexpr unsigned kVetRate = 8;

class Vet {
 public:
  enum class Timer { patience };  // one for each newcomer: ask again; then give it up

  explicit Vet(base::Rng rng);

  void on_outcome(room::Step& step, const room::Outcome& outcome);
  // False when no newcomer was asked so.
  bool on_message(room::Step& step, const room::Origin& origin, const wire::Ack& ack);
  void on_stream_end(room::Step& step, StreamId stream);
  void on_time(room::Step& step);
  Time next_deadline() const { return patience_.next_deadline(); }
  std::size_t waiting() const { return waiting_.size(); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(seq_, patience_, waiting_, budgets_, warned_at_);
  }

 private:
  struct Newcomer {
    std::string name;
    Address address;
    Bytes alive;  // the message that spoke of it, or one made of the table entry
    bool verbatim = false;
    Evidence::Source source = Evidence::Source::gossip;
    Address heard_from;
    bool asked_twice = false;
    StreamId stream;
    // Its own table brought its name here, from the address that it claims.
    bool dialled_us() const { return source == Evidence::Source::push_pull && same_ip(heard_from, address); }
    template <class Archive>
    void fields(Archive& archive) {
      archive(name, address, alive, verbatim, heard_from, asked_twice, stream);
    }
  };
  struct Budget {
    unsigned left = kVetBurst;
    Time since{};
    template <class Archive>
    void fields(Archive& archive) {
      archive(left, since);
    }
  };
  using Waiting = std::map<SeqNo, Newcomer>;

  bool spend(room::Step& step, const Address& source);
  void ask(room::Step& step, SeqNo seq, const Newcomer& newcomer);
  void ask_by_stream(room::Step& step, SeqNo seq, Newcomer& newcomer);
  void admit(room::Step& step, Waiting::iterator found);
  void give_up(room::Step& step, Waiting::iterator found);
  void forget(Waiting::iterator found);

  SeqNo seq_;
  base::Timers<SeqNo> patience_;
  Waiting waiting_;
  std::set<std::string, std::less<>> names_;  // of those that wait
  std::map<StreamId, SeqNo> streams_;
  std::array<Budget, kVetSources> budgets_{};
  Time warned_at_{};
  Newcomer admitted_;  // its claim's views point here
};

}  // namespace hearsay::swim
