// memberlist's messages <-> bytes (spec: docs/protocol/memberlist.md). Encoders write the type byte and the
// map exactly as go-msgpack v0.5 does; decoders take everything that memberlist's decoders take, but
// bytes as an array of integers above 127, which nobody writes.
#pragma once

#include <optional>
#include <variant>

#include "base/byte_io.h"
#include "wire/fault.h"
#include "wire/messages.h"
#include "wire/msgpack.h"

namespace hearsay::wire {

using base::ByteWriter;

void encode(ByteWriter& out, const Ping& message);
void encode(ByteWriter& out, const IndirectPing& message);
void encode(ByteWriter& out, const Ack& message);
void encode(ByteWriter& out, const Nack& message);
void encode(ByteWriter& out, const ErrorReply& message);
void encode(ByteWriter& out, const Suspect& message);
void encode(ByteWriter& out, const Alive& message);
void encode(ByteWriter& out, const Dead& message);
void encode(ByteWriter& out, const User& message);  // datagram form: type byte, then the raw bytes
// Stream forms.
void encode_stream(ByteWriter& out, const User& message);  // type byte, {UserMsgLen}, raw bytes
void encode(ByteWriter& out, const PushPullHeader& header);
void encode(ByteWriter& out, const PushNode& node);
void encode(ByteWriter& out, const PushPull& message);

// One message of a datagram, wrappers removed (see envelope.h). Types that do not belong into a datagram
// (6, 10, 12 here, 13, 244) and unknown ones: Fault::unexpected.
using DatagramMessage = std::variant<Ping, IndirectPing, Ack, Nack, Suspect, Alive, Dead, User>;
Decoded<DatagramMessage> decode_datagram_message(ByteView message);

// No entry of a push/pull is shorter: an array of seven values. (A record that leaves out more than its keys would
// have no name or no address.)
inline constexpr std::size_t kPushNodeBytesMin = 8;

// One message of a stream, wrappers removed. An empty optional: more bytes are needed; ask again with all
// bytes so far and more. A push/pull is checked against `nodes_max` before anything is reserved, and entries
// are only as many as bytes can hold.
using StreamMessage = std::variant<Ping, Ack, User, PushPull, ErrorReply>;
Decoded<std::optional<StreamMessage>> decode_stream_message(ByteView message, std::uint32_t nodes_max,
                                                            std::uint32_t bytes_max);

// Tells when the bytes of a stream hold one whole message, in time linear in the bytes whatever the pieces they
// come in; decode_stream_message is then called once. (A reader cannot wait for the end of the stream instead:
// peers keep it open for the reply.)
class StreamScan {
 public:
  // `message`: all bytes so far, type byte first. The size of the message once it is whole, else 0.
  // Errors are final: a type that belongs into no stream, bytes that are no msgpack, a tail over `bytes_max`.
  Decoded<std::size_t> advance(ByteView message, std::uint32_t bytes_max);

 private:
  enum class Step : std::uint8_t { type, header, entries, tail };
  Step step_ = Step::type;
  std::uint32_t nodes_ = 0;  // entries of a push/pull
  std::size_t entries_begin_ = 0;
  std::uint32_t tail_bytes_ = 0;  // raw bytes after the values
  MsgpackScan scan_;
};

}  // namespace hearsay::wire
