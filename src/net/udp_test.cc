#include "net/udp.h"

#include <gtest/gtest.h>

#include <deque>

#include "net/loop_test.h"

namespace hearsay::net {
namespace {

Address address(std::string_view text) { return parse_address(text, 0).value(); }
Address with_port(Address ip, std::uint16_t port) {
  ip.port = port;
  return ip;
}

struct Datagram {
  Address to, from;
  std::string text;
};

// A socket that remembers what it heard.
struct Party : DatagramHandler {
  SocketCounters counters;
  std::shared_ptr<Udp> udp;
  Address bound;
  std::deque<Datagram> heard;
  std::vector<Address> failed;
  std::function<void(const Datagram&)> on_hear;

  Party(asio::io_context& loop, const Address& bind, std::size_t datagram_bytes_max = Udp::kDatagramBytesMax) {
    Fd fd = std::move(open_udp(bind).value());
    bound = local_address(fd.get());
    udp = std::make_shared<Udp>(loop, std::move(fd), bind, *this, counters, datagram_bytes_max);
    udp->start();
  }
  ~Party() override { udp->close(); }

  void on_datagram(const Address& to, const Address& from, ByteView bytes) override {
    heard.push_back({to, from, std::string(as_text(bytes))});
    if (on_hear) on_hear(heard.back());
  }
  void on_send_failed(const Address&, const Address& to) override { failed.push_back(to); }
};

TEST(udp, a_datagram_arrives_with_its_sender) {
  for (const auto* bind : {"127.0.0.1:0", "[::1]:0"}) {
    asio::io_context loop;
    Party a(loop, address(bind)), b(loop, address(bind));
    a.udp->send({}, b.bound, as_bytes("hello"));
    ASSERT_TRUE(run_until(loop, [&] { return !b.heard.empty(); }));
    EXPECT_EQ(b.heard[0].text, "hello");
    EXPECT_EQ(b.heard[0].from, a.bound);
    EXPECT_EQ(b.heard[0].to, with_port(b.bound, 0));
  }
}

TEST(udp, an_empty_datagram_is_a_datagram) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"));
  a.udp->send({}, b.bound, {});
  ASSERT_TRUE(run_until(loop, [&] { return !b.heard.empty(); }));
  EXPECT_EQ(b.heard[0].text, "");
}

TEST(udp, many_addresses_share_a_wildcard_socket) {
  asio::io_context loop;
  Party shared(loop, address("0.0.0.0:0"));
  const std::uint16_t port = shared.bound.port;
  const Address first = with_port(address("127.0.0.11"), port), second = with_port(address("127.0.5.12"), port);
  shared.udp->send(first, second, as_bytes("one"));
  shared.udp->send(second, first, as_bytes("two"));
  ASSERT_TRUE(run_until(loop, [&] { return shared.heard.size() == 2; }));
  EXPECT_EQ(shared.heard[0].from, first);
  EXPECT_EQ(shared.heard[0].to, with_port(second, 0));
  EXPECT_EQ(shared.heard[1].from, second);
  EXPECT_EQ(shared.heard[1].to, with_port(first, 0));
}

TEST(udp, a_socket_on_all_ipv6_addresses_speaks_ipv4_too) {
  asio::io_context loop;
  Party both(loop, address("[::]:0")), v4(loop, address("127.0.0.1:0"));
  const Address source = with_port(address("127.0.0.9"), both.bound.port);
  both.udp->send(source, v4.bound, as_bytes("from six"));
  ASSERT_TRUE(run_until(loop, [&] { return !v4.heard.empty(); }));
  EXPECT_EQ(v4.heard[0].from, source);
  v4.udp->send({}, source, as_bytes("from four"));
  ASSERT_TRUE(run_until(loop, [&] { return !both.heard.empty(); }));
  EXPECT_EQ(both.heard[0].from, v4.bound);
  EXPECT_EQ(both.heard[0].to, with_port(source, 0));
}

TEST(udp, more_than_a_batch_arrives_in_order) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"));
  constexpr std::size_t kMany = 3 * Udp::kBatch + 7;
  for (std::size_t i = 0; i < kMany; ++i) a.udp->send({}, b.bound, as_bytes(std::to_string(i)));
  ASSERT_TRUE(run_until(loop, [&] { return b.heard.size() == kMany; }));
  for (std::size_t i = 0; i < kMany; ++i) EXPECT_EQ(b.heard[i].text, std::to_string(i));
}

TEST(udp, the_largest_datagram_fits) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"));
  const std::string large(65507, 'x');
  for (int i = 0; i < 3; ++i) a.udp->send({}, b.bound, as_bytes(large));
  ASSERT_TRUE(run_until(loop, [&] { return b.heard.size() == 3; }));
  EXPECT_EQ(b.heard[2].text, large);
}

TEST(udp, a_datagram_larger_than_the_buffer_is_dropped_and_counted) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"), 10);
  a.udp->send({}, b.bound, as_bytes("01234567890"));
  a.udp->send({}, b.bound, as_bytes("0123456789"));
  ASSERT_TRUE(run_until(loop, [&] { return !b.heard.empty(); }));
  EXPECT_EQ(b.heard.size(), 1u);
  EXPECT_EQ(b.heard[0].text, "0123456789");
  EXPECT_EQ(b.counters.datagrams_truncated, 1u);
}

TEST(udp, what_the_system_refuses_is_told_later_and_the_rest_goes_out) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"));
  const Address six = address("[2001:db8::1]:9"), zero_port = address("127.0.0.1:0");
  const std::string too_large(65508, 'x');
  a.udp->send({}, b.bound, as_bytes("before"));
  a.udp->send({}, six, as_bytes("x"));
  a.udp->send({}, zero_port, as_bytes("x"));
  a.udp->send({}, b.bound, as_bytes(too_large));
  a.udp->send({}, b.bound, as_bytes("after"));
  EXPECT_TRUE(a.failed.empty());
  ASSERT_TRUE(run_until(loop, [&] { return b.heard.size() == 2 && a.failed.size() == 3; }));
  EXPECT_EQ(b.heard[1].text, "after");
  EXPECT_EQ(a.counters.datagrams_unsent, 3u);
}

TEST(udp, a_drain_hears_what_has_arrived_without_the_loop) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"));
  for (int i = 0; i < 100; ++i) a.udp->send({}, b.bound, as_bytes("x"));
  a.udp->close();  // sends what is queued
  b.udp->drain(Udp::kDrainMax);
  EXPECT_EQ(b.heard.size(), 100u);
}

TEST(udp, a_drain_is_bounded) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"));
  for (int i = 0; i < 200; ++i) a.udp->send({}, b.bound, as_bytes("x"));
  a.udp->close();  // sends what is queued
  b.udp->drain(1);
  EXPECT_EQ(b.heard.size(), Udp::kBatch);
  b.udp->drain(Udp::kBatch + 1);
  EXPECT_EQ(b.heard.size(), 3 * Udp::kBatch);
}

TEST(udp, answers_given_while_hearing_go_out) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"));
  b.on_hear = [&](const Datagram& d) { b.udp->send({}, d.from, as_bytes("answer")); };
  a.udp->send({}, b.bound, as_bytes("question"));
  ASSERT_TRUE(run_until(loop, [&] { return !a.heard.empty(); }));
  EXPECT_EQ(a.heard[0].text, "answer");
}

TEST(udp, closed_while_hearing_it_says_nothing_more) {
  asio::io_context loop;
  Party a(loop, address("127.0.0.1:0")), b(loop, address("127.0.0.1:0"));
  b.on_hear = [&](const Datagram&) { b.udp->close(); };
  for (int i = 0; i < 10; ++i) a.udp->send({}, b.bound, as_bytes("x"));
  a.udp->close();
  loop.run();  // ends: nothing is waited for any more
  EXPECT_EQ(b.heard.size(), 1u);
}

}  // namespace
}  // namespace hearsay::net
