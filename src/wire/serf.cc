#include "wire/serf.h"

#include "wire/msgpack.h"

namespace hearsay::wire {

namespace {

constexpr std::uint8_t kTagsMagic = 0xff;

void write_time(MsgpackWriter& map, std::string_view key, LamportTime time) {
  map.text(key);
  map.whole(time.value);
}

// Counts what a message makes us keep, whatever it is, against one bound.
class Entries {
 public:
  explicit Entries(std::uint32_t left) : left_(left) {}
  template <class T>
  void add(MsgpackReader& in, std::vector<T>& to, const T& entry) {
    if (!in.ok()) return;
    if (left_ == 0) return in.fail(Fault::too_large);
    --left_;
    to.push_back(entry);
  }

 private:
  std::uint32_t left_;
};

void read_fields(MsgpackReader& in, LeaveIntent& m) {
  in.record(field("LTime", m.time), field("Node", m.node), field("Prune", m.prune));
}

void read_fields(MsgpackReader& in, JoinIntent& m) { in.record(field("LTime", m.time), field("Node", m.node)); }

// The items of one slot of the past user events.
void read_slot(MsgpackReader& in, Entries& entries, SerfEvents& slot) {
  in.record(field("LTime", slot.time), field("Events", [&](MsgpackReader& list) {
              slot.events.clear();
              for (std::uint64_t left = list.array(); left > 0 && list.ok(); --left) {
                SerfUserEvent event;
                list.record(field("Name", event.name), field("Payload", event.payload));
                entries.add(list, slot.events, event);
              }
            }));
}

void read_fields(MsgpackReader& in, SerfPushPull& m) {
  Entries entries(kSerfEntriesMax);
  const auto status_times = [&](MsgpackReader& map) {
    m.status_times.clear();
    for (std::uint64_t left = map.map(); left > 0 && map.ok(); --left) {
      StatusTime entry;
      map.read(entry.name);
      map.read(entry.time);
      entries.add(map, m.status_times, entry);
    }
  };
  const auto left_members = [&](MsgpackReader& list) {
    m.left_members.clear();
    for (std::uint64_t left = list.array(); left > 0 && list.ok(); --left) {
      std::string_view name;
      list.read(name);
      entries.add(list, m.left_members, name);
    }
  };
  const auto events = [&](MsgpackReader& list) {
    m.events.clear();
    for (std::uint64_t left = list.array(); left > 0 && list.ok(); --left) {
      if (list.maybe_nil()) continue;
      entries.add(list, m.events, SerfEvents());
      if (list.ok()) read_slot(list, entries, m.events.back());
    }
  };
  in.record(field("LTime", m.time), field("StatusLTimes", status_times), field("LeftMembers", left_members),
            field("EventLTime", m.event_time), field("Events", events), field("QueryLTime", m.query_time));
}

void read_fields(MsgpackReader& in, UserEvent& m) {
  in.record(field("LTime", m.time), field("Name", m.name), field("Payload", m.payload), field("CC", m.coalesce));
}

void read_fields(MsgpackReader& in, Query& m) {
  Entries entries(kQueryFiltersMax);
  const auto filters = [&](MsgpackReader& list) {
    m.filters.clear();
    for (std::uint64_t left = list.array(); left > 0 && list.ok(); --left) {
      ByteView filter;
      list.read(filter);
      entries.add(list, m.filters, filter);
    }
  };
  in.record(field("LTime", m.time), field("ID", m.id), field("Addr", m.addr), field("Port", m.port),
            field("SourceNode", m.source_node), field("Filters", filters), field("Flags", m.flags),
            field("RelayFactor", m.relay_factor), field("Timeout", m.timeout_ns), field("Name", m.name),
            field("Payload", m.payload));
}

void read_fields(MsgpackReader& in, QueryResponse& m) {
  in.record(field("LTime", m.time), field("ID", m.id), field("From", m.from), field("Flags", m.flags),
            field("Payload", m.payload));
}

// What stands behind the map is the message to be handed on.
void read_fields(MsgpackReader& in, RelayedMessage& m) {
  in.record(field("DestAddr", [&](MsgpackReader& addr) { addr.record(field("IP", m.ip), field("Port", m.port)); }),
            field("DestName", m.name));
  m.message = in.rest();
}

template <class Message>
Decoded<SerfMessage> whole_message(ByteView body) {
  MsgpackReader in(body);
  Message message;
  read_fields(in, message);
  if (!in.ok()) return tl::unexpected(in.fault());
  return SerfMessage(std::move(message));
}

}  // namespace

void encode(ByteWriter& out, const LeaveIntent& message) {
  auto map = begin_message(out, SerfType::leave_intent);
  map.map(3);
  write_time(map, "LTime", message.time);
  map.text("Node");
  map.text(message.node);
  map.text("Prune");
  map.boolean(message.prune);
}

void encode(ByteWriter& out, const JoinIntent& message) {
  auto map = begin_message(out, SerfType::join_intent);
  map.map(2);
  write_time(map, "LTime", message.time);
  map.text("Node");
  map.text(message.node);
}

void encode(ByteWriter& out, const SerfPushPull& message) {
  auto map = begin_message(out, SerfType::push_pull);
  map.map(6);
  write_time(map, "EventLTime", message.event_time);
  map.text("Events");
  map.array(message.events.size());
  for (const SerfEvents& slot : message.events) {
    map.map(2);
    map.text("Events");
    map.array(slot.events.size());
    for (const SerfUserEvent& event : slot.events) {
      map.map(2);
      map.text("Name");
      map.text(event.name);
      map.text("Payload");
      map.bytes(event.payload);
    }
    write_time(map, "LTime", slot.time);
  }
  write_time(map, "LTime", message.time);
  map.text("LeftMembers");
  map.array(message.left_members.size());
  for (const std::string_view name : message.left_members) map.text(name);
  write_time(map, "QueryLTime", message.query_time);
  map.text("StatusLTimes");
  map.map(message.status_times.size());
  for (const StatusTime& status : message.status_times) write_time(map, status.name, status.time);
}

void encode(ByteWriter& out, const UserEvent& message) {
  auto map = begin_message(out, SerfType::user_event);
  map.map(4);
  map.text("CC");
  map.boolean(message.coalesce);
  write_time(map, "LTime", message.time);
  map.text("Name");
  map.text(message.name);
  map.text("Payload");
  map.bytes(message.payload);
}

void encode(ByteWriter& out, const Query& message) {
  auto map = begin_message(out, SerfType::query);
  map.map(11);
  map.text("Addr");
  map.bytes(message.addr);
  map.text("Filters");
  if (message.filters.empty()) {
    map.nil();
  } else {
    map.array(message.filters.size());
    for (const ByteView filter : message.filters) map.bytes(filter);
  }
  map.text("Flags");
  map.whole(message.flags);
  map.text("ID");
  map.whole(message.id);
  write_time(map, "LTime", message.time);
  map.text("Name");
  map.text(message.name);
  map.text("Payload");
  map.bytes(message.payload);
  map.text("Port");
  map.whole(message.port);
  map.text("RelayFactor");
  map.whole(message.relay_factor);
  map.text("SourceNode");
  map.text(message.source_node);
  map.text("Timeout");
  map.integer(message.timeout_ns);
}

void encode(ByteWriter& out, const QueryResponse& message) {
  auto map = begin_message(out, SerfType::query_response);
  map.map(5);
  map.text("Flags");
  map.whole(message.flags);
  map.text("From");
  map.text(message.from);
  map.text("ID");
  map.whole(message.id);
  write_time(map, "LTime", message.time);
  map.text("Payload");
  map.bytes(message.payload);
}

void encode(ByteWriter& out, const RelayedMessage& message) {
  auto map = begin_message(out, SerfType::relay);
  map.map(2);
  map.text("DestAddr");
  map.map(3);
  map.text("IP");
  map.bytes(message.ip);
  map.text("Port");
  map.whole(message.port);
  map.text("Zone");
  map.text("");
  map.text("DestName");
  map.text(message.name);
  map.flush();
  out.raw(message.message);
}

Decoded<SerfMessage> decode_serf(ByteView payload) {
  if (payload.empty()) return tl::unexpected(Fault::truncated);
  const ByteView body = payload.subspan(1);
  switch (static_cast<SerfType>(payload[0])) {
    case SerfType::leave_intent:
      return whole_message<LeaveIntent>(body);
    case SerfType::join_intent:
      return whole_message<JoinIntent>(body);
    case SerfType::push_pull:
      return whole_message<SerfPushPull>(body);
    case SerfType::user_event:
      return whole_message<UserEvent>(body);
    case SerfType::query:
      return whole_message<Query>(body);
    case SerfType::query_response:
      return whole_message<QueryResponse>(body);
    case SerfType::relay:
      return whole_message<RelayedMessage>(body);
    default:
      return tl::unexpected(Fault::unexpected);
  }
}

Bytes encode_tags(const Tags& tags) {
  Bytes meta;
  ByteWriter out(meta);
  out.u8(kTagsMagic);
  MsgpackWriter map(out);
  map.map(tags.size());
  for (const auto& [key, value] : tags) {
    map.text(key);
    map.text(value);
  }
  map.flush();
  return meta;
}

Tags decode_tags(ByteView meta) {
  if (meta.empty()) return {};
  if (meta[0] != kTagsMagic) return {{"role", std::string(as_text(meta))}};
  Tags tags;
  MsgpackReader in(meta.subspan(1));
  for (std::uint64_t left = in.map(); left > 0 && in.ok(); --left) {
    std::string_view key;
    std::string_view value;
    in.read(key);
    in.read(value);
    if (in.ok()) tags.insert_or_assign(std::string(key), std::string(value));
  }
  if (!in.ok()) return {};
  return tags;
}

}  // namespace hearsay::wire
