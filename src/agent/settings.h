// The table of all configuration keys. A new knob is one line in settings.cc and one in docs/configuration.md.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/config.h"

namespace hearsay::agent {

struct Complaint {
  std::string cause;
  std::string cure;
};

struct Setting {
  std::string_view key;   // "swim.probe_interval"
  std::string_view kind;  // for people: "a duration, such as \"500ms\""
  // Stores the value; a complaint leaves the configuration as it was.
  std::function<std::optional<Complaint>(AgentConfig&, const Given&)> read;
  // The present value as TOML; empty when it is unset or secret.
  std::function<std::string(const AgentConfig&)> show;
  // A reload takes it over; otherwise a restart does.
  bool reload = false;
};

std::span<const Setting> settings();
// Null: no such key.
const Setting* find_setting(std::string_view key);
// What an unknown key was probably meant to be, as a cure: "did you mean swim.probe_interval?"
std::string suggest_setting(std::string_view key);

}  // namespace hearsay::agent
