#include "base/check.h"

#include <cstdio>

namespace hearsay::base {

// The front door of every node catches this. Where nobody catches it (a fault outside a node), the language
// ends the process with the message below already on stderr.
void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "hearsay: CHECK failed: %s at %s:%d\n", expression, file, line);
  throw CheckFailed{expression, file, line};
}

}  // namespace hearsay::base
