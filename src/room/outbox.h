// What rooms want to send, as messages and in order. The packer (node/) makes packets of it.
//
// Messages are encoded when they are handed over, so their views need not live on. Everything lies in memory that
// is reused by the next input.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/scratch.h"
#include "hearsay/action.h"
#include "hearsay/address.h"
#include "hearsay/command.h"
#include "hearsay/counters.h"
#include "hearsay/ids.h"
#include "hearsay/notice.h"
#include "hearsay/time.h"
#include "members/member_table.h"
#include "spread/rumor_queue.h"
#include "wire/extension.h"
#include "wire/memberlist.h"
#include "wire/state.h"

namespace hearsay::room {

// One input causes at most so many datagrams; more are dropped and counted. Notices and streams are bounded by what
// causes them.
inline constexpr std::size_t kDatagramsMax = 8192;
// memberlist's pmax from which a receiver understands the checksum wrapper.
inline constexpr std::uint8_t kCrcProtocol = 5;

// The other side of a datagram.
struct Peer {
  Address to;
  bool crc = false;  // understands the checksum wrapper
  spread::Audience audience = spread::Audience::all;
};
inline Peer peer_of(const members::MemberTable& members, MemberId id) {
  const auto& row = members.row(id);
  return {members.address(id), row.versions[1] >= kCrcProtocol,
          row.speaks_hearsay ? spread::Audience::hearsay : spread::Audience::all};
}

// Where an answer to a datagram goes: to the address that its sender names, if that is a member's or on the same
// machine, else where it came from. Rumors ride along only when both are the same machine: nobody shall make us
// send packets to strangers, nor wear rumors out.
struct ReplyTo {
  Peer peer;
  bool trusted = false;
};
inline ReplyTo reply_to(const members::MemberTable& members, const Address& from, ByteView named_ip,
                        std::uint16_t named_port) {
  Address named = Address::from_ip(named_ip, named_port);
  if (!named.valid() || named.port == 0) return {{from}, true};
  if (same_ip(named, from)) {
    named.scope = from.scope;  // a link-local address says nothing without its interface
    return {{named}, true};
  }
  return {{members.is_known_address(named) ? named : from}, false};
}

class Outbox {
 public:
  struct Part {
    std::size_t begin = 0;
    std::size_t bytes = 0;
  };
  struct Datagram {
    Peer peer;
    std::size_t first_part = 0;
    std::size_t parts = 0;
    bool rumors = false;  // fill what is left of the packet with rumors; without parts: nothing but rumors
  };
  struct Request {
    StreamId stream;
    Address to;
    Time deadline;
    Part message;
  };
  struct Answer {
    StreamId stream;
    Part message;
  };
  struct Close {
    StreamId stream;
  };
  struct Resolve {
    CallId call;
    std::string host;
    std::uint16_t port;
  };
  using Item = std::variant<Datagram, Request, Answer, Close, Resolve, SaveKeys, Notice>;

  explicit Outbox(Counters& counters) : counters_(&counters) {}

  // These messages in one datagram, in this order, with rumors in what is left of it.
  template <class... Message>
  void send(const Peer& peer, const Message&... messages) {
    datagram(peer, true, messages...);
  }
  // The same without rumors.
  template <class... Message>
  void send_bare(const Peer& peer, const Message&... messages) {
    datagram(peer, false, messages...);
  }
  template <class Message>
  void reply(const ReplyTo& to, const Message& message) {
    datagram(to.peer, to.trusted, message);
  }
  // A packet of rumors, or nothing when there are none.
  void send_rumors(const Peer& peer) { datagram(peer, true); }

  // Opens a stream and sends a request on it. Its answer comes back as a message with this stream in its origin,
  // or as on_stream_end; after either the stream is gone.
  template <class Message>
  StreamId request(const Address& to, Time deadline, const Message& message) {
    const StreamId stream{streams_ += 2};
    put(Request{stream, to, deadline, encoded(message)});
    return stream;
  }
  // The same with a message that is encoded already.
  StreamId request_encoded(const Address& to, Time deadline, ByteView message) {
    const StreamId stream{streams_ += 2};
    put(Request{stream, to, deadline, copied(message)});
    return stream;
  }
  // Answers the request that came on this stream; the stream closes afterwards.
  template <class Message>
  void answer(StreamId stream, const Message& message) {
    put(Answer{stream, encoded(message)});
  }
  // The same with a message that is encoded already.
  void answer_encoded(StreamId stream, ByteView message) { put(Answer{stream, copied(message)}); }
  // Gives up on a stream.
  void close(StreamId stream) { put(Close{stream}); }

  CallId resolve(std::string host, std::uint16_t port) {
    const CallId call{++calls_};
    put(Resolve{call, std::move(host), port});
    return call;
  }
  CallId save_keys(std::vector<Bytes> keys) {
    const CallId call{++calls_};
    put(SaveKeys{call, std::move(keys)});
    return call;
  }
  void notify(Notice notice) { put(std::move(notice)); }
  // Asks the node itself to join these peers, as if the application did, but quietly.
  void join(std::vector<std::string> peers) { joins_.push_back({CommandId{}, std::move(peers)}); }
  bool wants_joins() const { return !joins_.empty(); }
  std::vector<Join> take_joins() { return std::exchange(joins_, {}); }

  const std::vector<Item>& items() const { return items_; }
  ByteView message(Part part) const { return ByteView(arena_).subspan(part.begin, part.bytes); }
  Part part(std::size_t number) const { return parts_[number]; }
  void clear() {
    base::recycle(items_);
    base::recycle(parts_);
    base::recycle(arena_);
    datagrams_ = 0;
  }

  template <class Archive>
  void fields(Archive& archive) {
    archive(streams_, calls_);
  }

 private:
  template <class... Message>
  void datagram(const Peer& peer, bool rumors, const Message&... messages) {
    if (++datagrams_ > kDatagramsMax) {
      counters_->add(Count::dropped_output_limit);
      return;
    }
    const std::size_t first = parts_.size();
    (parts_.push_back(encoded(messages)), ...);
    put(Datagram{peer, first, parts_.size() - first, rumors});
  }
  template <class Message>
  Part encoded(const Message& message) {
    const std::size_t begin = arena_.size();
    base::ByteWriter writer(arena_);
    encode(writer, message);  // found by the message's namespace
    return {begin, arena_.size() - begin};
  }
  Part copied(ByteView message) {
    const std::size_t begin = arena_.size();
    base::ByteWriter(arena_).raw(message);
    return {begin, message.size()};
  }
  void put(Item item) { items_.push_back(std::move(item)); }

  Counters* counters_;
  std::uint64_t streams_ = 0;
  std::uint64_t calls_ = 0;
  std::size_t datagrams_ = 0;
  std::vector<Item> items_;
  std::vector<Join> joins_;
  std::vector<Part> parts_;
  Bytes arena_;
};

}  // namespace hearsay::room
