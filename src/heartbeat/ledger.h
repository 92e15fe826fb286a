// What this node knows of heartbeats: its own, and for each member the highest counter heard, when it grew, and
// what the detector makes of that. Shared by the rooms of the family; the member table holds the verdicts.
//
// Rules (docs/protocol/heartbeat.md): a higher counter counts once, whoever brings it. A higher generation is a new
// life. A generation that ended with a leave is over. A member that was down is called up only by its own word: on
// hearsay it is asked for an echo first. Who tells of a former life of ours makes us begin a higher generation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "heartbeat/detector.h"
#include "room/step.h"
#include "wire/heartbeat.h"

namespace hearsay::heartbeat {

// What somebody tells of a member, and what we hold.
struct Told {
  Incarnation generation;
  std::uint64_t heartbeat = 0;
  std::uint32_t facts = 0;
  bool left = false;
  bool has_facts = false;
  bool first_hand = false;  // the member itself says so, from its own address
};
struct Held {
  Incarnation generation;
  std::uint64_t heartbeat = 0;
  std::uint32_t facts = 0;
  members::Verdict verdict = members::Verdict::alive;
};
enum class Ruling : std::uint8_t {
  stale,       // nothing new
  counter,     // it is up, and its counter grew (or nothing but its facts are newer)
  facts,       // newer facts came along
  want_facts,  // ... did not: ask for them
  ask_first,   // it was down: see whether it is there
  tell_it,     // it is up in a life that is over, or was ahead of this one: it must hear of that
  left,        // it has left
};
Ruling rule(const Told& told, const Held& held);

// One member's record.
struct Beat {
  std::uint64_t heartbeat = 0;
  std::uint32_t facts = 0;
  Time last{};  // when the counter grew, or the member appeared
  Arrivals arrivals;
  Time asked{};                     // the last echo
  std::uint32_t window_life = 0;    // the replay window: the sender's generation,
  std::uint64_t window_top = 0;     // ... its highest sequence,
  std::uint64_t window_before = 0;  // ... and which of the 64 below it came

  template <class Archive>
  void fields(Archive& archive) {
    archive(heartbeat, facts, last, arrivals, asked, window_life, window_top, window_before);
  }
};
// Newcomers that only strangers' streams told of are asked at their address before they come in; so many at once,
// so many times each.
inline constexpr std::size_t kNewcomersMax = 64;
inline constexpr unsigned kNewcomerTries = 4;

// False: the message is older than the window or has been heard. Takes it into the window.
bool take_sequence(Beat& beat, Incarnation life, std::uint64_t sequence);

// In one round so many members that were down are asked; more wait for the next news of them.
inline constexpr unsigned kEchoesMax = 64;

class Ledger {
 public:
  Ledger(base::Rng rng, const Config& config, std::size_t message_bytes_max)
      : rng_(rng), message_bytes_max_(message_bytes_max), detector_(config.heartbeat) {}

  // Announces ourselves at this generation, as alive.
  void announce(room::Step& step, Incarnation generation);
  void set_meta(Bytes meta) {
    meta_ = std::move(meta);
    // With the heartbeat, so that a life that lost its disk does not reuse a version of the former one.
    facts_ = std::max(facts_ + 1, static_cast<std::uint32_t>(heartbeat_));
  }
  // The counter grows: a round begins.
  void beat(room::Step& step);
  std::uint64_t heartbeat() const { return heartbeat_; }
  // Own announcements and told entries say that we left.
  static bool has_left(const members::MemberTable& members) {
    return members.self_row().verdict == members::Verdict::left;
  }

  Beat& at(MemberId id);
  // It was up just now, and its facts are as many as ours.
  void on_known(const room::Step& step, MemberId id) {
    at(id).facts = facts_;
    at(id).last = step.now.steady;
  }
  const Detector& detector() const { return detector_; }
  void configure(const Config& config) { detector_ = Detector(config.heartbeat); }
  // This process was not run for so long: nobody was silent for that time.
  void on_pause(Duration length);

  // Takes what a message tells; its sender is a member, holds the key, or answered us. The names whose facts we
  // lack stay in wants(), as views into the message.
  void hear(room::Step& step, const room::Origin& origin, const wire::Heartbeat& message);
  // Nobody vouches for this newcomer: it is asked at its address, and comes in with its answer.
  void vet(room::Step& step, const wire::HeartbeatEntry& newcomer);
  // A member that is down is asked for an echo. Once in an interval, as what follows.
  void ask(room::Step& step, MemberId id, const Address& there);
  // What we hold of a member goes to itself, which then begins a life above it.
  void tell_owner(room::Step& step, MemberId id, const Address& there);
  // True: this is a newcomer's answer to us.
  bool is_answer(const room::Origin& origin, const wire::Heartbeat& message);
  const std::vector<std::string_view>& wants() const { return wants_; }

  // An empty message of ours, with the next sequence number. One at a time.
  wire::Heartbeat& begin(const room::Step& step, wire::HearsayType type);
  wire::HeartbeatEntry entry(const room::Step& step, MemberId id, bool with_facts);
  // Those that are up, and those that left lately: nobody is told of the dead, or they would never be forgotten.
  static bool is_told(const room::Step& step, MemberId id);
  // What fits a datagram, behind what the message holds already.
  std::size_t room_in(const wire::Heartbeat& message) const;

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, heartbeat_, facts_, sequence_, meta_, beats_, reuse_, renewed_, echoes_, newcomers_);
  }

 private:
  struct Newcomer {
    Address address;
    std::string name;
    std::uint64_t number = 0;
    unsigned tries = 0;
    template <class Archive>
    void fields(Archive& archive) {
      archive(address, name, number, tries);
    }
  };
  void ask_newcomer(room::Step& step, Newcomer& newcomer);
  void hear_one(room::Step& step, const room::Origin& origin, const wire::Heartbeat& message,
                const wire::HeartbeatEntry& entry);
  void hear_of_self(room::Step& step, const room::Origin& origin, const wire::HeartbeatEntry& entry);
  void appear(room::Step& step, members::Claim claim, const wire::HeartbeatEntry& entry);
  void take_counter(room::Step& step, MemberId id, const wire::HeartbeatEntry& entry, members::Claim claim);
  void take_facts(room::Step& step, const room::Origin& origin, MemberId id, const wire::HeartbeatEntry& entry,
                  members::Claim claim);
  // Once in an interval, and so many members in a round.
  bool may_ask(room::Step& step, MemberId id);
  void refuse(room::Step& step, const room::Origin& origin, MemberId id, Incarnation generation);

  base::Rng rng_;
  std::size_t message_bytes_max_;
  Detector detector_;
  std::uint64_t heartbeat_ = 0;
  std::uint32_t facts_ = 1;
  std::uint64_t sequence_ = 0;
  Bytes meta_;
  std::vector<Beat> beats_;           // by the members' places
  std::vector<std::uint32_t> reuse_;  // whose they are
  Time renewed_{};
  unsigned echoes_ = 0;
  std::vector<Newcomer> newcomers_;
  std::vector<std::string_view> wants_;
  wire::Heartbeat message_;  // scratch
};

}  // namespace hearsay::heartbeat
