#include "contact/reconnect.h"

#include <algorithm>

#include "spread/peer_picker.h"

namespace hearsay::contact {

using room::Step;

double reconnect_chance(std::uint32_t failed, std::uint32_t up) {
  return up == 0 ? 1.0 : std::min(1.0, static_cast<double>(failed) / up);
}

namespace {
// With a majority's verdict, a suspect may never fail: whoever is alone with its suspicions seeks their subjects.
bool seeks_suspects(const Config& config) {
  return config.family == Family::heartbeat && config.heartbeat.verdict == VerdictRule::majority;
}
bool is_sought(const Config& config, const members::Row& row) {
  const Status status = members::status_of(row);
  return status == Status::failed || (status == Status::suspect && seeks_suspects(config));
}
}  // namespace

void Reconnect::start(Step& step) { attempt_ = step.after(rng_.within(step.config.contact.reconnect_interval)); }

void Reconnect::on_time(Step& step) {
  if (step.now.steady < attempt_) return;
  attempt_ = step.after(step.config.contact.reconnect_interval);
  if (!members::is_up(step.members.self_row().verdict)) return;
  try_failed(step);
  try_seed(step);
}

void Reconnect::try_failed(Step& step) {
  const std::uint32_t failed =
      step.members.count(Status::failed) + (seeks_suspects(step.config) ? step.members.count(Status::suspect) : 0);
  if (failed == 0 || !rng_.chance(reconnect_chance(failed, step.members.up()))) return;
  spread::pick_peers(
      step.members, rng_, 1, [&](MemberId, const members::Row& row) { return is_sought(step.config, row); },
      picked_);
  if (!picked_.empty()) step.out.join({to_string(step.members.address(picked_[0]))});
}

void Reconnect::try_seed(Step& step) {
  const auto& seeds = step.config.contact.seeds;
  if (seeds.empty()) return;
  const std::string& seed = seeds[next_seed_++ % seeds.size()];
  // One list of seeds for all nodes is common: we may stand on it ourselves.
  if (const auto own = parse_address(seed, step.config.advertise.port); own && *own == step.config.advertise)
    return;
  // Seeds that are names cannot be compared with members; they count as up while anybody else is.
  const bool others = step.members.up() > 1;
  const bool reached = std::ranges::any_of(seeds, [&](const std::string& one) {
    const auto address = parse_address(one, step.config.advertise.port);
    if (!address) return others;
    return std::ranges::any_of(step.members.order(), [&](MemberId id) {
      const auto& row = step.members.row(id);
      return !step.members.is_self(id) && members::is_up(row.verdict) && !is_sought(step.config, row) &&
             step.members.address(id) == *address;
    });
  });
  if (reached) return;
  step.out.join({seed});
}

}  // namespace hearsay::contact
