// Why is n7 suspect? What this node saw itself lies in the history; what another one saw, only that one knows. So
// the first accuser, when it is a hearsay node, is asked for its evidence: one small datagram there, one back.
//
// Beside it, this node keeps its own last probes, of all members together: what they said of the accused is worth
// more than anybody's word.
//
// Bounds: kInquiriesMax questions at once, one request for each and nothing sent again; answers count from the
// asked node alone; at most kTestimoniesPerSecond answers, each no larger than a few names.
#pragma once

#include <string>
#include <vector>

#include "hearsay/command.h"
#include "members/history.h"
#include "room/probe_report.h"
#include "room/step.h"
#include "wire/extension.h"

namespace hearsay::swim {

inline constexpr std::size_t kProbesKept = 512;
inline constexpr std::ptrdiff_t kProbesTold = 10;  // of one member
inline constexpr std::size_t kInquiriesMax = 16;
inline constexpr unsigned kTestimoniesPerSecond = 8;

// Who accused a member first in its last trouble, as far as the history of changes tells, oldest first.
struct Accuser {
  std::string name;   // empty: nobody but this node, or nobody at all
  Address told_from;  // the name is unknown, but whoever is there told us in a table exchange
};
Accuser first_accuser(const std::vector<Notice>& history, std::string_view member, std::string_view self);

class Inquiry {
 public:
  enum class Timer { deadline };  // the asked node has not answered

  // `history` must outlive this.
  explicit Inquiry(const members::History& history);

  void on_command(room::Step& step, const Why& why, std::vector<Link> links);
  void on_message(room::Step& step, MemberId sender, const wire::EvidenceRequest& request);
  void on_message(room::Step& step, MemberId sender, const wire::EvidenceAnswer& answer);
  void on_probe(const room::ProbeReport& report);
  void on_time(room::Step& step);
  Time next_deadline() const;

  template <class Archive>
  void fields(Archive& archive) {
    archive(probes_, next_probe_, numbers_, open_, second_, told_);
  }

 private:
  struct Open {
    std::uint32_t number = 0;
    CommandId command;
    std::string member;
    std::string witness;
    MemberId asked;
    Time deadline{};
    std::vector<Link> links{};
    template <class Archive>
    void fields(Archive& archive) {
      archive(number, command, member, witness, asked, deadline);
    }
  };
  // Sends the request; else the reason why there is nobody to send it to.
  std::string ask(room::Step& step, Open& open, const Accuser& accuser);
  void explain(room::Step& step, Open open, std::optional<Testimony> testimony) const;
  std::vector<OwnProbe> probes_of(const members::MemberTable& members, std::string_view name) const;

  const members::History* history_;
  std::vector<room::ProbeReport> probes_;  // a ring
  std::size_t next_probe_ = 0;             // the oldest one, once it is full
  std::uint32_t numbers_ = 0;
  std::vector<Open> open_;
  Time second_{};  // when the present second of answers began
  unsigned told_ = 0;
};

}  // namespace hearsay::swim
