#include "node/streams.h"

#include <algorithm>
#include <map>

namespace hearsay::node {

namespace {
// Inbound streams together hold no more than so many of the largest requests.
constexpr std::size_t kLargestRequests = 4;
// A machine's first stream may go that far over the limit: many that come at once are no attack.
constexpr std::size_t kHeadroom = 2;

// For the person who joins, and cannot know what "not_opened" means.
std::string why_unread(wire::Fault fault, bool no_keys) {
  switch (fault) {
    case wire::Fault::not_opened:
      return no_keys ? "it is encrypted, and this node has no key"
                     : "it is encrypted with a key that this node does not have";
    case wire::Fault::plaintext:
      return "it is not encrypted, and this node has a key";
    case wire::Fault::wrong_label:
      return "it has another label than this node, or none";
    default:
      return wire::name_of(fault);
  }
}

}  // namespace

void Streams::open(StreamId stream, const Address& to, Time deadline, ByteView frame) {
  auto& state = streams_.emplace(stream, Stream(false)).first->second;
  state.peer = to;
  state.request = to_bytes(frame);
  deadlines_.set(stream, deadline);
  counters_->add(Count::streams_out);
}

bool Streams::finish(StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return false;
  if (found->second.inbound) --inbound_;
  held_bytes_ -= found->second.held_bytes;
  deadlines_.cancel(stream);
  streams_.erase(found);
  return true;
}

std::optional<Streams::Event> Streams::end(Found found, std::string why) {
  const StreamId stream = found->first;
  const bool tell = !found->second.inbound;
  const Address peer = found->second.peer;
  finish(stream);
  if (!tell) return std::nullopt;
  counters_->add(Count::stream_failures);
  return Event{stream, peer, false, true, std::move(why), {}};
}

std::optional<Streams::Event> Streams::on_input(Now now, const StreamInput& input, std::vector<Action>& actions) {
  if (const auto* opened = std::get_if<StreamOpened>(&input)) return on_opened(now, *opened, actions);
  if (const auto* data = std::get_if<StreamData>(&input)) return on_data(*data, actions);
  if (const auto* failed = std::get_if<StreamFailed>(&input)) {
    const auto found = streams_.find(failed->stream);
    if (found != streams_.end()) return end(found, failed->why);
  }
  if (const auto* closed = std::get_if<StreamClosed>(&input)) {
    const auto found = streams_.find(closed->stream);
    if (found != streams_.end()) {
      return end(found, closed->why.empty() ? "the peer closed the stream without an answer" : closed->why);
    }
  }
  return std::nullopt;
}

std::optional<Streams::Event> Streams::on_opened(Now now, const StreamOpened& opened,
                                                 std::vector<Action>& actions) {
  if (!opened.inbound) {
    const auto found = streams_.find(opened.stream);
    if (found == streams_.end()) {
      actions.push_back(CloseStream{opened.stream, true});
      return std::nullopt;
    }
    counters_->add(Count::stream_bytes_out, found->second.request.size());
    actions.push_back(WriteStream{opened.stream, found->second.request});
    return std::nullopt;
  }
  if (inbound_ >= config_->limits.streams_max && !make_place(opened.peer, actions)) {
    counters_->add(Count::dropped_stream_limit);
    actions.push_back(CloseStream{opened.stream, true});
    return std::nullopt;
  }
  counters_->add(Count::streams_in);
  ++inbound_;
  streams_.emplace(opened.stream, Stream(true)).first->second.peer = opened.peer;
  deadlines_.set(opened.stream, later(now.steady, config_->swim.stream_timeout));
  return std::nullopt;
}

std::optional<Streams::Event> Streams::on_data(const StreamData& data, std::vector<Action>& actions) {
  const auto found = streams_.find(data.stream);
  if (found == streams_.end()) return std::nullopt;
  Stream& stream = found->second;
  counters_->add(Count::stream_bytes_in, data.bytes.size());
  const auto inner = stream.opener.feed(*envelope_, data.bytes, memo_);
  if (!inner) {
    const auto fault = inner.error();
    const bool inbound = stream.inbound;
    counters_->add(fault == wire::Fault::too_large ? Count::dropped_stream_size : wire::counter_of(fault));
    if (inbound) {
      refuse(found, fault, actions);
      return std::nullopt;
    }
    actions.push_back(CloseStream{data.stream, true});
    return end(found, "its answer cannot be read: " + why_unread(fault, envelope_->keyring.empty()));
  }
  if (stream.inbound) {
    held_bytes_ -= stream.held_bytes;
    stream.held_bytes = stream.opener.buffered_bytes();
    held_bytes_ += stream.held_bytes;
  }
  if (inner->empty()) {
    keep_within_bytes(actions);
    return std::nullopt;
  }
  return Event{data.stream, stream.peer, stream.opener.sealed(), false, {}, *inner, stream.opener.remembered()};
}

void Streams::drop(Found found, Count why, std::vector<Action>& actions) {
  counters_->add(why);
  actions.push_back(CloseStream{found->first, true});
  finish(found->first);
}

bool Streams::make_place(const Address& newcomer, std::vector<Action>& actions) {
  struct Holder {
    std::size_t streams = 0;
    Found oldest;
  };
  std::map<Address, Holder> holders;
  for (auto at = streams_.begin(); at != streams_.end(); ++at) {  // by id: the oldest first
    if (!at->second.inbound) continue;
    Holder& holder = holders[at->second.peer.machine()];
    if (holder.streams++ == 0) holder.oldest = at;
  }
  const auto most = std::ranges::max_element(holders, {}, [](const auto& entry) { return entry.second.streams; });
  const auto own = holders.find(newcomer.machine());
  const std::size_t own_streams = own == holders.end() ? 0 : own->second.streams;
  if (most == holders.end() || most->second.streams <= own_streams + 1) {
    return own_streams == 0 && inbound_ < kHeadroom * config_->limits.streams_max;
  }
  drop(most->second.oldest, Count::dropped_stream_limit, actions);
  return true;
}

void Streams::keep_within_bytes(std::vector<Action>& actions) {
  while (held_bytes_ > kLargestRequests * config_->limits.stream_bytes_max) {
    const auto most =
        std::ranges::max_element(streams_, {}, [](const auto& entry) { return entry.second.held_bytes; });
    drop(most, Count::dropped_stream_size, actions);
  }
}

// memberlist tells the dialler why, except when the label is wrong: strangers get no answer.
void Streams::refuse(Found found, wire::Fault fault, std::vector<Action>& actions) {
  const StreamId stream = found->first;
  const bool tell = fault == wire::Fault::plaintext || fault == wire::Fault::not_opened;
  if (tell) {
    Bytes message;
    base::ByteWriter writer(message);
    wire::encode(writer,
                 wire::ErrorReply{fault == wire::Fault::plaintext
                                      ? "this cluster is encrypted and your message is not"
                                      : "your message is encrypted with a key that this node does not have"});
    frame_.clear();
    if (wire::seal_stream(*envelope_, message, false, scratch_, frame_)) {
      counters_->add(Count::stream_bytes_out, frame_.size());
      actions.push_back(WriteStream{stream, frame_});
    }
  }
  actions.push_back(CloseStream{stream, !tell});
  finish(stream);
}

void Streams::on_pause(Duration length) {
  for (const auto& [stream, state] : streams_) deadlines_.set(stream, later(deadlines_.at(stream), length));
}

std::optional<Streams::Event> Streams::take_expired(Now now, std::vector<Action>& actions) {
  while (const auto due = deadlines_.take_due(now.steady)) {
    const auto found = streams_.find(*due);
    actions.push_back(CloseStream{*due, true});
    if (auto event = end(found, "no answer in time")) return event;
  }
  return std::nullopt;
}

}  // namespace hearsay::node
