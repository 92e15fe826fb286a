// In steady state a probe round allocates nothing. The counting operators serve the whole test program; under a
// sanitizer, which brings its own, there is nothing to count.
#include <atomic>
#include <cstdlib>
#include <new>

#include "support/link.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEARSAY_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEARSAY_SANITIZED
#endif

#ifndef HEARSAY_SANITIZED
namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

// Not inlined, or the compiler takes our free for a mistake.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* place = std::malloc(bytes == 0 ? 1 : bytes)) return place;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept { std::free(place); }

namespace hearsay {
namespace {

using std::chrono::seconds;

// Two nodes whose news is old; every exchange by hand, so that only the nodes allocate.
void allocates_nothing(const Config& config, Count round) {
  tests::Link link;
  link.add(config, 2);
  link.add(config, 3);
  link.join(1, 2);
  link.pass(seconds(60));
  ASSERT_EQ(link.status(0, "n3"), "alive");
  ASSERT_EQ(link.node(0).info().rumors_queued, 0u);

  Node& asker = link.node(0);
  Node& target = link.node(1);
  const Address addresses[] = {asker.info().self.address, target.info().self.address};
  const std::uint64_t before = asker.info().counters[round];
  Bytes reply;
  reply.reserve(config.packet_bytes);
  const std::size_t start = allocations;
  Time now = link.steady;
  for (int i = 0; i < 200; ++i) {
    Node* const nodes[] = {&asker, &target};
    const std::size_t first = asker.next_deadline() <= target.next_deadline() ? 0 : 1;
    now = std::max(now, nodes[first]->next_deadline());
    nodes[first]->on_time({now, {}});
    reply.clear();
    for (const Action& ping : nodes[first]->actions()) {
      const auto* send = std::get_if<SendDatagram>(&ping);
      if (send == nullptr) continue;
      nodes[1 - first]->on_datagram({now, {}}, addresses[first], send->bytes);
      for (const Action& ack : nodes[1 - first]->actions()) {
        if (const auto* answer = std::get_if<SendDatagram>(&ack))
          reply.assign(answer->bytes.begin(), answer->bytes.end());
      }
    }
    if (!reply.empty()) nodes[first]->on_datagram({now, {}}, addresses[1 - first], reply);
  }
  const std::size_t counted = allocations - start;
  EXPECT_GT(asker.info().counters[round] - before, 10u);
  EXPECT_EQ(counted, 0u);
}

TEST(Allocation, a_probe_round_in_steady_state_allocates_nothing) {
  Config config;
  config.swim.push_pull_interval = Duration::zero();
  allocates_nothing(config, Count::probes);
}

TEST(Allocation, a_round_of_the_heartbeat_family_in_steady_state_allocates_nothing) {
  Config config;
  config.family = Family::heartbeat;
  for (const ExchangeMode mode :
       {ExchangeMode::push, ExchangeMode::pull, ExchangeMode::push_pull, ExchangeMode::digest}) {
    config.heartbeat.mode = mode;
    allocates_nothing(config, Count::exchanges);
  }
}

}  // namespace
}  // namespace hearsay
#endif
