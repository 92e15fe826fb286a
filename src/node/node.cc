// The front door: Node hands everything to its router.
#include "hearsay/node.h"

#include "base/check.h"
#include "node/router.h"

namespace hearsay {

std::shared_ptr<base::Interner> make_interner() { return std::make_shared<base::Interner>(); }

Node::Node() = default;
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::create(const Config& config, const Resources& resources, Now now) {
  std::string causes;
  std::string cures;
  for (const auto& fault : validate(config)) {
    causes += (causes.empty() ? "" : "; ") + fault.key + ": " + fault.cause;
    cures += (cures.empty() ? "" : "; ") + fault.key + ": " + fault.cure;
  }
  if (!causes.empty()) return fail(Errc::invalid_config, std::move(causes), std::move(cures));
  if (!config.crypto.keys.empty() && (resources.aead == nullptr || resources.nonces == nullptr)) {
    return fail(Errc::invalid_config, "keys are configured, but no encryption was passed in",
                "pass Resources::aead and Resources::nonces");
  }
  std::unique_ptr<Node> node(new Node);
  node->router_ = std::make_unique<node::Router>(config, resources, now);
  return node;
}

void Node::on_datagram(Now now, const Address& from, ByteView bytes) { router_->on_datagram(now, from, bytes); }
void Node::on_stream(Now now, const StreamInput& input) { router_->on_stream(now, input); }
void Node::on_time(Now now) { router_->on_time(now); }
void Node::on_command(Now now, const Command& command) { router_->on_command(now, command); }
void Node::on_reply(Now now, CallId call, const Reply& reply) { router_->on_reply(now, call, reply); }
void Node::on_send_failed(Now now, const Address& to) { router_->on_send_failed(now, to); }

std::span<const Action> Node::actions() const { return router_->actions(); }
Time Node::next_deadline() const { return router_->next_deadline(); }
std::vector<Member> Node::members() const { return router_->members(); }
std::vector<Notice> Node::history() const { return router_->history(); }
std::optional<NodeState> Node::state(std::string_view member) const { return router_->state(member); }
std::vector<NodeState> Node::states() const { return router_->states(); }
NodeInfo Node::info() const { return router_->info(); }
const Counters& Node::counters() const { return router_->counters(); }
const Sent& Node::sent() const { return router_->sent(); }
std::uint64_t Node::members_version() const { return router_->members_version(); }
std::uint64_t Node::state_hash() const { return router_->state_hash(); }

}  // namespace hearsay
