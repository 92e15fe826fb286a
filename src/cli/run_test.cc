// The command line from words to exit status, against an HTTP server that plays the agent.
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "agent/data_dir.h"
#include "agent/text.h"
#include "base/base64.h"
#include "cli/commands.h"
#include "http/json.h"
#include "http/server.h"
#include "support/said.h"

namespace hearsay::cli {
namespace {

namespace asio = boost::asio;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using tests::Said;
using tests::say;

constexpr const char* kMembers = R"({"members":[
 {"name":"web","addr":"10.0.0.2:7946","status":"failed","tags":{"role":"w","z":"1"},"status_age_ms":7300000,"incarnation":4,
  "last_contact_age_ms":null,"self":false,"protocol":{"version":2,"min":1,"max":5},"delegate":{"version":5,"min":2,"max":5}},
 {"name":"db\u001b[2J","addr":"10.0.0.1:7946","status":"alive","tags":{},"status_age_ms":5000,"incarnation":1,
  "last_contact_age_ms":1000,"self":true,"protocol":{"version":2,"min":1,"max":5},"delegate":{"version":5,"min":2,"max":5}}]})";

// Answers every request with what the test chose.
class CliTest : public testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("HEARSAY_HTTP_ADDR");
    server_ = std::make_unique<http::Server>(loop_, http::ServerOptions{},
                                             [this](const http::Request& request, auto exchange) {
                                               asked_ = request.method + " " + request.target + " " + request.body;
                                               exchange->respond(answer_);
                                             });
    address_ = to_string(server_->listen(parse_address("127.0.0.1:0", 0).value()).value());
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    loop_.stop();
    thread_.join();
    server_.reset();
  }
  void will_answer(unsigned status, std::string body) {
    answer_ = {status, "application/json", std::move(body), {}};
  }
  Said ask(std::vector<std::string> words, bool colour = false) {
    words.insert(words.end(), {"--http", address_});
    return say(words, colour);
  }

  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  std::unique_ptr<http::Server> server_;
  http::Response answer_;
  std::string asked_;
  std::string address_;
  std::thread thread_;
};

TEST_F(CliTest, members_is_an_aligned_table_sorted_by_name) {
  will_answer(200, kMembers);
  const auto said = ask({"members"});
  EXPECT_EQ(said.status, 0);
  EXPECT_EQ(said.out,
            "Name       Address        Status  Since  Tags\n"
            "db\\x1b[2J  10.0.0.1:7946  alive   5s\n"
            "web        10.0.0.2:7946  failed  2h     role=w,z=1\n");
  EXPECT_THAT(said.err, IsEmpty());
  EXPECT_THAT(ask({"members", "--detailed"}).out, AllOf(HasSubstr("Incarnation"), HasSubstr("5 (2 to 5)")));
}

TEST_F(CliTest, force_leave_names_the_member_and_what_became_of_it) {
  will_answer(200, R"({"left":true})");
  EXPECT_EQ(ask({"force-leave", "n7"}).out, "n7 counts as left here; the others are being told\n");
  EXPECT_EQ(asked_, R"(POST /v1/force-leave {"name":"n7","prune":false})");
  EXPECT_EQ(ask({"force-leave", "n7", "--prune"}).out, "n7 is forgotten here; the others are being told\n");
  EXPECT_EQ(asked_, R"(POST /v1/force-leave {"name":"n7","prune":true})");
  EXPECT_EQ(say({"force-leave"}).status, 2);
}

TEST_F(CliTest, tags_are_shown_and_changed) {
  will_answer(200, R"({"tags":{"role":"web","zone":"n\u001b"}})");
  EXPECT_EQ(ask({"tags"}).out, "role=web\nzone=n\\x1b\n");
  EXPECT_EQ(asked_, "GET /v1/tags ");
  will_answer(200, R"({"updated":true,"tags":{"role":"db"},"kept":false})");
  const auto said = ask({"tags", "--set", "role=db", "--set", "x=a=b", "--delete", "zone"});
  EXPECT_EQ(said.out, "role=db\n");
  EXPECT_THAT(said.err, HasSubstr("no data directory"));
  EXPECT_EQ(asked_, R"(PATCH /v1/tags {"set":{"role":"db","x":"a=b"},"delete":["zone"]})");
  const auto wrong = ask({"tags", "--set", "role"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("KEY=VALUE"));
}

TEST_F(CliTest, reload_tells_what_changed_what_waits_and_every_fault_on_a_line) {
  will_answer(200, R"({"changed":["tags","log_level"],"needs_restart":["bind"],"warnings":[]})");
  EXPECT_EQ(ask({"reload"}).out, "changed: tags, log_level\nonly a restart takes over: bind\n");
  EXPECT_EQ(asked_, "POST /v1/reload ");
  will_answer(200, R"({"changed":[],"needs_restart":[],"warnings":[]})");
  EXPECT_EQ(ask({"reload"}).out, "nothing changed\n");
  will_answer(
      400, R"({"error":{"code":"invalid_config","cause":"2 faults\na.toml:1: x\na.toml:2: y","cure":"correct"}})");
  const auto refused = ask({"reload"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.err, "hearsay reload: 2 faults\n  a.toml:1: x\n  a.toml:2: y\n  correct\n");
}

TEST_F(CliTest, info_shows_settings_and_who_was_not_admitted) {
  will_answer(200, R"({"settings":[{"key":"bind","value":"\"10.0.0.1:7946\"","source":"file","where":"a.toml:2",
    "reload":false},{"key":"swim.probe_interval","value":"\"1s\"","source":"default","where":"","reload":true}]})");
  EXPECT_EQ(ask({"info", "--settings"}).out,
            "Key                  Value            From      Reload\n"
            "bind                 \"10.0.0.1:7946\"  a.toml:2  no\n"
            "swim.probe_interval  \"1s\"             default   yes\n");
  will_answer(200, R"({"refused":[{"name":"x\u001b","addr":"10.0.0.9:7946","reason":"not here","count":3,
    "last_age_ms":5000}],"self":{},"agent":{},"node":{},"members":{},"counters":{},"sockets":{},"http":{}})");
  EXPECT_THAT(ask({"info"}).out, HasSubstr("not admitted lately\n  x\\x1b  10.0.0.9:7946  5s ago  3x  not here\n"));
}

TEST(Cli, the_manual_and_the_completions_know_every_command_and_option) {
  const auto manual = say({"help", "--man"});
  EXPECT_EQ(manual.status, 0);
  for (const char* part :
       {".TH HEARSAY 1", ".SS \"hearsay force\\-leave NAME\"", "\\-\\-prune", ".SS \"hearsay sim cluster FILE\"",
        "\\-\\-keyring\\-file\\fR \\fIFILE", "SIGHUP", "HEARSAY_HTTP_ADDR"}) {
    EXPECT_THAT(manual.out, HasSubstr(part));
  }
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = say({"completion", shell}).out;
    for (const char* part : {"force-leave", "prune", "cluster"}) EXPECT_THAT(script, HasSubstr(part)) << shell;
  }
  EXPECT_EQ(say({"completion", "csh"}).status, 2);
  EXPECT_EQ(say({"completion"}).status, 2);
  EXPECT_THAT(say({"help", "join"}).out, HasSubstr("PEER"));
  EXPECT_THAT(say({"help", "sim", "cluster"}).out, HasSubstr("--crash"));
  EXPECT_THAT(say({"help", "nonsense"}).err, HasSubstr("no command \"nonsense\""));
}

constexpr const char* kWhy = R"json({"member":{"name":"n7","addr":"10.0.0.7:7946","status":"failed","incarnation":4,
 "self":false,"status_since":"2026-11-21T01:02:07.000Z","last_contact":"2026-11-21T01:02:00.000Z"},
 "link":{"line":"n1 -> n7 does not carry UDP (x)"},"changes":[
 {"at":"2026-11-21T01:02:03.000Z","kind":"suspected","member":"n7","status":"suspect","incarnation":4,
  "line":"suspected n7 by own_probe","evidence":{"source":"own_probe","accuser":"n1","direct_probes":1,
              "indirect_probes":3,"helpers":["n3","n4","n5"],"nacks":2,
              "stream_probe_failed":true,"local_health":1,"silent_for_ms":2340}},
 {"at":"2026-11-21T01:02:07.000Z","kind":"failed","member":"n7","status":"failed","incarnation":4,"line":"failed n7",
  "evidence":{"source":"own_timer","accuser":"n1","confirmers":["n2","n\u001b3"],"local_health":0}}],
 "testimony":{"witness":"n2","available":true,"what":"confirmed","incarnation":4,"age_ms":5120,"line":"by own_probe"},
 "probes":[{"at":"2026-11-21T01:02:00.000Z","answer":"direct","took_us":512,"helpers":0,"nacks":0},
           {"at":"2026-11-21T01:02:01.000Z","answer":"relayed","took_us":612000,"through":"n3","helpers":3,"nacks":1},
           {"at":"2026-11-21T01:02:02.000Z","answer":"none","took_us":1000000,"helpers":3,"nacks":2}]
})json";

TEST_F(CliTest, why_tells_each_verdict_with_its_evidence) {
  will_answer(200, kWhy);
  const auto said = ask({"why", "n7"});
  EXPECT_EQ(said.status, 0);
  EXPECT_EQ(
      said.out,
      "n7 at 10.0.0.7:7946 is failed since 2026-11-21T01:02:07.000Z, incarnation 4\n"
      "It last answered this agent directly at 2026-11-21T01:02:00.000Z.\n"
      "The link: n1 -> n7 does not carry UDP (x)\n"
      "\n"
      "2026-11-21T01:02:03.000Z  suspected n7 by own_probe\n"
      "                          our own probe got no answer; 1 probe in a row, 3 helpers asked (n3, n4, n5), 2 "
      "of them got no answer either; TCP failed too; our own health was 1 (0 is healthy); silent for 2.3 s\n"
      "2026-11-21T01:02:07.000Z  failed n7\n"
      "                          our suspicion timer ran out; first accused by n1; confirmed by n2, n\\x1b3\n"
      "\n"
      "Asked for its evidence, n2 says:\n"
      "  confirmed 5.1 s ago, incarnation 4, by own_probe\n"
      "\n"
      "This agent's last probes of it:\n"
      "  2026-11-21T01:02:00.000Z  answered in 0.5 ms\n"
      "  2026-11-21T01:02:01.000Z  no answer to us, but to n3 in 0.6 s\n"
      "  2026-11-21T01:02:02.000Z  no answer within 1.0 s, nor to 3 helpers (2 said so)\n");
  EXPECT_EQ(asked_, "GET /v1/why/n7 ");
}

TEST_F(CliTest, why_says_what_evidence_cannot_be_had) {
  will_answer(200, R"({"member":null,"link":null,"changes":[],"probes":[],
    "testimony":{"witness":"s1","available":false,"missing":"a Serf agent"}})");
  EXPECT_EQ(ask({"why", "n7"}).out,
            "n7 is forgotten\n\nNothing is remembered of how it came to be so.\n"
            "\nEvidence of s1, the first accuser, is not available: a Serf agent\n");
}

TEST_F(CliTest, why_as_json_is_what_the_agent_says) {
  will_answer(200, kWhy);
  const auto said = ask({"why", "n7", "--format", "json"});
  EXPECT_EQ(http::parse_json(said.out).value(), http::parse_json(kWhy).value());
}

TEST_F(CliTest, why_of_nobody_fails_and_says_so) {
  will_answer(404, R"({"error":{"code":"not_found","cause":"no member is called \"n9\"","cure":"look"}})");
  const auto said = ask({"why", "n9"});
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.err, HasSubstr("no member is called"));
  EXPECT_EQ(say({"why"}).status, 2);
}

TEST_F(CliTest, filters_are_the_agents_work) {
  will_answer(200, R"({"members":[]})");
  EXPECT_EQ(ask({"members", "--status", "alive,failed", "--name", "web*", "--tag", "role=a b"}).status, 0);
  EXPECT_EQ(asked_, "GET /v1/members?status=alive&status=failed&name=web%2A&tag=role%3Da%20b ");
}

TEST_F(CliTest, json_is_for_programs_and_never_coloured) {
  will_answer(200, kMembers);
  const auto said = ask({"members", "--format", "json"}, true);
  EXPECT_EQ(http::parse_json(said.out).value().at("members").as_array().size(), 2u);
  EXPECT_THAT(said.out, Not(HasSubstr("\x1b")));
}

TEST_F(CliTest, colour_can_be_switched_off) {
  will_answer(200, kMembers);
  EXPECT_THAT(ask({"members"}, true).out, HasSubstr("\x1b[32malive"));
  EXPECT_THAT(ask({"members", "--no-color"}, true).out, Not(HasSubstr("\x1b")));
}

TEST_F(CliTest, the_address_comes_from_the_environment_when_no_flag_names_it) {
  will_answer(200, kMembers);
  ::setenv("HEARSAY_HTTP_ADDR", address_.c_str(), 1);
  EXPECT_EQ(say({"members"}).status, 0);
  ::setenv("HEARSAY_HTTP_ADDR", "127.0.0.1:1", 1);
  EXPECT_EQ(say({"members"}).status, 1);
  EXPECT_EQ(ask({"members"}).status, 0);
  ::unsetenv("HEARSAY_HTTP_ADDR");
}

TEST_F(CliTest, join_sends_its_peers_and_names_those_that_failed) {
  will_answer(200, R"({"joined":1})");
  const auto said = ask({"join", "10.0.0.1", "n2:5"});
  EXPECT_EQ(asked_, R"(POST /v1/join {"peers":["10.0.0.1","n2:5"]})");
  EXPECT_EQ(said.out, "joined: 1 of 2 peers answered\n");
  will_answer(502, R"({"error":{"code":"unreachable","cause":"nobody answered","cure":"is it up?"}})");
  const auto failed = ask({"join", "10.0.0.1"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.err, AllOf(HasSubstr("10.0.0.1"), HasSubstr("nobody answered"), HasSubstr("is it up?")));
  EXPECT_THAT(failed.out, IsEmpty());
}

TEST_F(CliTest, info_shows_what_was_lost_and_all_counters_when_asked) {
  will_answer(200,
              R"({"self":{"name":"n1","status":"alive"},"agent":{},"node":{"local_health":2},"members":{"alive":1},
                       "counters":{"datagrams_in":5,"dropped_label":7,"dropped_crc":0},"http":{}})");
  const auto said = ask({"info"});
  EXPECT_THAT(said.out,
              AllOf(HasSubstr("dropped_label"), HasSubstr("7"), HasSubstr("another label"), HasSubstr("slow")));
  EXPECT_THAT(said.out, AllOf(Not(HasSubstr("datagrams_in")), Not(HasSubstr("dropped_crc"))));
  EXPECT_THAT(ask({"info", "--all"}).out, AllOf(HasSubstr("datagrams_in"), HasSubstr("dropped_crc")));
}

TEST_F(CliTest, what_is_no_agent_is_said_so) {
  will_answer(200, "<html>");
  const auto said = ask({"info"});
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.err, HasSubstr("no hearsay agent"));
  // Half an answer must not bring the command down.
  will_answer(200, "{}");
  for (const char* command : {"info", "members", "leave"}) EXPECT_EQ(ask({command}).status, 0);
  will_answer(200, R"({"members":[1,{"tags":[]}],"counters":[],"self":1})");
  for (const char* command : {"info", "members"}) EXPECT_EQ(ask({command}).status, 0);
}

TEST(Cli, an_agent_that_is_not_there_has_status_1_and_says_how_to_start_one) {
  const auto said = say({"members", "--http", "127.0.0.1:1"});
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.err, AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("hearsay agent")));
  EXPECT_EQ(say({"monitor", "--http", "unix:/nonexistent"}).status, 1);
}

TEST(Cli, wrong_usage_has_status_2_and_a_suggestion) {
  for (const auto& words : std::vector<std::vector<std::string>>{{},
                                                                 {"membres"},
                                                                 {"members", "--stauts"},
                                                                 {"members", "extra"},
                                                                 {"members", "--format", "xml"},
                                                                 {"join"},
                                                                 {"keygen", "--bytes", "5"},
                                                                 {"agent", "--profile", "moon"},
                                                                 {"agent", "--tag", "x"},
                                                                 {"agent", "--set", "nonsense"}}) {
    const auto said = say(words);
    EXPECT_EQ(said.status, 2) << testing::PrintToString(words);
    EXPECT_THAT(said.out, IsEmpty());
    EXPECT_THAT(said.err, Not(IsEmpty()));
  }
  EXPECT_THAT(say({"membres"}).err, HasSubstr("did you mean members?"));
  EXPECT_THAT(say({"members", "--stauts"}).err, HasSubstr("did you mean --status?"));
}

TEST(Cli, help_and_version_go_to_standard_output) {
  for (const char* command : {"agent", "members", "join", "leave", "info", "why", "monitor", "keygen", "version"}) {
    EXPECT_THAT(say({"--help"}).out, HasSubstr(std::string("\n  ") + command)) << command;
    const auto said = say({command, "--help"});
    EXPECT_EQ(said.status, 0);
    EXPECT_THAT(said.out, HasSubstr(std::string("Usage: hearsay ") + command));
    EXPECT_THAT(said.err, IsEmpty());
  }
  EXPECT_THAT(say({"version"}).out,
              AllOf(StartsWith("hearsay "), HasSubstr("memberlist 2 (1 to 5), Serf 5 (2 to 5)")));
  EXPECT_EQ(say({"--version"}).status, 0);
}

TEST(Cli, a_generation_that_nobody_believes_is_repaired_in_the_data_directory) {
  const std::string path = testing::TempDir() + "repair_" + std::to_string(::getpid());
  EXPECT_THAT(say({"repair-generation", path}).err, HasSubstr("there is no directory"));
  {
    const auto dir = agent::DataDir::open(path);
    ASSERT_TRUE(dir);
    const auto used = say({"repair-generation", path});
    EXPECT_EQ(used.status, 1);
    EXPECT_THAT(used.err, HasSubstr("in use"));
    agent::SavedState state{"n1", Incarnation{4'000'000}, LamportTime{9}, 2'000'000, false, {}};
    ASSERT_TRUE((*dir)->save(state));
  }
  const auto said = say({"repair-generation", path});
  EXPECT_EQ(said.status, 0);
  EXPECT_THAT(said.out, HasSubstr("n1 forgot its generation 4000000"));
  const auto dir = agent::DataDir::open(path);
  const agent::SavedState expected{"n1", Incarnation{1}, LamportTime{9}, 0, false, {}};
  EXPECT_EQ((*dir)->load().value(), expected);
}

TEST(Cli, keygen_makes_different_keys_of_the_wanted_length) {
  const auto one = say({"keygen"}).out;
  EXPECT_NE(one, say({"keygen"}).out);
  EXPECT_EQ(base::from_base64(one.substr(0, one.size() - 1))->size(), 32u);
  const auto small = say({"keygen", "--bytes", "16"}).out;
  EXPECT_EQ(base::from_base64(small.substr(0, small.size() - 1))->size(), 16u);
}

TEST(Cli, the_configuration_is_checked_without_starting) {
  EXPECT_EQ(say({"agent", "--check", "--http", "", "--tag", "a=b", "--tag", "c="}).status, 0);
  EXPECT_THAT(say({"agent", "--print-config", "--tag", "a=b", "--set", "swim.probe_interval=2s"}).out,
              AllOf(HasSubstr("tags = { \"a\" = \"b\" }"), HasSubstr("probe_interval = \"2s\"")));
  const std::string path = testing::TempDir() + "hearsay_run_test.toml";
  std::ofstream(path) << "nmae = \"x\"\n[swim]\nprobe_interval = 5\n";
  const auto said = say({"agent", "--config", path, "--check"});
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.err, AllOf(HasSubstr("2 faults"), HasSubstr(path + ":1: nmae"),
                              HasSubstr(path + ":3: swim.probe_interval")));
  EXPECT_EQ(say({"agent", "--config", "/nonexistent.toml"}).status, 1);
}

constexpr const char* kKeyReport = R"({"action":"list","asked":3,"done":2,"failed":0,"silent":1,
 "members":[{"name":"a","result":"done","message":"","keys":["k1="]},{"name":"b","result":"done","message":"","keys":["k1="]},
            {"name":"c","result":"silent","message":"no answer came","keys":[]}],
 "keys":[{"key":"k1=","held_by":2,"encrypts_for":2}],
 "error":{"code":"timed_out","cause":"1 of 3 members did not answer: c","cure":"see whether they are reachable"}})";

TEST_F(CliTest, keys_are_a_table_and_a_silent_member_is_a_failure) {
  will_answer(200, kKeyReport);
  const auto said = ask({"keys", "list"});
  EXPECT_EQ(said.status, kFailed);
  EXPECT_THAT(asked_, StartsWith("GET /v1/keys"));
  EXPECT_EQ(said.out, "KEY  HELD BY  ENCRYPTS FOR\nk1=  2 of 3   2 of 3\n  c  silent  no answer came\n");
  EXPECT_THAT(said.err, AllOf(HasSubstr("did not answer: c"), HasSubstr("reachable")));
  EXPECT_EQ(ask({"keys", "list", "--format", "json"}).status, kFailed);
}

TEST_F(CliTest, a_key_change_tells_how_many_did_it) {
  will_answer(200, R"({"action":"use","asked":2,"done":2,"failed":0,"silent":0,"members":[],"error":null})");
  const auto said = ask({"keys", "use", "AAECAwQFBgcICQoLDA0ODw==", "--force"});
  EXPECT_EQ(said.status, kDone);
  EXPECT_EQ(said.out, "used by 2 of 2 members\n");
  EXPECT_EQ(asked_, R"(POST /v1/keys {"use":"AAECAwQFBgcICQoLDA0ODw==","force":true})");
}

TEST_F(CliTest, keys_needs_an_action_and_a_key_where_one_belongs) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"keys"}, {"keys", "forget", "k"}, {"keys", "use"}, {"keys", "list", "k"}}) {
    EXPECT_EQ(ask(words).status, kUsage) << words.back();
  }
}

TEST(SimCluster, a_crash_is_reported_as_a_table_and_as_json) {
  const std::vector<std::string> words{"sim", "cluster", "--nodes", "8",      "--for",
                                       "40s", "--crash", "3@5s",    "--seed", "7"};
  const Said text = say(words);
  EXPECT_EQ(text.status, kDone) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("all running nodes agree"), HasSubstr("n3"), HasSubstr("7 of 7")));
  auto json_words = words;
  json_words.insert(json_words.end(), {"--format", "json"});
  const auto first = http::parse_json(say(json_words).out).value();
  const auto& detection = first.at("detection");
  EXPECT_GT(detection.at("first_s").to_number<double>(), 1.0);
  EXPECT_GE(detection.at("all_s").to_number<double>(), detection.at("median_s").to_number<double>());
  EXPECT_EQ(first.at("false_deaths").to_number<int>(), 0);
  EXPECT_GT(first.at("bytes_per_node_s").to_number<double>(), 0);
  EXPECT_EQ(first.at("trace_hash"), http::parse_json(say(json_words).out).value().at("trace_hash"));
}

TEST(SimCluster, a_knob_shows_its_effect) {
  const auto detected = [](const std::string& knob) {
    const Said said = say(
        {"sim", "cluster", "--nodes", "8", "--for", "60s", "--crash", "3@5s", "--format", "json", "--set", knob});
    return http::parse_json(said.out).value().at("detection").at("all_s").to_number<double>();
  };
  EXPECT_LT(detected("swim.suspicion_mult=2"), detected("swim.suspicion_mult=8"));
}

TEST(SimCluster, impossible_plans_are_refused_with_all_their_faults) {
  const Said said =
      say({"sim", "cluster", "--nodes", "8", "--crash", "8@5s", "--pause", "3@5s", "--loss", "1.5", "--for", "9"});
  EXPECT_EQ(said.status, kUsage);
  EXPECT_THAT(said.err, AllOf(HasSubstr("--pause: \"3@5s\""), HasSubstr("--for: \"9\"")));
  EXPECT_THAT(say({"sim", "cluster", "--nodes", "8", "--crash", "8@5s"}).err, HasSubstr("the last one is 7"));
  EXPECT_THAT(say({"sim", "cluster", "--set", "swim.prob=1"}).err, HasSubstr("swim.prob"));
  EXPECT_THAT(say({"sim", "clutter"}).err, HasSubstr("did you mean cluster?"));
  EXPECT_THAT(say({"sim"}).err, HasSubstr("cluster"));
}

TEST(SimSwarm, counts_what_held_and_ends_well) {
  const Said said = say({"sim", "swarm", "--first", "5", "--seeds", "3", "--jobs", "2"});
  EXPECT_EQ(said.status, kDone) << said.out;
  EXPECT_THAT(said.out, HasSubstr("3 clusters from seed 5: 3 held every invariant"));
  const auto json = http::parse_json(say({"sim", "swarm", "--seeds", "2", "--format", "json"}).out).value();
  EXPECT_EQ(json.at("passed").to_number<int>(), 2);
  EXPECT_EQ(say({"sim", "swarm", "--for", "10"}).status, kUsage);
}

}  // namespace
}  // namespace hearsay::cli
