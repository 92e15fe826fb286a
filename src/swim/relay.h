// The helper's side of an indirect probe: ping the target for somebody else and pass its ack on; if none comes in
// time and the asker understands it, say so with a nack (Lifeguard: the asker learns that we at least are fine).
//
// A nack goes out when four fifths of the probe timeout are over (Lifeguard IV.A). memberlist sends it at the end;
// with its default timings the asker's deadline is at that very moment, so that a healthy asker hears no nack and
// blames itself for every member that dies.
//
// Relays go only to addresses that members are known by, and only so many at a time: otherwise anybody could use
// us as a reflector.
#pragma once

#include <map>

#include "base/rng.h"
#include "base/timers.h"
#include "room/step.h"

namespace hearsay::swim {

inline constexpr std::size_t kRelaysMax = 256;

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

  template <class Archive>
  void fields(Archive& archive) {
    archive(seq_, due_, pending_);
  }

 private:
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
};

}  // namespace hearsay::swim
