// The settings in force: what they are, where each came from, and how they change while the agent runs.
//
// Two things change them. A reload reads the configuration again and takes over what a running agent can change,
// all or nothing; what needs a restart is named. And `hearsay tags` changes this member's tags: those stay in
// force, over reloads and (with a data directory) restarts, until the tags of the configuration themselves are
// changed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/cluster.h"
#include "agent/config.h"
#include "agent/data_dir.h"

namespace hearsay::agent {

// A change of tags: replaced by `set`, or else `set` is laid over them and `remove` taken out.
struct TagChange {
  bool replace = false;
  Tags set;
  std::vector<std::string> remove;
};

// What a reload did. With faults it did nothing.
struct Reloaded {
  std::vector<Fault> faults;
  std::vector<std::string> changed;        // keys, in force now
  std::vector<std::string> needs_restart;  // keys, in force after a restart
  std::vector<std::string> warnings;
};

// One setting as it is in force.
struct SettingInForce {
  std::string key;
  std::string value;   // as TOML; empty when it is unset or secret
  std::string source;  // default, profile, file, flag or run time
  std::string where;   // "agent.toml:12", "--bind"; empty for the others
  bool reload = false;
};

// Belongs to the loop's thread.
class LiveSettings {
 public:
  // `load` reads the configuration again; null: there is no file.
  LiveSettings(AgentConfig config, std::function<Loaded()> load)
      : config_(std::move(config)), load_(std::move(load)) {}

  // Before the node starts: what an earlier life kept.
  void restore(const std::optional<SavedTags>& saved);
  // The node that the changes are for; must outlive the calls.
  void set_cluster(Cluster* cluster) { cluster_ = cluster; }
  // Called after every change.
  void set_on_changed(std::function<void()> on_changed) { on_changed_ = std::move(on_changed); }

  const AgentConfig& config() const { return config_; }
  // Those in force: of the configuration, or changed at run time.
  const Tags& tags() const { return config_.node.tags; }
  // What to keep, if the tags were changed at run time.
  const std::optional<SavedTags>& changed_tags() const { return changed_tags_; }
  std::vector<SettingInForce> all() const;

  // One change at a time; another one meanwhile is refused (wrong_state).
  void change_tags(const TagChange& change, std::function<void(Result<void>)> done);
  void reload(std::function<void(Result<Reloaded>)> done);

 private:
  bool begin();
  void take(AgentConfig next, std::optional<SavedTags> changed_tags, std::function<void(Result<void>)> done);

  AgentConfig config_;  // with the tags in force
  std::function<Loaded()> load_;
  std::optional<SavedTags> changed_tags_;
  Cluster* cluster_ = nullptr;
  std::function<void()> on_changed_;
  bool changing_ = false;
};

}  // namespace hearsay::agent
