// The door to MPI: which of several processes this one is, and bytes between them. The program itself does not link
// MPI, whose libraries would be loaded at every start; a plugin with this one function does, and is loaded when a
// sweep finds that mpirun started it (docs/decisions/0014).
//
// A C interface, for nothing else may be shared between a program and a plugin that were built apart.
#pragma once

#include <cstddef>

extern "C" {

struct HearsayRanks {  // NOLINT(readability-identifier-naming): one name for both languages
  int version;         // mpi::kRanksVersion
  int rank;
  int size;
  // Waits until the bytes may be changed again. A failure inside MPI ends all processes, with MPI's own message.
  void (*send)(int to, const void* bytes, std::size_t count);
  // How many bytes somebody's next message has, and whose it is; -1: there is none.
  long (*poll)(int* from);
  // Takes the message that poll told of.
  void (*receive)(int from, void* bytes, std::size_t count);
  // All processes come here, then no more of the above.
  void (*finish)();
  // Ends all processes with this exit status.
  void (*abort)(int status);
};

// Null: MPI did not start. Call it once, on the thread that makes all other calls.
const HearsayRanks* hearsay_mpi_begin();
}

namespace hearsay::mpi {
inline constexpr int kRanksVersion = 1;
}  // namespace hearsay::mpi
