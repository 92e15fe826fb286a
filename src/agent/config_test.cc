#include "agent/config.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "agent/settings.h"
#include "agent/text.h"
#include "support/source_dir.h"

namespace hearsay::agent {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

constexpr const char* kKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

Loaded load(std::string_view toml, const std::vector<Given>& flags = {}) {
  return load_config_text(toml, "a.toml", flags);
}

std::vector<std::string> faults(const Loaded& loaded) {
  std::vector<std::string> out;
  for (const auto& fault : loaded.faults) out.push_back(describe(fault));
  return out;
}

TEST(AgentConfig, nothing_at_all_is_a_valid_configuration) {
  const auto loaded = load("");
  EXPECT_THAT(faults(loaded), IsEmpty());
  EXPECT_EQ(to_string(loaded.config.bind), "0.0.0.0:7946");
  EXPECT_EQ(to_string(*loaded.config.http), "127.0.0.1:7980");
  EXPECT_FALSE(loaded.config.node.name.empty());
  EXPECT_FALSE(loaded.config.node.advertise.valid());
  EXPECT_TRUE(loaded.config.leave_on_interrupt);
  EXPECT_FALSE(loaded.config.leave_on_terminate);
}

TEST(AgentConfig, all_faults_are_reported_at_once_in_the_order_of_the_file) {
  const auto loaded = load(R"(nmae = "x"
profile = "moon"
encrypt = "c2hvcnQ="
packet_bytes = 99999999
join = ["10.0.0.1", 5]
[swim]
probe_intervall = "1s"
probe_timeout = 500
gossip_interval = "1ms"
[swin]
x = 1
[tags]
role = 5
)",
                           {{"bind", "--bind", std::string("1.2.3")}});
  EXPECT_THAT(faults(loaded),
              ElementsAre(AllOf(StartsWith("a.toml:1: nmae:"), HasSubstr("did you mean name?")),
                          AllOf(StartsWith("a.toml:2: profile:"), HasSubstr("moon")),
                          AllOf(StartsWith("a.toml:3: encrypt:"), HasSubstr("5 bytes")),
                          StartsWith("a.toml:4: packet_bytes:"), StartsWith("a.toml:5: join:"),
                          AllOf(StartsWith("a.toml:7: swim.probe_intervall:"),
                                HasSubstr("did you mean swim.probe_interval?")),
                          AllOf(StartsWith("a.toml:8: swim.probe_timeout:"), HasSubstr("\"500ms\"")),
                          AllOf(StartsWith("a.toml:9: swim.gossip_interval:"), HasSubstr("out of range")),
                          AllOf(StartsWith("a.toml:10: swin:"), HasSubstr("did you mean [swim]?")),
                          StartsWith("a.toml:13: tags.role:"), StartsWith("--bind:")));
}

TEST(AgentConfig, a_syntax_error_is_named_with_its_line) {
  EXPECT_THAT(faults(load("name = \"a\"\nbind = \n")), ElementsAre(StartsWith("a.toml:2: not valid TOML")));
}

TEST(AgentConfig, a_key_under_the_wrong_table_is_led_to_its_own) {
  EXPECT_THAT(faults(load("probe_interval = \"1s\"")), ElementsAre(HasSubstr("did you mean swim.probe_interval?")));
  EXPECT_THAT(faults(load("[swim]\nname = \"a\"")), ElementsAre(HasSubstr("did you mean name?")));
}

TEST(AgentConfig, a_serf_user_is_told_our_names) {
  EXPECT_THAT(faults(load("node_name = \"a\"\nretry_join = [\"b\"]")),
              ElementsAre(HasSubstr("here it is name"), HasSubstr("here it is join")));
}

TEST(AgentConfig, the_file_overrides_the_profile_and_flags_override_the_file) {
  const std::string file = "profile = \"wan\"\n[swim]\nprobe_interval = \"7s\"\n";
  auto loaded = load(file);
  EXPECT_EQ(loaded.config.node.swim.probe_timeout, std::chrono::seconds(3));  // wan
  EXPECT_EQ(loaded.config.node.swim.probe_interval, std::chrono::seconds(7));
  loaded = load(file, {{"profile", "--profile", std::string("local")}});
  EXPECT_EQ(loaded.config.node.swim.probe_timeout, std::chrono::milliseconds(200));
  EXPECT_EQ(loaded.config.node.swim.probe_interval, std::chrono::seconds(7));
  loaded = load(file, {{"swim.probe_interval", "--set swim.probe_interval", std::string("9s")}});
  EXPECT_EQ(loaded.config.node.swim.probe_interval, std::chrono::seconds(9));
  EXPECT_THAT(faults(loaded), IsEmpty());
}

TEST(AgentConfig, tags_of_flags_are_laid_over_those_of_the_file_and_peers_are_added) {
  const auto loaded = load("join = [\"a:1\"]\n[tags]\nrole = \"db\"\nzone = \"n\"\n",
                           {{"tags", "--tag", std::vector<std::string>{"role=web", "empty=", "x=a=b"}},
                            {"join", "--join", std::vector<std::string>{"b"}}});
  EXPECT_THAT(faults(loaded), IsEmpty());
  EXPECT_THAT(loaded.config.node.tags,
              ElementsAre(Pair("empty", ""), Pair("role", "web"), Pair("x", "a=b"), Pair("zone", "n")));
  EXPECT_THAT(loaded.config.join, ElementsAre("a:1", "b"));
}

TEST(AgentConfig, a_name_conflict_is_refused_unless_told_otherwise) {
  EXPECT_EQ(load("").config.node.name_conflict, ConflictPolicy::refuse);
  EXPECT_EQ(load("name_conflict = \"stop\"").config.node.name_conflict, ConflictPolicy::stop);
  EXPECT_EQ(load("name_conflict = \"warn\"").config.node.name_conflict, ConflictPolicy::warn);
  EXPECT_THAT(faults(load("name_conflict = \"warm\"")), ElementsAre(HasSubstr("did you mean \"warn\"?")));
}

TEST(AgentConfig, an_empty_http_address_switches_it_off) {
  EXPECT_EQ(load("http = \"\"").config.http, std::nullopt);
  EXPECT_EQ(to_string(*load("http = \"[::1]:80\"").config.http), "[::1]:80");
}

TEST(AgentConfig, a_secret_is_never_repeated) {
  const auto loaded = load("encrypt = \"not+base64+secret\"");
  ASSERT_EQ(loaded.faults.size(), 1u);
  EXPECT_THAT(describe(loaded.faults[0]), testing::Not(HasSubstr("secret")));
  const auto good = load(std::string("encrypt = \"") + kKey + "\"");
  EXPECT_EQ(good.config.node.crypto.keys.size(), 1u);
  EXPECT_THAT(print_config(good.config), testing::Not(HasSubstr(kKey)));
}

TEST(AgentConfig, a_keyring_file_gives_all_its_keys) {
  const std::string path = testing::TempDir() + "hearsay_keyring_" + std::to_string(::getpid());
  std::ofstream(path) << "[\"" << kKey << "\", \"AAECAwQFBgcICQoLDA0ODw==\"]";
  const std::string file = "keyring_file = \"" + path + "\"";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  const auto loaded = load(file);
  EXPECT_THAT(faults(loaded), IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  ASSERT_EQ(loaded.config.node.crypto.keys.size(), 2u);
  EXPECT_EQ(loaded.config.node.crypto.keys[1].size(), 16u);
  EXPECT_THAT(faults(load(file + "\nencrypt = \"" + kKey + "\"")),
              ElementsAre(HasSubstr("encrypt is given as well")));
  std::filesystem::permissions(path, std::filesystem::perms::all);
  EXPECT_THAT(load(file).warnings, ElementsAre(HasSubstr("chmod 600")));
  std::ofstream(path) << "[\"abc\", 5]";
  EXPECT_THAT(faults(load(file)), ElementsAre(HasSubstr("key 1 is not"), HasSubstr("key 2 is not")));
  std::ofstream(path) << "{}";
  EXPECT_THAT(faults(load(file)), ElementsAre(HasSubstr("holds no list of keys")));
  std::filesystem::remove(path);
  EXPECT_THAT(faults(load(file)), ElementsAre(HasSubstr("cannot read")));
}

TEST(AgentConfig, what_is_printed_reads_back_as_the_same) {
  const auto first = load(
      "name = \"a\\\"b\\\\\"\nhttp = \"\"\n[tags]\n\"k k\" = \"v\\tw\"\n[swim]\nprobe_interval = \"1500ms\"\n");
  ASSERT_THAT(faults(first), IsEmpty());
  const std::string printed = print_config(first.config);
  const auto second = load(printed);
  EXPECT_THAT(faults(second), IsEmpty());
  EXPECT_EQ(print_config(second.config), printed);
  EXPECT_THAT(printed, HasSubstr("probe_interval = \"1s500ms\""));
}

// Random bytes and halves of files end in faults, never in an exception.
TEST(AgentConfig, no_text_brings_the_loader_down) {
  const std::string file = print_config(load("[tags]\na = \"b\"\n").config);
  for (std::size_t cut = 0; cut < file.size(); cut += 3) load(file.substr(0, cut));
  for (const char* text :
       {"\xff\xfe", "a.b.c.d = 1", "[[swim]]", "swim = 1", "tags = [1]", "tags = 1", "[tags.x]", "join = 1",
        "name = 1979-05-27", "packet_bytes = 1e3", "packet_bytes = -1", "swim = {}", "[swim.x]"}) {
    const auto loaded = load(text);
    if (std::string_view(text) != "swim = {}") {
      EXPECT_THAT(faults(loaded), testing::Not(IsEmpty())) << text;
    }
  }
}

TEST(AgentConfig, every_key_is_documented) {
  std::ifstream file(tests::in_source_dir("docs/configuration.md"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(text.empty());
  for (const Setting& setting : settings()) {
    const std::size_t row = text.find("\n| `" + std::string(setting.key) + "` |");
    ASSERT_NE(row, std::string::npos) << setting.key;
    const std::string line = text.substr(row + 1, text.find('\n', row + 1) - row - 1);
    EXPECT_THAT(line, testing::EndsWith(setting.reload ? "| yes |" : "| no |")) << "whether a reload takes it over";
  }
}

TEST(AgentConfig, admission_is_read_and_printed_as_it_was_given) {
  const auto loaded = load(R"(allow = ["10.0.0.0/8", "::1/128"]
[[admit]]
name = "web-*"
action = "admit"
[[admit]]
cidr = "10.9.0.0/16"
tag = "team=db*"
action = "refuse"
reason = "the lab stays outside"
)");
  EXPECT_THAT(faults(loaded), IsEmpty());
  const auto& admission = loaded.config.node.admission;
  ASSERT_EQ(admission.rules.size(), 2u);
  EXPECT_EQ(admission.rules[0].name, "web-*");
  EXPECT_TRUE(admission.rules[0].admit);
  EXPECT_EQ(admission.rules[1].tag, "team");
  EXPECT_EQ(admission.rules[1].value, "db*");
  EXPECT_EQ(to_string(*admission.rules[1].cidr), "10.9.0.0/16");
  const std::string printed = print_config(loaded.config);
  const auto again = load(printed);
  EXPECT_THAT(faults(again), IsEmpty()) << printed;
  EXPECT_EQ(print_config(again.config), printed);
}

TEST(AgentConfig, faults_of_admission_are_named) {
  EXPECT_THAT(faults(load("allow = [\"10.1.2.3/8\"]")), ElementsAre(HasSubstr("write \"10.0.0.0/8\"")));
  EXPECT_THAT(faults(load("allow = \"10.0.0.0/8\"")), ElementsAre(HasSubstr("is not a list of networks")));
  EXPECT_THAT(faults(load("[[admit]]\nname = \"x\"")),
              ElementsAre(HasSubstr("rule 1: a rule does not say what to do")));
  EXPECT_THAT(faults(load("[[admit]]\naction = \"deny\"")), ElementsAre(HasSubstr("neither admit nor refuse")));
  EXPECT_THAT(faults(load("[[admit]]\nnmae = \"x\"\naction = \"admit\"")),
              ElementsAre(HasSubstr("did you mean name?")));
  EXPECT_THAT(faults(load("[[admit]]\nname = 5\naction = \"admit\"")),
              ElementsAre(HasSubstr("\"name\" is not a text")));
  EXPECT_THAT(faults(load("[[admit]]\naction = \"refuse\"\nreason = \"" + std::string(300, 'x') + "\"")),
              ElementsAre(HasSubstr("a reason is 300 bytes long")));
}

TEST(AgentConfig, what_is_too_large_is_refused_with_its_size) {
  EXPECT_THAT(faults(load("label = \"" + std::string(300, 'x') + "\"")), ElementsAre(HasSubstr("300 bytes long")));
  EXPECT_THAT(faults(load("name = \"" + std::string(200, 'x') + "\"")), ElementsAre(HasSubstr("200 bytes long")));
  EXPECT_THAT(faults(load("name = \"a b\"")), ElementsAre(HasSubstr("spaces or control characters")));
  EXPECT_THAT(faults(load("[tags]\nmotd = \"" + std::string(600, 'x') + "\"\nrole = \"web\"")),
              ElementsAre(AllOf(HasSubstr("the tags take 619 bytes"), HasSubstr("\"motd\", 604"))));
}

TEST(AgentConfig, every_knob_of_the_node_has_a_key) {
  // One value for each key that differs from its default; what does not change the printed text is not wired.
  const std::string before = print_config(load("").config);
  for (const Setting& setting : settings()) {
    if (setting.key == "encrypt") continue;
    bool changed = false;
    for (const auto& value : std::initializer_list<decltype(Given::value)>{
             std::string("7s"), std::int64_t{600}, std::int64_t{7}, true, false, std::string("json"),
             std::string("stop"), std::string("wan"), std::string("heartbeat"), std::string("push"),
             std::string("timeout"), std::string("exponential"), std::string("majority"), std::string("1.2.3.4:5"),
             std::string("error"), std::vector<std::string>{"a=b"}, std::vector<std::string>{"10.0.0.0/8"},
             std::vector<Tags>{{{"action", "admit"}}}, Tags{{"dc", "eu"}}}) {
      AgentConfig config = load("").config;
      if (setting.read(config, {std::string(setting.key), "test", value})) continue;
      changed = changed || print_config(config) != before;
    }
    EXPECT_TRUE(changed) << setting.key;
  }
}

}  // namespace
}  // namespace hearsay::agent
