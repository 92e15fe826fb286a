#include "http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "http/client.h"

namespace hearsay::http {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::StartsWith;

// A server on a thread of its own, and blocking clients.
class ServerTest : public testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    server_ = std::make_unique<Server>(loop_, std::move(options), [this](const Request& request, auto exchange) {
      if (request.path == "/stream") {
        streams_.push_back(exchange->stream());
        opened_.set_value();
      } else if (request.path == "/forget") {
      } else if (request.path == "/hold") {
        held_ = exchange;
        opened_.set_value();
      } else {
        exchange->respond({200, "text/plain", request.method + " " + request.path + " " + request.body, {}});
      }
    });
    port_ = server_->listen(parse_address("127.0.0.1:0", 0).value()).value().port;
    thread_ = std::thread([this] { loop_.run(); });
  }

  void TearDown() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    streams_.clear();
    held_.reset();
    server_.reset();
  }

  template <class Work>
  auto on_loop(Work work) {
    std::promise<decltype(work())> result;
    asio::post(loop_, [&] { result.set_value(work()); });
    return result.get_future().get();
  }

  int connect() { return connect(::socket(AF_INET, SOCK_STREAM, 0)); }

  int connect(int fd) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  static void say(int fd, std::string_view bytes) {
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  // Everything until the server closes.
  static std::string rest(int fd) {
    std::string all;
    char chunk[4096];
    for (ssize_t got = ::recv(fd, chunk, sizeof chunk, 0); got > 0; got = ::recv(fd, chunk, sizeof chunk, 0)) {
      all.append(chunk, static_cast<std::size_t>(got));
    }
    ::close(fd);
    return all;
  }

  std::string exchange(std::string_view bytes) {
    const int fd = connect();
    say(fd, bytes);
    return rest(fd);
  }

  Client client() const { return Client({"127.0.0.1", port_, {}}); }

  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  std::unique_ptr<Server> server_;
  std::vector<std::shared_ptr<EventStream>> streams_;
  std::shared_ptr<Exchange> held_;
  std::promise<void> opened_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(ServerTest, a_request_is_answered) {
  start();
  const auto answer = client().call({"POST", "/x?y=1", "body", std::chrono::seconds(10)});
  ASSERT_TRUE(answer) << answer.error().cause;
  EXPECT_EQ(answer->status, 200u);
  EXPECT_EQ(answer->body, "POST /x body");
}

TEST_F(ServerTest, pipelined_requests_are_answered_in_order_on_one_connection) {
  start();
  const std::string all = exchange(
      "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /b HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_LT(all.find("GET /a"), all.find("GET /b"));
  EXPECT_LT(all.find("GET /b"), all.find("GET /c"));
  EXPECT_NE(all.find("GET /c"), std::string::npos);
  EXPECT_EQ(on_loop([&] { return server_->counters().connections; }), 1u);
}

TEST_F(ServerTest, head_gives_the_head_of_get) {
  start();
  const std::string all = exchange("HEAD /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(all, testing::EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, head_of_a_stream_gives_its_head_and_ends) {
  start();
  const std::string all = exchange("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(all, HasSubstr("text/event-stream"));
  EXPECT_THAT(all, testing::EndsWith("\r\n\r\n"));
  EXPECT_EQ(all.find("\r\n\r\n"), all.size() - 4);
  EXPECT_EQ(on_loop([&] { return server_->counters().streams_open; }), 0u);
}

TEST_F(ServerTest, http_1_0_closes_after_the_answer) {
  start();
  EXPECT_THAT(exchange("GET /a HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
}

TEST_F(ServerTest, a_malformed_request_gets_a_json_error_and_the_connection_ends) {
  start();
  const std::string all = exchange("nonsense\r\n\r\nGET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(all, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(all, HasSubstr("\"error\""));
  EXPECT_THAT(all, testing::Not(HasSubstr("GET /a")));
}

TEST_F(ServerTest, a_request_that_is_too_large_gets_its_status) {
  start();
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nA: " + std::string(30'000, 'x')), StartsWith("HTTP/1.1 431"));
}

TEST_F(ServerTest, foreign_pages_are_refused_before_the_handler) {
  start();
  EXPECT_THAT(exchange("GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(exchange("GET /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n"),
              StartsWith("HTTP/1.1 403"));
}

TEST_F(ServerTest, a_slow_request_is_told_and_cut_off) {
  ServerOptions options;
  options.request_timeout = std::chrono::milliseconds(20);
  start(options);
  EXPECT_THAT(exchange("GET /a HTTP/1.1\r\nHos"), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(on_loop([&] { return server_->counters().timeouts; }), 1u);
}

TEST_F(ServerTest, a_silent_connection_is_closed_without_a_word) {
  ServerOptions options;
  options.idle_timeout = std::chrono::milliseconds(20);
  start(options);
  EXPECT_EQ(exchange(""), "");
}

TEST_F(ServerTest, a_connection_over_the_cap_is_told_so) {
  ServerOptions options;
  options.connections_max = 1;
  start(options);
  const int first = connect();
  say(first, "GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n");
  opened_.get_future().get();
  EXPECT_THAT(rest(connect()), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(on_loop([&] { return server_->counters().connections_refused; }), 1u);
  ::close(first);
}

TEST_F(ServerTest, without_descriptors_a_connection_waits_until_there_are_some_again) {
  start();
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  connect(fd);
  while (on_loop([&] { return server_->counters().accept_errors; }) == 0) std::this_thread::yield();
  ::setrlimit(RLIMIT_NOFILE, &before);
  say(fd, "GET /a HTTP/1.0\r\n\r\n");
  EXPECT_THAT(rest(fd), HasSubstr("GET /a"));
}

TEST_F(ServerTest, a_handler_that_forgets_to_answer_is_covered) {
  start();
  EXPECT_EQ(client().call({"GET", "/forget", {}, std::chrono::seconds(10)})->status, 500u);
}

TEST_F(ServerTest, events_arrive_in_order) {
  start();
  std::vector<std::string> seen;
  std::thread sender([this] {
    opened_.get_future().get();
    on_loop([&] {
      for (int i = 0; i < 3; ++i) streams_[0]->send("n", std::to_string(i));
      return true;
    });
  });
  const auto ended = client().events(
      "/stream", std::chrono::seconds(10), std::chrono::seconds(10), -1, [] {},
      [&](const Client::Event& event) {
        seen.push_back(event.name + event.data);
        return seen.size() < 3;
      });
  sender.join();
  EXPECT_TRUE(ended);
  EXPECT_THAT(seen, testing::ElementsAre("n0", "n1", "n2"));
}

TEST_F(ServerTest, a_stream_that_ends_ends_orderly) {
  start();
  std::thread sender([this] {
    opened_.get_future().get();
    on_loop([&] {
      streams_[0]->send("n", "last");
      streams_.clear();
      return true;
    });
  });
  const std::string all = exchange("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  sender.join();
  EXPECT_THAT(all, HasSubstr("data: last"));
  EXPECT_THAT(all, testing::EndsWith("\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, events_for_a_slow_reader_are_dropped_counted_and_reported) {
  ServerOptions options;
  options.stream_queue_bytes = 64u << 10;
  start(options);
  const int fd = connect();
  say(fd, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  opened_.get_future().get();
  const std::string line(8000, 'x');
  std::uint64_t dropped = 0;
  for (int i = 0; i < 10'000 && dropped < 10; ++i) {
    dropped = on_loop([&] {
      streams_[0]->send("n", line);
      return server_->counters().events_dropped;
    });
  }
  EXPECT_GE(dropped, 10u);
  std::thread closer([this] {
    on_loop([&] {
      streams_.clear();
      return true;
    });
  });
  closer.join();
  EXPECT_THAT(rest(fd), HasSubstr("event: dropped\ndata: {\"dropped\":"));
}

TEST_F(ServerTest, streams_over_the_cap_are_refused) {
  ServerOptions options;
  options.streams_max = 0;
  start(options);
  EXPECT_THAT(exchange("GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 503"));
}

TEST_F(ServerTest, stopping_lets_a_request_in_progress_finish) {
  start();
  const int fd = connect();
  say(fd, "GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n");
  opened_.get_future().get();
  std::promise<void> stopped;
  on_loop([&] {
    server_->stop(std::chrono::seconds(60), [&] { stopped.set_value(); });
    held_->respond({200, "text/plain", "finished", {}});
    return true;
  });
  EXPECT_THAT(rest(fd), HasSubstr("finished"));
  stopped.get_future().get();
}

TEST_F(ServerTest, stopping_says_goodbye_to_streams) {
  start();
  const int fd = connect();
  say(fd, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  opened_.get_future().get();
  std::promise<void> stopped;
  on_loop([&] {
    server_->stop(std::chrono::seconds(60), [&] { stopped.set_value(); });
    return true;
  });
  const std::string all = rest(fd);
  EXPECT_THAT(all, HasSubstr("event: bye\n"));
  EXPECT_THAT(all, testing::EndsWith("\r\n0\r\n\r\n"));
  stopped.get_future().get();
}

TEST_F(ServerTest, stopping_cuts_off_what_does_not_finish) {
  start();
  const int fd = connect();
  say(fd, "GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n");
  opened_.get_future().get();
  std::promise<void> stopped;
  on_loop([&] {
    server_->stop(std::chrono::milliseconds(10), [&] { stopped.set_value(); });
    return true;
  });
  stopped.get_future().get();
  EXPECT_EQ(rest(fd), "");
}

TEST_F(ServerTest, a_taken_port_is_named_with_a_cure) {
  start();
  Server other(loop_, {}, {});
  const auto bound = other.listen(Address::from_ip(std::array<std::uint8_t, 4>{127, 0, 0, 1}, port_));
  ASSERT_FALSE(bound);
  EXPECT_THAT(bound.error().cause, HasSubstr("127.0.0.1:" + std::to_string(port_)));
  EXPECT_THAT(bound.error().cure, HasSubstr("--http"));
}

TEST_F(ServerTest, a_unix_socket_serves_its_owner_and_replaces_only_stale_sockets) {
  start();
  const std::string path = testing::TempDir() + "hearsay_server_test_" + std::to_string(::getpid()) + ".sock";
  ASSERT_TRUE(on_loop([&] { return server_->listen_unix(path).has_value(); }));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto answer =
      Client(parse_endpoint("unix:" + path, 0).value()).call({"GET", "/u", {}, std::chrono::seconds(10)});
  ASSERT_TRUE(answer) << answer.error().cause;
  EXPECT_EQ(answer->body, "GET /u ");
  Server other(loop_, {}, {});
  EXPECT_THAT(on_loop([&] { return other.listen_unix(path); }).error().cause,
              HasSubstr("another program listens there"));
  std::filesystem::remove(path);
  std::ofstream(path) << "precious";
  EXPECT_FALSE(on_loop([&] { return other.listen_unix(path).has_value(); }));
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST(HttpClient, a_closed_port_is_unreachable) {
  const auto answer = Client({"127.0.0.1", 1, {}}).call({"GET", "/", {}, std::chrono::seconds(5)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unreachable);
  EXPECT_THAT(answer.error().cause, HasSubstr("127.0.0.1:1"));
}

TEST_F(ServerTest, a_client_keeps_the_zone_of_an_address_to_itself) {
  start();
  const auto bound = on_loop([&] { return server_->listen(parse_address("[::1]:0", 0).value()); });
  ASSERT_TRUE(bound) << bound.error().cause;
  const auto answer = Client({"::1%1", bound->port, {}}).call({"GET", "/a", {}, std::chrono::seconds(10)});
  ASSERT_TRUE(answer) << answer.error().cause;
  EXPECT_EQ(answer->status, 200u) << answer->body;
}

TEST(HttpClient, endpoints_are_read_in_all_spellings) {
  EXPECT_EQ(to_string(parse_endpoint("10.0.0.1:80", 7980).value()), "10.0.0.1:80");
  EXPECT_EQ(to_string(parse_endpoint("http://10.0.0.1:80/", 7980).value()), "10.0.0.1:80");
  EXPECT_EQ(to_string(parse_endpoint("node1", 7980).value()), "node1:7980");
  EXPECT_EQ(to_string(parse_endpoint("[::1]:80", 7980).value()), "[::1]:80");
  EXPECT_EQ(to_string(parse_endpoint("unix:/run/h.sock", 7980).value()), "unix:/run/h.sock");
  EXPECT_FALSE(parse_endpoint("unix:", 7980));
}

TEST(EventReader, comments_and_unknown_fields_are_left_out_at_any_split) {
  const std::string bytes = ": hello\n\nevent: a\nid: 7\ndata: 1\ndata: 2\n\n: x\n\ndata:3\r\n\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EventReader reader;
    std::vector<std::string> seen;
    const auto note = [&](const Client::Event& event) {
      seen.push_back(event.name + "=" + event.data);
      return true;
    };
    reader.put(bytes.substr(0, cut), note);
    reader.put(bytes.substr(cut), note);
    EXPECT_THAT(seen, testing::ElementsAre("a=1\n2", "=3"));
  }
}

}  // namespace
}  // namespace hearsay::http
