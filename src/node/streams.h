// Streams: one request, one answer, then closed (memberlist net.go handleConn). Frames are taken apart and put
// together here; what is inside goes to the rooms as messages.
//
// Bounded: so many inbound streams at once, so many bytes each and in all, and each has a deadline. When all places
// are taken, the source that holds the most of them loses its oldest, unless it is the one that asks for another:
// who opens streams and keeps them does not shut out the rest. Likewise the stream that holds the most bytes goes
// first.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/timers.h"
#include "hearsay/action.h"
#include "hearsay/config.h"
#include "hearsay/counters.h"
#include "hearsay/node.h"
#include "wire/envelope.h"
#include "wire/memberlist.h"

namespace hearsay::node {

class Streams {
 public:
  enum class Timer { deadline };  // one for each stream

  Streams(const Config& config, const wire::Envelope& envelope, const wire::CompressionMemo& memo,
          Counters& counters)
      : config_(&config), envelope_(&envelope), memo_(&memo), counters_(&counters) {}

  // A request of ours: the stream is to be opened and `frame` written to it.
  void open(StreamId stream, const Address& to, Time deadline, ByteView frame);
  // What the rooms should hear of. The view in `message` is valid until this object is called again.
  struct Event {
    StreamId stream;
    Address peer;
    bool sealed = false;
    bool ended = false;  // no message came and none will; `why` tells
    std::string why;
    ByteView message;
    bool remembered = false;  // it is the one that the memo holds
  };
  // Handles one input; actions go to `actions`. `now` sets the deadline of inbound streams.
  std::optional<Event> on_input(Now now, const StreamInput& input, std::vector<Action>& actions);
  // The next stream whose time is up.
  std::optional<Event> take_expired(Now now, std::vector<Action>& actions);
  // We were not run for so long: what was sent to us meanwhile is still to come.
  void on_pause(Duration length);
  // The stream is answered or given up by us: forget it. False when it is not there.
  bool finish(StreamId stream);

  bool knows(StreamId stream) const { return streams_.contains(stream); }
  Time next_deadline() const { return deadlines_.next_deadline(); }
  std::size_t size() const { return streams_.size(); }

  template <class Archive>
  void fields(Archive& archive) {
    archive(deadlines_);
  }

 private:
  struct Stream {
    explicit Stream(bool inbound_) : inbound(inbound_), opener(inbound_) {}
    bool inbound;
    Address peer;
    wire::StreamOpener opener;
    Bytes request;  // ours, until the stream is open
    std::size_t held_bytes = 0;
  };
  using Found = std::map<StreamId, Stream>::iterator;

  std::optional<Event> on_opened(Now now, const StreamOpened& opened, std::vector<Action>& actions);
  std::optional<Event> on_data(const StreamData& data, std::vector<Action>& actions);
  std::optional<Event> end(Found found, std::string why);
  void refuse(Found found, wire::Fault fault, std::vector<Action>& actions);
  bool make_place(const Address& newcomer, std::vector<Action>& actions);
  void keep_within_bytes(std::vector<Action>& actions);
  void drop(Found found, Count why, std::vector<Action>& actions);

  const Config* config_;
  const wire::Envelope* envelope_;
  const wire::CompressionMemo* memo_;
  Counters* counters_;
  std::map<StreamId, Stream> streams_;
  std::size_t inbound_ = 0;
  std::size_t held_bytes_ = 0;  // of all inbound streams
  base::Timers<StreamId> deadlines_;
  Bytes frame_;
  wire::SealScratch scratch_;
};

}  // namespace hearsay::node
