// Everything that a stranger can throw at a cluster, as fast as this machine can: truncated, oversized, deeply
// nested, random, changed and replayed datagrams and streams, wrong keys, wrong labels, acks that nobody waits for,
// requests to ping foreign addresses, invented members in datagrams and in tables, and streams that never end.
//
// What is replayed and changed is first recorded from the cluster on the loopback interface (which needs the right
// to open packet sockets). Ends with one line of JSON that says what was sent.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

#include "base/rng.h"
#include "net/seal.h"
#include "wire/envelope.h"
#include "wire/memberlist.h"
#include "wire/serf.h"

using namespace hearsay;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr Versions kVersions{1, 5, 2, 2, 5, 5};
constexpr std::size_t kBatch = 64;
constexpr std::size_t kRecordedMax = 2000;
constexpr std::size_t kSlowStreams = 128;

struct Options {
  std::vector<std::string> targets;
  std::string source = "127.66.6.1";
  double seconds = 60;
  double record_seconds = 3;
  bool slow_down = false;
};

sockaddr_in system_address(const Address& address) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(address.port);
  std::memcpy(&out.sin_addr, address.ip.data(), 4);
  return out;
}

// What the cluster's members say to each other: whole datagrams, and whole requests over streams.
struct Recording {
  std::vector<Bytes> datagrams;
  std::vector<Bytes> streams;
};

Recording record(const std::vector<Address>& targets, double seconds) {
  const int fd = ::socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
  if (fd < 0) throw std::runtime_error("no packet socket (CAP_NET_RAW is needed to record the cluster)");
  const auto concerns = [&](const std::uint8_t* ip, std::uint16_t port) {
    return std::ranges::any_of(
        targets, [&](const Address& t) { return std::memcmp(t.ip.data(), ip, 4) == 0 && t.port == port; });
  };
  Recording found;
  std::vector<std::uint8_t> packet(65536);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 100) <= 0) continue;
    const ssize_t got = ::recv(fd, packet.data(), packet.size(), 0);
    const std::size_t header = static_cast<std::size_t>(packet[0] & 15) * 4;
    if (got < static_cast<ssize_t>(header + 20)) continue;
    const ByteView body = ByteView(packet).subspan(header, static_cast<std::size_t>(got) - header);
    const auto port = static_cast<std::uint16_t>(body[2] << 8 | body[3]);
    if (!concerns(packet.data() + 16, port)) continue;
    if (packet[9] == IPPROTO_UDP && found.datagrams.size() < kRecordedMax) {
      found.datagrams.push_back(to_bytes(body.subspan(8)));
    } else if (packet[9] == IPPROTO_TCP && found.streams.size() < kRecordedMax) {
      const std::size_t offset = static_cast<std::size_t>(body[12] >> 4) * 4;
      if (body.size() > offset + 20) found.streams.push_back(to_bytes(body.subspan(offset)));
    }
  }
  ::close(fd);
  return found;
}

class Attack {
 public:
  Attack(std::uint64_t seed, const Recording& recording, const Address& own)
      : rng_(seed), recording_(&recording), own_(own), number_(seed << 40) {
    other_key_.aead = &aead_;
    other_key_.nonces = &nonces_;
    other_key_.keyring.add(Bytes(32, 0x42));
    other_label_.label = "another";
    noise_.resize(1u << 20);
    for (auto& byte : noise_) byte = static_cast<std::uint8_t>(rng_.next());
    nested_ = ping();
    for (int depth = 0; depth < 100; ++depth) {
      Bytes outer{7, 1, static_cast<std::uint8_t>(nested_.size() >> 8), static_cast<std::uint8_t>(nested_.size())};
      outer.insert(outer.end(), nested_.begin(), nested_.end());
      nested_ = std::move(outer);
    }
  }

  Bytes datagram() {
    switch (rng_.bounded(12)) {
      case 0:
        return cut(replay(recording_->datagrams));
      case 1:
        return random(1400 + rng_.bounded(rng_.bounded(8) == 0 ? 60'000 : 2'000));
      case 2:
        return nested_;
      case 3:
      case 4:
        return replay(recording_->datagrams);
      case 5:
        return random(1 + rng_.bounded(1400));
      case 6:
        return changed(replay(recording_->datagrams));
      case 7:
        return wrapped(other_key_, ping());
      case 8:
        return wrapped(other_label_, ping());
      case 9:
        return encoded(wire::Ack{SeqNo{static_cast<std::uint32_t>(rng_.next())}, {}});
      case 10:
        return foreign_ping_req();
      default:
        return invented(20);
    }
  }
  Bytes stream() {
    switch (rng_.bounded(8)) {
      case 0:
        return cut(replay(recording_->streams));
      case 1:
        return random(1 + rng_.bounded(200'000));
      case 2:
        return changed(replay(recording_->streams));
      case 3:
        return replay(recording_->streams);
      case 4: {
        Bytes frame;
        const auto table = invented_table(100);
        return wire::seal_stream(other_key_, table, true, scratch_, frame) ? frame : table;
      }
      case 5: {
        Bytes frame{244, 7, 'a', 'n', 'o', 't', 'h', 'e', 'r'};
        const auto table = invented_table(100);
        frame.insert(frame.end(), table.begin(), table.end());
        return frame;
      }
      case 6:
        return encoded(wire::PushPullHeader{1'000'000, 20'000'000, true});
      default:
        return invented_table(5000);
    }
  }

 private:
  template <class Message>
  static Bytes encoded(const Message& message) {
    Bytes bytes;
    base::ByteWriter writer(bytes);
    wire::encode(writer, message);
    return bytes;
  }
  Bytes wrapped(const wire::Envelope& envelope, const Bytes& message) {
    const ByteView parts[] = {message};
    Bytes out;
    return wire::seal_datagram(envelope, parts, false, false, scratch_, out) ? out : message;
  }
  const Bytes& replay(const std::vector<Bytes>& recorded) {
    static const Bytes kNothing{0};
    return recorded.empty() ? kNothing : recorded[rng_.bounded(recorded.size())];
  }
  Bytes cut(Bytes bytes) {
    bytes.resize(rng_.bounded(bytes.size()) + 1);
    return bytes;
  }
  Bytes changed(Bytes bytes) {
    for (std::uint64_t changes = 1 + rng_.bounded(4); changes > 0; --changes) {
      const std::size_t at = rng_.bounded(bytes.size());
      bytes[at] = static_cast<std::uint8_t>(rng_.next());
    }
    return bytes;
  }
  Bytes random(std::size_t size) {
    return to_bytes(ByteView(noise_).subspan(rng_.bounded(noise_.size() - size), size));
  }
  Bytes ping() {
    const std::uint32_t seq = static_cast<std::uint32_t>(rng_.next());
    return encoded(wire::Ping{SeqNo{seq}, {}, foreign().ip_view(), 7946, "stranger"});
  }
  Bytes foreign_ping_req() {
    const Address victim = foreign();
    const std::uint32_t seq = static_cast<std::uint32_t>(rng_.next());
    return encoded(wire::IndirectPing{SeqNo{seq}, victim.ip_view(), 7946, rng_.bounded(2) == 0 ? "n1" : "nobody",
                                      rng_.bounded(2) == 0, victim.ip_view(), 7946, "stranger"});
  }
  // Nobody is there: an address for documentation, or our own, where nobody answers.
  Address foreign() {
    if (rng_.bounded(2) == 0)
      return Address::from_ip(own_.ip_view(), static_cast<std::uint16_t>(1 + rng_.bounded(60'000)));
    const std::uint8_t ip[] = {192, 0, 2, static_cast<std::uint8_t>(rng_.bounded(256))};
    return Address::from_ip(ip, 7946);
  }
  Bytes invented(unsigned count) {
    Bytes packet{7, static_cast<std::uint8_t>(count)};
    Bytes bodies;
    for (unsigned i = 0; i < count; ++i) {
      const std::string name = "invented" + std::to_string(++number_);
      const Address at = foreign();
      const Bytes alive = encoded(wire::Alive{Incarnation{1}, name, at.ip_view(), at.port, {}, kVersions});
      packet.push_back(static_cast<std::uint8_t>(alive.size() >> 8));
      packet.push_back(static_cast<std::uint8_t>(alive.size()));
      bodies.insert(bodies.end(), alive.begin(), alive.end());
    }
    packet.insert(packet.end(), bodies.begin(), bodies.end());
    return packet;
  }
  Bytes invented_table(unsigned count) {
    std::vector<std::string> names;
    std::vector<Address> addresses;
    for (unsigned i = 0; i < count; ++i) {
      names.push_back("invented" + std::to_string(++number_));
      addresses.push_back(foreign());
    }
    wire::PushPull table;
    table.join = true;
    for (unsigned i = 0; i < count; ++i) {
      const auto state = static_cast<wire::NodeState>(i % 10 == 9 ? 2 : 0);
      table.nodes.push_back(
          {names[i], addresses[i].ip_view(), addresses[i].port, {}, Incarnation{1}, state, kVersions});
    }
    return encoded(table);
  }

  base::Rng rng_;
  const Recording* recording_;
  Address own_;
  std::uint64_t number_;
  Bytes noise_;   // making random bytes anew would set the pace
  Bytes nested_;  // compounds in compounds, a hundred deep
  net::OpenSslAead aead_;
  net::SystemNonces nonces_;
  wire::Envelope other_key_;
  wire::Envelope other_label_;
  wire::SealScratch scratch_;
};

struct Sent {
  std::atomic<std::uint64_t> datagrams{0}, refused{0}, streams{0}, stream_bytes{0}, slow{0};
};

int bound_socket(int type, const Address& own) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const sockaddr_in from = system_address(own);
  if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
    throw std::runtime_error("cannot bind " + to_string(own));
  }
  return fd;
}

// Packets are made in rounds and each round is sent to every target, so that making them does not set the pace.
void flood_datagrams(const std::vector<Address>& targets, const Options& options, const Recording& recording,
                     const Address& own, Clock::time_point end, Sent& sent) {
  Attack attack(0, recording, own);
  const int fd = bound_socket(SOCK_DGRAM, own);
  std::vector<sockaddr_in> to;
  for (const Address& target : targets) to.push_back(system_address(target));
  while (Clock::now() < end) {
    std::vector<Bytes> packets;
    for (std::size_t i = 0; i < kBatch; ++i) packets.push_back(attack.datagram());
    for (auto& target : to) {
      mmsghdr headers[kBatch]{};
      iovec parts[kBatch];
      for (std::size_t i = 0; i < kBatch; ++i) {
        parts[i] = {packets[i].data(), packets[i].size()};
        headers[i].msg_hdr.msg_iov = &parts[i];
        headers[i].msg_hdr.msg_iovlen = 1;
        headers[i].msg_hdr.msg_name = &target;
        headers[i].msg_hdr.msg_namelen = sizeof target;
      }
      const int done = ::sendmmsg(fd, headers, kBatch, 0);
      if (done > 0) sent.datagrams += static_cast<std::uint64_t>(done);
      if (done < static_cast<int>(kBatch)) ++sent.refused;
    }
    if (options.slow_down) std::this_thread::sleep_for(milliseconds(5));
  }
  ::close(fd);
}

int dial(const Address& own, const Address& target) {
  const int fd = bound_socket(SOCK_STREAM, own);
  const timeval patience{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_in to = system_address(target);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

void flood_streams(const Address& target, std::uint64_t seed, const Recording& recording, const Address& own,
                   Clock::time_point end, Sent& sent) {
  Attack attack(seed, recording, own);
  std::uint8_t answer[4096];
  for (unsigned number = 0; Clock::now() < end; ++number) {
    const int fd = dial(own, target);
    if (fd < 0) {
      std::this_thread::sleep_for(milliseconds(10));
      continue;
    }
    const Bytes bytes = attack.stream();
    const ssize_t done = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ++sent.streams;
    if (done > 0) sent.stream_bytes += static_cast<std::uint64_t>(done);
    if (number % 4 == 0) (void)!::recv(fd, answer, sizeof answer, 0);
    ::close(fd);
  }
}

// Streams that say a little of a large table now and then, and are opened again when they are closed.
void hold_streams(const Address& target, const Address& own, Clock::time_point end, Sent& sent) {
  Bytes begin;
  base::ByteWriter writer(begin);
  wire::encode(writer, wire::PushPullHeader{1000, 0, true});
  std::vector<int> held(kSlowStreams, -1);
  while (Clock::now() < end) {
    for (int& fd : held) {
      if (fd < 0) {
        fd = dial(own, target);
        if (fd < 0 || ::send(fd, begin.data(), begin.size(), MSG_NOSIGNAL) < 0) continue;
        ++sent.slow;
        continue;
      }
      // A map of one entry more, of which nothing is ever whole.
      const std::uint8_t more = 0x87;
      std::uint8_t answer = 0;
      const bool gone = ::send(fd, &more, 1, MSG_NOSIGNAL) < 0 || ::recv(fd, &answer, 1, MSG_DONTWAIT) == 0;
      if (!gone) continue;
      ::close(fd);
      fd = -1;
    }
    std::this_thread::sleep_for(milliseconds(300));
  }
  for (const int fd : held) {
    if (fd >= 0) ::close(fd);
  }
}

int run(const Options& options) {
  std::vector<Address> targets;
  for (const auto& text : options.targets) {
    const auto target = parse_address(text, 7946);
    if (!target || !target->is_v4()) throw std::runtime_error(text + " is no IPv4 address");
    targets.push_back(*target);
  }
  const auto own = parse_address(options.source, 0);
  if (!own) throw std::runtime_error(own.error().cause);
  const Recording recording = record(targets, options.record_seconds);
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.seconds));
  Sent sent;
  std::vector<std::thread> threads;
  std::uint64_t seed = 0;
  threads.emplace_back([&] { flood_datagrams(targets, options, recording, *own, end, sent); });
  for (const Address& target : targets) {
    threads.emplace_back([&, at = ++seed] { flood_streams(target, at, recording, *own, end, sent); });
    threads.emplace_back([&] { hold_streams(target, *own, end, sent); });
  }
  for (auto& thread : threads) thread.join();
  std::printf(
      "{\"recorded_datagrams\": %zu, \"recorded_streams\": %zu, \"datagrams\": %llu, \"refused\": %llu, "
      "\"streams\": %llu, \"stream_bytes\": %llu, \"slow_streams\": %llu, \"seconds\": %.1f}\n",
      recording.datagrams.size(), recording.streams.size(), static_cast<unsigned long long>(sent.datagrams),
      static_cast<unsigned long long>(sent.refused), static_cast<unsigned long long>(sent.streams),
      static_cast<unsigned long long>(sent.stream_bytes), static_cast<unsigned long long>(sent.slow),
      options.seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Throws hostile datagrams and streams at agents, as fast as it can.");
  app.add_option("--target", options.targets, "gossip addresses of the agents, IPv4")->required();
  app.add_option("--source", options.source, "the address that it comes from")->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long")->capture_default_str();
  app.add_option("--record", options.record_seconds, "seconds of listening before")->capture_default_str();
  app.add_flag("--slow-down", options.slow_down, "pause between batches: the agents get through with everything");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
