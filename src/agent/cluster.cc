#include "agent/cluster.h"

namespace hearsay::agent {
namespace {

constexpr Duration kSignsOfLifeAge = std::chrono::seconds(1);

}  // namespace

void HostCluster::members(std::function<void(Members, Now)> done) {
  host_.post([snapshot = snapshot_, done = std::move(done)](Node& node, Now now) {
    const std::uint64_t version = node.members_version();
    // Signs of life do not count as a change of the members, and age.
    if (!snapshot->members || snapshot->version != version || now.steady - snapshot->at > kSignsOfLifeAge) {
      snapshot->members = std::make_shared<const std::vector<Member>>(node.members());
      snapshot->version = version;
      snapshot->at = now.steady;
    }
    done(snapshot->members, now);
  });
}

void HostCluster::info(std::function<void(const NodeInfo&, const SocketCounters&, Now)> done) {
  host_.post(
      [this, done = std::move(done)](Node& node, Now now) { done(node.info(), host_.socket_counters(), now); });
}

void HostCluster::states(std::optional<std::string> member,
                         std::function<void(const std::vector<NodeState>&)> done) {
  host_.post([member = std::move(member), done = std::move(done)](Node& node, Now) {
    if (!member) return done(node.states());
    auto state = node.state(*member);
    done(state ? std::vector{*std::move(state)} : std::vector<NodeState>{});
  });
}

void HostCluster::history(std::function<void(const std::vector<Notice>&)> done) {
  host_.post([done = std::move(done)](Node& node, Now) { done(node.history()); });
}

}  // namespace hearsay::agent
