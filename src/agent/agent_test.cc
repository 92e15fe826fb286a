// Two real agents in one process, on real sockets of the loopback network, driven through their HTTP interface.
#include "agent/agent.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <thread>

#include "http/client.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

AgentConfig config_of(const std::string& name, const std::vector<Given>& more = {}) {
  std::vector<Given> flags{{"name", "--name", name},
                           {"bind", "--bind", std::string("127.0.0.1:0")},
                           {"http", "--http", std::string("127.0.0.1:0")},
                           {"profile", "--profile", std::string("local")},
                           {"log_level", "--log-level", std::string("error")},
                           {"serf.leave_propagate_delay", "--set", std::string("10ms")}};
  flags.insert(flags.end(), more.begin(), more.end());
  auto loaded = load_config({}, flags);
  EXPECT_TRUE(loaded.faults.empty());
  return loaded.config;
}

// An agent with a thread of its own.
class Running {
 public:
  explicit Running(AgentConfig config) : log_(config.log_level, config.log_format) {
    auto started = Agent::start(loop_, std::move(config), log_, [this](int status) { ended_.set_value(status); });
    if (!started) {
      fault_ = started.error();
      return;
    }
    agent_ = std::move(*started);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Running() { stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Orderly, but without leaving.
  void stop() {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] { agent_->stop([this] { loop_.stop(); }); });
    thread_.join();
    agent_.reset();
  }

  const std::optional<Error>& fault() const { return fault_; }
  std::string gossip() const { return to_string(agent_->gossip()); }
  std::string http() const { return to_string(*agent_->http()); }
  http::Client client() const { return http::Client({"127.0.0.1", agent_->http()->port, {}}); }
  int ended() { return ended_.get_future().get(); }

  boost::json::value ask(const std::string& method, const std::string& target, std::string body = {}) const {
    const auto response = client().call({method, target, std::move(body), std::chrono::seconds(30)});
    EXPECT_TRUE(response);
    EXPECT_EQ(response->status, 200u) << response->body;
    return http::parse_json(response->body).value();
  }
  std::map<std::string, std::string> statuses() const {
    std::map<std::string, std::string> out;
    const auto answer = ask("GET", "/v1/members");
    for (const auto& member : answer.at("members").as_array()) {
      out[std::string(member.at("name").as_string())] = member.at("status").as_string();
    }
    return out;
  }
  std::int64_t incarnation() const { return ask("GET", "/v1/info").at("self").at("incarnation").as_int64(); }

  // Follows the notices, does `begin` once it listens, and returns when one of this kind is about this member.
  void until(const std::string& kind, const std::string& name, const std::function<void()>& begin) const {
    const auto ended = client().events(
        "/v1/monitor", std::chrono::seconds(30), std::chrono::seconds(60), -1, begin,
        [&](const http::Client::Event& event) {
          const auto notice = http::parse_json(event.data).value();
          const auto* member = notice.as_object().if_contains("member");
          return !(notice.at("kind").as_string() == kind && member != nullptr && member->as_string() == name);
        });
    EXPECT_TRUE(ended) << ended.error().cause;
  }

 private:
  asio::io_context loop_;
  Log log_;
  std::promise<int> ended_;
  std::unique_ptr<Agent> agent_;
  std::optional<Error> fault_;
  std::thread thread_;
};

// Asks until it is so; the deadline is for a test that fails.
void eventually(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_so()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

class AgentTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "hearsay_agent_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }
  Given data_dir() const { return {"data_dir", "--data-dir", (root_ / "data").string()}; }
  fs::path root_;
};

TEST_F(AgentTest, two_agents_join_are_watched_and_part) {
  Running a(config_of("a", {{"tags", "--tag", std::vector<std::string>{"role=db"}}}));
  auto b = std::make_unique<Running>(config_of("b"));
  a.until("joined", "b", [&] {
    EXPECT_EQ(b->ask("POST", "/v1/join", R"({"peers":[")" + a.gossip() + R"("]})").at("joined").as_int64(), 1);
  });
  EXPECT_THAT(a.statuses(), testing::ElementsAre(Pair("a", "alive"), Pair("b", "alive")));
  EXPECT_THAT(b->statuses(), testing::ElementsAre(Pair("a", "alive"), Pair("b", "alive")));
  EXPECT_EQ(b->ask("GET", "/v1/members/a").at("tags").at("role").as_string(), "db");
  b->until("updated", "a", [&] { a.ask("PUT", "/v1/tags", R"({"tags":{"role":"web"}})"); });
  EXPECT_EQ(b->ask("GET", "/v1/members/a").at("tags").at("role").as_string(), "web");
  a.until("left", "b", [&] { b->ask("POST", "/v1/leave"); });
  EXPECT_EQ(b->ended(), 0);
  b.reset();
  EXPECT_THAT(a.statuses(), Contains(Pair("b", "left")));
}

TEST_F(AgentTest, a_join_that_nobody_answers_is_an_error_with_a_cause) {
  Running a(config_of("a"));
  const auto response =
      a.client().call({"POST", "/v1/join", R"({"peers":["127.0.0.1:9"]})", std::chrono::seconds(30)});
  ASSERT_TRUE(response);
  EXPECT_GE(response->status, 500u);
  EXPECT_FALSE(http::error_of(*response).cause.empty());
}

TEST_F(AgentTest, it_joins_its_configured_peers_and_leaves_itself_out) {
  Running a(config_of("a"));
  auto config = config_of("b", {{"join", "--join", std::vector<std::string>{a.gossip()}}});
  std::unique_ptr<Running> b;
  a.until("joined", "b", [&] { b = std::make_unique<Running>(config); });
  EXPECT_THAT(a.statuses(), Contains(Pair("b", "alive")));
}

TEST_F(AgentTest, with_a_data_directory_it_returns_with_a_higher_incarnation_and_finds_its_peers) {
  Running a(config_of("a"));
  auto config = config_of("b", {data_dir(), {"join", "--join", std::vector<std::string>{a.gossip()}}});
  auto b = std::make_unique<Running>(config);
  eventually([&] { return b->statuses().count("a") == 1; });
  const std::int64_t before = b->incarnation();
  config.bind = parse_address(b->gossip(), 0).value();
  config.join.clear();
  b = nullptr;
  b = std::make_unique<Running>(config);
  ASSERT_FALSE(b->fault()) << b->fault()->cause;
  eventually([&] { return b->statuses().count("a") == 1; });
  EXPECT_GT(b->incarnation(), before);
}

TEST_F(AgentTest, after_a_leave_that_is_remembered) {
  {
    Running a(config_of("a", {data_dir()}));
    a.ask("POST", "/v1/leave");
    EXPECT_EQ(a.ended(), 0);
  }
  std::ifstream file(root_ / "data" / "state.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, HasSubstr("\"left\": true"));
}

TEST_F(AgentTest, it_does_not_start_where_another_runs) {
  Running first(config_of("first", {data_dir()}));
  const Running same_data(config_of("second", {data_dir()}));
  ASSERT_TRUE(same_data.fault());
  EXPECT_THAT(same_data.fault()->cause, HasSubstr("in use by another agent"));
  const Running same_port(config_of("second", {{"bind", "--bind", first.gossip()}}));
  ASSERT_TRUE(same_port.fault());
  EXPECT_THAT(same_port.fault()->cause, HasSubstr(first.gossip()));
  EXPECT_FALSE(same_port.fault()->cure.empty());
  const Running same_http(config_of("second", {{"http", "--http", first.http()}}));
  ASSERT_TRUE(same_http.fault());
  EXPECT_THAT(same_http.fault()->cause, HasSubstr(first.http()));
  EXPECT_THAT(same_http.fault()->cure, HasSubstr("--http"));
}

TEST_F(AgentTest, a_damaged_state_file_stops_the_start_and_is_kept) {
  fs::create_directory(root_ / "data");
  std::ofstream(root_ / "data" / "state.json") << "{\"format\": 1, \"na";
  const Running a(config_of("a", {data_dir()}));
  ASSERT_TRUE(a.fault());
  EXPECT_THAT(a.fault()->cause, HasSubstr("damaged"));
  EXPECT_EQ(fs::file_size(root_ / "data" / "state.json"), 17u);
}

TEST_F(AgentTest, a_disk_near_the_end_of_the_32_bits_stops_the_start_and_says_why) {
  const auto start_at = [&](std::uint32_t incarnation) {
    fs::create_directories(root_ / "data");
    SavedState state;
    state.name = "a";
    state.incarnation.value = incarnation;
    std::ofstream(root_ / "data" / "state.json") << encode_state(state);
    return std::make_unique<Running>(config_of("a", {data_dir()}));
  };
  for (const std::uint32_t worn_out : {kFirstIncarnationMax, UINT32_MAX - 1, UINT32_MAX}) {
    const auto a = start_at(worn_out);
    ASSERT_TRUE(a->fault()) << worn_out;
    EXPECT_THAT(a->fault()->cause, HasSubstr(std::to_string(worn_out)));
    EXPECT_THAT(a->fault()->cure, HasSubstr("new name"));
  }
  const auto a = start_at(kFirstIncarnationMax - 1);
  ASSERT_FALSE(a->fault()) << a->fault()->cause;
  EXPECT_EQ(a->incarnation(), kFirstIncarnationMax);
}

TEST_F(AgentTest, a_newcomer_with_a_name_that_is_taken_is_refused_and_its_join_says_why) {
  Running a(config_of("a"));
  Running b(config_of("b", {{"join", "--join", std::vector<std::string>{a.gossip()}}}));
  eventually([&] { return a.statuses().count("b") == 1; });
  Running other(config_of("b"));
  const auto refused =
      other.client().call({"POST", "/v1/join", R"({"peers":[")" + a.gossip() + R"("]})", std::chrono::seconds(30)});
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->status, 200u);
  EXPECT_THAT(refused->body, HasSubstr("name conflict: b is " + b.gossip()));
  const auto conflicts = a.ask("GET", "/v1/info").at("node").at("conflicts");
  ASSERT_EQ(conflicts.as_array().size(), 1u);
  EXPECT_EQ(conflicts.as_array()[0].at("known").as_string(), b.gossip());
  EXPECT_EQ(conflicts.as_array()[0].at("claimed").as_string(), other.gossip());
  EXPECT_TRUE(conflicts.as_array()[0].at("join_refused").as_bool());
  EXPECT_EQ(other.statuses().count("a"), 0u);
}

}  // namespace
}  // namespace hearsay::agent
