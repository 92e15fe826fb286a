#include "net/tcp.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <array>
#include <deque>

#include "net/loop_test.h"

namespace hearsay::net {
namespace {

using std::chrono::seconds;
constexpr StreamId kFirst{2};

Address address(std::string_view text) { return parse_address(text, 0).value(); }
Address with_port(Address ip, std::uint16_t port) {
  ip.port = port;
  return ip;
}

// One node's streams, with a record of what happened.
struct Party : StreamHandler {
  struct Seen {
    bool opened = false, inbound = false, failed = false, closed = false;
    int writable = 0;
    Address peer;
    std::string data, why;
  };
  SocketCounters counters;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(Stream::kReadBytes);
  std::unique_ptr<Streams> streams;
  std::map<std::uint64_t, Seen> seen;
  std::function<void(const StreamInput&)> react;

  explicit Party(asio::io_context& loop, const Address& own = {}, StreamLimits limits = {}, bool v6 = false)
      : streams(std::make_unique<Streams>(loop, own, Family{.v6 = v6}, limits, *this, counters, buffer)) {}

  void on_stream(const StreamInput& input) override {
    std::visit([this](const auto& happened) { note(happened); }, input);
    if (react) react(input);
  }
  void note(const StreamOpened& e) {
    seen[e.stream.value].opened = true;
    seen[e.stream.value].inbound = e.inbound;
    seen[e.stream.value].peer = e.peer;
  }
  void note(const StreamFailed& e) {
    seen[e.stream.value].failed = true;
    seen[e.stream.value].why = e.why;
  }
  void note(const StreamData& e) { seen[e.stream.value].data += as_text(e.bytes); }
  void note(const StreamWritable& e) { ++seen[e.stream.value].writable; }
  void note(const StreamClosed& e) {
    seen[e.stream.value].closed = true;
    seen[e.stream.value].why = e.why;
  }
};

// A listener that hands everything to one party, and remembers which address was dialled.
struct Door : AcceptHandler {
  SocketCounters counters;
  Party& party;
  std::shared_ptr<Listener> listener;
  Address bound;
  std::vector<Address> dialled;
  std::vector<std::string> errors;

  Door(asio::io_context& loop, const Address& bind, Party& to) : party(to) {
    Fd fd = std::move(open_listener(bind).value());
    bound = local_address(fd.get());
    listener = std::make_shared<Listener>(loop, std::move(fd), *this, counters);
    listener->start();
  }
  ~Door() override { listener->close(); }
  void on_accept(Fd fd, const Address& local, const Address& peer) override {
    dialled.push_back(local);
    party.streams->accept(std::move(fd), peer);
  }
  void on_accept_error(const std::string& why) override { errors.push_back(why); }
};

TEST(tcp, bytes_go_both_ways_and_close_is_orderly) {
  for (const bool v6 : {false, true}) {
    asio::io_context loop;
    Party server(loop, {}, {}, v6), client(loop, {}, {}, v6);
    Door door(loop, address(v6 ? "[::1]:0" : "127.0.0.1:0"), server);
    server.react = [&](const StreamInput& input) {
      if (const auto* data = std::get_if<StreamData>(&input)) {
        server.streams->write(data->stream, as_bytes("pong"));
        server.streams->close(data->stream, false);
      }
    };
    client.react = [&](const StreamInput& input) {
      if (const auto* opened = std::get_if<StreamOpened>(&input))
        client.streams->write(opened->stream, as_bytes("ping"));
    };
    client.streams->open(kFirst, door.bound, seconds(30));
    ASSERT_TRUE(run_until(loop, [&] { return client.seen[2].closed; }));
    EXPECT_TRUE(client.seen[2].opened);
    EXPECT_FALSE(client.seen[2].inbound);
    EXPECT_EQ(client.seen[2].peer, door.bound);
    EXPECT_EQ(client.seen[2].writable, 1);
    EXPECT_EQ(client.seen[2].data, "pong");
    EXPECT_EQ(client.seen[2].why, "");
    EXPECT_TRUE(server.seen[1].inbound);
    EXPECT_EQ(server.seen[1].data, "ping");
    EXPECT_FALSE(server.seen[1].closed) << "no input may follow a close";
    EXPECT_TRUE(run_until(loop, [&] { return server.streams->count() == 0 && client.streams->count() == 0; }));
  }
}

TEST(tcp, a_large_answer_arrives_whole_though_the_stream_was_closed_at_once) {
  asio::io_context loop;
  Party server(loop), client(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  std::string large(12u << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 + i / 251);
  server.react = [&](const StreamInput& input) {
    if (const auto* opened = std::get_if<StreamOpened>(&input)) {
      server.streams->write(opened->stream, as_bytes(large).first(1000));
      server.streams->write(opened->stream, as_bytes(large).subspan(1000));
      server.streams->close(opened->stream, false);
      server.streams->write(opened->stream, as_bytes("ignored"));
    }
  };
  client.streams->open(kFirst, door.bound, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[2].closed; }));
  EXPECT_TRUE(client.seen[2].data == large) << client.seen[2].data.size();
}

TEST(tcp, an_answer_is_not_lost_to_bytes_that_nobody_read) {
  asio::io_context loop;
  Party server(loop), client(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  const std::string request(512u << 10, 'r');
  server.react = [&](const StreamInput& input) {
    if (const auto* data = std::get_if<StreamData>(&input)) {  // has seen enough of it
      server.streams->write(data->stream, as_bytes("error: too large"));
      server.streams->close(data->stream, false);
    }
  };
  client.react = [&](const StreamInput& input) {
    if (const auto* opened = std::get_if<StreamOpened>(&input))
      client.streams->write(opened->stream, as_bytes(request));
  };
  client.streams->open(kFirst, door.bound, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[2].closed; }));
  EXPECT_EQ(client.seen[2].data, "error: too large");
}

TEST(tcp, an_abort_resets_the_peer) {
  asio::io_context loop;
  Party server(loop), client(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  server.react = [&](const StreamInput& input) {
    if (const auto* opened = std::get_if<StreamOpened>(&input)) server.streams->close(opened->stream, true);
  };
  client.streams->open(kFirst, door.bound, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[2].closed || client.seen[2].failed; }));
  EXPECT_NE(client.seen[2].why, "");
  EXPECT_EQ(server.streams->count(), 0u);
}

TEST(tcp, a_refused_connection_fails_with_the_reason) {
  asio::io_context loop;
  Party client(loop);
  const Fd unlistened(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // holds a port without listening
  const Address any = address("127.0.0.1:0");
  const SystemAddress to = to_system(any, Family::of(any));
  ASSERT_EQ(::bind(unlistened.get(), to.get(), to.bytes), 0);
  client.streams->open(kFirst, local_address(unlistened.get()), seconds(30));
  client.streams->write(kFirst, as_bytes("ignored"));
  EXPECT_FALSE(client.seen[2].failed) << "told from within open";
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[2].failed; }));
  EXPECT_EQ(client.seen[2].why, "Connection refused");
  EXPECT_EQ(client.streams->count(), 0u);
}

TEST(tcp, an_address_that_the_socket_cannot_reach_fails) {
  asio::io_context loop;
  Party client(loop), elsewhere(loop, address("203.0.113.7"));
  client.streams->open(kFirst, address("[2001:db8::1]:9"), seconds(30));
  elsewhere.streams->open(kFirst, address("127.0.0.1:9"), seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[2].failed && elsewhere.seen[2].failed; }));
  EXPECT_THAT(elsewhere.seen[2].why, ::testing::HasSubstr("203.0.113.7"));
}

TEST(tcp, a_connection_that_nobody_answers_fails_at_its_deadline) {
  // A listener whose backlog is full does not answer further connections.
  const Address any = address("127.0.0.1:0");
  const SystemAddress at = to_system(any, Family::of(any));
  const Fd full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(full.get(), at.get(), at.bytes), 0);
  ASSERT_EQ(::listen(full.get(), 0), 0);
  asio::io_context loop;
  Party client(loop);
  for (std::uint64_t i = 1; i <= 4; ++i)
    client.streams->open({2 * i}, local_address(full.get()), std::chrono::milliseconds(20));
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[8].failed; }));
  EXPECT_EQ(client.seen[8].why, "no answer in time");
}

TEST(tcp, a_stream_closed_while_it_connects_is_never_heard_of) {
  asio::io_context loop;
  Party server(loop), client(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  client.streams->open(kFirst, door.bound, seconds(30));
  client.streams->close(kFirst, false);
  client.streams->open({4}, door.bound, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[4].opened; }));
  EXPECT_EQ(client.seen.count(2), 0u);
}

TEST(tcp, a_wildcard_listener_tells_which_address_was_dialled_and_dialling_uses_the_own_address) {
  asio::io_context loop;
  Party server(loop), client(loop, address("127.0.0.21:4711"));
  Door door(loop, address("0.0.0.0:0"), server);
  const Address target = with_port(address("127.0.3.4"), door.bound.port);
  client.streams->open(kFirst, target, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[2].opened && !door.dialled.empty(); }));
  EXPECT_EQ(door.dialled[0], target);
  EXPECT_EQ(ip_to_string(server.seen[1].peer), "127.0.0.21");
}

TEST(tcp, inbound_streams_over_the_cap_wait_and_only_too_many_are_reset_and_counted) {
  asio::io_context loop;
  Party server(loop, {}, {.inbound_max = 2, .waiting_max = 2}), client(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  for (std::uint64_t i = 1; i <= 5; ++i) client.streams->open({2 * i}, door.bound, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return server.counters.streams_refused == 1; }));
  EXPECT_EQ(server.seen.size(), 2u);
  // When one is gone, whoever waits longest has its place; and there is room to wait again.
  server.streams->close({1}, true);
  ASSERT_TRUE(run_until(loop, [&] { return server.seen.size() == 3; }));
  client.streams->open({12}, door.bound, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[12].opened; }));
  EXPECT_EQ(server.seen.size(), 3u);
  EXPECT_EQ(server.counters.streams_refused, 1u);
  // Both that still wait, and what the first one said meanwhile, are heard.
  for (std::uint64_t i = 1; i <= 6; ++i) client.streams->write({2 * i}, as_bytes("hello"));
  server.streams->close({3}, false);
  server.streams->close({5}, false);
  ASSERT_TRUE(run_until(loop, [&] { return server.seen[7].data == "hello" && server.seen[9].data == "hello"; }));
  EXPECT_EQ(server.counters.streams_refused, 1u);
}

TEST(tcp, streams_that_wait_are_reset_when_the_node_goes) {
  asio::io_context loop;
  Party server(loop, {}, {.inbound_max = 1}), client(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  client.streams->open({2}, door.bound, seconds(30));
  client.streams->open({4}, door.bound, seconds(30));
  ASSERT_TRUE(
      run_until(loop, [&] { return door.dialled.size() == 2 && client.seen[2].opened && client.seen[4].opened; }));
  server.streams.reset();
  ASSERT_TRUE(run_until(loop, [&] { return client.seen[2].closed && client.seen[4].closed; }));
  EXPECT_EQ(server.seen.size(), 1u);
}

TEST(tcp, a_peer_that_takes_no_bytes_is_reset_when_the_queue_is_full) {
  asio::io_context loop;
  Party server(loop, {}, {.queue_bytes_max = 1000});
  Party client(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  client.streams->open(kFirst, door.bound, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return server.seen[1].opened && client.seen[2].opened; }));
  server.streams->write({1}, as_bytes(std::string(1001, 'x')));
  server.streams->write({1}, as_bytes("ignored"));
  ASSERT_TRUE(run_until(loop, [&] { return server.seen[1].closed && client.seen[2].closed; }));
  EXPECT_EQ(server.counters.streams_stalled, 1u);
  EXPECT_EQ(server.streams->count(), 0u);
}

TEST(tcp, a_peer_that_takes_bytes_one_at_a_time_cannot_hold_a_closed_stream) {
  asio::io_context loop;
  Party server(loop, {}, {.close_max = std::chrono::milliseconds(200)});
  Door door(loop, address("127.0.0.1:0"), server);
  const Fd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SystemAddress to = to_system(door.bound, Family::of(door.bound));
  ASSERT_EQ(::connect(peer.get(), to.get(), to.bytes), 0);
  ASSERT_TRUE(run_until(loop, [&] { return server.seen[1].opened; }));
  server.streams->write({1}, as_bytes(std::string(16u << 20, 'x')));
  server.streams->close({1}, false);
  std::array<char, 16384> some{};
  ASSERT_TRUE(run_until(loop, [&] {
    ::recv(peer.get(), some.data(), some.size(), MSG_DONTWAIT);  // it goes on, but slowly
    return server.streams->count() == 0;
  }));
  EXPECT_EQ(server.counters.streams_stalled, 1u);
}

TEST(tcp, without_descriptors_a_connection_waits_until_there_are_some_again) {
  asio::io_context loop;
  Party server(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  const Fd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SystemAddress to = to_system(door.bound, Family::of(door.bound));
  ASSERT_EQ(::connect(peer.get(), to.get(), to.bytes), 0);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto failed = run_until(loop, [&] { return door.counters.accept_errors >= 3; });
  ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_TRUE(failed);
  EXPECT_EQ(door.errors.size(), 1u) << "said once, not at each attempt";
  EXPECT_FALSE(server.seen[1].opened);
  ASSERT_TRUE(run_until(loop, [&] { return server.seen[1].opened; }));
}

TEST(tcp, bytes_that_came_before_the_end_are_heard_before_it) {
  asio::io_context loop;
  Party server(loop), client(loop);
  Door door(loop, address("127.0.0.1:0"), server);
  client.react = [&](const StreamInput& input) {
    if (const auto* opened = std::get_if<StreamOpened>(&input)) {
      client.streams->write(opened->stream, as_bytes("last words"));
      client.streams->close(opened->stream, false);
    }
  };
  server.react = [&](const StreamInput& input) {
    if (std::holds_alternative<StreamClosed>(input)) {
      EXPECT_EQ(server.seen[1].data, "last words");
    }
  };
  client.streams->open(kFirst, door.bound, seconds(30));
  ASSERT_TRUE(run_until(loop, [&] { return server.seen[1].closed; }));
  EXPECT_EQ(server.seen[1].why, "");
}

TEST(tcp, streams_destroyed_in_the_middle_leave_the_loop) {
  asio::io_context loop;
  Party server(loop), client(loop);
  {
    Door door(loop, address("127.0.0.1:0"), server);
    client.streams->open(kFirst, door.bound, seconds(30));
    client.streams->open({4}, door.bound, seconds(30));
    ASSERT_TRUE(run_until(loop, [&] { return server.seen.count(1) != 0; }));
    server.streams->write({1}, as_bytes("x"));
    server.streams->close({1}, false);
    client.streams.reset();
    server.streams.reset();
  }
  loop.restart();
  loop.run();  // ends: nothing is waited for any more
}

}  // namespace
}  // namespace hearsay::net
