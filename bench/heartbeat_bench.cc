// The heartbeat family at one node: merging counters, answering a digest, telling the table, and what a member
// costs in memory. The node is a whole one; its members exist in its table only.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <deque>
#include <string>
#include <vector>

#include "base/byte_io.h"
#include "sim/world.h"
#include "wire/heartbeat.h"

namespace hearsay {
namespace {

constexpr std::size_t kEntriesPerPacket = 40;

class Table {
 public:
  explicit Table(std::size_t members) : members_(members), world_({}) {
    for (int i = 0; i < 2; ++i) {
      Config config = Config::of(Profile::lan);
      config.name = "node-0000" + std::to_string(i);
      config.family = Family::heartbeat;
      config.heartbeat.fanout = 1;
      config.heartbeat.interval = std::chrono::hours(1);  // no rounds of its own
      config.limits.history_bytes_max = 4096;
      world_.add(config);
    }
    world_.command(0, Join{CommandId{1}, {to_string(world_.config(1).advertise)}});
    world_.run_for(std::chrono::seconds(5));
    for (std::size_t i = 2; i < members; ++i) names_.push_back("node-" + std::to_string(10000 + i));
  }
  Node& node() { return world_.node(0); }
  void feed(ByteView bytes) { node().on_datagram(world_.now(0), world_.config(1).advertise, bytes); }
  // Everybody's address and tags, as the second node would tell them.
  void fill() {
    const std::uint8_t versions[] = {1, 5, 2, 2, 5, 5};
    for (std::size_t i = 0; i < names_.size(); i += 10) {
      wire::Heartbeat& message = begin(wire::HearsayType::beats);
      std::deque<Bytes> addresses;
      for (std::size_t k = i; k < std::min(i + 10, names_.size()); ++k) {
        const auto high = static_cast<std::uint8_t>(k >> 8);
        const auto& ip = addresses.emplace_back(Bytes{10, 1, high, static_cast<std::uint8_t>(k)});
        message.entries.push_back({names_[k], {1}, 1, 1, false, true, ip, 7946, versions, {}});
      }
      feed(encoded());
    }
  }
  // Counters of the next members in turn, each higher than before.
  const Bytes& counters(wire::HearsayType type) {
    wire::Heartbeat& message = begin(type);
    for (std::size_t i = 0; i < std::min(kEntriesPerPacket, names_.size()); ++i)
      message.entries.push_back({names_[(next_ + i) % names_.size()], {1}, ++beats_, 1});
    next_ += kEntriesPerPacket;
    return encoded();
  }
  const Bytes& plain(wire::HearsayType type) {
    begin(type);
    return encoded();
  }
  std::size_t sent_bytes() {
    std::size_t bytes = 0;
    for (const Action& action : node().actions()) {
      if (const auto* send = std::get_if<SendDatagram>(&action)) bytes += send->bytes.size();
    }
    return bytes;
  }
  std::size_t known() { return node().members().size(); }
  std::size_t members() const { return members_; }

 private:
  wire::Heartbeat& begin(wire::HearsayType type) {
    message_ = {};
    message_.type = type;
    message_.sender = world_.config(1).name;
    message_.generation = {1};
    message_.sequence = ++sequence_;
    return message_;
  }
  const Bytes& encoded() {
    bytes_.clear();
    base::ByteWriter out(bytes_);
    encode(out, message_);
    return bytes_;
  }

  std::size_t members_;
  sim::World world_;
  std::vector<std::string> names_;
  wire::Heartbeat message_;
  Bytes bytes_;
  std::uint64_t sequence_ = 1u << 20;
  std::uint64_t beats_ = 1;
  std::size_t next_ = 0;
};

// A packet of 40 higher counters is written and merged.
void counters_merge(benchmark::State& state) {
  Table table(static_cast<std::size_t>(state.range(0)));
  table.fill();
  for (auto _ : state) table.feed(table.counters(wire::HearsayType::beats));
  state.counters["per_entry"] =
      benchmark::Counter(static_cast<double>(kEntriesPerPacket),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
// The same as a digest (SYN), and the answer (ACK) with it.
void digest_answer(benchmark::State& state) {
  Table table(static_cast<std::size_t>(state.range(0)));
  table.fill();
  std::size_t bytes = 0;
  for (auto _ : state) {
    table.feed(table.counters(wire::HearsayType::syn));
    bytes = table.sent_bytes();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
// A pull is answered: the whole table.
void table_tell(benchmark::State& state) {
  Table table(static_cast<std::size_t>(state.range(0)));
  table.fill();
  std::size_t bytes = 0;
  for (auto _ : state) {
    table.feed(table.plain(wire::HearsayType::pull));
    bytes = table.sent_bytes();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["per_entry"] =
      benchmark::Counter(static_cast<double>(table.members()),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
// A newcomer with its facts, and the memory that each member takes: row, name, address, counters, moments.
void member_memory(benchmark::State& state) {
  double bytes = 0;
  for (auto _ : state) {
    Table table(static_cast<std::size_t>(state.range(0)));
    const auto before = mallinfo2().uordblks;
    table.fill();
    bytes = static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(table.known() - 2);
  }
  state.counters["bytes_per_member"] = bytes;
}
BENCHMARK(counters_merge)->Arg(100)->Arg(1000);
BENCHMARK(digest_answer)->Arg(100)->Arg(1000);
BENCHMARK(table_tell)->Arg(100)->Arg(1000);
BENCHMARK(member_memory)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hearsay
