// The positive control of the purity test: everything that the core must not do. If the test lets this pass,
// the test is broken. Not part of any library.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>

namespace impure {

long read_the_clock() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_nsec;
}

const char* read_the_environment() { return std::getenv("HOME"); }

void start_a_thread() {
  std::thread([] {}).detach();
}

void write_to_stdout() { std::puts("hello"); }

int count_calls() {
  static int calls = 0;
  return ++calls;
}

int remember(int value) {
  thread_local int last = 0;
  last += value;
  return last;
}

}  // namespace impure
