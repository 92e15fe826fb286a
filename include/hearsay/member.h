// What a member is, as users see it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "hearsay/address.h"
#include "hearsay/bytes.h"
#include "hearsay/ids.h"
#include "hearsay/time.h"

namespace hearsay {

// The one status word that people see, in both families, spelled like this everywhere.
enum class Status : std::uint8_t {
  alive,    // answers, or nobody has reason to doubt it
  suspect,  // failed to answer somebody; may still refute
  leaving,  // has announced that it will leave
  left,     // left on purpose
  failed,   // declared dead
};
const char* name_of(Status status);

// Serf protocol and memberlist protocol versions: pmin, pmax, pcur, dmin, dmax, dcur (memberlist `Vsn`).
using Versions = std::array<std::uint8_t, 6>;

// Key -> value, set by the member itself. Ordered, so that its encoding is deterministic.
using Tags = std::map<std::string, std::string, std::less<>>;

// A copy of one row, folded for people and programs.
struct Member {
  std::string name;  // unique in the cluster
  Address address;   // normalised; where we dial it
  Status status = Status::alive;
  Incarnation incarnation;  // of the owner's facts
  LamportTime intent_time;  // Serf's status time; 0 when no intent was heard
  Tags tags;                // decoded from meta; empty when meta holds none
  Bytes meta;               // verbatim as its owner sent it
  Versions versions{};
  Time status_since{};  // when this node learned the present status
  Time last_contact{};  // the last first-hand sign of life; Time{} when there was none
  bool is_self = false;
};

}  // namespace hearsay
