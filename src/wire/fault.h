// Why bytes did not decode. Whose fault: always the peer's; counted and dropped, never asserted.
#pragma once

#include <cstdint>
#include <tl/expected.hpp>

#include "hearsay/counters.h"

namespace hearsay::wire {

enum class Fault : std::uint8_t {
  truncated,    // fewer bytes than a length or a type promises
  malformed,    // not what the format allows there
  too_deep,     // nested beyond the bound
  too_large,    // over a bound of ours
  unexpected,   // a known type that does not belong there
  wrong_label,  // another label, or none, or one where none belongs
  plaintext,    // not encrypted although it must be
  not_opened,   // no key opens it
  bad_crc,      // the checksum is wrong
};
const char* name_of(Fault fault);
// The counter that tells of this fault.
Count counter_of(Fault fault);

template <class T>
using Decoded = tl::expected<T, Fault>;

}  // namespace hearsay::wire
