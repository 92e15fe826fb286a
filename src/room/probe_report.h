// How one of our own probes ended; offered to all rooms, like an outcome.
#pragma once

#include "hearsay/address.h"
#include "hearsay/ids.h"
#include "hearsay/notice.h"
#include "hearsay/time.h"

namespace hearsay::room {

struct ProbeReport {
  MemberId member;
  Address address;  // where it was asked
  SeqNo seq;
  Time began{};
  Time ended{};
  OwnProbe::Answer answer = OwnProbe::Answer::none;
  MemberId through;  // relayed: the helper; invalid when it cannot be told
  std::uint8_t helpers = 0;
  std::uint8_t nacks = 0;

  bool direct() const { return answer == OwnProbe::Answer::direct; }
  template <class Archive>
  void fields(Archive& archive) {
    archive(member, address, seq, began, ended, answer, through, helpers, nacks);
  }
};

}  // namespace hearsay::room
