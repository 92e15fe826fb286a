// What we say of ourselves, in the words that both families share.
#pragma once

#include <utility>

#include "room/step.h"

namespace hearsay::room {

// We are at our address, in this incarnation (or generation), with this meta.
inline void announce(Step& step, Incarnation incarnation, ByteView meta) {
  const Config& config = step.config;
  Claim claim{members::AliveClaim{config.name, incarnation, config.advertise.ip_view(), config.advertise.port, meta,
                                  step.members.our_versions()},
              {}};
  claim.own = true;
  claim.evidence.source = Evidence::Source::self;
  step.submit(std::move(claim));
}

// We leave on purpose, as our application asked.
inline void announce_departure(Step& step) {
  const Incarnation own{step.members.self_row().incarnation};
  Claim claim{members::DeadClaim{step.config.name, own, step.config.name}, {}};
  claim.own = true;
  claim.evidence.source = Evidence::Source::command;
  step.submit(std::move(claim));
}

}  // namespace hearsay::room
