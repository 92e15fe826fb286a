// What can go wrong in a simulated cluster, and when: the catalogue of faults. What each does to the nodes and the
// network is in sim/stage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hearsay/time.h"
#include "sim/network.h"

namespace hearsay::sim {

// One thing that goes wrong, at a moment of the plan's clock.
struct Fault {
  enum class What : std::uint8_t {
    crash,         // the process of `place` is gone, for ever
    restart,       // it crashes and is back after `lasts`; what it kept on disk is there
    wipe,          // as restart, but its disk is lost
    pause,         // SIGSTOP for `lasts`
    cut,           // the nodes `other` .. `place` and all others cannot reach each other for `lasts`
    one_way,       // what `place` sends to `other` is lost for `lasts`
    leave,         // it leaves, and its process ends
    tags,          // it publishes another tag
    loss,          // this share of all datagrams is lost for `lasts`
    flap,          // as cut, but cut and healed by turns, each for `amount`
    swizzle,       // the links between `other` .. `place` and all others are cut one after another, then healed in
                   // another order; all is over after `lasts`
    slow,          // each input of `place` takes `amount`, for `lasts`
    jump,          // the wall clock of `place` is set forward by `amount` (back: negative)
    drift,         // the clocks of `place` run fast by `ppm` millionths (slow: negative) for `lasts`
    corrupt,       // in this share of all datagrams a bit is flipped, for `lasts`
    mass_restart,  // this share of the nodes crash at moments within `amount`, and each is back after `lasts`
    join_storm,    // `count` new nodes join at once
    lose_disk,     // what `place` kept on disk is gone: it will miss it when it starts the next time
    write,         // it writes its own state: sets, deletes, lets a key live for a while, one or several at once
  };
  What what = What::crash;
  Duration at{};
  Duration lasts{};  // zero: until the end
  Place place = 0;
  Place other = 0;
  double share = 0;
  Duration amount{};
  std::int64_t ppm = 0;
  std::size_t count = 0;
};
inline constexpr std::size_t kFaultKinds = static_cast<std::size_t>(Fault::What::write) + 1;

// What must be known of a fault of some kind, and its name in command lines, files and logs.
struct FaultKind {
  enum class Subject : std::uint8_t {
    node,   // `place`
    group,  // the nodes `other` .. `place`
    link,   // from `place` to `other`
    share,  // `share`
    count,  // `count`
  };
  enum class Lasts : std::uint8_t { no, must };
  // What else it needs: `amount` as the length of a turn, of an input, of a leap (may be negative) or of the window
  // in which it happens; or `ppm`.
  enum class Extra : std::uint8_t { none, period, takes, by, window, ppm };
  const char* name;
  Subject subject;
  Lasts lasts;
  Extra extra = Extra::none;
};
const FaultKind& kind_of(Fault::What what);
inline const char* name_of(Fault::What what) { return kind_of(what).name; }
std::optional<Fault::What> fault_named(std::string_view name);

// One thing wrong with a fault. `key` is the field as in plan files: "node", "at", ...
struct FaultComplaint {
  std::string key;
  std::string cause;
  std::string cure;
};
// All that is wrong with it in a cluster of so many nodes that is watched for so long.
std::vector<FaultComplaint> complaints_of(const Fault& fault, std::size_t nodes, Duration duration);

}  // namespace hearsay::sim
