#include "agent/live_settings.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace hearsay::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// Plays the node: takes the configuration, now or when the test says so.
class FakeCluster final : public Cluster {
 public:
  void join(std::vector<std::string>, Done) override {}
  void leave(Done) override {}
  void force_leave(std::string, bool, Done) override {}
  void members(std::function<void(Members, Now)>) override {}
  void info(std::function<void(const NodeInfo&, const SocketCounters&, Now)>) override {}
  void history(std::function<void(const std::vector<Notice>&)>) override {}
  void manage_keys(KeyAction, Bytes, bool, Host::KeysDone) override {}
  void write_state(std::vector<StateWrite>, Done) override {}
  void watch_state(WatchState, Host::WatchDone) override {}
  void states(std::optional<std::string>, std::function<void(const std::vector<NodeState>&)>) override {}
  void why(std::string, std::function<void(const Result<Explanation>&)>) override {}
  void reconfigure(Config wanted, Done done) override {
    config = std::move(wanted);
    ++asked;
    if (late) {
      waiting = std::move(done);
    } else {
      done(answer);
    }
  }
  Config config;
  int asked = 0;
  bool late = false;
  Done waiting;
  Result<std::uint32_t> answer = 0u;
};

class LiveSettingsTest : public testing::Test {
 protected:
  Loaded load() const { return load_config_text(file_, "a.toml", {}); }
  LiveSettings& start(std::string file) {
    file_ = std::move(file);
    live_.emplace(load().config, [this] { return load(); });
    live_->set_cluster(&cluster_);
    return *live_;
  }
  Reloaded reload() {
    std::optional<Reloaded> result;
    live_->reload([&](Result<Reloaded> reloaded) { result = reloaded.value(); });
    return result.value();
  }
  std::optional<Error> change(const TagChange& change) {
    std::optional<Error> error;
    live_->change_tags(change, [&](Result<void> done) {
      if (!done) error = done.error();
    });
    return error;
  }
  SettingInForce setting(std::string_view key) const {
    const auto all = live_->all();
    return *std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.key == key; });
  }

  std::string file_;
  FakeCluster cluster_;
  std::optional<LiveSettings> live_;
};

TEST_F(LiveSettingsTest, a_reload_takes_over_what_it_can_and_names_what_needs_a_restart) {
  start("name = \"n1\"\nbind = \"127.0.0.1:1\"");
  file_ = R"(name = "n1"
bind = "127.0.0.1:2"
join = ["10.0.0.9"]
log_level = "debug"
allow = ["10.0.0.0/8"]
[tags]
role = "web"
[swim]
suspicion_mult = 9
[limits]
members_max = 77
streams_max = 5
)";
  const auto result = reload();
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_THAT(result.changed,
              ElementsAre("join", "tags", "allow", "log_level", "swim.suspicion_mult", "limits.members_max"));
  EXPECT_THAT(result.needs_restart, ElementsAre("bind", "limits.streams_max"));
  EXPECT_EQ(cluster_.config.swim.suspicion_mult, 9);
  EXPECT_EQ(cluster_.config.limits.members_max, 77u);
  EXPECT_EQ(cluster_.config.limits.streams_max, 128u);
  EXPECT_THAT(cluster_.config.contact.seeds, ElementsAre("10.0.0.9"));
  EXPECT_EQ(cluster_.config.admission.allow.size(), 1u);
  EXPECT_EQ(live_->config().log_level, LogLevel::debug);
  EXPECT_EQ(to_string(live_->config().bind), "127.0.0.1:1");
  EXPECT_THAT(reload().needs_restart, ElementsAre("bind", "limits.streams_max")) << "until it is restarted";
  EXPECT_THAT(reload().changed, IsEmpty());
}

TEST_F(LiveSettingsTest, a_profile_changes_its_timings) {
  start("");
  file_ = "profile = \"wan\"";
  EXPECT_THAT(reload().changed, testing::Contains("swim.probe_interval"));
  EXPECT_EQ(cluster_.config.swim.probe_interval, std::chrono::seconds(5));
  EXPECT_EQ(setting("swim.probe_interval").source, "profile");
}

TEST_F(LiveSettingsTest, a_bad_file_changes_nothing_and_all_faults_are_told) {
  start("[tags]\nrole = \"db\"");
  file_ = "nmae = \"x\"\nlog_level = \"loud\"\n[tags]\nrole = \"web\"";
  const auto result = reload();
  EXPECT_EQ(result.faults.size(), 2u);
  EXPECT_THAT(result.changed, IsEmpty());
  EXPECT_EQ(cluster_.asked, 0);
  EXPECT_THAT(live_->tags(), ElementsAre(Pair("role", "db")));
}

TEST_F(LiveSettingsTest, what_the_node_refuses_is_not_in_force) {
  start("");
  file_ = "log_level = \"debug\"";
  cluster_.answer = fail(Errc::wrong_state, "leaving");
  Errc code{};
  live_->reload([&](Result<Reloaded> reloaded) { code = reloaded.error().code; });
  EXPECT_EQ(code, Errc::wrong_state);
  EXPECT_EQ(live_->config().log_level, LogLevel::info);
}

TEST_F(LiveSettingsTest, tags_changed_at_run_time_stay_until_those_of_the_file_change) {
  start("[tags]\nrole = \"db\"\nzone = \"n\"");
  EXPECT_FALSE(change({false, {{"role", "web"}}, {"zone", "none"}}));
  EXPECT_THAT(live_->tags(), ElementsAre(Pair("role", "web")));
  ASSERT_TRUE(live_->changed_tags());
  EXPECT_THAT(live_->changed_tags()->configured, ElementsAre(Pair("role", "db"), Pair("zone", "n")));
  EXPECT_EQ(setting("tags").source, "run time");
  file_ += "\n[swim]\nsuspicion_mult = 9";
  EXPECT_THAT(reload().changed, ElementsAre("swim.suspicion_mult"));
  EXPECT_THAT(cluster_.config.tags, ElementsAre(Pair("role", "web")));
  file_ = "[tags]\nrole = \"new\"";
  EXPECT_THAT(reload().changed, testing::Contains("tags"));
  EXPECT_THAT(cluster_.config.tags, ElementsAre(Pair("role", "new")));
  EXPECT_FALSE(live_->changed_tags());
  EXPECT_EQ(setting("tags").where, "a.toml:1");
}

TEST_F(LiveSettingsTest, tags_of_an_earlier_life_count_while_the_file_says_the_same) {
  const SavedTags saved{{{"role", "web"}}, {{"role", "db"}}};
  start("[tags]\nrole = \"db\"").restore(saved);
  EXPECT_THAT(live_->tags(), ElementsAre(Pair("role", "web")));
  EXPECT_EQ(live_->changed_tags(), saved);
  start("[tags]\nrole = \"other\"").restore(saved);
  EXPECT_THAT(live_->tags(), ElementsAre(Pair("role", "other")));
  EXPECT_FALSE(live_->changed_tags());
}

TEST_F(LiveSettingsTest, one_change_at_a_time) {
  start("");
  cluster_.late = true;
  EXPECT_FALSE(change({false, {{"a", "1"}}, {}}));
  EXPECT_EQ(change({false, {{"b", "2"}}, {}})->code, Errc::wrong_state);
  cluster_.waiting(0u);
  EXPECT_THAT(live_->tags(), ElementsAre(Pair("a", "1")));
  cluster_.late = false;
  EXPECT_FALSE(change({false, {{"b", "2"}}, {}}));
  EXPECT_THAT(live_->tags(), ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST_F(LiveSettingsTest, without_a_file_there_is_nothing_to_reload) {
  LiveSettings live(AgentConfig{}, {});
  live.set_cluster(&cluster_);
  Errc code{};
  live.reload([&](Result<Reloaded> reloaded) { code = reloaded.error().code; });
  EXPECT_EQ(code, Errc::wrong_state);
}

TEST_F(LiveSettingsTest, each_setting_says_where_it_comes_from) {
  file_ = "label = \"a\"\nencrypt = \"AAECAwQFBgcICQoLDA0ODw==\"";
  live_.emplace(load_config_text(file_, "a.toml", {{"name", "--name", std::string("n1")}}).config,
                [this] { return load(); });
  EXPECT_EQ(setting("name").source, "flag");
  EXPECT_EQ(setting("name").where, "--name");
  EXPECT_EQ(setting("label").source, "file");
  EXPECT_EQ(setting("label").where, "a.toml:1");
  EXPECT_EQ(setting("label").value, "\"a\"");
  EXPECT_EQ(setting("swim.probe_interval").source, "default");
  EXPECT_EQ(setting("encrypt").value, "# set, and not shown");
  EXPECT_TRUE(setting("tags").reload);
  EXPECT_FALSE(setting("bind").reload);
}

}  // namespace
}  // namespace hearsay::agent
