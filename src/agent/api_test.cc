#include "agent/api.h"

#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <future>
#include <map>
#include <thread>

#include "http/client.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const Now kNow{Time(std::chrono::seconds(1000)), WallTime(std::chrono::seconds(1'000'000'000))};

Member make_member(std::string name, Status status, Tags tags = {}) {
  Member member;
  member.name = std::move(name);
  member.address = parse_address("10.0.0.1:7946", 0).value();
  member.status = status;
  member.incarnation = Incarnation{3};
  member.tags = std::move(tags);
  member.status_since = kNow.steady - std::chrono::seconds(90);
  member.versions = {1, 5, 2, 2, 5, 5};
  return member;
}

// Plays the node.
class FakeCluster final : public Cluster {
 public:
  void join(std::vector<std::string> peers, Done done) override {
    joined = std::move(peers);
    done(answer);
  }
  void leave(Done done) override { done(answer); }
  void reconfigure(Config config, Done done) override {
    tags = std::move(config.tags);
    done(answer);
  }
  void force_leave(std::string name, bool prune, Done done) override {
    forced = name + (prune ? " prune" : "");
    done(answer);
  }
  void manage_keys(KeyAction action, Bytes key, bool force, Host::KeysDone done) override {
    key_change = std::string(name_of(action)) + " " + std::to_string(key.size()) + (force ? " force" : "");
    done(answer, key_answers);
  }
  void members(std::function<void(Members, Now)> done) override {
    done(std::make_shared<const std::vector<Member>>(rows), kNow);
  }
  void info(std::function<void(const NodeInfo&, const SocketCounters&, Now)> done) override {
    done(node, sockets, kNow);
  }
  void history(std::function<void(const std::vector<Notice>&)> done) override { done(notices); }
  void write_state(std::vector<StateWrite> writes, Done done) override {
    written = std::move(writes);
    done(answer);
  }
  void watch_state(WatchState command, Host::WatchDone done) override {
    watched = command;
    if (!holders) return done(fail(Errc::wrong_state, "8 watches wait already", "wait"), std::nullopt);
    done(holders_end, holders);
  }
  void states(std::optional<std::string> member, std::function<void(const std::vector<NodeState>&)> done) override {
    std::vector<NodeState> found;
    for (const auto& state : said) {
      if (!member || state.member == *member) found.push_back(state);
    }
    done(found);
  }
  void why(std::string member, std::function<void(const Result<Explanation>&)> done) override {
    if (!explanation) return done(fail(Errc::not_found, "no", "look"));
    explanation->member = std::move(member);
    done(*explanation);
  }

  std::vector<Member> rows;
  NodeInfo node;
  SocketCounters sockets;
  std::vector<Notice> notices;
  std::vector<std::string> joined;
  std::vector<StateWrite> written;
  std::optional<WatchState> watched;
  std::optional<StateHolders> holders;
  Result<std::uint32_t> holders_end = 3u;
  std::vector<NodeState> said;
  Tags tags;
  std::string key_change;
  std::vector<KeyAnswer> key_answers;
  std::optional<Explanation> explanation;
  std::string forced;
  Result<std::uint32_t> answer = 1u;
};

Notice failed(std::string name) {
  MemberChange change;
  change.what = MemberChange::What::failed;
  change.member = make_member(std::move(name), Status::failed);
  change.evidence.source = Evidence::Source::own_timer;
  change.evidence.accuser = "n9";
  return {kNow, change};
}

class ApiTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.rows = {make_member("web1", Status::alive, {{"role", "web"}}),
                     make_member("web2", Status::failed, {{"role", "web"}}),
                     make_member("db 1/\xff", Status::alive, {{"role", "db"}})};
    AgentFacts facts;
    facts.version = "1.2.3";
    api_.set_facts(facts);
    live_.set_cluster(&cluster_);
    server_ = std::make_unique<http::Server>(
        loop_, http::ServerOptions{},
        [this](const http::Request& request, auto exchange) { api_.handle(request, std::move(exchange)); });
    api_.set_server(server_.get());
    port_ = server_->listen(parse_address("127.0.0.1:0", 0).value()).value().port;
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    loop_.stop();
    thread_.join();
    api_.close_streams();
    server_.reset();
  }

  struct Answer {
    unsigned status = 0;
    json::value body;
    http::Response response;
    std::string error(const char* part) const {
      return std::string(std::string_view(body.at("error").at(part).as_string()));
    }
  };
  Answer ask(const char* method, std::string target, std::string body = {}) {
    const auto response = client().call({method, std::move(target), std::move(body), std::chrono::seconds(10)});
    EXPECT_TRUE(response);
    Answer answer{response->status, nullptr, *response};
    if (auto parsed = http::parse_json(response->body)) answer.body = std::move(*parsed);
    return answer;
  }
  std::vector<std::string> names(const std::string& target) {
    std::vector<std::string> out;
    const auto answer = ask("GET", target);
    for (const auto& member : answer.body.at("members").as_array()) {
      out.emplace_back(std::string_view(member.at("name").as_string()));
    }
    return out;
  }
  http::Client client() const { return http::Client({"127.0.0.1", port_, {}}); }

  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  FakeCluster cluster_;
  std::promise<void> left_;
  LiveSettings live_{AgentConfig{}, {}};
  Api api_{cluster_, live_, [this] { left_.set_value(); }};
  std::unique_ptr<http::Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(ApiTest, members_are_filtered_by_status_name_and_tag) {
  EXPECT_EQ(names("/v1/members").size(), 3u);
  EXPECT_THAT(names("/v1/members?status=failed"), UnorderedElementsAre("web2"));
  EXPECT_THAT(names("/v1/members?status=failed,alive&name=web*"), UnorderedElementsAre("web1", "web2"));
  EXPECT_THAT(names("/v1/members?status=failed&status=alive&tag=role%3Dweb"), UnorderedElementsAre("web1", "web2"));
  EXPECT_THAT(names("/v1/members?tag=role=d*&tag=zone=x"), testing::IsEmpty());
}

TEST_F(ApiTest, a_member_is_shown_with_all_its_fields) {
  const auto row = ask("GET", "/v1/members/web1").body;
  EXPECT_EQ(row.at("addr").as_string(), "10.0.0.1:7946");
  EXPECT_EQ(row.at("status").as_string(), "alive");
  EXPECT_EQ(row.at("tags").at("role").as_string(), "web");
  EXPECT_EQ(row.at("incarnation").as_int64(), 3);
  EXPECT_EQ(row.at("status_since").as_string(), "2001-09-09T01:45:10.000Z");
  EXPECT_EQ(row.at("status_age_ms").as_int64(), 90'000);
  EXPECT_TRUE(row.at("last_contact").is_null());
  EXPECT_EQ(row.at("delegate").at("version").as_int64(), 5);
}

TEST_F(ApiTest, a_name_is_found_through_its_percent_encoding) {
  EXPECT_EQ(ask("GET", "/v1/members/" + http::percent_encode("db 1/\xff")).status, 200u);
  const auto missing = ask("GET", "/v1/members/nobody");
  EXPECT_EQ(missing.status, 404u);
  EXPECT_THAT(missing.error("cause"), HasSubstr("nobody"));
}

TEST_F(ApiTest, a_wrong_filter_is_refused_with_a_suggestion) {
  EXPECT_EQ(ask("GET", "/v1/members?status=alife").error("cure"), "did you mean alive?");
  EXPECT_EQ(ask("GET", "/v1/members?stauts=alive").error("cure"), "did you mean status?");
  EXPECT_EQ(ask("GET", "/v1/members?tag=role").status, 400u);
}

TEST_F(ApiTest, an_unknown_path_or_method_is_answered_with_json) {
  const auto unknown = ask("GET", "/v1/membres");
  EXPECT_EQ(unknown.status, 404u);
  EXPECT_THAT(unknown.error("cure"), HasSubstr("/v1/members"));
  const auto method = ask("DELETE", "/v1/members");
  EXPECT_EQ(method.status, 405u);
  EXPECT_THAT(method.response.fields, testing::Contains(testing::Pair("allow", "GET")));
  EXPECT_EQ(ask("GET", "/v1/members/").status, 404u);
  EXPECT_EQ(ask("GET", "/").status, 404u);
}

TEST_F(ApiTest, join_passes_the_peers_on_and_says_how_many_answered) {
  const auto answer = ask("POST", "/v1/join", R"({"peers":["10.0.0.9","n1:5"]})");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body.at("joined").as_int64(), 1);
  EXPECT_THAT(cluster_.joined, testing::ElementsAre("10.0.0.9", "n1:5"));
}

TEST_F(ApiTest, a_wrong_body_is_refused_with_an_example) {
  for (const char* body : {"", "{", "[]", "{}", R"({"peers":[]})", R"({"peers":"a"})", R"({"peers":[1]})",
                           R"({"peers":[""]})", R"({"peers":["a"],"extra":1})"}) {
    const auto answer = ask("POST", "/v1/join", body);
    EXPECT_EQ(answer.status, 400u) << body;
    EXPECT_THAT(answer.error("cure"), HasSubstr("peers")) << body;
  }
  EXPECT_EQ(ask("PUT", "/v1/tags", R"({"tags":{"a":1}})").status, 400u);
  EXPECT_THAT(cluster_.joined, testing::IsEmpty());
}

TEST_F(ApiTest, what_the_node_refuses_has_its_status_cause_and_cure) {
  cluster_.answer = fail(Errc::unreachable, "nobody answered", "is it up?");
  const auto answer = ask("POST", "/v1/join", R"({"peers":["a"]})");
  EXPECT_EQ(answer.status, 502u);
  EXPECT_EQ(answer.error("code"), "unreachable");
  EXPECT_EQ(answer.error("cause"), "nobody answered");
  EXPECT_EQ(answer.error("cure"), "is it up?");
  cluster_.answer = fail(Errc::too_large, "x");
  EXPECT_EQ(ask("PUT", "/v1/tags", R"({"tags":{"a":"b"}})").status, 413u);
}

TEST_F(ApiTest, a_leave_is_answered_before_the_agent_ends) {
  EXPECT_EQ(ask("POST", "/v1/leave").status, 200u);
  left_.get_future().get();
}

TEST_F(ApiTest, a_member_is_forced_to_leave_by_name) {
  EXPECT_EQ(ask("POST", "/v1/force-leave", R"({"name":"n7"})").status, 200u);
  EXPECT_EQ(cluster_.forced, "n7");
  EXPECT_EQ(ask("POST", "/v1/force-leave", R"({"name":"n8","prune":true})").status, 200u);
  EXPECT_EQ(cluster_.forced, "n8 prune");
  for (const char* body :
       {"{}", R"({"name":""})", R"({"name":7})", R"({"name":"n7","prune":1})", R"({"nmae":"n7"})"})
    EXPECT_EQ(ask("POST", "/v1/force-leave", body).status, 400u) << body;
  cluster_.answer = fail(Errc::not_found, "no member is called \"n9\"");
  EXPECT_EQ(ask("POST", "/v1/force-leave", R"({"name":"n9"})").status, 404u);
  EXPECT_EQ(cluster_.forced, "n9");
}

TEST_F(ApiTest, tags_are_replaced) {
  EXPECT_EQ(ask("PUT", "/v1/tags", R"({"tags":{"a":"b"}})").status, 200u);
  EXPECT_THAT(cluster_.tags, testing::ElementsAre(testing::Pair("a", "b")));
}

TEST_F(ApiTest, tags_are_set_and_deleted_one_by_one) {
  ask("PUT", "/v1/tags", R"({"tags":{"a":"1","b":"2"}})");
  const auto answer = ask("PATCH", "/v1/tags", R"({"set":{"c":"3","a":"4"},"delete":["b","none"]})");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_FALSE(answer.body.at("kept").as_bool()) << "there is no data directory";
  EXPECT_THAT(cluster_.tags, testing::ElementsAre(testing::Pair("a", "4"), testing::Pair("c", "3")));
  EXPECT_EQ(ask("GET", "/v1/tags").body.at("tags").as_object().size(), 2u);
  for (const char* body : {"{}", R"({"set":{}})", R"({"set":{"a":1}})", R"({"delete":"a"})", R"({"delete":[1]})"})
    EXPECT_EQ(ask("PATCH", "/v1/tags", body).status, 400u) << body;
  cluster_.tags.clear();
  const auto large = ask("PATCH", "/v1/tags", R"({"set":{"motd":")" + std::string(600, 'x') + R"("}})");
  EXPECT_EQ(large.status, 413u);
  EXPECT_THAT(large.error("cause"),
              testing::AllOf(HasSubstr("the tags take 618 bytes"), HasSubstr("\"motd\", 604")));
  EXPECT_THAT(cluster_.tags, testing::IsEmpty()) << "the node was not even asked";
}

TEST_F(ApiTest, what_the_node_refuses_leaves_the_tags_as_they_were) {
  ask("PUT", "/v1/tags", R"({"tags":{"a":"1"}})");
  cluster_.answer = fail(Errc::wrong_state, "this node is leaving");
  EXPECT_EQ(ask("PUT", "/v1/tags", R"({"tags":{}})").status, 409u);
  EXPECT_EQ(ask("GET", "/v1/tags").body.at("tags").as_object().size(), 1u);
}

TEST_F(ApiTest, settings_in_force_are_told_with_their_source) {
  ask("PUT", "/v1/tags", R"({"tags":{"a":"1"}})");
  const auto settings = ask("GET", "/v1/settings").body.at("settings").as_array();
  std::map<std::string, std::string> sources;
  for (const auto& setting : settings) {
    sources[std::string(setting.at("key").as_string())] = setting.at("source").as_string();
  }
  EXPECT_EQ(sources.at("swim.probe_interval"), "default");
  EXPECT_EQ(sources.at("tags"), "run time");
}

TEST_F(ApiTest, a_reload_answers_with_what_changed_or_with_all_faults) {
  EXPECT_EQ(ask("POST", "/v1/reload").status, 409u) << "nothing to reload with";
  Reloaded result;
  api_.set_reload([&result](const auto& done) { done(result); });
  result.changed = {"tags"};
  result.needs_restart = {"bind"};
  const auto done = ask("POST", "/v1/reload");
  EXPECT_EQ(done.status, 200u);
  EXPECT_EQ(done.body.at("changed").as_array().size(), 1u);
  EXPECT_EQ(done.body.at("needs_restart").at(0).as_string(), "bind");
  result.faults = {{"a.toml:1", "nmae", "there is no such key", "did you mean name?"},
                   {"a.toml:2", "bind", "bad", ""}};
  const auto refused = ask("POST", "/v1/reload");
  EXPECT_EQ(refused.status, 400u);
  EXPECT_EQ(refused.error("cause"),
            "the configuration has 2 faults; the old one stays in force\n"
            "a.toml:1: nmae: there is no such key; did you mean name?\na.toml:2: bind: bad");
}

TEST_F(ApiTest, health_is_for_load_balancers) {
  EXPECT_EQ(ask("GET", "/v1/health").status, 200u);
  cluster_.node.has_left = true;
  EXPECT_EQ(ask("GET", "/v1/health").status, 503u);
  cluster_.node.has_left = false;
  cluster_.node.defunct = true;
  EXPECT_EQ(ask("GET", "/v1/health").body.at("status").as_string(), "defunct");
}

TEST_F(ApiTest, info_and_metrics_show_every_counter) {
  cluster_.node.counters.add(Count::dropped_label, 7);
  cluster_.node.members[0] = 2;
  const auto info = ask("GET", "/v1/info").body;
  EXPECT_EQ(info.at("counters").as_object().size(), kCounts);
  EXPECT_EQ(info.at("counters").at("dropped_label").as_int64(), 7);
  EXPECT_EQ(info.at("agent").at("version").as_string(), "1.2.3");
  const auto metrics = ask("GET", "/metrics").response;
  EXPECT_THAT(metrics.type, HasSubstr("text/plain"));
  EXPECT_THAT(metrics.body, HasSubstr("\nhearsay_dropped_label_total 7\n"));
  EXPECT_THAT(metrics.body, HasSubstr("\nhearsay_members{status=\"alive\"} 2\n"));
  for (std::size_t i = 0; i < kCounts; ++i) {
    EXPECT_THAT(metrics.body,
                HasSubstr(std::string("# TYPE hearsay_") + name_of(static_cast<Count>(i)) + "_total counter\n"));
  }
}

TEST_F(ApiTest, history_is_the_record_of_changes) {
  cluster_.notices = {failed("n1"), {kNow, Warning{"clock \xff jumped"}}};
  const auto history = ask("GET", "/v1/history").body.at("history").as_array();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].at("kind").as_string(), "failed");
  EXPECT_EQ(history[0].at("at").as_string(), "2001-09-09T01:46:40.000Z");
  EXPECT_EQ(history[0].at("evidence").at("accuser").as_string(), "n9");
  EXPECT_EQ(history[1].at("kind").as_string(), "warning");
}

TEST_F(ApiTest, a_monitor_hears_notices_as_they_happen) {
  std::vector<std::string> seen;
  const auto ended = client().events(
      "/v1/monitor", std::chrono::seconds(10), std::chrono::seconds(10), -1,
      [&] { asio::post(loop_, [this] { api_.on_notice(failed("n1")); }); },
      [&](const http::Client::Event& event) {
        const auto notice = http::parse_json(event.data).value();
        seen.push_back(event.name);
        for (const char* key : {"at", "kind", "member", "line"})
          seen.emplace_back(std::string_view(notice.at(key).as_string()));
        return false;
      });
  EXPECT_TRUE(ended);
  EXPECT_THAT(seen,
              testing::ElementsAre("notice", "2001-09-09T01:46:40.000Z", "failed", "n1", HasSubstr("failed n1")));
}

TEST_F(ApiTest, a_monitor_can_begin_with_the_past) {
  cluster_.notices = {failed("n1"), failed("n2"), failed("n3")};
  std::vector<std::string> seen;
  const auto ended = client().events(
      "/v1/monitor?last=2", std::chrono::seconds(10), std::chrono::seconds(10), -1,
      [&] { asio::post(loop_, [this] { api_.on_notice(failed("n4")); }); },
      [&](const http::Client::Event& event) {
        seen.emplace_back(std::string_view(http::parse_json(event.data).value().at("member").as_string()));
        return seen.size() < 3;
      });
  EXPECT_TRUE(ended);
  EXPECT_THAT(seen, testing::ElementsAre("n2", "n3", "n4"));
  EXPECT_EQ(ask("GET", "/v1/monitor?last=x").status, 400u);
  EXPECT_EQ(ask("GET", "/v1/monitor?lats=1").status, 400u);
}

TEST_F(ApiTest, keys_are_listed_with_who_holds_and_who_uses_them) {
  cluster_.key_answers = {{{}, "a", KeyAnswer::Result::done, "", {"new", "old"}},
                          {{}, "b", KeyAnswer::Result::done, "", {"old"}},
                          {{}, "c", KeyAnswer::Result::silent, "no answer came", {}}};
  cluster_.answer = fail(Errc::timed_out, "1 of 3 members did not answer: c");
  const auto answer = ask("GET", "/v1/keys");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(cluster_.key_change, "list 0");
  EXPECT_EQ(json::serialize(answer.body.at("keys")),
            R"([{"key":"new","held_by":1,"encrypts_for":1},{"key":"old","held_by":2,"encrypts_for":1}])");
  EXPECT_EQ(answer.body.at("members").as_array().size(), 3u);
  EXPECT_EQ(answer.body.at("silent").as_int64(), 1);
  EXPECT_EQ(answer.error("code"), "timed_out");
}

TEST_F(ApiTest, a_key_is_changed_and_each_member_s_word_is_told) {
  cluster_.key_answers = {{{}, "a", KeyAnswer::Result::done, "", {}},
                          {{}, "b", KeyAnswer::Result::failed, "disk full", {}}};
  const auto answer = ask("POST", "/v1/keys", R"({"use":"AAECAwQFBgcICQoLDA0ODw==","force":true})");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(cluster_.key_change, "use 16 force");
  EXPECT_TRUE(answer.body.at("error").is_null());
  EXPECT_EQ(answer.body.at("failed").as_int64(), 1);
  EXPECT_EQ(answer.body.at("members").at(1).at("message").as_string(), "disk full");
}

TEST_F(ApiTest, a_refused_key_change_is_an_error) {
  cluster_.answer = fail(Errc::wrong_state, "encryption is not enabled", "start the agents with keys");
  const auto answer = ask("POST", "/v1/keys", R"({"install":"AAECAwQFBgcICQoLDA0ODw=="})");
  EXPECT_EQ(answer.status, 409u);
  EXPECT_EQ(answer.error("cause"), "encryption is not enabled");
  for (const char* body : {"", "[]", "{}", R"({"install":5})", R"({"install":"?"})", R"({"force":true})",
                           R"({"install":"AAAA","use":"AAAA"})", R"({"forget":"AAAA"})"}) {
    EXPECT_EQ(ask("POST", "/v1/keys", body).status, 400u) << body;
  }
}

TEST_F(ApiTest, why_puts_together_the_row_the_changes_the_probes_and_what_the_accuser_says) {
  cluster_.notices = {failed("web1"), failed("web2")};
  Explanation& told = cluster_.explanation.emplace();
  told.testimony.emplace().witness = "n9";
  told.testimony->evidence.helpers = {"n3"};
  told.testimony->age = std::chrono::milliseconds(1500);
  told.probes = {
      {kNow.steady - std::chrono::seconds(2), OwnProbe::Answer::relayed, std::chrono::milliseconds(7), "n3", 3, 1}};
  told.links.emplace_back().member = "web2";
  const auto answer = ask("GET", "/v1/why/web2");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body.at("member").at("status").as_string(), "failed");
  ASSERT_EQ(answer.body.at("changes").as_array().size(), 1u);
  const json::value change = answer.body.at("changes").as_array()[0];
  EXPECT_EQ(change.at("line").as_string(), "failed web2 10.0.0.1:7946 inc=3 by own_timer accuser=n9");
  EXPECT_TRUE(answer.body.at("testimony").at("available").as_bool());
  EXPECT_EQ(answer.body.at("testimony").at("age_ms").as_int64(), 1500);
  const json::value probe = answer.body.at("probes").as_array()[0];
  EXPECT_EQ(probe.at("answer").as_string(), "relayed");
  EXPECT_EQ(probe.at("through").as_string(), "n3");
  EXPECT_EQ(probe.at("took_us").as_int64(), 7000);
  EXPECT_EQ(answer.body.at("link").at("fault").as_string(), "outgoing");
}

TEST_F(ApiTest, why_of_somebody_forgotten_or_unknown) {
  cluster_.explanation.emplace().testimony.emplace().missing = "a Serf agent";
  const auto forgotten = ask("GET", "/v1/why/gone");
  EXPECT_TRUE(forgotten.body.at("member").is_null());
  EXPECT_TRUE(forgotten.body.at("link").is_null());
  EXPECT_FALSE(forgotten.body.at("testimony").at("available").as_bool());
  EXPECT_EQ(forgotten.body.at("testimony").at("missing").as_string(), "a Serf agent");
  cluster_.explanation.reset();
  const auto unknown = ask("GET", "/v1/why/nobody");
  EXPECT_EQ(unknown.status, 404u);
  EXPECT_EQ(unknown.error("cause"), "no member is called \"nobody\"");
}

TEST_F(ApiTest, info_names_links_in_trouble_and_name_conflicts) {
  Link& link = cluster_.node.links.emplace_back();
  link.self = "n3";
  link.member = "n1";
  NameConflict& conflict = cluster_.node.conflicts.emplace_back();
  conflict.name = "web1";
  conflict.claimed = parse_address("10.0.0.9:7946", 0).value();
  const auto info = ask("GET", "/v1/info").body.at("node");
  EXPECT_EQ(info.at("links").as_array()[0].at("line").as_string(),
            "n3 -> n1 does not carry UDP (our probes go unanswered, n1's packets arrive)");
  EXPECT_EQ(info.at("conflicts").as_array()[0].at("claimed").as_string(), "10.0.0.9:7946");
}

TEST_F(ApiTest, states_are_shown_and_written) {
  cluster_.rows = {make_member("n1", Status::alive), make_member("n2", Status::alive)};
  cluster_.said = {{"n1", 2, 7, {{"dc", "eu", 3, {}}, {"load", "\xff", 7, std::chrono::milliseconds(1500)}}}};
  const auto all = ask("GET", "/v1/state?key=dc");
  EXPECT_EQ(all.body.at("states").as_array().size(), 1u);
  EXPECT_EQ(all.body.at("states").at(0).at("keys").as_object().size(), 1u);
  const auto one = ask("GET", "/v1/state/n1").body;
  EXPECT_EQ(one.at("generation").as_int64(), 2);
  EXPECT_EQ(one.at("keys").at("dc").at("value").as_string(), "eu");
  EXPECT_EQ(one.at("keys").at("load").at("base64").as_string(), "/w==");
  EXPECT_EQ(one.at("keys").at("load").at("ttl_ms").as_int64(), 1500);
  EXPECT_EQ(ask("GET", "/v1/state/n2").body.at("keys").as_object().size(), 0u);
  EXPECT_EQ(ask("GET", "/v1/state/n9").status, 404);
  cluster_.answer = 0u;
  EXPECT_EQ(
      ask("PATCH", "/v1/state", R"({"set":{"load":"0.7"},"delete":["old"],"ttl_ms":60000,"if_version":{"load":7}})")
          .status,
      200);
  ASSERT_EQ(cluster_.written.size(), 2u);
  EXPECT_EQ(cluster_.written[0].value, "0.7");
  EXPECT_EQ(cluster_.written[0].ttl, std::chrono::seconds(60));
  EXPECT_EQ(cluster_.written[0].if_version, 7u);
  EXPECT_FALSE(cluster_.written[1].value || cluster_.written[1].if_version);
  cluster_.written.clear();
  for (const char* body :
       {R"({"set":{"a":"1"},"wait":"95"x})", R"({"set":{"a":"1"},"wait":"0%"})", R"({"set":{"a":"1"},"wait":95})",
        R"({"set":{"a":"1"},"timeout_ms":0,"wait":"all"})", R"({"set":{"a":"1"},"timeout_ms":700000,"wait":"all"})",
        R"({"set":{"a":"1"},"timeout_ms":1000})", R"({"wait":"all"})", "", "[]", "{}", R"({"set":{"a":1}})",
        R"({"set":[]})", R"({"delete":[1]})", R"({"set":{"a":"1"},"ttl_ms":0})",
        R"({"set":{"a":"1"},"if_version":{"b":1}})", R"({"set":{"a":"1"},"if_version":{"a":-1}})",
        R"({"sett":{"a":"1"}})"}) {
    EXPECT_EQ(ask("PATCH", "/v1/state", body).status, 400) << body;
  }
  EXPECT_TRUE(cluster_.written.empty());
  EXPECT_FALSE(cluster_.watched);
}

TEST_F(ApiTest, who_writes_may_wait_until_others_hold_it) {
  cluster_.answer = 0u;
  cluster_.node.state_version = 7;
  cluster_.holders =
      StateHolders{CommandId{1}, 7, 3, 3, 4, 1, {"n9"}, false, std::chrono::milliseconds(1250), 1, 40, 2, 70};
  const auto done = ask("PATCH", "/v1/state", R"({"set":{"load":"0.7"},"wait":"75%","timeout_ms":2000})");
  EXPECT_EQ(done.status, 200);
  ASSERT_TRUE(cluster_.watched);
  EXPECT_EQ(cluster_.watched->version, 7u);
  EXPECT_EQ(cluster_.watched->wanted, (Holders{true, 75}));
  EXPECT_EQ(cluster_.watched->timeout, std::chrono::seconds(2));
  const auto& wait = done.body.at("wait");
  EXPECT_EQ(wait.at("held").as_int64(), 3);
  EXPECT_EQ(wait.at("others").as_int64(), 1);
  EXPECT_EQ(wait.at("missing").at(0).as_string(), "n9");
  EXPECT_EQ(wait.at("took_ms").as_int64(), 1250);
  EXPECT_EQ(wait.at("answer_bytes").as_int64(), 70);
  EXPECT_TRUE(wait.at("error").is_null());
  cluster_.holders_end = fail(Errc::timed_out, "3 of 4", "look");
  const auto late = ask("PATCH", "/v1/state", R"({"set":{"load":"0.7"},"wait":"all"})");
  EXPECT_EQ(late.status, 200) << "what was asked for is written";
  EXPECT_EQ(late.body.at("wait").at("error").at("code").as_string(), "timed_out");
  EXPECT_EQ(cluster_.watched->timeout, std::chrono::seconds(10));
  cluster_.holders.reset();
  const auto ninth = ask("PATCH", "/v1/state", R"({"set":{"load":"0.7"},"wait":"all"})");
  EXPECT_EQ(ninth.body.at("version").as_int64(), 7);
  EXPECT_EQ(ninth.body.at("wait").at("error").at("code").as_string(), "wrong_state");
}

}  // namespace
}  // namespace hearsay::agent
