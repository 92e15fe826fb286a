#include "sim/tape.h"

#include "base/hash.h"

namespace hearsay::sim {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::uint64_t count(Duration duration) { return static_cast<std::uint64_t>(duration.count()); }

std::uint64_t hash_of(std::span<const Action> actions) {
  base::Hasher hash;
  const auto add_address = [&](const Address& address) {
    hash.add(address.ip_view());
    hash.add(address.port);
  };
  for (const Action& action : actions) {
    hash.add(action.index());
    std::visit(Overloaded{
                   [&](const SendDatagram& send) {
                     add_address(send.to);
                     hash.add(send.bytes);
                   },
                   [&](const OpenStream& open) {
                     hash.add(open.stream.value);
                     add_address(open.to);
                     hash.add(count(open.deadline.time_since_epoch()));
                   },
                   [&](const WriteStream& write) {
                     hash.add(write.stream.value);
                     hash.add(write.bytes);
                   },
                   [&](const CloseStream& close) {
                     hash.add(close.stream.value);
                     hash.add(std::uint64_t{close.abort});
                   },
                   [&](const ResolveName& resolve) {
                     hash.add(resolve.call.value);
                     hash.add(resolve.host);
                     hash.add(resolve.port);
                   },
                   [&](const SaveKeys& save) {
                     hash.add(save.call.value);
                     for (const Bytes& key : save.keys) hash.add(ByteView(key));
                   },
                   [&](const Notify& notify) {
                     hash.add(count(notify.notice.at.steady.time_since_epoch()));
                     hash.add(count(notify.notice.at.wall.time_since_epoch()));
                     hash.add(describe(notify.notice));
                   },
               },
               action);
  }
  return hash.value();
}

}  // namespace

void Tape::start(const Config& config, const Resources& resources, Now now) {
  config_ = config;
  resources_ = resources;
  resources_.interner = nullptr;  // one of its own: that others share one must not show
  born_ = now;
  entries_.clear();
  bytes_ = 0;
  full_ = false;
}

void Tape::add(Now now, Input input, std::size_t bytes) {
  bytes_ += bytes;
  if (full_ || entries_.size() >= kInputsMax || bytes_ > kBytesMax) {
    full_ = true;
    return;
  }
  entries_.push_back({now, std::move(input), 0});
}

void Tape::hear(Now now, const Datagram& input) {
  add(now, OwnedDatagram{input.from, to_bytes(input.bytes)}, input.bytes.size());
}

void Tape::hear(Now now, const StreamInput& input) {
  if (const auto* data = std::get_if<StreamData>(&input))
    add(now, OwnedData{data->stream, to_bytes(data->bytes)}, data->bytes.size());
  else
    add(now, input);
}

void Tape::did(std::span<const Action> actions) {
  if (full_) return;
  (entries_.empty() ? did_first_ : entries_.back().did) = hash_of(actions);
}

std::string Tape::replay(const Node* original) const {
  if (!config_) return {};
  auto made = Node::create(*config_, resources_, born_);
  if (!made) return "it could not be started again: " + made.error().cause;
  Node& node = **made;
  if (hash_of(node.actions()) != did_first_) return "it did something else already when it was started";
  std::size_t number = 0;
  for (const Entry& entry : entries_) {
    ++number;
    std::visit(Overloaded{
                   [&](const OwnedDatagram& input) {
                     feed(node, entry.now, Datagram{input.from, input.bytes});
                   },
                   [&](const OwnedData& input) {
                     feed(node, entry.now, StreamInput{StreamData{input.stream, input.bytes}});
                   },
                   [&](const auto& input) { feed(node, entry.now, input); },
               },
               entry.input);
    if (hash_of(node.actions()) != entry.did) {
      return "it did something else after input " + std::to_string(number) + " of " +
             std::to_string(entries_.size());
    }
  }
  if (original != nullptr && !full_ && node.state_hash() != original->state_hash()) {
    return "it did the same, but its state is another one in the end";
  }
  return {};
}

}  // namespace hearsay::sim
