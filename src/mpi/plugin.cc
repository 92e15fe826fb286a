// The plugin behind mpi/ranks.h; the only source that knows MPI.
#define OMPI_SKIP_MPICXX 1  // the C++ names of old are another library
#include <mpi.h>

#include <cstdlib>

#include "mpi/ranks.h"

namespace {

constexpr int kTag = 1;

void send(int to, const void* bytes, std::size_t count) {
  MPI_Send(bytes, static_cast<int>(count), MPI_BYTE, to, kTag, MPI_COMM_WORLD);
}

long poll(int* from) {
  int there = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &there, &status);
  if (there == 0) return -1;
  int count = 0;
  MPI_Get_count(&status, MPI_BYTE, &count);
  *from = status.MPI_SOURCE;
  return count;
}

void receive(int from, void* bytes, std::size_t count) {
  MPI_Recv(bytes, static_cast<int>(count), MPI_BYTE, from, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

void finish() { MPI_Finalize(); }

void abort(int status) {
  MPI_Abort(MPI_COMM_WORLD, status);
  std::_Exit(status);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const HearsayRanks* hearsay_mpi_begin() {
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return nullptr;
  static HearsayRanks ranks{hearsay::mpi::kRanksVersion, 0, 1, &send, &poll, &receive, &finish, &abort};
  MPI_Comm_rank(MPI_COMM_WORLD, &ranks.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks.size);
  return &ranks;
}
