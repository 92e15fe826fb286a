// The process around an agent: signals, the loop, the exit status.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>

#include "agent/agent.h"
#include "agent/text.h"

namespace hearsay::agent {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kStopLimit{5};

// The banner as one record: lines become parts, runs of spaces become one.
std::string one_line(std::string_view banner) {
  std::string out;
  for (const char c : banner) {
    if (c == '\n') {
      out += ";";
    } else if (c != ' ' || out.empty() || out.back() != ' ') {
      out += c;
    }
    if (c == '\n') out += " ";
  }
  return out.substr(0, out.size() - 2);
}

class Process {
 public:
  explicit Process(Log& log) : log_(log), signals_(loop_, SIGINT, SIGTERM, SIGHUP), limit_(loop_) {}

  int run(AgentConfig config, const std::vector<std::string>& warnings, std::function<Loaded()> load) {
    auto started = Agent::start(
        loop_, std::move(config), log_, [this](int status) { stop(status); }, std::move(load));
    if (!started) {
      log_.error("cannot start: " + started.error().cause +
                 (started.error().cure.empty() ? "" : "; " + started.error().cure));
      return 1;
    }
    agent_ = std::move(*started);
    say_hello(warnings);
    wait_for_signal();
    loop_.run();
    agent_.reset();
    log_.info(status_ == 0 ? "ended" : "ended with status " + std::to_string(status_));
    return status_;
  }

 private:
  void say_hello(const std::vector<std::string>& warnings) {
    const std::string banner = agent_->banner();
    if (agent_->config().log_format == LogFormat::text) {
      std::fputs(banner.c_str(), stdout);
      std::fflush(stdout);
    } else {
      log_.info(one_line(banner));
    }
    for (const auto& warning : warnings) log_.warning(warning);
    const auto http = agent_->http();
    if (http && !http->is_loopback()) {
      log_.warning("the HTTP interface on " + to_string(*http) +
                   " has no password: whoever reaches it controls this agent");
    }
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      wait_for_signal();
      on_signal(signal);
    });
  }

  void on_signal(int signal) {
    if (signal == SIGHUP) {
      log_.info("asked to reload (SIGHUP)");
      if (!ending_) agent_->reload();
      return;
    }
    const char* name = signal == SIGINT ? "interrupted" : "asked to end (SIGTERM)";
    if (ending_) {
      log_.warning(std::string(name) + " again: ends at once");
      status_ = 1;
      return loop_.stop();
    }
    const AgentConfig& config = agent_->config();
    const bool leave = signal == SIGINT ? config.leave_on_interrupt : config.leave_on_terminate;
    if (!leave) {
      log_.info(std::string(name) + ": ends without leaving; the others will see it as failed");
      return stop(0);
    }
    ending_ = true;
    log_.info(std::string(name) + ": leaving the cluster; once more ends at once");
    const Duration limit =
        2 * config.node.serf.broadcast_timeout + config.node.serf.leave_propagate_delay + std::chrono::seconds(5);
    limit_.expires_after(limit);
    limit_.async_wait([this, limit](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      log_.error("the leave did not end within " + duration_text(limit) + ": ends without");
      stop(1);
    });
    agent_->leave([this](const Result<void>& left) {
      limit_.cancel();
      if (left) {
        log_.info("left the cluster");
      } else {
        log_.error("could not leave: " + left.error().cause);
      }
      stop(left ? 0 : 1);
    });
  }

  void stop(int status) {
    if (stopping_) return;
    ending_ = stopping_ = true;
    status_ = status;
    // A node at fault may not answer any more.
    limit_.expires_after(kStopLimit);
    limit_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) loop_.stop();
    });
    agent_->stop([this] { loop_.stop(); });
  }

  Log& log_;
  asio::io_context loop_{1};
  asio::signal_set signals_;
  asio::steady_timer limit_;
  std::unique_ptr<Agent> agent_;
  int status_ = 0;
  bool ending_ = false;
  bool stopping_ = false;
};

}  // namespace

int run_agent(AgentConfig config, const std::vector<std::string>& warnings, std::function<Loaded()> load) {
  // A log or terminal that goes away must not end the agent.
  std::signal(SIGPIPE, SIG_IGN);
  Log log(config.log_level, config.log_format);
  return Process(log).run(std::move(config), warnings, std::move(load));
}

}  // namespace hearsay::agent
