#include "wire/describe.h"

#include <type_traits>

#include "hearsay/address.h"
#include "hearsay/config.h"
#include "wire/envelope.h"
#include "wire/heartbeat.h"
#include "wire/memberlist.h"
#include "wire/serf.h"
#include "wire/state.h"

namespace hearsay::wire {

namespace {

// Words of one line, separated by spaces. What a peer wrote can neither break the line nor make it long.
class Line {
 public:
  Line& word(std::string_view text) {
    if (!text_.empty()) text_ += ' ';
    text_ += text;
    return *this;
  }
  template <class Number>
  requires std::is_integral_v<Number> Line& number(std::string_view key, Number value) {
    word(key).text_ += std::to_string(value);
    return *this;
  }
  // A name, after its key if it has one.
  Line& name(std::string_view key, std::string_view value) {
    word(key);
    if (key.empty() && value.empty()) append("-");
    for (const char c : value.substr(0, kNameBytesMax)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte > ' ' && byte < 0x7f && c != '\\') {
        text_ += c;
      } else {
        text_ += "\\x";
        text_ += "0123456789abcdef"[byte >> 4];
        text_ += "0123456789abcdef"[byte & 15];
      }
    }
    if (value.size() > kNameBytesMax) text_ += "...";
    return *this;
  }
  Line& address(std::string_view key, ByteView ip, std::uint16_t port) {
    return word(key).append(to_string(Address::from_ip(ip, port)));
  }
  Line& append(std::string_view text) {
    text_ += text;
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

const char* word_of(Type type) {
  switch (type) {
    case Type::ping:
      return "ping";
    case Type::indirect_ping:
      return "indirect-ping";
    case Type::ack:
      return "ack";
    case Type::suspect:
      return "suspect";
    case Type::alive:
      return "alive";
    case Type::dead:
      return "dead";
    case Type::push_pull:
      return "push-pull";
    case Type::compound:
      return "compound";
    case Type::user:
      return "user";
    case Type::compressed:
      return "compressed";
    case Type::encrypted:
      return "encrypted";
    case Type::nack:
      return "nack";
    case Type::crc:
      return "crc";
    case Type::error:
      return "error";
    case Type::label:
      return "label";
  }
  return nullptr;
}

struct SerfWords {
  Line& line;
  void operator()(const LeaveIntent& m) {
    line.word("leave").name("", m.node).number("time=", m.time.value);
    if (m.prune) line.word("prune");
  }
  void operator()(const JoinIntent& m) { line.word("join").name("", m.node).number("time=", m.time.value); }
  void operator()(const SerfPushPull& m) {
    line.word("push-pull").number("time=", m.time.value).number("members=", m.status_times.size());
    line.number("left=", m.left_members.size()).number("events=", m.events.size());
  }
  void operator()(const UserEvent& m) {
    line.word("event").name("", m.name).number("time=", m.time.value).number("payload=", m.payload.size());
  }
  void operator()(const Query& m) {
    line.word("query").name("", m.name).number("id=", m.id).number("time=", m.time.value);
    line.name("from=", m.source_node).number("payload=", m.payload.size());
  }
  void operator()(const QueryResponse& m) {
    line.word((m.flags & 1) != 0 ? "query-ack" : "query-response").number("id=", m.id);
    line.number("time=", m.time.value).name("from=", m.from).number("payload=", m.payload.size());
  }
  void operator()(const RelayedMessage& m) {
    line.word("relay").name("to=", m.name).address("at=", m.ip, m.port).number("bytes=", m.message.size());
  }
};

// Named in one message; the others are counted.
constexpr std::size_t kDeltasToldMax = 4;

struct Words {
  Line& line;
  void operator()(const Ping& m) { source(line.word("ping").name("", m.node).number("seq=", m.seq.value), m); }
  void operator()(const IndirectPing& m) {
    line.word("indirect-ping").name("", m.node).number("seq=", m.seq.value).address("at=", m.target, m.port);
    if (m.nack) line.word("nack");
    source(line, m);
  }
  void operator()(const Ack& m) {
    line.word("ack").number("seq=", m.seq.value);
    if (!m.payload.empty()) line.number("payload=", m.payload.size());
  }
  void operator()(const Nack& m) { line.word("nack").number("seq=", m.seq.value); }
  void operator()(const ErrorReply& m) { line.word("error").name("", m.error); }
  void operator()(const Suspect& m) { accusation("suspect", m); }
  void operator()(const Dead& m) { accusation(m.node == m.from ? "left" : "dead", m); }
  void operator()(const Alive& m) {
    line.word("alive").name("", m.node).number("inc=", m.incarnation.value).address("at=", m.addr, m.port);
    if (!m.meta.empty()) line.number("meta=", m.meta.size());
  }
  void operator()(const PushPull& m) {
    line.word("push-pull");
    if (m.join) line.word("join");
    line.number("nodes=", m.nodes.size());
    if (!m.user_state.empty()) line.number("state=", m.user_state.size());
  }
  void operator()(const User& m) {
    if (heartbeat(m.payload) || state(m.payload)) return;
    line.word("user");
    if (const auto serf = decode_serf(m.payload)) {
      std::visit(SerfWords{line}, *serf);
    } else {
      line.number("bytes=", m.payload.size());
    }
  }

 private:
  // False: it is none.
  bool heartbeat(ByteView payload) {
    if (payload.size() < 2 || payload[0] != kHearsayUserType) return false;
    Heartbeat m;
    m.type = static_cast<HearsayType>(payload[1]);
    if (!is_heartbeat(m.type) || !decode_heartbeat(payload.subspan(2), m)) return false;
    line.word(name_of(m.type)).name("", m.sender).number("gen=", m.generation.value).number("seq=", m.sequence);
    if (!m.entries.empty()) line.number("entries=", m.entries.size());
    if (!m.wants.empty()) line.number("wants=", m.wants.size());
    if (!m.opinions.empty()) line.number("opinions=", m.opinions.size());
    if (!m.reason.empty()) line.name("why=", m.reason);
    return true;
  }
  bool state(ByteView payload) {
    if (payload.size() < 2 || payload[0] != kHearsayUserType) return false;
    const ByteView body = payload.subspan(2);
    const auto told = [&](const auto& message) {
      if (message) state(*message);
      return message.has_value();
    };
    switch (static_cast<HearsayType>(payload[1])) {
      case HearsayType::state_hash:
        return told(decode_state_hash(body));
      case HearsayType::state_digests:
        return told(decode_state_digests(body));
      case HearsayType::state_deltas:
        return told(decode_state_deltas(body));
      case HearsayType::state_question:
        return told(decode_state_question(body));
      case HearsayType::state_held:
        return told(decode_state_held(body));
      default:
        return false;
    }
  }
  void state(const StateHash& m) {
    line.word("state-hash").name("", m.sender);
    if (!m.buckets.empty()) line.number("ranges=", m.buckets.size());
  }
  void state(const StateDigests& m) {
    line.word("state-digests").name("", m.sender).number("owners=", m.digests.size());
    line.word(m.ask ? "compare" : "wanted");
  }
  void state(const StateDeltas& m) {
    line.word("state-deltas");
    for (std::size_t i = 0; i < m.deltas.size() && i < kDeltasToldMax; ++i) {
      const StateDelta& delta = m.deltas[i];
      line.name("", delta.owner).number("from=", delta.from).number("to=", delta.to);
      line.number("entries=", delta.entries.size());
    }
    if (m.deltas.size() > kDeltasToldMax) line.number("and=", m.deltas.size() - kDeltasToldMax);
    if (m.fresh) line.word("fresh");
    if (m.more) line.word("more");
  }
  void state(const StateQuestion& m) {
    line.word("state-question").name("", m.owner).number("version=", m.version).number("number=", m.number);
    line.number("ms=", m.for_ms);
    if (!m.asked.empty()) line.number("asked=", m.asked.size());
  }
  void state(const StateHeld& m) {
    line.word("state-held").name("", m.sender).number("gen=", m.epoch.generation).number("version=", m.version);
  }
  template <class Message>
  void source(Line& to, const Message& m) {
    if (!m.source_node.empty()) to.name("from=", m.source_node);
  }
  template <class Message>
  void accusation(std::string_view verb, const Message& m) {
    line.word(verb).name("", m.node).number("inc=", m.incarnation.value);
    if (verb != "left") line.name("from=", m.from);
  }
};

std::string describe_fault(ByteView message, Fault fault) {
  Line line;
  line.word(name_of(fault));
  if (!message.empty()) {
    const char* type = word_of(static_cast<Type>(message[0]));
    type != nullptr ? line.word(type) : line.number("type=", message[0]);
  }
  return line.number("bytes=", message.size()).take();
}

// What is around the messages of an opened datagram, outside in, and how many bytes it came with.
std::string describe_wrappers(const Envelope& envelope, ByteView datagram, const OpenedDatagram& opened) {
  Line line;
  ByteView packet = datagram;
  if (!envelope.label.empty()) {
    line.name("label=", envelope.label);
    packet = packet.subspan(2 + envelope.label.size());
  }
  if (opened.sealed) {
    line.word("sealed");
    packet = opened.plain;
  }
  const auto is = [&](Type type) { return !packet.empty() && packet[0] == static_cast<std::uint8_t>(type); };
  if (is(Type::crc) && packet.size() >= 5) {
    line.word("crc");
    packet = packet.subspan(5);
  }
  if (is(Type::compressed) && opened.inflated_used > 0) {
    line.word("compressed");
    packet = opened.inflated[0];
  }
  if (is(Type::compound)) line.word("compound");
  return line.number("bytes=", datagram.size()).take();
}

}  // namespace

std::string describe_message(ByteView message) {
  Line line;
  const auto stream = decode_stream_message(message, UINT32_MAX, UINT32_MAX);
  const auto datagram = decode_datagram_message(message);
  // A user message looks different in a stream; there its header says exactly how long it is.
  const bool in_stream = stream && *stream && (!datagram || std::holds_alternative<User>(**stream));
  if (in_stream) {
    std::visit(Words{line}, **stream);
  } else if (datagram) {
    std::visit(Words{line}, *datagram);
  } else if (stream) {
    return describe_fault(message, Fault::truncated);
  } else {
    return describe_fault(message, datagram.error() == Fault::unexpected ? stream.error() : datagram.error());
  }
  return line.take();
}

std::string describe_datagram(const Envelope& envelope, ByteView datagram, bool with_wrappers) {
  OpenedDatagram opened;
  if (const auto result = open_datagram(envelope, datagram, opened); !result) {
    return std::string(name_of(result.error())) + " datagram bytes=" + std::to_string(datagram.size());
  }
  std::string text;
  if (with_wrappers) text = "(" + describe_wrappers(envelope, datagram, opened) + ") ";
  std::string_view separator;
  for (const ByteView message : opened.messages) {
    text += separator;
    text += describe_message(message);
    separator = " + ";
  }
  if (opened.faulty_parts > 0) {
    text += separator;
    text += std::to_string(opened.faulty_parts) + " faulty";
  }
  return text;
}

std::string describe_datagram(ByteView datagram) { return describe_datagram(Envelope{}, datagram); }

}  // namespace hearsay::wire
