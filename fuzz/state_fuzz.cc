// The state messages: what decodes is written and read again as the same bytes, and a store takes it without harm.
#include "fuzz/again.h"
#include "state/store.h"
#include "wire/state.h"

using namespace hearsay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  fuzz::again(bytes, wire::decode_state_hash(bytes));
  fuzz::again(bytes, wire::decode_state_digests(bytes));
  fuzz::again(bytes, wire::decode_state_question(bytes));
  fuzz::again(bytes, wire::decode_state_held(bytes));
  const auto deltas = wire::decode_state_deltas(bytes);
  fuzz::again(bytes, deltas);
  if (!deltas) return 0;
  state::Store store("n1", {1, 1}, {1000, 4000});
  state::Store other("n2", {1, 1}, {});
  const Time now{std::chrono::seconds(1)};
  std::vector<std::string> changed;
  for (const auto& delta : deltas->deltas) {
    store.apply(now, delta, true, changed);
    REQUIRE(store.bytes() <= 4000);
    const auto* held = store.find(delta.owner);
    if (held == nullptr || held->name != delta.owner || held->state.empty()) continue;
    REQUIRE(held->state.floor() <= held->state.version());
    wire::StateDelta told;
    if (!held->state.make_delta(held->name, {}, now, 1u << 20, told)) continue;
    other.apply(now, told, true, changed);
  }
  store.collect(now, Duration::zero());
  return 0;
}
