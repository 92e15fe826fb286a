// What the API shows of members, notices and figures, as JSON. Field names are part of the API: append only.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/live_settings.h"
#include "hearsay/host.h"
#include "http/server.h"

namespace hearsay::agent {

boost::json::object member_view(const Member& member, Now now);
// The same for the stream of notices: {"at","kind","member","line",...}.
boost::json::object notice_view(const Notice& notice);
boost::json::object link_view(const Link& link, Now now);
// All about a member: {"member","link","changes","testimony","probes"}; `member` is null when it is forgotten.
boost::json::object why_view(const Member* member, const std::vector<Notice>& history, const Explanation& told,
                             Now now);
boost::json::object tags_view(const Tags& tags);
boost::json::object setting_view(const SettingInForce& setting);
boost::json::array list_view(const std::vector<std::string>& texts);
boost::json::object counters_view(const Counters& counters);
// "kind" of a notice: the change's name, or conflict, link, evidence, command, keys, warning, defunct.
const char* kind_of(const Notice& notice);

// What does not change while the agent runs.
struct AgentFacts {
  std::string version;
  std::string bound;
  std::string advertised;
  std::string http;
  std::string http_socket;
  std::string data_dir;
  std::string label;
  std::string profile;
  WallTime started{};
};
// What does.
struct Figures {
  const NodeInfo& node;
  const SocketCounters& sockets;
  const http::ServerCounters& http;
  Now now;
};
boost::json::object info_view(const AgentFacts& facts, const Figures& figures);

// Prometheus text exposition format 0.0.4. Written by hand: a registry of live metric objects would hold every
// figure a second time, while a scrape only has to print what the node has counted anyway.
std::string metrics_text(const AgentFacts& facts, const Figures& figures);

}  // namespace hearsay::agent
