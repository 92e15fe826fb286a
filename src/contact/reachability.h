// Which way is broken? A firewall, a route or an address translator often stops one direction only. Then probes of
// a member go unanswered although it is well: helpers or TCP answer for it, and nobody learns why the cluster
// limps.
//
// What one node can know: a probe asks for a way there and a way back. If the direct ack is missing twice in a row
// while packets of that very member arrive, the way back works, so the way there does not. If nothing of it arrives
// although it is alive, its way to us is broken, perhaps both; the node at the other end then sees the first case,
// and names the direction. If it is not known to be alive, nothing is said: it may be dead.
//
// Loss looks the same for a moment: at 30 % each way every second probe fails. So before a link is named it is
// asked kChecks times more, and any answer, however late, acquits it.
//
// Only members whose direct probes fail are watched, at most kWatchedMax of them.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "room/probe_report.h"
#include "room/step.h"

namespace hearsay::contact {

inline constexpr std::size_t kWatchedMax = 64;
inline constexpr std::uint8_t kChecks = 8;
inline constexpr std::uint32_t kFailuresWanted = 2;

// What to say of a link whose direct probes failed twice and whose checks went unanswered. `packets`: some of the
// member arrived meanwhile; `alive`: both probes were answered otherwise, through a helper or over TCP.
std::optional<Link::Fault> judge_link(bool packets, bool alive);

class Reachability {
 public:
  enum class Timer {
    check,   // ping a doubtful member once more
    forget,  // a member that is neither probed nor heard any more
  };

  explicit Reachability(base::Rng rng) : rng_(rng) {}

  void on_probe(room::Step& step, const room::ProbeReport& report);
  // True when it answers one of our checks, or comes too late for a probe.
  bool on_message(room::Step& step, const room::Origin& origin, const wire::Ack& ack);
  // A datagram came from there and what was in it has been heard.
  void on_packet(room::Step& step, const Address& from);
  void on_outcome(room::Step& step, const room::Outcome& outcome);
  void on_time(room::Step& step);
  Time next_deadline() const;

  // The links that are named, oldest first.
  std::vector<Link> links(const members::MemberTable& members) const;

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, watched_);
  }

 private:
  // The probe numbers that an ack may still answer: the last two probes and all checks.
  using Asked = std::array<SeqNo, 2 + kChecks>;
  struct Watch {
    MemberId member;
    Address address;
    std::uint32_t failed = 0;                     // direct probes, in a row
    std::array<Time, 2> began{};                  // the last two of them, the latest last
    std::array<OwnProbe::Answer, 2> otherwise{};  // how they were answered in the end
    Time packet{};  // its latest packet since the first of them; Time{} when none came
    Asked asked{};
    std::size_t next_asked = 0;
    std::uint8_t checks_left = kChecks;
    bool checked = false;  // all checks were sent and had their time
    Time check = kNever;
    Time forget = kNever;
    std::optional<Link::Fault> fault;
    Time since{};

    bool doubtful() const { return failed >= kFailuresWanted; }
    template <class Archive>
    void fields(Archive& archive) {
      archive(member, address, failed, began, otherwise, packet, asked, checks_left, checked, check, forget, fault,
              since);
    }
  };
  using Place = std::vector<Watch>::iterator;

  Place find(MemberId member);
  void ask(Watch& watch, SeqNo seq);
  void check(room::Step& step, Watch& watch);
  // False: nothing can be said of this link any more.
  bool judge(room::Step& step, Watch& watch);
  void plan_to_forget(const room::Step& step, Watch& watch);
  void end(room::Step& step, Place place, LinkChange::What what);
  static Link describe(const members::MemberTable& members, const Watch& watch);
  static void tell(room::Step& step, const Watch& watch, LinkChange::What what);

  base::Rng rng_;
  std::vector<Watch> watched_;
};

}  // namespace hearsay::contact
