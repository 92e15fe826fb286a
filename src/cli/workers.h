// Much independent work on all cores. Which thread did what leaves no trace.
#pragma once

#include <cstddef>
#include <functional>

namespace hearsay::cli {

// Calls work(0) .. work(count - 1), each once, on so many threads. `go_on` is called about ten times a second with
// the share that is done, 0 to 1; false: nothing more is begun. True: all was done.
bool run_workers(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work,
                 const std::function<bool(double)>& go_on);

// One for each core of this machine.
unsigned threads_here();

}  // namespace hearsay::cli
