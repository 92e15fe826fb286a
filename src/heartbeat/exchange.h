// The rounds: every interval our counter grows, and a few peers are told, asked, or both (van Renesse, Minsky,
// Hayden 1998; the digest mode is Cassandra's SYN, ACK, ACK2).
//
// What does not fit goes slice by slice, in the order of names, each exchange where the last one ended; the slices
// of different nodes start at different places. While nothing changes, rounds may come ever more seldom
// (HeartbeatConfig::interval_max). Messages of all modes are answered whatever our own mode is.
#pragma once

#include <span>
#include <vector>

#include "base/rng.h"
#include "heartbeat/opinions.h"
#include "heartbeat/peer_choice.h"

namespace hearsay::heartbeat {

// Echoes of strangers answered in a round: whom we are joining may ask us before we know it.
inline constexpr unsigned kStrangersAnswered = 32;

class Exchange {
 public:
  enum class Timer { round };

  Exchange(base::Rng rng, Ledger& ledger, Opinions& opinions) : rng_(rng), ledger_(&ledger), opinions_(&opinions) {}

  void start(room::Step& step);
  // Counters, suspicions, facts; a pull; the digests. The sender vouches for itself.
  void on_message(room::Step& step, const room::Origin& origin, const wire::Heartbeat& message);
  // An echo of nobody we know.
  void on_stranger(room::Step& step, const room::Origin& origin, const wire::Heartbeat& echo);
  void on_outcome(room::Step& step, const room::Outcome& outcome);
  void on_time(room::Step& step);
  // Something but counters has changed: the next round comes an interval from now at the latest.
  void hurry(const room::Step& step);
  Time next_deadline() const { return round_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, round_, pause_, slice_, strangers_, cycle_);
  }

 private:
  void round(room::Step& step);
  void contact(room::Step& step, const Address& peer);
  void maybe_contact_seed(room::Step& step);
  // Beats in datagrams, up to exchange_bytes_max.
  void tell_table(room::Step& step, const Address& peer);
  // Fills the message with the next slice, ourselves first; how many rows it took.
  std::size_t add_slice(room::Step& step, std::size_t room_bytes, wire::Heartbeat& message);
  // Suspicions, when a majority decides: at most half of the message. What is left of it.
  std::size_t add_opinions(room::Step& step, wire::Heartbeat& message);
  void tell_facts(room::Step& step, const Address& peer, std::span<const std::string_view> names);
  void ask_wanted(room::Step& step, const Address& peer);
  void answer_echo(room::Step& step, const room::Origin& origin, const wire::Heartbeat& echo);
  void answer_syn(room::Step& step, const room::Origin& origin, const wire::Heartbeat& syn);
  static void send(room::Step& step, const Address& peer, const wire::Heartbeat& message) {
    step.out.send(room::Peer{peer, true, spread::Audience::hearsay}, message);
  }

  base::Rng rng_;
  Ledger* ledger_;
  Opinions* opinions_;
  Time round_ = kNever;
  Duration pause_{};  // before the next round but one, when nothing changes
  std::size_t slice_ = 0;
  unsigned strangers_ = 0;
  PeerCycle cycle_;
  std::vector<MemberId> picked_;        // scratch
  std::vector<std::string_view> lack_;  // scratch
};

}  // namespace hearsay::heartbeat
