#include "serf/pass_through.h"

#include <algorithm>

#include "base/hash.h"
#include "wire/serf_query.h"

namespace hearsay::serf {

using room::Origin;
using room::Step;

namespace {

// Flags of queries (Serf messages.go).
constexpr std::uint32_t kAckWanted = 1;
constexpr unsigned kQueryTimeoutMult = 16;  // Serf's QueryTimeoutMult

// Serf's MemberStatus.
std::uint8_t serf_status(Status status) {
  switch (status) {
    case Status::alive:
    case Status::suspect:
      return 1;
    case Status::leaving:
      return 2;
    case Status::left:
      return 3;
    case Status::failed:
      return 4;
  }
  return 0;
}

void tell_on(Step& step, const Origin& origin, spread::RumorClass rumor_class) {
  if (origin.verbatim.empty()) return;  // it came on a stream, for us alone
  step.rumors.push(rumor_class, spread::Audience::all, {}, origin.verbatim);
}

}  // namespace

Duration query_timeout(Duration gossip_interval, std::uint32_t members) {
  return gossip_interval * spread::transmit_limit(kQueryTimeoutMult, std::max(1u, members));
}

void PassThrough::on_message(Step& step, const Origin& origin, const wire::UserEvent& event) {
  if (!event_clock_->believes(event.time)) {
    step.counters.add(Count::dropped_malformed);
    return;
  }
  event_clock_->witness(event.time);
  base::Hasher identity;
  identity.add(event.name);
  identity.add(event.payload);
  if (!events_.is_new(event.time, identity.value(), event_clock_->reading())) return;
  step.counters.add(Count::user_events);
  tell_on(step, origin, spread::RumorClass::user_event);
}

void PassThrough::on_message(Step& step, const Origin& origin, const wire::Query& query) {
  if (!query_clock_->believes(query.time)) {
    step.counters.add(Count::dropped_malformed);
    return;
  }
  query_clock_->witness(query.time);
  if (!queries_.is_new(query.time, query.id, query_clock_->reading())) return;
  step.counters.add(Count::queries);
  if ((query.flags & wire::kDoNotTellOn) == 0) tell_on(step, origin, spread::RumorClass::query);
  const ByteView meta = step.members.meta(step.members.self());
  if (wire::filters_pass(query.filters, step.config.name, meta)) answer(step, origin, query);
}

Bytes PassThrough::begin(Step& step, wire::Query& query) {
  const Address& own = step.config.advertise;
  query.addr = own.ip_view();
  query.port = own.port;
  query.source_node = step.config.name;
  query.timeout_ns = query_timeout(step.config.swim.gossip_interval, step.members.up()).count();
  query.time = query_clock_->tick();
  queries_.is_new(query.time, query.id, query_clock_->reading());
  Bytes message;
  base::ByteWriter writer(message);
  wire::encode(writer, query);
  return message;
}

void PassThrough::gossip(Step& step, ByteView message) {
  Bytes packed;
  base::ByteWriter writer(packed);
  wire::encode(writer, wire::User{message});
  step.rumors.push(spread::RumorClass::query, spread::Audience::all, {}, packed);
}

void PassThrough::answer(Step& step, const Origin& origin, const wire::Query& query) {
  const auto asker = answers_->asker_of(step, origin, query);
  if (!asker) return;
  if ((query.flags & kAckWanted) != 0) answers_->send(step, *asker, kIsAck, {});
  if (query.name == kConflictQuery) answer_conflict(step, *asker, query);
  if (const auto action = key_action_of(query.name)) keys_->on_query(step, origin, *asker, *action, query.payload);
}

void PassThrough::answer_conflict(Step& step, const Asker& asker, const wire::Query& query) {
  const std::string_view name = as_text(query.payload);
  if (name == step.config.name) return;  // the one in question has no voice
  Bytes payload;
  base::ByteWriter writer(payload);
  const MemberId id = step.members.find(name);
  if (id.valid()) {
    const auto& row = step.members.row(id);
    wire::ConflictResponse known{name,
                                 step.members.addr(id),
                                 row.port,
                                 wire::decode_tags(step.members.meta(id)),
                                 serf_status(members::status_of(row)),
                                 row.versions};
    wire::encode(writer, known);
  } else {
    wire::encode_unknown_member(writer);
  }
  answers_->send(step, asker, 0, payload);
}

}  // namespace hearsay::serf
