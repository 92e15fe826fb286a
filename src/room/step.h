// What every room is handed.
//
// A room is a protocol idea or a service behind one door:
//   void on_message(Step&, const Origin&, const wire::X&);  one overload per message that it owns
//   void on_outcome(Step&, const Outcome&);                 if it cares
//   void on_time(Step&);                                    everything due at step.now
//   Time next_deadline() const;                             kNever when nothing waits
// Rooms submit claims and never call each other. Each owns a random stream forked by its name.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/scratch.h"
#include "hearsay/address.h"
#include "hearsay/config.h"
#include "hearsay/counters.h"
#include "hearsay/time.h"
#include "members/member_table.h"
#include "room/admission.h"
#include "room/outbox.h"
#include "room/probe_report.h"
#include "spread/rumor_queue.h"

namespace hearsay::room {

using members::Claim;
using members::Outcome;

// Where a message came from.
struct Origin {
  Address from;
  StreamId stream;      // 0: a datagram
  bool sealed = false;  // it was encrypted and authentic
  ByteView verbatim;    // the message's bytes as they came, type byte included

  bool is_stream() const { return stream.value != 0; }
};

// Outcomes that are still to be offered to all rooms, in order. Claims made meanwhile join the queue. Beside them
// the end of our own probe, of which one input brings at most one.
class Outcomes {
 public:
  struct Entry {
    Claim claim;
    Outcome outcome;
  };
  explicit Outcomes(std::size_t max) : max_(max) {}
  bool full() const { return entries_.size() >= max_; }
  void push(Claim claim, const Outcome& outcome) { entries_.push_back({std::move(claim), outcome}); }
  bool empty() const { return next_ == entries_.size(); }
  // Nothing at all is to be offered.
  bool idle() const { return empty() && !report_; }
  // REQUIRES: !empty()
  Entry take() {
    Entry entry = std::move(entries_[next_++]);
    if (empty()) clear();
    return entry;
  }
  void clear() {
    base::recycle(entries_);
    next_ = 0;
  }
  void report(const ProbeReport& report) { report_ = report; }
  std::optional<ProbeReport> take_report() { return std::exchange(report_, std::nullopt); }

 private:
  std::size_t max_;
  std::size_t next_ = 0;
  std::vector<Entry> entries_;
  std::optional<ProbeReport> report_;
};

struct Step {
  Now now;
  const Config& config;
  members::MemberTable& members;
  spread::RumorQueue& rumors;
  Outbox& out;
  Outcomes& outcomes;
  Counters& counters;
  ByteView extension{};            // what our pings and acks of this input carry for other hearsay nodes
  Admission* admission = nullptr;  // null: everybody is admitted, and no refusal is kept

  // Applies the claim at once and offers the outcome to all rooms when this one has returned. Views in the claim
  // must point into the present input or into the interner. Over the bound, the claim is refused and counted.
  Outcome submit(Claim claim) {
    if (outcomes.full()) {
      counters.add(Count::dropped_claim_limit);
      return {};
    }
    const auto* alive = std::get_if<members::AliveClaim>(&claim.body);
    if (alive != nullptr && !claim.own && admission != nullptr) {
      if (auto reason = admission->refuses(config.admission, members, *alive)) {
        counters.add(Count::dropped_admission);
        admission->refused(now, out, *alive, claim.evidence.heard_from, *std::move(reason));
        return {};
      }
    }
    Outcome outcome = members.apply(now, claim);
    if (outcome.absurd) counters.add(Count::dropped_incarnation);
    if (alive != nullptr && !outcome.member.valid() && members.size() >= config.limits.members_max) {
      counters.add(Count::dropped_members_limit);
      if (admission != nullptr) {
        admission->refused(now, out, *alive, claim.evidence.heard_from,
                           "the table is full: limits.members_max is " + std::to_string(config.limits.members_max));
      }
    }
    outcome.claim = nullptr;  // it moves into the queue
    // Nobody does anything about what was refused, and a hostile table holds a lot of it; but lies about this node
    // are told to people.
    const bool absurd_of_us = outcome.absurd && members.is_self(outcome.member);
    if (outcome.kind != Outcome::Kind::refused || absurd_of_us) outcomes.push(std::move(claim), outcome);
    return outcome;
  }

  Time after(Duration duration) const { return later(now.steady, duration); }
};

// May this sender's word bring members into the table that we do not know? Yes when it holds the cluster's key,
// when it answers a question of ours, and when it is a member itself: the source of a datagram is a member's very
// address (others may come from the same machine), that of a stream has a port of the system's choice.
inline bool vouches(const Step& step, const Origin& origin) {
  if (origin.sealed) return true;
  if (!origin.is_stream()) return step.members.is_known_address(origin.from);
  return origin.stream.value % 2 == 0 || step.members.is_known_address(origin.from.machine());
}

// How often a rumor is told, in the cluster as this node knows it.
inline unsigned transmit_limit(const Config& config, const members::MemberTable& members) {
  return spread::transmit_limit(config.swim.retransmit_mult, members.size());
}

// Port 0 stands for the receiver's own (memberlist, for peers of protocol 1).
inline std::uint16_t port_or_own(const Step& step, std::uint16_t port) {
  return port == 0 ? step.config.advertise.port : port;
}

// The seam between a family's table exchange and what rides on it (memberlist's Delegate: LocalState and
// MergeRemoteState). A family and the Serf layer may not include each other; the node joins them.
class UserState {
 public:
  virtual ~UserState() = default;
  // Appends our state to `out`.
  virtual void write(Step& step, Bytes& out) = 0;
  // While this and the table of members are the same, so is what is written.
  virtual std::uint64_t version() const = 0;
  // Takes a peer's state; `joined`: it is the answer to a join of ours.
  virtual void merge(Step& step, const Origin& origin, ByteView state, bool joined) = 0;
};

// What a family does to get to know the node at an address: it asks on a stream. The answer comes back to the
// family as a message on that stream, or the stream ends without one.
class Introduction {
 public:
  virtual ~Introduction() = default;
  virtual StreamId introduce(Step& step, const Address& peer) = 0;
};

}  // namespace hearsay::room
