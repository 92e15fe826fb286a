#include "agent/live_settings.h"

#include <algorithm>

#include "agent/settings.h"

namespace hearsay::agent {
namespace {

// Two configurations that say the same of a key.
bool same(const Setting& setting, const AgentConfig& a, const AgentConfig& b) {
  if (setting.key != "encrypt") return setting.show(a) == setting.show(b);
  // A secret is not shown. Keys of a keyring file change with the file; they are no setting.
  const bool from_file = !a.keyring_file.empty() || !b.keyring_file.empty();
  return from_file || a.node.crypto.keys == b.node.crypto.keys;
}

}  // namespace

void LiveSettings::restore(const std::optional<SavedTags>& saved) {
  // The configuration's tags were changed since: they count.
  if (!saved || saved->configured != config_.node.tags) return;
  changed_tags_ = saved;
  config_.node.tags = saved->tags;
}

std::vector<SettingInForce> LiveSettings::all() const {
  AgentConfig plain;
  plain.node = Config::of(Profile::lan);
  AgentConfig profile = plain;
  profile.node = Config::of(config_.profile);
  std::vector<SettingInForce> out;
  for (const Setting& setting : settings()) {
    SettingInForce one{std::string(setting.key), setting.show(config_), "default", {}, setting.reload};
    if (setting.key == "encrypt" && !config_.node.crypto.keys.empty() && config_.keyring_file.empty()) {
      one.value = "# set, and not shown";
    }
    const auto place = config_.places.find(one.key);
    if (setting.key == "tags" && changed_tags_) {
      one.source = "run time";
    } else if (place != config_.places.end()) {
      one.source = place->second.substr(0, 2) == "--" ? "flag" : "file";
      one.where = place->second;
    } else if (setting.show(plain) != setting.show(profile)) {
      one.source = "profile";
    }
    out.push_back(std::move(one));
  }
  return out;
}

bool LiveSettings::begin() {
  if (changing_ || cluster_ == nullptr) return false;
  return changing_ = true;
}

void LiveSettings::take(AgentConfig next, std::optional<SavedTags> changed_tags,
                        std::function<void(Result<void>)> done) {
  Config node = next.node;
  node.contact.seeds = seeds_of(next);
  cluster_->reconfigure(std::move(node), [this, next = std::move(next), changed_tags = std::move(changed_tags),
                                          done = std::move(done)](const Result<std::uint32_t>& taken) mutable {
    changing_ = false;
    if (!taken) return done(tl::unexpected(taken.error()));
    config_ = std::move(next);
    changed_tags_ = std::move(changed_tags);
    if (on_changed_) on_changed_();
    done({});
  });
}

void LiveSettings::change_tags(const TagChange& change, std::function<void(Result<void>)> done) {
  AgentConfig next = config_;
  if (change.replace) next.node.tags.clear();
  for (const auto& key : change.remove) next.node.tags.erase(key);
  for (const auto& [key, value] : change.set) next.node.tags[key] = value;
  if (const auto complaint = tags_complaint(next.node.tags); !complaint.empty()) {
    return done(fail(Errc::too_large, complaint,
                     "use at most " + std::to_string(kMetaBytesMax) + " bytes; nothing was changed"));
  }
  if (!begin()) return done(fail(Errc::wrong_state, "another change of the settings is under way", "try again"));
  SavedTags changed{next.node.tags, changed_tags_ ? changed_tags_->configured : config_.node.tags};
  take(std::move(next), std::move(changed), std::move(done));
}

void LiveSettings::reload(std::function<void(Result<Reloaded>)> done) {
  if (!load_) {
    return done(fail(Errc::wrong_state,
                     "this agent was started without a configuration file: nothing to read again",
                     "start it with --config FILE"));
  }
  if (!begin()) return done(fail(Errc::wrong_state, "another change of the settings is under way", "try again"));
  Loaded loaded = load_();
  Reloaded result;
  result.warnings = std::move(loaded.warnings);
  if (!loaded.faults.empty()) {
    changing_ = false;
    result.faults = std::move(loaded.faults);
    return done(std::move(result));
  }
  // The tags that were changed at run time stay until the configuration's are changed.
  const Tags& configured = changed_tags_ ? changed_tags_->configured : config_.node.tags;
  std::optional<SavedTags> changed_tags;
  if (changed_tags_ && loaded.config.node.tags == configured) {
    changed_tags = changed_tags_;
    loaded.config.node.tags = changed_tags_->tags;
  }
  AgentConfig next = config_;
  for (const Setting& setting : settings()) {
    if (same(setting, config_, loaded.config)) continue;
    (setting.reload ? result.changed : result.needs_restart).emplace_back(setting.key);
  }
  // The keys that need a restart keep their old values; all others are copied.
  next.profile = loaded.config.profile;
  next.join = loaded.config.join;
  next.join_interval = loaded.config.join_interval;
  next.log_level = loaded.config.log_level;
  next.leave_on_interrupt = loaded.config.leave_on_interrupt;
  next.leave_on_terminate = loaded.config.leave_on_terminate;
  next.state_keys = loaded.config.state_keys;
  next.node.tags = loaded.config.node.tags;
  next.node.swim = loaded.config.node.swim;
  next.node.heartbeat = loaded.config.node.heartbeat;
  next.node.serf = loaded.config.node.serf;
  next.node.contact = loaded.config.node.contact;
  next.node.admission = loaded.config.node.admission;
  next.node.limits.members_max = loaded.config.node.limits.members_max;
  for (const Setting& setting : settings()) {
    if (!setting.reload) continue;
    const std::string key(setting.key);
    next.places.erase(key);
    if (const auto place = loaded.config.places.find(key); place != loaded.config.places.end()) {
      next.places[key] = place->second;
    }
  }
  take(std::move(next), std::move(changed_tags),
       [result = std::move(result), done = std::move(done)](const Result<void>& taken) mutable {
         if (!taken) return done(tl::unexpected(taken.error()));
         done(std::move(result));
       });
}

}  // namespace hearsay::agent
