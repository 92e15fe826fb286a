// The agent's HTTP interface: a table of routes under /v1, the stream of notices, and metrics.
//
// Requests run on the loop's thread and answer when the node has; nothing here blocks. All answers are JSON but
// /metrics (Prometheus text) and /v1/monitor (server-sent events).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/cluster.h"
#include "agent/live_settings.h"
#include "agent/views.h"
#include "http/server.h"

namespace hearsay::agent {

class Api {
 public:
  // `on_left` is called when a leave that came in here has been answered.
  Api(Cluster& cluster, LiveSettings& live, std::function<void()> on_left)
      : cluster_(cluster), live_(live), on_left_(std::move(on_left)) {}

  using Reload = std::function<void(const std::function<void(Result<Reloaded>)>& done)>;
  // What reloads; without it nothing can.
  void set_reload(Reload reload) { reload_ = std::move(reload); }

  void set_facts(AgentFacts facts) { facts_ = std::move(facts); }
  // The server whose figures /v1/info shows; must outlive this. Null: zeros.
  void set_server(const http::Server* server) { server_ = server; }

  void handle(const http::Request& request, std::shared_ptr<http::Exchange> exchange);
  // To all that follow /v1/monitor.
  void on_notice(const Notice& notice);
  // Ends the streams.
  void close_streams() { streams_.clear(); }

 private:
  using Reply = std::shared_ptr<http::Exchange>;
  struct Route;
  static const std::vector<Route>& routes();

  void members(const http::Request& request, const std::string& name, Reply reply);
  void member(const http::Request& request, const std::string& name, Reply reply);
  void info(const http::Request& request, const std::string& name, Reply reply);
  void health(const http::Request& request, const std::string& name, Reply reply);
  void version(const http::Request& request, const std::string& name, Reply reply);
  void history(const http::Request& request, const std::string& name, Reply reply);
  void why(const http::Request& request, const std::string& name, Reply reply);
  void monitor(const http::Request& request, const std::string& name, Reply reply);
  void metrics(const http::Request& request, const std::string& name, Reply reply);
  void join(const http::Request& request, const std::string& name, Reply reply);
  void leave(const http::Request& request, const std::string& name, Reply reply);
  void force_leave(const http::Request& request, const std::string& name, Reply reply);
  void tags(const http::Request& request, const std::string& name, Reply reply);
  void set_tags(const http::Request& request, const std::string& name, Reply reply);
  void list_keys(const http::Request& request, const std::string& name, Reply reply);
  void change_keys(const http::Request& request, const std::string& name, Reply reply);
  void manage_keys(KeyAction action, Bytes key, bool force, const Reply& reply);
  void change_tags(const http::Request& request, const std::string& name, Reply reply);
  void states(const http::Request& request, const std::string& name, Reply reply);
  void state(const http::Request& request, const std::string& name, Reply reply);
  void write_state(const http::Request& request, const std::string& name, Reply reply);
  // To all that follow /v1/monitor, with the values.
  void tell_state(const StateChanged& changed, boost::json::object notice);
  void settings(const http::Request& request, const std::string& name, Reply reply);
  void reload(const http::Request& request, const std::string& name, Reply reply);
  // Makes the change and answers with the tags then in force.
  void apply_tags(const TagChange& change, Reply reply);
  http::ServerCounters server_counters() const;

  Cluster& cluster_;
  LiveSettings& live_;
  Reload reload_;
  std::function<void()> on_left_;
  AgentFacts facts_;
  const http::Server* server_ = nullptr;
  std::vector<std::shared_ptr<http::EventStream>> streams_;
};

}  // namespace hearsay::agent
