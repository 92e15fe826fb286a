// The helper's side of an indirect probe: ping the target for somebody else and pass its ack on; if none comes in
// time and the asker understands it, say so with a nack (Lifeguard: the asker learns that we at least are fine).
//
// A nack goes out when four fifths of the probe timeout are over (Lifeguard IV.A). memberlist sends it at the end;
// with its default timings the asker's deadline is at that very moment, so that a healthy asker hears no nack and
// blames itself for every member that dies.
//
// Relays go only to addresses that members are known by, only so many at a time and so many in a second: otherwise
// anybody could use us as a reflector.
#pragma once

#include <map>
#include <vector>

#include "base/rng.h"
#include "base/timers.h"
#include "room/step.h"

namespace hearsay::swim {

inline constexpr std::size_t kRelaysMax = 256;        // that wait for an answer
inline constexpr std::size_t kRelaysPerSecond = 512;  // for all askers together
inline constexpr std::uint32_t kRelaysPerAsker = 64;  // in a second, for one IP address

constexpr Duration nack_after(Duration probe_timeout) { return probe_timeout / 5 * 4; }

class Relay {
 public:
  enum class Timer { due };  // one for each ping sent for another: first the nack, if one is wanted, then the end

  explicit Relay(base::Rng rng);

  void on_message(room::Step& step, const room::Origin& origin, const wire::IndirectPing& asked);
  // False when no relay of ours waits for it.
  bool on_message(room::Step& step, const room::Origin& origin, const wire::Ack& ack);
  // What others asked of us before a pause is no longer of use to them.
  void on_pause();
  void on_time(room::Step& step);
  Time next_deadline() const { return due_.next_deadline(); }
  std::size_t pending() const { return pending_.size(); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(seq_, due_, pending_, second_, relayed_);
    for (Asker& asker : askers_) archive(asker.from, asker.relayed);
  }

 private:
  struct Asker {
    Address from;  // its port is 0: one machine is one asker
    std::uint32_t relayed = 0;
  };
  // Counts one for this asker, if that is within the rates.
  bool within_rates(Time now, const Address& from);

  struct Pending {
    MemberId target;
    Address target_address;
    room::ReplyTo asker;
    SeqNo asked_seq;
    bool nack = false;  // wanted, and not sent yet
    template <class Archive>
    void fields(Archive& archive) {
      archive(target, target_address, asker.peer.to, asked_seq, nack);
    }
  };
  SeqNo seq_;
  base::Timers<SeqNo> due_;
  std::map<SeqNo, Pending> pending_;
  Time second_{};  // when the counts below began
  std::size_t relayed_ = 0;
  std::vector<Asker> askers_;  // at most kRelaysPerSecond
};

}  // namespace hearsay::swim
