#include "wire/memberlist.h"

#include "wire/msgpack.h"

namespace hearsay::wire {

// Encoders write the keys in ascending byte order; readers list the fields in memberlist's declaration order,
// which is the order of the array form.

namespace {

// Each of the three is left out when it is zero, on its own.
template <class Message>
std::size_t source_pairs(const Message& message) {
  return std::size_t{!message.source_addr.empty()} + std::size_t{message.source_port != 0} +
         std::size_t{!message.source_node.empty()};
}
template <class Message>
void write_source(MsgpackWriter& map, const Message& message) {
  if (!message.source_addr.empty()) {
    map.text("SourceAddr");
    map.bytes(message.source_addr);
  }
  if (!message.source_node.empty()) {
    map.text("SourceNode");
    map.text(message.source_node);
  }
  if (message.source_port != 0) {
    map.text("SourcePort");
    map.whole(message.source_port);
  }
}

// "Hs" stands before all of memberlist's keys.
template <class Message>
std::size_t extension_pairs(const Message& message) {
  return message.extension.empty() ? 0 : 1;
}
template <class Message>
void write_extension(MsgpackWriter& map, const Message& message) {
  if (message.extension.empty()) return;
  map.text("Hs");
  map.bytes(message.extension);
}

// suspect and dead have the same fields.
template <class Message>
void write_accusation(ByteWriter& out, Type type, const Message& message) {
  auto map = begin_message(out, type);
  map.map(3);
  map.text("From");
  map.text(message.from);
  map.text("Incarnation");
  map.whole(message.incarnation.value);
  map.text("Node");
  map.text(message.node);
}

// What else stands there (an item of a later memberlist's array form) is none of ours.
template <class Message>
auto extension_of(Message& message) {
  return [&message](MsgpackReader& in) {
    const auto head = read_head(in.rest());
    if (head && head->kind == MsgpackHead::Kind::raw) {
      in.read(message.extension);
    } else {
      in.skip();
    }
  };
}

void read_fields(MsgpackReader& in, Ping& m) {
  in.record(field("SeqNo", m.seq), field("Node", m.node), field("SourceAddr", m.source_addr),
            field("SourcePort", m.source_port), field("SourceNode", m.source_node), field("Hs", extension_of(m)));
}
void read_fields(MsgpackReader& in, IndirectPing& m) {
  in.record(field("SeqNo", m.seq), field("Target", m.target), field("Port", m.port), field("Node", m.node),
            field("Nack", m.nack), field("SourceAddr", m.source_addr), field("SourcePort", m.source_port),
            field("SourceNode", m.source_node));
}
void read_fields(MsgpackReader& in, Ack& m) {
  in.record(field("SeqNo", m.seq), field("Payload", m.payload), field("Hs", extension_of(m)));
}
void read_fields(MsgpackReader& in, Nack& m) { in.record(field("SeqNo", m.seq)); }
void read_fields(MsgpackReader& in, ErrorReply& m) { in.record(field("Error", m.error)); }
void read_fields(MsgpackReader& in, Suspect& m) {
  in.record(field("Incarnation", m.incarnation), field("Node", m.node), field("From", m.from));
}
void read_fields(MsgpackReader& in, Alive& m) {
  in.record(field("Incarnation", m.incarnation), field("Node", m.node), field("Addr", m.addr),
            field("Port", m.port), field("Meta", m.meta), field("Vsn", m.vsn));
}
void read_fields(MsgpackReader& in, Dead& m) {
  in.record(field("Incarnation", m.incarnation), field("Node", m.node), field("From", m.from));
}
void read_fields(MsgpackReader& in, PushPullHeader& m) {
  in.record(field("Nodes", m.nodes), field("UserStateLen", m.user_state_bytes), field("Join", m.join));
}
void read_fields(MsgpackReader& in, PushNode& m) {
  std::uint8_t state = 0;
  in.record(field("Name", m.name), field("Addr", m.addr), field("Port", m.port), field("Meta", m.meta),
            field("Incarnation", m.incarnation), field("State", state), field("Vsn", m.vsn));
  m.state = static_cast<NodeState>(state);
}

struct UserHeader {
  std::uint32_t bytes = 0;
};
void read_fields(MsgpackReader& in, UserHeader& m) { in.record(field("UserMsgLen", m.bytes)); }

template <class Message, class Result>
Decoded<Result> whole_message(ByteView body) {
  MsgpackReader in(body);
  Message message;
  read_fields(in, message);
  if (!in.ok()) return tl::unexpected(in.fault());
  return Result(message);
}

// `size` raw bytes that end a stream message.
ByteView take_raw(MsgpackReader& in, std::uint32_t size, std::uint32_t size_max) {
  if (!in.ok()) return {};
  if (size > size_max) {
    in.fail(Fault::too_large);
  } else if (size > in.rest().size()) {
    in.fail(Fault::truncated);
  } else {
    return in.rest().first(size);
  }
  return {};
}

PushPull read_push_pull(MsgpackReader& in, std::uint32_t nodes_max, std::uint32_t bytes_max) {
  PushPull message;
  PushPullHeader header;
  read_fields(in, header);
  if (header.nodes > nodes_max || header.user_state_bytes > bytes_max) in.fail(Fault::too_large);
  message.join = header.join;
  if (in.ok() && header.nodes > in.rest().size() / kPushNodeBytesMin) in.fail(Fault::truncated);
  for (std::uint32_t i = 0; i < header.nodes && in.ok(); ++i) {
    PushNode node;
    read_fields(in, node);
    message.nodes.push_back(node);
  }
  message.user_state = take_raw(in, header.user_state_bytes, bytes_max);
  return message;
}

}  // namespace

void encode(ByteWriter& out, const Ping& message) {
  auto map = begin_message(out, Type::ping);
  map.map(2 + source_pairs(message) + extension_pairs(message));
  write_extension(map, message);
  map.text("Node");
  map.text(message.node);
  map.text("SeqNo");
  map.whole(message.seq.value);
  write_source(map, message);
}

void encode(ByteWriter& out, const IndirectPing& message) {
  auto map = begin_message(out, Type::indirect_ping);
  map.map(5 + source_pairs(message));
  map.text("Nack");
  map.boolean(message.nack);
  map.text("Node");
  map.text(message.node);
  map.text("Port");
  map.whole(message.port);
  map.text("SeqNo");
  map.whole(message.seq.value);
  write_source(map, message);
  map.text("Target");
  map.bytes(message.target);
}

void encode(ByteWriter& out, const Ack& message) {
  auto map = begin_message(out, Type::ack);
  map.map(2 + extension_pairs(message));
  write_extension(map, message);
  map.text("Payload");
  map.bytes(message.payload);
  map.text("SeqNo");
  map.whole(message.seq.value);
}

void encode(ByteWriter& out, const Nack& message) {
  auto map = begin_message(out, Type::nack);
  map.map(1);
  map.text("SeqNo");
  map.whole(message.seq.value);
}

void encode(ByteWriter& out, const ErrorReply& message) {
  auto map = begin_message(out, Type::error);
  map.map(1);
  map.text("Error");
  map.text(message.error);
}

void encode(ByteWriter& out, const Suspect& message) { write_accusation(out, Type::suspect, message); }
void encode(ByteWriter& out, const Dead& message) { write_accusation(out, Type::dead, message); }

void encode(ByteWriter& out, const Alive& message) {
  auto map = begin_message(out, Type::alive);
  map.map(6);
  map.text("Addr");
  map.bytes(message.addr);
  map.text("Incarnation");
  map.whole(message.incarnation.value);
  map.text("Meta");
  map.bytes(message.meta);
  map.text("Node");
  map.text(message.node);
  map.text("Port");
  map.whole(message.port);
  map.text("Vsn");
  map.bytes(message.vsn);
}

void encode(ByteWriter& out, const User& message) {
  out.u8(static_cast<std::uint8_t>(Type::user));
  out.raw(message.payload);
}

void encode_stream(ByteWriter& out, const User& message) {
  auto map = begin_message(out, Type::user);
  map.map(1);
  map.text("UserMsgLen");
  map.whole(message.payload.size());
  map.flush();
  out.raw(message.payload);
}

void encode(ByteWriter& out, const PushPullHeader& header) {
  auto map = begin_message(out, Type::push_pull);
  map.map(3);
  map.text("Join");
  map.boolean(header.join);
  map.text("Nodes");
  map.whole(header.nodes);
  map.text("UserStateLen");
  map.whole(header.user_state_bytes);
}

void encode(ByteWriter& out, const PushNode& node) {
  MsgpackWriter map(out);
  map.map(7);
  map.text("Addr");
  map.bytes(node.addr);
  map.text("Incarnation");
  map.whole(node.incarnation.value);
  map.text("Meta");
  map.bytes(node.meta);
  map.text("Name");
  map.text(node.name);
  map.text("Port");
  map.whole(node.port);
  map.text("State");
  map.whole(static_cast<std::uint8_t>(node.state));
  map.text("Vsn");
  map.bytes(node.vsn);
}

void encode(ByteWriter& out, const PushPull& message) {
  encode(out, PushPullHeader{static_cast<std::uint32_t>(message.nodes.size()),
                             static_cast<std::uint32_t>(message.user_state.size()), message.join});
  for (const PushNode& node : message.nodes) encode(out, node);
  out.raw(message.user_state);
}

Decoded<DatagramMessage> decode_datagram_message(ByteView message) {
  if (message.empty()) return tl::unexpected(Fault::truncated);
  const ByteView body = message.subspan(1);
  switch (static_cast<Type>(message[0])) {
    case Type::ping:
      return whole_message<Ping, DatagramMessage>(body);
    case Type::indirect_ping:
      return whole_message<IndirectPing, DatagramMessage>(body);
    case Type::ack:
      return whole_message<Ack, DatagramMessage>(body);
    case Type::nack:
      return whole_message<Nack, DatagramMessage>(body);
    case Type::suspect:
      return whole_message<Suspect, DatagramMessage>(body);
    case Type::alive:
      return whole_message<Alive, DatagramMessage>(body);
    case Type::dead:
      return whole_message<Dead, DatagramMessage>(body);
    case Type::user:
      return User{body};
    default:
      return tl::unexpected(Fault::unexpected);
  }
}

Decoded<std::optional<StreamMessage>> decode_stream_message(ByteView message, std::uint32_t nodes_max,
                                                            std::uint32_t bytes_max) {
  using Result = std::optional<StreamMessage>;
  if (message.empty()) return Result();
  const ByteView body = message.subspan(1);
  const auto decode = [&]() -> Decoded<Result> {
    switch (static_cast<Type>(message[0])) {
      case Type::ping:
        return whole_message<Ping, Result>(body);
      case Type::ack:
        return whole_message<Ack, Result>(body);
      case Type::error:
        return whole_message<ErrorReply, Result>(body);
      case Type::user: {
        MsgpackReader in(body);
        UserHeader header;
        read_fields(in, header);
        const ByteView payload = take_raw(in, header.bytes, bytes_max);
        if (!in.ok()) return tl::unexpected(in.fault());
        return Result(User{payload});
      }
      case Type::push_pull: {
        MsgpackReader in(body);
        auto push_pull = read_push_pull(in, nodes_max, bytes_max);
        if (!in.ok()) return tl::unexpected(in.fault());
        return Result(std::move(push_pull));
      }
      default:
        return tl::unexpected(Fault::unexpected);
    }
  };
  auto decoded = decode();
  if (!decoded && decoded.error() == Fault::truncated) return Result();
  return decoded;
}

Decoded<std::size_t> StreamScan::advance(ByteView message, std::uint32_t bytes_max) {
  if (message.empty()) return 0;
  const auto type = static_cast<Type>(message[0]);
  if (step_ == Step::type) {
    const bool known = type == Type::ping || type == Type::ack || type == Type::error || type == Type::user ||
                       type == Type::push_pull || type == Type::compressed;
    if (!known) return tl::unexpected(Fault::unexpected);
    scan_.seek(1);
    scan_.expect(1);
    step_ = Step::header;
  }
  if (step_ == Step::header || step_ == Step::entries) {
    auto done = scan_.advance(message);
    if (!done) return tl::unexpected(done.error());
    if (!*done) return 0;
    if (step_ == Step::header) {
      MsgpackReader in(message.subspan(1));
      if (type == Type::user) {
        UserHeader header;
        read_fields(in, header);
        tail_bytes_ = header.bytes;
      } else if (type == Type::push_pull) {
        PushPullHeader header;
        read_fields(in, header);
        tail_bytes_ = header.user_state_bytes;
        nodes_ = header.nodes;
        entries_begin_ = scan_.offset();
        scan_.expect(nodes_);
      }
      if (!in.ok()) return tl::unexpected(in.fault());
      if (tail_bytes_ > bytes_max) return tl::unexpected(Fault::too_large);
      step_ = Step::entries;
      done = scan_.advance(message);
      if (!done) return tl::unexpected(done.error());
      if (!*done) return 0;
    }
    if (scan_.offset() - entries_begin_ < nodes_ * kPushNodeBytesMin) return tl::unexpected(Fault::malformed);
    step_ = Step::tail;
  }
  const std::size_t whole = scan_.offset() + tail_bytes_;
  return message.size() >= whole ? whole : 0;
}

}  // namespace hearsay::wire
