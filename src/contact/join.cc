#include "contact/join.h"

#include <algorithm>

namespace hearsay::contact {

using room::Step;

namespace {

void done(Step& step, CommandId command, std::uint32_t value, std::optional<Error> error = {}) {
  if (command.value == 0) return;  // the caller does not care
  step.out.notify({step.now, CommandDone{command, value, std::move(error)}});
}

}  // namespace

bool Join::accepts(Step& step, const hearsay::Join& command) const {
  if (command.peers.empty() || command.peers.size() > kJoinPeersMax) {
    done(step, command.id, 0,
         Error{Errc::invalid_argument, "a join names " + std::to_string(command.peers.size()) + " peers",
               "name 1 to " + std::to_string(kJoinPeersMax) + " addresses of running nodes"});
    return false;
  }
  if (running_.size() >= kJoinsMax) {
    done(step, command.id, 0, Error{Errc::wrong_state, "too many joins are running", "wait for them to end"});
    return false;
  }
  for (const auto& text : command.peers) {
    if (const auto peer = split_host_port(text, 1); !peer) {
      done(step, command.id, 0, peer.error());
      return false;
    }
  }
  return true;
}

void Join::on_command(Step& step, const hearsay::Join& command, std::uint16_t default_port, bool quiet) {
  std::vector<HostPort> peers;
  for (const auto& text : command.peers) peers.push_back(split_host_port(text, default_port).value());
  const std::uint64_t number = ++numbers_;
  Running& running = running_[number];
  running.command = command.id;
  running.quiet = quiet;
  running.waiting = static_cast<std::uint32_t>(peers.size());
  for (const auto& peer : peers) {
    if (const auto address = parse_address(peer.host, peer.port)) {
      exchange(step, number, *address);
    } else {
      calls_[step.out.resolve(peer.host, peer.port)] = {number, peer.host};
    }
  }
}

void Join::exchange(Step& step, std::uint64_t number, const Address& peer) {
  if (peer == step.config.advertise) {
    one_done(step, number, false, to_string(peer) + " is this node itself");
    return;
  }
  streams_[introduction_->introduce(step, peer)] = {number, to_string(peer)};
}

void Join::on_reply(Step& step, CallId call, const Resolved& resolved) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  const Asked asked = std::move(found->second);
  calls_.erase(found);
  if (resolved.addresses.empty()) {
    one_done(step, asked.join, false, "the name " + asked.what + " does not resolve: " + resolved.why);
    return;
  }
  const std::size_t count = std::min(resolved.addresses.size(), kAddressesPerName);
  running_.at(asked.join).waiting += static_cast<std::uint32_t>(count) - 1;
  for (std::size_t i = 0; i < count; ++i) exchange(step, asked.join, resolved.addresses[i]);
}

bool Join::on_answer(Step& step, StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return false;
  const std::uint64_t number = found->second.join;
  streams_.erase(found);
  const bool asked_for = !running_.at(number).quiet;
  one_done(step, number, true, {});
  return asked_for;
}

void Join::on_stream_end(Step& step, StreamId stream, std::string_view why) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  const Asked asked = std::move(found->second);
  streams_.erase(found);
  one_done(step, asked.join, false, asked.what + ": " + std::string(why));
}

void Join::one_done(Step& step, std::uint64_t number, bool joined, std::string failure) {
  const auto found = running_.find(number);
  Running& running = found->second;
  running.joined += joined ? 1 : 0;
  if (!failure.empty()) running.last_failure = std::move(failure);
  if (--running.waiting > 0) return;
  std::optional<Error> error;
  if (running.joined == 0) {
    error =
        Error{Errc::unreachable, "no peer could be joined; the last one tried, " + running.last_failure,
              "check that a node runs there, its gossip port, firewalls for TCP and UDP, the key and the label"};
  }
  done(step, running.command, running.joined, std::move(error));
  running_.erase(found);
}

}  // namespace hearsay::contact
