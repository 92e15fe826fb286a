// All inputs of one node, recorded with their time, and a hash of what it did after each: enough to live its life
// once more.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "hearsay/node.h"

namespace hearsay::sim {

class Tape {
 public:
  static constexpr std::size_t kInputsMax = 2'000'000;  // later ones are not recorded
  static constexpr std::size_t kBytesMax = std::size_t{256} << 20;

  struct Datagram {
    Address from;
    ByteView bytes;
  };
  struct Answer {
    CallId call;
    Reply reply;
  };
  struct Tick {};

  // A node with this beginning is started: a new life, the former one is forgotten.
  void start(const Config& config, const Resources& resources, Now now);
  void hear(Now now, const Datagram& input);
  void hear(Now now, const StreamInput& input);
  void hear(Now now, const Command& input) { add(now, input); }
  void hear(Now now, const Answer& input) { add(now, input); }
  void hear(Now now, Tick input) { add(now, input); }
  // What the node asked for after the last input, or after its start.
  void did(std::span<const Action> actions);

  std::size_t inputs() const { return entries_.size(); }

  // Feeds all inputs to a fresh node. What it did otherwise than the original; empty: nothing, and where the
  // original is given and all was recorded, its state is the same in the end.
  std::string replay(const Node* original) const;

  static void feed(Node& node, Now now, const Datagram& input) { node.on_datagram(now, input.from, input.bytes); }
  static void feed(Node& node, Now now, const StreamInput& input) { node.on_stream(now, input); }
  static void feed(Node& node, Now now, const Command& input) { node.on_command(now, input); }
  static void feed(Node& node, Now now, const Answer& input) { node.on_reply(now, input.call, input.reply); }
  static void feed(Node& node, Now now, Tick) { node.on_time(now); }

 private:
  struct OwnedDatagram {
    Address from;
    Bytes bytes;
  };
  struct OwnedData {
    StreamId stream;
    Bytes bytes;
  };
  using Input = std::variant<OwnedDatagram, OwnedData, StreamInput, Command, Answer, Tick>;
  struct Entry {
    Now now;
    Input input;
    std::uint64_t did = 0;
  };
  void add(Now now, Input input, std::size_t bytes = 0);

  std::optional<Config> config_;
  Resources resources_;
  Now born_{};
  std::uint64_t did_first_ = 0;
  std::vector<Entry> entries_;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

}  // namespace hearsay::sim
