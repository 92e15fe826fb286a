// Message -> one line of text. Logs, scenarios, traces and the dashboard share it.
#pragma once

#include <string>

#include "hearsay/bytes.h"

namespace hearsay::wire {

struct Envelope;

// One inner message of a datagram or stream, e.g. `suspect n7 inc=4 from=n2` or `push-pull join nodes=3`.
// Never fails: what does not decode is described as such, with its length.
std::string describe_message(ByteView message);
// A whole datagram: its messages joined by " + ", wrappers named only when `with_wrappers`.
std::string describe_datagram(const Envelope& envelope, ByteView datagram, bool with_wrappers = false);
// The same for a cluster without label and keys.
std::string describe_datagram(ByteView datagram);

}  // namespace hearsay::wire
