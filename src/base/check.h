// CHECK: this program's own faults. On in every build. No peer input can reach one.
#pragma once

namespace hearsay::base {

// What a failed CHECK throws, after one line on stderr (the one place of the core that may write there). The
// front door of a node catches it: the node turns defunct, a notice says why, other nodes run on. Nobody else
// catches it, so that a fault outside a node ends the process with a dump.
struct CheckFailed {
  const char* expression;
  const char* file;
  int line;
};

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace hearsay::base

#define CHECK(expression)                               \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::hearsay::base::check_failed(#expression, __FILE__, __LINE__))
