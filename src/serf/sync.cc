#include "serf/sync.h"

#include <algorithm>

namespace hearsay::serf {

using room::Origin;
using room::Step;

void Sync::write(Step& step, Bytes& out) {
  wire::SerfPushPull state;
  state.time = clock_->reading();
  state.event_time = event_clock_->reading();
  state.query_time = query_clock_->reading();
  state.status_times.reserve(step.members.size());
  for (const MemberId id : step.members.order()) {
    const auto& row = step.members.row(id);
    state.status_times.push_back({step.members.name(id), row.intent_time});
    if (members::status_of(row) == Status::left) state.left_members.push_back(step.members.name(id));
  }
  base::ByteWriter writer(out);
  wire::encode(writer, state);
}

// Clocks only go forward, so equal sums are equal clocks.
std::uint64_t Sync::version() const {
  return clock_->reading().value + event_clock_->reading().value + query_clock_->reading().value;
}

void Sync::merge(Step& step, const Origin& origin, ByteView state, bool joined) {
  const auto decoded = wire::decode_serf(state);
  const auto* sync = decoded ? std::get_if<wire::SerfPushPull>(&*decoded) : nullptr;
  if (sync == nullptr) {
    step.counters.add(Count::dropped_malformed);
    return;
  }
  // Serf witnesses each clock's reading less one: the reading is the time of the next message, not of one sent.
  const auto witness = [](Clock& clock, LamportTime reading) {
    if (reading.value > 0) clock.witness(LamportTime{reading.value - 1});
  };
  witness(*clock_, sync->time);
  witness(*event_clock_, sync->event_time);
  witness(*query_clock_, sync->query_time);
  Origin quiet = origin;
  quiet.verbatim = {};  // what is learned in a table exchange is not told on as an intent
  std::vector<std::string_view> left = sync->left_members;
  std::ranges::sort(left);
  const auto has_left = [&](std::string_view name) { return std::ranges::binary_search(left, name); };
  for (const auto& status : sync->status_times) {
    if (has_left(status.name)) intents_->on_left(step, quiet, status.name, status.time);
  }
  // Whoever holds a later time of ours than we ever told took it from an older leave: only a still later join
  // helps.
  const LamportTime told = step.members.self_row().intent_time;
  for (const auto& status : sync->status_times) {
    if (!has_left(status.name) && status.time.value > 0) {
      intents_->on_message(step, quiet, wire::JoinIntent{status.time, status.name});
    }
  }
  const auto& self = step.members.self_row();
  const bool outdated = self.intent_time > told;
  if ((joined || outdated) && members::is_up(self.verdict) && self.intent != members::Intent::leaving)
    intents_->announce_join(step);
}

}  // namespace hearsay::serf
