#include "room/admission.h"

#include <algorithm>

#include "wire/serf.h"

namespace hearsay::room {

std::optional<std::string> Admission::refuses(const AdmissionConfig& policy, const members::MemberTable& table,
                                              const members::AliveClaim& alive) const {
  if (policy.admits_all()) return std::nullopt;
  const MemberId known = table.find(alive.name);
  if (known.valid()) {
    const bool same = table.row(known).port == alive.port && std::ranges::equal(table.addr(known), alive.addr) &&
                      std::ranges::equal(table.meta(known), alive.meta);
    if (same || table.is_self(known)) return std::nullopt;
  }
  const bool asks_tags = std::ranges::any_of(policy.rules, [](const auto& rule) { return !rule.tag.empty(); });
  return hearsay::refuses(policy, alive.name, Address::from_ip(alive.addr, alive.port),
                          asks_tags ? wire::decode_tags(alive.meta) : Tags{});
}

void Admission::refused(const Now& now, Outbox& out, const members::AliveClaim& alive, const Address& heard_from,
                        std::string reason) {
  const std::string_view name = alive.name.substr(0, kNameBytesMax);
  auto entry = std::ranges::find_if(entries_, [&](const Entry& held) { return held.refusal.name == name; });
  if (entry == entries_.end()) {
    if (entries_.size() >= kRefusalsKept) {
      entries_.erase(std::ranges::min_element(entries_, {}, [](const Entry& held) { return held.refusal.last; }));
    }
    entry = entries_.insert(entries_.end(), Entry{});
    entry->refusal.name = name;
  }
  Refusal& refusal = entry->refusal;
  refusal.address = Address::from_ip(alive.addr, alive.port);
  refusal.heard_from = heard_from;
  refusal.reason = std::move(reason);
  refusal.last = now.steady;
  ++refusal.count;
  if (now.steady - interval_since_ >= kRefusalInterval) {
    interval_since_ = now.steady;
    warnings_ = 0;
  }
  const bool lately = entry->warned != Time{} && now.steady - entry->warned < kRefusalInterval;
  if (lately || warnings_ >= kRefusalWarningsMax) return;
  ++warnings_;
  entry->warned = now.steady;
  out.notify({now, Warning{"not admitted: " + refusal.name + " at " + to_string(refusal.address) + ": " +
                           refusal.reason}});
}

std::vector<Refusal> Admission::latest() const {
  std::vector<Refusal> all;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) all.push_back(entry->refusal);
  std::ranges::stable_sort(all, [](const Refusal& a, const Refusal& b) { return a.last > b.last; });
  return all;
}

}  // namespace hearsay::room
