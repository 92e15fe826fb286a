// What a driver must do for a node. Actions are data in one ordered list; nothing is called back.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "hearsay/address.h"
#include "hearsay/bytes.h"
#include "hearsay/ids.h"
#include "hearsay/notice.h"
#include "hearsay/time.h"

namespace hearsay {

// Send one datagram. If the operating system refuses it, say so with Node::on_send_failed.
struct SendDatagram {
  Address to;
  ByteView bytes;
};

// Open a stream. The driver answers with StreamOpened or, at the latest at `deadline`, StreamFailed.
struct OpenStream {
  StreamId stream;
  Address to;
  Time deadline;
};

// Write to an open stream. The driver queues what the socket does not take at once, and keeps the order.
// Writes to a stream that is not open (any more) are ignored.
struct WriteStream {
  StreamId stream;
  ByteView bytes;
};

// Close a stream once everything written has been handed to the operating system; `abort` drops the rest and
// resets. No input about this stream may follow.
struct CloseStream {
  StreamId stream;
  bool abort = false;
};

// Resolve a host name and answer with Node::on_reply(call, Resolved).
struct ResolveName {
  CallId call;
  std::string host;
  std::uint16_t port = 0;
};

// Keep these keys for the next start, the one that encrypts first, and answer with Node::on_reply(call, Saved) once
// they are safe or cannot be saved. Asked for only with CryptoConfig::save_keys.
struct SaveKeys {
  CallId call;
  std::vector<Bytes> keys;
};

// Hand the notice to the application.
struct Notify {
  Notice notice;
};

// Byte views in actions are valid until the next input of the same node.
using Action = std::variant<SendDatagram, OpenStream, WriteStream, CloseStream, ResolveName, SaveKeys, Notify>;

}  // namespace hearsay
