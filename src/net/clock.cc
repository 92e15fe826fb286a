#include "net/clock.h"

#include <ctime>

namespace hearsay::net {
namespace {

Duration read(clockid_t id) {
  timespec at{};
  // Both clocks exist on every kernel that this builds for; a failure would leave zero, which NeverBack hides.
  ::clock_gettime(id, &at);
  return std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
}

}  // namespace

Now SystemClock::now() { return {steady_.pass(Time(read(CLOCK_BOOTTIME))), WallTime(read(CLOCK_REALTIME))}; }

}  // namespace hearsay::net
