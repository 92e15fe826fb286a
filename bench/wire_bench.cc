// What a message costs: writing and reading what travels most, a whole table, and compression.
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "wire/envelope.h"
#include "wire/memberlist.h"

namespace hearsay::wire {
namespace {

constexpr std::array<std::uint8_t, 4> kIp{127, 0, 1, 7};
constexpr std::array<std::uint8_t, 6> kVersions{1, 5, 2, 2, 5, 5};

Ping ping() { return {SeqNo{123456}, "node-0042", kIp, 7946, "node-0007"}; }
Alive alive() { return {Incarnation{3}, "node-0042", kIp, 7946, as_bytes("meta"), kVersions}; }

template <class Message>
Bytes encoded(const Message& message) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(out, message);
  return bytes;
}

template <class Message>
void write(benchmark::State& state, const Message& message) {
  Bytes bytes;
  for (auto _ : state) {
    bytes.clear();
    ByteWriter out(bytes);
    encode(out, message);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

template <class Message>
void read(benchmark::State& state, const Message& message) {
  const Bytes bytes = encoded(message);
  for (auto _ : state) {
    auto decoded = decode_datagram_message(bytes);
    benchmark::DoNotOptimize(decoded);
  }
}

void ping_write(benchmark::State& state) { write(state, ping()); }
void ping_read(benchmark::State& state) { read(state, ping()); }
void ack_write(benchmark::State& state) { write(state, Ack{SeqNo{300}}); }
void alive_write(benchmark::State& state) { write(state, alive()); }
void alive_read(benchmark::State& state) { read(state, alive()); }
BENCHMARK(ping_write);
BENCHMARK(ping_read);
BENCHMARK(ack_write);
BENCHMARK(alive_write);
BENCHMARK(alive_read);

struct Table {
  explicit Table(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) names.push_back("node-" + std::to_string(10000 + i));
    for (const auto& name : names) {
      message.nodes.push_back({name, kIp, 7946, {}, Incarnation{1}, NodeState::alive, kVersions});
    }
  }
  std::vector<std::string> names;
  PushPull message;
};

void table_write(benchmark::State& state) {
  const Table table(static_cast<std::size_t>(state.range(0)));
  write(state, table.message);
}
void table_read(benchmark::State& state) {
  const Table table(static_cast<std::size_t>(state.range(0)));
  const Bytes bytes = encoded(table.message);
  for (auto _ : state) {
    auto decoded = decode_stream_message(bytes, 1u << 20, 64u << 20);
    benchmark::DoNotOptimize(decoded);
  }
}
BENCHMARK(table_write)->Arg(1000);
BENCHMARK(table_read)->Arg(1000);

// A full gossip packet: 17 alives in a compound, compressed and with a checksum, as it leaves and as it arrives.
struct Packet {
  Packet() {
    for (int i = 0; i < 17; ++i) {
      names.push_back("node-" + std::to_string(10000 + i));
      Alive news = alive();
      news.node = names.back();
      messages.push_back(encoded(news));
    }
    for (const auto& message : messages) views.emplace_back(message);
  }
  std::vector<std::string> names;
  std::vector<Bytes> messages;
  std::vector<ByteView> views;
  Envelope envelope;
};

void packet_seal(benchmark::State& state) {
  const Packet packet;
  const bool compress = state.range(0) != 0;
  SealScratch scratch;
  Bytes bytes;
  for (auto _ : state) {
    bytes.clear();
    benchmark::DoNotOptimize(seal_datagram(packet.envelope, packet.views, compress, true, scratch, bytes));
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
void packet_open(benchmark::State& state) {
  const Packet packet;
  SealScratch scratch;
  Bytes bytes;
  seal_datagram(packet.envelope, packet.views, state.range(0) != 0, true, scratch, bytes);
  OpenedDatagram opened;
  for (auto _ : state) benchmark::DoNotOptimize(open_datagram(packet.envelope, bytes, opened));
}
BENCHMARK(packet_seal)->ArgName("compressed")->Arg(0)->Arg(1);
BENCHMARK(packet_open)->ArgName("compressed")->Arg(0)->Arg(1);

}  // namespace
}  // namespace hearsay::wire
