// What the sockets of a host dropped or refused. What its node drops is counted by the node (counters.h).
#pragma once

#include <cstdint>

namespace hearsay {

// X(name, help). One list, as for the counters of a node.
#define HEARSAY_SOCKET_COUNTERS(X)                                                                  \
  X(datagrams_truncated, "datagrams dropped because they were larger than the receive buffer")      \
  X(datagrams_unrouted, "datagrams dropped because they were for an address that no node here has") \
  X(datagrams_unsent, "datagrams that the system refused to send; the node was told")               \
  X(receive_errors, "errors of the UDP socket other than having nothing to read")                   \
  X(accept_errors, "times that no connection could be accepted, for example out of descriptors")    \
  X(streams_unrouted, "connections reset because they were for an address that no node here has")   \
  X(streams_refused, "connections reset because the node had too many and too many waited")         \
  X(streams_stalled, "connections reset because the peer took no more bytes of what was written")   \
  X(names_refused, "host names not resolved because too many were waiting")

struct SocketCounters {
#define HEARSAY_SOCKET_COUNTER(name, help) std::uint64_t name = 0;
  HEARSAY_SOCKET_COUNTERS(HEARSAY_SOCKET_COUNTER)
#undef HEARSAY_SOCKET_COUNTER
};

}  // namespace hearsay
