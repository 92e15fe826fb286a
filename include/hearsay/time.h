// Time as the core knows it: a parameter, never something to be read.
//
// The clock types below have no now(). Code of the core that tries to read the time does not compile;
// a driver (real or simulated) says what time it is with every input.
#pragma once

#include <chrono>
#include <cstdint>

namespace hearsay {

// A span of time, in whole nanoseconds. Every duration of the public interface has this type.
using Duration = std::chrono::nanoseconds;

// Orders everything. Includes time spent suspended and never goes back. Its zero means nothing.
struct SteadyClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteadyClock, Duration>;
  static constexpr bool is_steady = true;
};
using Time = SteadyClock::time_point;

// Nanoseconds since the Unix epoch, UTC. May jump either way and orders nothing: it serves people.
struct WallClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock, Duration>;
  static constexpr bool is_steady = false;
};
using WallTime = WallClock::time_point;

// What time it is, as the driver tells it with every input.
struct Now {
  Time steady{};
  WallTime wall{};
};

// "Nothing waits": later than every deadline.
inline constexpr Time kNever = Time::max();

// `at + after`, saturating at kNever instead of overflowing. REQUIRES: after >= 0.
constexpr Time later(Time at, Duration after) { return at >= kNever - after ? kNever : at + after; }

}  // namespace hearsay
