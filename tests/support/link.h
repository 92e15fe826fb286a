// A few nodes joined by a perfect network without delay, driven by hand: for tests of one node's doors. Everything
// else belongs into the simulator.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hearsay/node.h"

namespace hearsay::tests {

class Link {
 public:
  // Adds a node at 10.0.0.`last` and gives its number.
  std::size_t add(Config config, std::uint8_t last, Resources resources = {}) {
    const std::uint8_t ip[] = {10, 0, 0, last};
    config.advertise = Address::from_ip(ip, 7946);
    if (config.name.empty()) config.name = "n" + std::to_string(last);
    if (resources.seed == 0) resources.seed = last;
    auto node = Node::create(config, resources, now());
    EXPECT_TRUE(node) << (node ? "" : node.error().cause);
    End& end = ends_.emplace_back();
    end.node = std::move(*node);
    end.address = config.advertise;
    return ends_.size() - 1;
  }
  Node& node(std::size_t number) { return *ends_[number].node; }
  Now now() const { return {steady, WallTime{} + (steady - Time{})}; }

  // An input, and everything that follows from it at once.
  template <class Input>
  void feed(std::size_t number, Input input) {
    input(node(number));
    perform(number);
    run();
  }
  void command(std::size_t number, const Command& command) {
    feed(number, [&](Node& node) { node.on_command(now(), command); });
  }
  void join(std::size_t number, std::uint8_t last) {
    command(number, hearsay::Join{CommandId{1}, {"10.0.0." + std::to_string(last)}});
  }
  // Lets time pass, from deadline to deadline.
  void pass(Duration duration) {
    const Time end = steady + duration;
    for (;;) {
      std::size_t next = 0;
      for (std::size_t i = 1; i < ends_.size(); ++i) {
        if (node(i).next_deadline() < node(next).next_deadline()) next = i;
      }
      const Time at = node(next).next_deadline();
      if (at > end) break;
      steady = std::max(steady, at);
      feed(next, [&](Node& node) { node.on_time(now()); });
    }
    steady = end;
  }
  void cut(std::size_t number) { ends_[number].cut = true; }
  void mend(std::size_t number) { ends_[number].cut = false; }

  std::string status(std::size_t number, std::string_view name) {
    for (const Member& member : node(number).members()) {
      if (member.name == name) return name_of(member.status);
    }
    return "unknown";
  }
  // The notices of a node so far.
  std::vector<Notice>& notices(std::size_t number) { return ends_[number].notices; }

  Time steady{std::chrono::seconds(1000)};
  std::size_t actions_most = 0;  // of any one input

 private:
  struct End {
    std::unique_ptr<Node> node;
    Address address;
    std::map<StreamId, std::pair<std::size_t, StreamId>> streams;  // ours -> the other side's
    std::vector<Notice> notices;
    bool cut = false;
  };
  struct Parcel {
    std::size_t to = 0;
    Address from;
    bool datagram = false;
    Bytes bytes;
    StreamInput input;
  };

  void perform(std::size_t number) {
    actions_most = std::max(actions_most, node(number).actions().size());
    for (const Action& action : node(number).actions()) {
      std::visit([&](const auto& body) { perform(number, body); }, action);
    }
  }
  std::size_t find(const Address& address) const {
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      if (ends_[i].address == address && !ends_[i].cut) return i;
    }
    return ends_.size();
  }
  void perform(std::size_t number, const SendDatagram& send) {
    const std::size_t to = find(send.to);
    if (to == ends_.size() || ends_[number].cut) return;
    Parcel& parcel = post(to);
    parcel.datagram = true;
    parcel.from = ends_[number].address;
    parcel.bytes = to_bytes(send.bytes);
  }
  void perform(std::size_t number, const OpenStream& open) {
    const std::size_t to = find(open.to);
    if (to == ends_.size() || ends_[number].cut) {
      post(number).input = StreamFailed{open.stream, "unreachable"};
      return;
    }
    const StreamId theirs{accepted_ += 2};
    ends_[number].streams[open.stream] = {to, theirs};
    ends_[to].streams[theirs] = {number, open.stream};
    post(to).input = StreamOpened{theirs, ends_[number].address, true};
    post(number).input = StreamOpened{open.stream, open.to, false};
  }
  void perform(std::size_t number, const WriteStream& write) {
    const auto found = ends_[number].streams.find(write.stream);
    if (found == ends_[number].streams.end()) return;
    Parcel& parcel = post(found->second.first);
    parcel.bytes = to_bytes(write.bytes);
    parcel.input = StreamData{found->second.second, {}};
  }
  void perform(std::size_t number, const CloseStream& close) {
    const auto found = ends_[number].streams.find(close.stream);
    if (found == ends_[number].streams.end()) return;
    const auto [other, stream] = found->second;
    ends_[number].streams.erase(found);
    ends_[other].streams.erase(stream);
    post(other).input = StreamClosed{stream, ""};
  }
  void perform(std::size_t number, const ResolveName& resolve) { feed_later_.push_back({number, resolve.call}); }
  void perform(std::size_t number, const SaveKeys& save) { save_later_.push_back({number, save.call}); }
  void perform(std::size_t number, const Notify& notify) { ends_[number].notices.push_back(notify.notice); }

  Parcel& post(std::size_t to) {
    Parcel& parcel = parcels_.emplace_back();
    parcel.to = to;
    return parcel;
  }
  void run() {
    for (int steps = 0; !parcels_.empty(); ++steps) {
      ASSERT_LT(steps, 100'000) << "the nodes never come to rest";
      Parcel parcel = std::move(parcels_.front());
      parcels_.pop_front();
      Node& to = node(parcel.to);
      if (auto* data = std::get_if<StreamData>(&parcel.input)) data->bytes = parcel.bytes;
      if (parcel.datagram) {
        to.on_datagram(now(), parcel.from, parcel.bytes);
      } else {
        to.on_stream(now(), parcel.input);
      }
      perform(parcel.to);
    }
    while (!feed_later_.empty()) {
      const auto [number, call] = feed_later_.front();
      feed_later_.pop_front();
      node(number).on_reply(now(), call, Resolved{{}, "no names here"});
      perform(number);
    }
    while (!save_later_.empty()) {
      const auto [number, call] = save_later_.front();
      save_later_.pop_front();
      feed(number, [&, id = call](Node& node) { node.on_reply(now(), id, Saved{}); });
    }
  }

  std::vector<End> ends_;
  std::deque<Parcel> parcels_;
  std::deque<std::pair<std::size_t, CallId>> feed_later_;
  std::deque<std::pair<std::size_t, CallId>> save_later_;
  std::uint64_t accepted_ = 1;
};

}  // namespace hearsay::tests
