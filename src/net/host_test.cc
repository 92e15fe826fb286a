#include "hearsay/host.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <numeric>
#include <thread>

#include "net/loop_test.h"
#include "net/socket.h"

namespace hearsay {
namespace {

using net::kPatience;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

Address address(std::string_view text) { return parse_address(text, 0).value(); }

// Quick enough for tests, with timeouts that a busy machine keeps.
HostOptions quick(const std::string& name, std::string_view bind = "127.0.0.1:0") {
  HostOptions options;
  options.config = Config::of(Profile::local);
  options.config.name = name;
  options.config.swim.gossip_interval = milliseconds(20);
  options.config.serf.leave_propagate_delay = milliseconds(100);
  options.bind = address(bind);
  return options;
}

std::unique_ptr<Host> started(HostOptions options) {
  auto host = Host::start(std::move(options));
  if (!host) throw std::runtime_error(host.error().cause);
  return std::move(*host);
}

::testing::AssertionResult eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return ::testing::AssertionFailure() << "did not happen";
    std::this_thread::sleep_for(milliseconds(5));
  }
  return ::testing::AssertionSuccess();
}

bool sees(const Host& host, std::string_view name, Status status) {
  for (const auto& member : host.members()) {
    if (member.name == name && member.status == status) return true;
  }
  return false;
}

Result<std::uint32_t> await(const std::function<void(Host::Done)>& begin) {
  const auto promise = std::make_shared<std::promise<Result<std::uint32_t>>>();
  auto future = promise->get_future();
  begin([promise](Result<std::uint32_t> done) { promise->set_value(std::move(done)); });
  if (future.wait_for(kPatience) != std::future_status::ready) return fail(Errc::timed_out, "never done");
  return future.get();
}

Result<std::uint32_t> join(Host& host, const std::string& peer) {
  return await([&](Host::Done done) { host.join({peer}, std::move(done)); });
}

Result<std::uint32_t> leave(Host& host) {
  return await([&](Host::Done done) { host.leave(std::move(done)); });
}

void expect_meeting_and_leaving(HostOptions first, HostOptions second) {
  const auto a = started(std::move(first)), b = started(std::move(second));
  const auto joined = join(*b, to_string(a->advertised()));
  ASSERT_TRUE(joined) << joined.error().cause;
  EXPECT_EQ(*joined, 1u);
  EXPECT_TRUE(eventually([&] { return sees(*a, "b", Status::alive) && sees(*b, "a", Status::alive); }));
  const auto left = leave(*b);
  ASSERT_TRUE(left) << left.error().cause;
  EXPECT_TRUE(eventually([&] { return sees(*a, "b", Status::left); }));
}

TEST(host, two_hosts_meet_and_a_leave_is_seen) { expect_meeting_and_leaving(quick("a"), quick("b")); }

TEST(host, two_hosts_meet_over_ipv6) { expect_meeting_and_leaving(quick("a", "[::1]:0"), quick("b", "[::1]:0")); }

TEST(host, two_hosts_meet_encrypted_and_a_stranger_stays_outside) {
  Bytes key(32);
  std::iota(key.begin(), key.end(), std::uint8_t{1});
  HostOptions a = quick("a"), b = quick("b");
  a.config.crypto.keys = {key};
  b.config.crypto.keys = {key};
  expect_meeting_and_leaving(a, b);

  a.config.swim.stream_timeout = milliseconds(500);
  const auto inside = started(std::move(a));
  HostOptions c = quick("c");
  c.config.swim.stream_timeout = milliseconds(500);
  const auto stranger = started(std::move(c));
  EXPECT_FALSE(join(*stranger, to_string(inside->advertised())));
  EXPECT_FALSE(sees(*inside, "c", Status::alive));
}

TEST(host, a_peer_is_found_by_name) {
  const auto a = started(quick("a")), b = started(quick("b"));
  const auto joined = join(*b, "localhost:" + std::to_string(a->bound().port));
  ASSERT_TRUE(joined) << joined.error().cause;
  EXPECT_TRUE(eventually([&] { return sees(*a, "b", Status::alive); }));
}

TEST(host, a_name_that_nobody_knows_and_a_port_that_nobody_has_fail_the_join) {
  const auto a = started(quick("a"));
  EXPECT_FALSE(join(*a, "not..a..name:7946"));
  auto b = started(quick("b"));
  const std::string gone = to_string(b->advertised());
  b.reset();
  EXPECT_FALSE(join(*a, gone));
}

TEST(host, a_host_that_stops_without_leaving_is_found_failed) {
  HostOptions options = quick("a");
  options.config.swim.probe_interval = milliseconds(200);
  options.config.swim.probe_timeout = milliseconds(100);
  const auto a = started(std::move(options));
  auto b = started(quick("b"));
  ASSERT_TRUE(join(*b, to_string(a->advertised())));
  ASSERT_TRUE(eventually([&] { return sees(*a, "b", Status::alive); }));
  b.reset();
  EXPECT_TRUE(eventually([&] { return sees(*a, "b", Status::failed); }));
}

TEST(host, tags_reach_the_others) {
  const auto a = started(quick("a")), b = started(quick("b"));
  ASSERT_TRUE(join(*b, to_string(a->advertised())));
  ASSERT_TRUE(await([&](Host::Done done) { b->set_tags({{"role", "web"}}, std::move(done)); }));
  EXPECT_TRUE(eventually([&] {
    for (const auto& member : a->members()) {
      if (member.name == "b" && member.tags == Tags{{"role", "web"}}) return true;
    }
    return false;
  }));
  EXPECT_FALSE(await([&](Host::Done done) { b->set_tags({{"x", std::string(600, 'x')}}, std::move(done)); }));
}

TEST(host, a_taken_port_names_cause_and_cure) {
  const auto a = started(quick("a"));
  HostOptions again = quick("b");
  again.bind = a->bound();
  const auto b = Host::start(std::move(again));
  ASSERT_FALSE(b);
  EXPECT_EQ(b.error().code, Errc::io);
  EXPECT_THAT(b.error().cause, HasSubstr(std::to_string(a->bound().port)));
  EXPECT_NE(b.error().cure, "");
}

TEST(host, an_address_to_advertise_that_cannot_be_dialled_is_refused) {
  HostOptions six = quick("a");
  six.config.advertise = address("[2001:db8::1]:7946");
  const auto wrong_family = Host::start(std::move(six));
  ASSERT_FALSE(wrong_family);
  EXPECT_EQ(wrong_family.error().code, Errc::invalid_config);
  EXPECT_NE(wrong_family.error().cure, "");

  HostOptions all = quick("a");
  all.config.advertise = address("0.0.0.0:7946");
  const auto unspecified = Host::start(std::move(all));
  ASSERT_FALSE(unspecified);
  EXPECT_EQ(unspecified.error().code, Errc::invalid_config);
}

TEST(host, the_configuration_is_checked_before_anything_runs) {
  const auto nameless = Host::start(quick(""));
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().code, Errc::invalid_config);
  EXPECT_THAT(nameless.error().cause, HasSubstr("name"));
}

TEST(host, the_advertised_address_has_the_port_that_was_chosen) {
  HostOptions options = quick("a", "0.0.0.0:0");
  options.config.advertise = address("127.0.0.77");
  const auto a = started(std::move(options));
  EXPECT_NE(a->bound().port, 0);
  EXPECT_EQ(to_string(a->advertised()), "127.0.0.77:" + std::to_string(a->bound().port));
}

TEST(host, bound_to_all_addresses_it_answers_from_the_one_that_was_asked) {
  for (const std::string_view bind : {"0.0.0.0:0", "[::]:0"}) {
    HostOptions options = quick("a", bind);
    options.config.advertise = address("127.0.0.77");
    const auto a = started(std::move(options));
    const net::Fd peer(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto to = net::to_system(a->advertised(), {});
    // A connected socket hears nobody but whom it asked; the system would answer 127.0.0.1 from 127.0.0.1.
    ASSERT_EQ(::connect(peer.get(), to.get(), to.bytes), 0);
    const std::string_view ping(
        "\0\x82\xa5SeqNo\x07\xa4Node\xa1"
        "a",
        16);
    ASSERT_EQ(::send(peer.get(), ping.data(), ping.size(), 0), static_cast<ssize_t>(ping.size()));
    pollfd heard{peer.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&heard, 1, 10'000), 1) << bind;
  }
}

TEST(host, it_tells_who_it_is_and_what_happened) {
  const auto a = started(quick("a")), b = started(quick("b"));
  std::promise<void> heard;
  bool once = false;
  a->on_notice([&](const Notice& notice) {
    const auto* change = std::get_if<MemberChange>(&notice.body);
    if (change == nullptr || change->member.name != "b" || std::exchange(once, true)) return;
    EXPECT_EQ(change->what, MemberChange::What::joined);
    heard.set_value();
  });
  ASSERT_TRUE(join(*b, to_string(a->advertised())));
  ASSERT_EQ(heard.get_future().wait_for(kPatience), std::future_status::ready);
  const NodeInfo info = a->info();
  EXPECT_EQ(info.self.name, "a");
  EXPECT_EQ(info.self.address, a->advertised());
  EXPECT_FALSE(a->history().empty());
  EXPECT_EQ(a->socket_counters().datagrams_truncated, 0u);
}

TEST(host, a_snapshot_is_shared_until_something_changes) {
  const auto a = started(quick("a"));
  const auto before = a->members();
  ASSERT_EQ(before.size(), 1u);
  EXPECT_TRUE(a->members().same_as(before));
  ASSERT_TRUE(await([&](Host::Done done) { a->set_tags({{"k", "v"}}, std::move(done)); }));
  EXPECT_FALSE(a->members().same_as(before)) << "the command is done";
  EXPECT_TRUE(before[0].tags.empty()) << "a snapshot changed under its reader";
}

TEST(host, many_threads_may_ask_at_once) {
  const auto a = started(quick("a")), b = started(quick("b"));
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      for (int round = 0; !stop; ++round) {
        EXPECT_FALSE(a->members().empty());
        EXPECT_EQ(a->info().self.name, "a");
        a->set_tags({{"round", std::to_string(round * 3 + i)}});
      }
    });
  }
  EXPECT_TRUE(join(*b, to_string(a->advertised())));
  EXPECT_TRUE(eventually([&] { return sees(*b, "a", Status::alive) && sees(*a, "b", Status::alive); }));
  stop = true;
  for (auto& reader : readers) reader.join();
}

TEST(host, a_fault_of_the_node_is_reported_and_survived) {
  std::vector<std::string> errors;
  std::promise<void> said;
  HostOptions options = quick("a");
  options.log = [&](LogLevel level, std::string_view line) {
    if (level == LogLevel::error) errors.emplace_back(line);
  };
  options.notices = [&](const Notice& notice) {
    if (std::holds_alternative<Defunct>(notice.body)) said.set_value();
  };
  auto a = started(std::move(options));
  ::testing::internal::CaptureStderr();  // base/check says it there too
  a->post([](Node& node, Now now) { node.on_time({now.steady - std::chrono::hours(1), now.wall}); });
  ASSERT_EQ(said.get_future().wait_for(kPatience), std::future_status::ready);
  const auto joined = join(*a, "127.0.0.1:1");
  ::testing::internal::GetCapturedStderr();
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error().code, Errc::defunct);
  EXPECT_TRUE(a->info().defunct);
  a.reset();
  EXPECT_EQ(errors.size(), 1u);
}

TEST(host, commands_that_have_not_ended_end_with_the_host) {
  auto a = started(quick("a"));
  std::optional<Result<std::uint32_t>> ended;
  a->join({"192.0.2.99:9"}, [&](Result<std::uint32_t> done) { ended = std::move(done); });
  a.reset();
  ASSERT_TRUE(ended.has_value());
  EXPECT_FALSE(*ended);
}

TEST(host, it_may_be_destroyed_in_its_own_callback) {
  auto a = started(quick("a"));
  std::promise<void> gone;
  a->set_tags({{"k", "v"}}, [&](const auto&) {
    a.reset();
    gone.set_value();
  });
  EXPECT_EQ(gone.get_future().wait_for(kPatience), std::future_status::ready);
}

// ---- on an embedder's loop ----

TEST(host, two_hosts_share_the_loop_of_their_embedder) {
  boost::asio::io_context loop;
  HostOptions first = quick("a"), second = quick("b");
  first.loop = second.loop = &loop;
  auto a = started(std::move(first)), b = started(std::move(second));
  std::optional<Result<std::uint32_t>> joined;
  b->join({to_string(a->advertised())}, [&](Result<std::uint32_t> done) { joined = std::move(done); });
  ASSERT_TRUE(net::run_until(loop, [&] { return joined.has_value(); }));
  EXPECT_TRUE(*joined);
  boost::asio::post(loop, [&] {
    EXPECT_EQ(a->info().self.name, "a");  // does not wait for itself
    a.reset(), b.reset();
  });
  loop.restart();
  loop.run();  // ends: nothing is waited for any more
}

TEST(host, a_loop_that_never_runs_can_be_thrown_away) {
  boost::asio::io_context loop;
  HostOptions options = quick("a");
  options.loop = &loop;
  bool heard = false;
  options.notices = [&](const Notice&) { heard = true; };
  auto a = started(std::move(options));
  a->join({"127.0.0.1:1"}, [&](const auto&) { heard = true; });
  EXPECT_EQ(a->members().size(), 1u);
  a.reset();
  EXPECT_FALSE(heard);
}

}  // namespace
}  // namespace hearsay
