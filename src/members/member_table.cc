#include "members/member_table.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"

namespace hearsay::members {

using Kind = Outcome::Kind;
using What = MemberChange::What;

MemberTable::MemberTable(base::Interner& interner, const Config& config, const Versions& ours)
    : interner_(&interner), self_name_(config.name), family_(config.family), ours_(ours) {
  configure(config);
}

void MemberTable::configure(const Config& config) {
  members_max_ = config.limits.members_max;
  reclaim_after_ = config.swim.gossip_to_the_dead;
}

void MemberTable::reserve(std::size_t rows) {
  rows_.reserve(rows);
  order_.reserve(rows);
  by_name_.reserve(rows);
  addresses_.reserve(2 * rows);  // with the port and without
}

MemberTable::~MemberTable() {
  for (const MemberId id : order_) {
    drop_accusers(id);
    const Row& row = rows_[id.index];
    count_address(row, false);
    for (const auto handle : {row.name, row.addr, row.meta}) interner_->release(handle);
  }
}

Outcome MemberTable::apply(Now now, const Claim& claim) {
  const Outcome result = std::visit([&](const auto& body) { return apply(now, claim, body); }, claim.body);
  if (result.accepted()) ++version_;
  return result;
}

std::uint64_t MemberTable::view_share(const Row& row) const {
  if (!row.used || !is_up(row.verdict)) return 0;
  base::Hasher hash;
  hash.add(interner_->text(row.name));
  hash.add(row.incarnation);
  return hash.value();
}

void MemberTable::count_address(const Row& row, bool present) {
  const Address address = Address::from_ip(interner_->view(row.addr), row.port);
  if (!address.valid()) return;
  // While it is counted, it is used.
  const auto ip = present ? interner_->acquire(address.ip_view()) : interner_->find(address.ip_view());
  for (const std::uint16_t port : {row.port, std::uint16_t{0}}) {
    if (present) {
      ++addresses_[place(ip, port)];
    } else if (const auto found = addresses_.find(place(ip, port)); --found->second == 0) {
      addresses_.erase(found);
    }
  }
  if (!present) interner_->release(ip);
}

bool MemberTable::is_known_address(const Address& address) const {
  const auto ip = interner_->find(address.ip_view());
  return ip != 0 && address.scope == 0 && addresses_.contains(place(ip, address.port));
}

Outcome MemberTable::outcome(Kind kind, const Claim& claim, MemberId id) const {
  Outcome result;
  result.kind = kind;
  result.claim = &claim;
  result.member = id;
  if (!contains(id)) return result;
  finish(result);
  result.before = result.after;
  return result;
}

Outcome MemberTable::absurd(const Claim& claim, MemberId id) const {
  Outcome result = outcome(Kind::refused, claim, id);
  result.absurd = true;
  return result;
}

void MemberTable::finish(Outcome& result) const {
  const Row& held = row(result.member);
  result.held = Incarnation{held.incarnation};
  result.after = status_of(held);
  result.verdict = held.verdict;
}

Outcome MemberTable::appear(Now now, const Claim& claim, const AliveClaim& alive) {
  if (size() >= members_max_) return outcome(Kind::refused, claim, MemberId{});
  const MemberId id = make_row(alive.name);
  if (alive.name == self_name_) self_ = id;
  Row& row = rows_[id.index];
  store_facts(row, alive);
  row.verdict_since = row.status_since = now.steady;
  ++counts_[static_cast<std::size_t>(status_of(row))];
  ++up_;
  view_hash_ += view_share(row);
  Outcome result = outcome(Kind::accepted, claim, id);
  result.appeared = true;
  result.what = What::joined;
  return result;
}

Outcome MemberTable::apply(Now now, const Claim& claim, const AliveClaim& alive) {
  const MemberId known = find(alive.name);
  const bool about_self = alive.name == self_name_;
  const Incarnation held_incarnation{known.valid() ? row(known).incarnation : 0};
  const bool valid = alive.incarnation.value > 0 && versions_fit(alive.vsn, ours_) && !alive.name.empty() &&
                     alive.name.size() <= kNameBytesMax && Address::from_ip(alive.addr, alive.port).valid() &&
                     alive.meta.size() <= kMetaBytesMax;
  if (!claim.own && !believable(alive.incarnation, held_incarnation)) return absurd(claim, known);
  if (!valid) return outcome(Kind::refused, claim, known);
  CHECK(!about_self || claim.own || known.valid());
  if (!known.valid()) {
    return claim.vouched ? appear(now, claim, alive) : outcome(Kind::unvetted, claim, known);
  }

  Row& row = rows_[known.index];
  const auto ruling = this->ruling(now.steady, known, alive.addr, alive.port);
  const bool same_facts = ruling == AddressRuling::same &&
                          std::ranges::equal(interner_->view(row.meta), alive.meta) &&
                          std::ranges::equal(row.versions, alive.vsn);
  if (claim.own) {
    // A generation's owner may change its facts within it.
    CHECK(alive.incarnation.value > row.incarnation ||
          (family_ == Family::heartbeat && alive.incarnation.value == row.incarnation && is_up(row.verdict)));
  } else {
    if (ruling == AddressRuling::conflict) return outcome(Kind::conflict, claim, known);
    if (about_self) {
      const bool harmless =
          alive.incarnation.value < row.incarnation || (alive.incarnation.value == row.incarnation && same_facts);
      return outcome(harmless ? Kind::stale : Kind::about_self, claim, known);
    }
    const Standing held{row.verdict, Incarnation{row.incarnation}};
    if (ruling == AddressRuling::same && !supersedes(family_, {Verdict::alive, alive.incarnation}, held)) {
      return outcome(Kind::stale, claim, known);
    }
  }

  Outcome result = outcome(Kind::accepted, claim, known);
  const Verdict before = row.verdict;
  drop_accusers(known);
  view_hash_ -= view_share(row);
  if (!claim.own) row.speaks_hearsay = row.tells_evidence = row.keeps_state = row.is_plain = false;
  store_facts(row, alive);
  view_hash_ += view_share(row);
  set_standing(now, known, Verdict::alive, is_up(before) ? row.intent : Intent::none);
  finish(result);
  if (!is_up(before)) {
    result.what = What::joined;
  } else if (before == Verdict::suspect) {
    result.what = What::refuted;
  } else if (!same_facts) {
    result.what = What::updated;
  }
  return result;
}

bool MemberTable::is_echo(const AliveClaim& alive) const {
  const MemberId known = find(alive.name);
  if (!known.valid()) return false;
  const Row& row = rows_[known.index];
  return is_up(row.verdict) && alive.incarnation.value > 0 && alive.incarnation.value <= row.incarnation &&
         alive.port == row.port && std::ranges::equal(interner_->view(row.addr), alive.addr) &&
         std::ranges::equal(interner_->view(row.meta), alive.meta) && std::ranges::equal(row.versions, alive.vsn);
}

Outcome MemberTable::apply(Now now, const Claim& claim, const SuspectClaim& suspect) {
  const MemberId id = find(suspect.name);
  if (!id.valid() || suspect.from.size() > kNameBytesMax) return outcome(Kind::refused, claim, id);
  Row& row = rows_[id.index];
  if (!believable(suspect.incarnation, Incarnation{row.incarnation})) return absurd(claim, id);
  if (suspect.incarnation.value < row.incarnation) return outcome(Kind::stale, claim, id);
  if (id == self_) return outcome(is_up(row.verdict) ? Kind::about_self : Kind::stale, claim, id);

  if (row.verdict == Verdict::suspect) {
    Accusers& list = accusers_[id.index];
    const bool known =
        std::ranges::any_of(list, [&](auto handle) { return interner_->text(handle) == suspect.from; });
    if (known || list.size() >= kAccusersMax) return outcome(Kind::stale, claim, id);
    list.push_back(interner_->acquire(suspect.from));
    Outcome result = outcome(Kind::confirmed, claim, id);
    result.accusers = static_cast<std::uint8_t>(list.size());
    return result;
  }
  const Standing held{row.verdict, Incarnation{row.incarnation}};
  if (!supersedes(family_, {Verdict::suspect, suspect.incarnation}, held)) return outcome(Kind::stale, claim, id);

  Outcome result = outcome(Kind::accepted, claim, id);
  view_hash_ -= view_share(row);
  row.incarnation = suspect.incarnation.value;
  view_hash_ += view_share(row);
  accusers_[id.index].push_back(interner_->acquire(suspect.from));
  set_standing(now, id, Verdict::suspect, row.intent);
  finish(result);
  result.accusers = 1;
  result.what = What::suspected;
  return result;
}

Outcome MemberTable::apply(Now now, const Claim& claim, const DeadClaim& dead) {
  const MemberId id = find(dead.name);
  if (!id.valid() || dead.from.size() > kNameBytesMax) return outcome(Kind::refused, claim, id);
  Row& row = rows_[id.index];
  if (!believable(dead.incarnation, Incarnation{row.incarnation})) return absurd(claim, id);
  const Verdict verdict = dead.from == dead.name ? Verdict::left : Verdict::dead;
  const Standing held{row.verdict, Incarnation{row.incarnation}};
  if (!supersedes(family_, {verdict, dead.incarnation}, held)) return outcome(Kind::stale, claim, id);
  if (id == self_ && !claim.own) return outcome(Kind::about_self, claim, id);

  Outcome result = outcome(Kind::accepted, claim, id);
  drop_accusers(id);
  view_hash_ -= view_share(row);
  row.incarnation = dead.incarnation.value;
  view_hash_ += view_share(row);
  set_standing(now, id, verdict, row.intent);
  finish(result);
  result.what = result.after == Status::left ? What::left : What::failed;
  return result;
}

Outcome MemberTable::apply(Now now, const Claim& claim, const IntentClaim& intent) {
  const MemberId id = find(intent.name);
  if (!id.valid()) return outcome(Kind::refused, claim, id);
  Row& row = rows_[id.index];
  if (!intent_supersedes(intent.time, row.intent_time)) return outcome(Kind::stale, claim, id);
  if (id == self_ && !claim.own && intent.intent == Intent::leaving && is_up(row.verdict) &&
      row.intent != Intent::leaving) {
    return outcome(Kind::about_self, claim, id);
  }

  Outcome result = outcome(Kind::accepted, claim, id);
  row.intent_time = intent.time;
  // A member that is down and meant to leave has left; a late join intent does not wake it.
  const bool takes = intent.intent == Intent::leaving || is_up(row.verdict);
  set_standing(now, id, row.verdict, takes ? intent.intent : row.intent);
  finish(result);
  if (result.after == result.before) return result;
  switch (result.after) {
    case Status::leaving:
      result.what = What::leaving;
      break;
    case Status::left:
      result.what = What::left;
      break;
    case Status::alive:
      result.what = What::refuted;
      break;
    default:  // it means to stay, but its suspicion runs on
      result.what = What::updated;
      break;
  }
  return result;
}

Outcome MemberTable::apply(Now /*now*/, const Claim& claim, const ForgetClaim& forget) {
  const MemberId id = find(forget.name);
  if (!id.valid() || id == self_) return outcome(Kind::refused, claim, id);
  Outcome result = outcome(Kind::accepted, claim, id);
  result.what = What::forgotten;
  drop_accusers(id);
  Row& row = rows_[id.index];
  --counts_[static_cast<std::size_t>(status_of(row))];
  view_hash_ -= view_share(row);
  if (is_up(row.verdict)) --up_;
  order_.erase(place_of(forget.name));
  by_name_.erase(row.name);
  count_address(row, false);
  for (const auto handle : {row.name, row.addr, row.meta}) interner_->release(handle);
  const std::uint32_t reuse = row.reuse + 1;
  row = Row{};
  row.reuse = reuse;
  free_.push_back(id.index);
  return result;
}

std::vector<MemberId>::const_iterator MemberTable::place_of(std::string_view name) const {
  return std::ranges::lower_bound(order_, name, {}, [&](MemberId id) { return this->name(id); });
}

MemberId MemberTable::make_row(std::string_view name) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(rows_.size());
    rows_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Row& row = rows_[index];
  row.used = true;
  row.name = interner_->acquire(name);
  const MemberId id{index, row.reuse};
  by_name_.emplace(row.name, index);
  order_.insert(place_of(name), id);
  return id;
}

void MemberTable::store_facts(Row& row, const AliveClaim& alive) {
  const auto addr = interner_->acquire(alive.addr);
  const auto meta = interner_->acquire(alive.meta);
  count_address(row, false);
  interner_->release(row.addr);
  interner_->release(row.meta);
  row.addr = addr;
  row.meta = meta;
  row.port = alive.port;
  count_address(row, true);
  row.incarnation = alive.incarnation.value;
  std::ranges::copy(alive.vsn, row.versions.begin());
}

void MemberTable::set_standing(Now now, MemberId id, Verdict verdict, Intent intent) {
  Row& row = rows_[id.index];
  const Status before = status_of(row);
  view_hash_ -= view_share(row);
  if (is_up(row.verdict)) --up_;
  if (is_up(verdict)) ++up_;
  if (row.verdict != verdict) row.verdict_since = now.steady;
  row.verdict = verdict;
  row.intent = intent;
  view_hash_ += view_share(row);
  const Status after = status_of(row);
  if (before == after) return;
  row.status_since = now.steady;
  --counts_[static_cast<std::size_t>(before)];
  ++counts_[static_cast<std::size_t>(after)];
}

void MemberTable::drop_accusers(MemberId id) {
  const auto found = accusers_.find(id.index);
  if (found == accusers_.end()) return;
  for (const auto handle : found->second) interner_->release(handle);
  accusers_.erase(found);
}

void MemberTable::heard_from(MemberId id, Time at) {
  if (!contains(id)) return;
  rows_[id.index].last_contact = at;
  rows_[id.index].failed_probes = 0;
}

void MemberTable::probe_failed(MemberId id) {
  if (!contains(id)) return;
  auto& count = rows_[id.index].failed_probes;
  if (count < UINT8_MAX) ++count;
}

void MemberTable::heard_extension(MemberId id, bool tells_evidence, bool keeps_state) {
  if (!contains(id)) return;
  rows_[id.index].speaks_hearsay = true;
  rows_[id.index].tells_evidence = tells_evidence;
  rows_[id.index].keeps_state = keeps_state;
  rows_[id.index].is_plain = false;
}

void MemberTable::heard_no_extension(MemberId id) {
  if (contains(id) && !rows_[id.index].speaks_hearsay) rows_[id.index].is_plain = true;
}

AddressRuling MemberTable::ruling(Time now, MemberId id, ByteView addr, std::uint16_t port) const {
  const Row& held = row(id);
  const bool same = held.port == port && std::ranges::equal(interner_->view(held.addr), addr);
  // We know where we are, whatever others say of us.
  const Verdict verdict = id == self_ ? Verdict::alive : held.verdict;
  if (family_ == Family::heartbeat) return judge_heartbeat_address(same, verdict);
  return judge_address(same, verdict, now - held.verdict_since, reclaim_after_);
}

MemberId MemberTable::find(std::string_view name) const {
  const auto found = by_name_.find(interner_->find(name));
  return found == by_name_.end() ? MemberId{} : MemberId{found->second, rows_[found->second].reuse};
}

std::vector<std::string> MemberTable::accusers(MemberId id) const {
  std::vector<std::string> names;
  const auto found = accusers_.find(id.index);
  if (!contains(id) || found == accusers_.end()) return names;
  for (const auto handle : found->second) names.emplace_back(interner_->text(handle));
  return names;
}

Member MemberTable::describe(MemberId id) const {
  const Row& held = row(id);
  Member member;
  member.name = std::string(name(id));
  member.address = address(id);
  member.status = status_of(held);
  member.incarnation = Incarnation{held.incarnation};
  member.intent_time = held.intent_time;
  member.meta = to_bytes(meta(id));
  member.versions = held.versions;
  member.status_since = held.status_since;
  member.last_contact = held.last_contact;
  member.is_self = id == self_;
  return member;
}

}  // namespace hearsay::members
