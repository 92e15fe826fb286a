// What the agent asks of its node. Host satisfies it (HostCluster); tests bring their own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hearsay/host.h"

namespace hearsay::agent {

// Called on the loop's thread; answers come on it, too, at once or later.
class Cluster {
 public:
  using Done = Host::Done;
  using Members = std::shared_ptr<const std::vector<Member>>;

  virtual ~Cluster() = default;
  virtual void join(std::vector<std::string> peers, Done done) = 0;
  virtual void leave(Done done) = 0;
  virtual void manage_keys(KeyAction action, Bytes key, bool force, Host::KeysDone done) = 0;
  virtual void reconfigure(Config config, Done done) = 0;
  virtual void force_leave(std::string name, bool prune, Done done) = 0;
  // `now` turns steady times of the answer into wall times.
  virtual void members(std::function<void(Members, Now)> done) = 0;
  virtual void info(std::function<void(const NodeInfo&, const SocketCounters&, Now)> done) = 0;
  virtual void history(std::function<void(const std::vector<Notice>&)> done) = 0;
  virtual void write_state(std::vector<StateWrite> writes, Done done) = 0;
  virtual void watch_state(WatchState command, Host::WatchDone done) = 0;
  // Of this member, or of all: of those that have published something, by name.
  virtual void states(std::optional<std::string> member,
                      std::function<void(const std::vector<NodeState>&)> done) = 0;
  virtual void why(std::string member, std::function<void(const Result<Explanation>&)> done) = 0;
};

// The host must run on the same loop as the callers, and outlive this.
//
// It keeps the members of its own last answer instead of asking for the host's snapshot, which may be 50 ms old:
// who has just seen a notice and asks for the members must not be told the past.
class HostCluster final : public Cluster {
 public:
  explicit HostCluster(Host& host) : host_(host) {}
  void join(std::vector<std::string> peers, Done done) override { host_.join(std::move(peers), std::move(done)); }
  void leave(Done done) override { host_.leave(std::move(done)); }
  void manage_keys(KeyAction action, Bytes key, bool force, Host::KeysDone done) override {
    host_.manage_keys(action, std::move(key), force, std::move(done));
  }
  void reconfigure(Config config, Done done) override { host_.reconfigure(std::move(config), std::move(done)); }
  void force_leave(std::string name, bool prune, Done done) override {
    host_.force_leave(std::move(name), prune, std::move(done));
  }
  void members(std::function<void(Members, Now)> done) override;
  void info(std::function<void(const NodeInfo&, const SocketCounters&, Now)> done) override;
  void history(std::function<void(const std::vector<Notice>&)> done) override;
  void write_state(std::vector<StateWrite> writes, Done done) override {
    host_.write_state(std::move(writes), std::move(done));
  }
  void watch_state(WatchState command, Host::WatchDone done) override {
    host_.watch_state(command, std::move(done));
  }
  void states(std::optional<std::string> member, std::function<void(const std::vector<NodeState>&)> done) override;
  void why(std::string member, std::function<void(const Result<Explanation>&)> done) override {
    host_.why(std::move(member), std::move(done));
  }

 private:
  struct Snapshot {
    Members members;
    std::uint64_t version = 0;
    Time at{};
  };
  Host& host_;
  std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>();
};

}  // namespace hearsay::agent
