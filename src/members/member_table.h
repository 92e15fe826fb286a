// The one shared table: apply(Claim) -> Outcome.
//
// Invariants: only apply() changes parts 1 to 3 of a row; a row's incarnation never goes back while the row
// lives (except when a left or long dead member returns at another address); our own row changes only by our own
// claims; a refused, stale or conflicting claim changes nothing.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/interner.h"
#include "hearsay/config.h"
#include "hearsay/member.h"
#include "hearsay/time.h"
#include "members/claim.h"
#include "members/precedence.h"
#include "members/row.h"

namespace hearsay::members {

inline constexpr std::size_t kAccusersMax = 16;

class MemberTable {
 public:
  // `ours`: the versions that we advertise; claims of members that cannot take part with us are refused.
  MemberTable(base::Interner& interner, const Config& config, const Versions& ours);
  ~MemberTable();
  MemberTable(const MemberTable&) = delete;
  MemberTable& operator=(const MemberTable&) = delete;

  // Takes over what may change while the node runs: limits.members_max, swim.gossip_to_the_dead.
  void configure(const Config& config);

  // Makes room for so many rows, so that they take no more memory than they need.
  void reserve(std::size_t rows);

  // The only way to change what is known. O(1) but for ForgetClaim (O(N)).
  Outcome apply(Now now, const Claim& claim);

  // True: apply() would call this claim of somebody else stale, and nobody would do anything about it, because the
  // row says the same (or the same at a higher incarnation) of a member that is up. Most of all gossip is such.
  bool is_echo(const AliveClaim& alive) const;

  // First-hand sign of life: an ack, a ping, a stream from the member itself. Not for relayed news.
  void heard_from(MemberId id, Time at);
  void probe_failed(MemberId id);
  // The member itself showed that it is a hearsay node; forgotten when its incarnation or address changes.
  void heard_extension(MemberId id, bool tells_evidence, bool keeps_state);
  // The member itself could have shown it, and did not; forgotten likewise.
  void heard_no_extension(MemberId id);

  MemberId find(std::string_view name) const;
  MemberId self() const { return self_; }
  bool contains(MemberId id) const {
    return id.index < rows_.size() && rows_[id.index].used && rows_[id.index].reuse == id.reuse;
  }
  // REQUIRES: contains(id)
  const Row& row(MemberId id) const {
    CHECK(contains(id));
    return rows_[id.index];
  }
  const Row& self_row() const { return row(self_); }

  std::string_view name(MemberId id) const { return interner_->text(row(id).name); }
  ByteView addr(MemberId id) const { return interner_->view(row(id).addr); }
  ByteView meta(MemberId id) const { return interner_->view(row(id).meta); }
  // Some member is (or was last) at this address; with port 0: at any port of it. O(1).
  bool is_known_address(const Address& address) const;
  Address address(MemberId id) const { return Address::from_ip(addr(id), row(id).port); }
  bool is_self(MemberId id) const { return id == self_; }
  const Versions& our_versions() const { return ours_; }
  // The accusers of a suspect, the first one first; empty for others.
  std::vector<std::string> accusers(MemberId id) const;

  // All rows, by name: nodes that know the same tell the same, byte for byte.
  std::span<const MemberId> order() const { return order_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(order_.size()); }
  std::uint32_t count(Status status) const { return counts_[static_cast<std::size_t>(status)]; }
  // Members whose verdict is alive or suspect, ourselves included.
  std::uint32_t up() const { return up_; }

  // What apply() would say to another address for this member.
  AddressRuling ruling(Time now, MemberId id, ByteView addr, std::uint16_t port) const;

  // A hash of what all nodes should agree on: name and incarnation of every member that is up. It does not depend
  // on the order in which they were learned. O(1).
  std::uint64_t view_hash() const { return view_hash_; }

  // A copy for people and programs; tags are left to the caller, who knows how meta is encoded.
  Member describe(MemberId id) const;
  // Grows with every accepted claim: incarnations and intent times are visible too.
  std::uint64_t version() const { return version_; }

  template <class Archive>
  void fields(Archive& archive) {
    for (const MemberId id : order_) {
      Row& row = rows_[id.index];
      std::string text(interner_->text(row.name));
      Bytes addr_bytes = to_bytes(interner_->view(row.addr));
      Bytes meta_bytes = to_bytes(interner_->view(row.meta));
      archive(text, addr_bytes, meta_bytes, row.incarnation, row.port, row.versions, row.verdict, row.intent,
              row.failed_probes, row.reuse, row.intent_time, row.verdict_since, row.status_since, row.last_contact);
      bool speaks_hearsay = row.speaks_hearsay;
      bool tells_evidence = row.tells_evidence;
      bool keeps_state = row.keeps_state;
      std::vector<std::string> accused_by = accusers(id);
      bool is_plain = row.is_plain;
      archive(speaks_hearsay, tells_evidence, keeps_state, is_plain, accused_by);
    }
  }

 private:
  Outcome apply(Now now, const Claim& claim, const AliveClaim& alive);
  Outcome apply(Now now, const Claim& claim, const SuspectClaim& suspect);
  Outcome apply(Now now, const Claim& claim, const DeadClaim& dead);
  Outcome apply(Now now, const Claim& claim, const IntentClaim& intent);
  Outcome apply(Now now, const Claim& claim, const ForgetClaim& forget);

  Outcome appear(Now now, const Claim& claim, const AliveClaim& alive);
  Outcome outcome(Outcome::Kind kind, const Claim& claim, MemberId id) const;
  // The claim is refused because of its incarnation.
  Outcome absurd(const Claim& claim, MemberId id) const;
  // Fills in what the row says after an accepted claim.
  void finish(Outcome& result) const;
  // Where its row stands in the order, or would.
  std::vector<MemberId>::const_iterator place_of(std::string_view name) const;
  MemberId make_row(std::string_view name);
  void store_facts(Row& row, const AliveClaim& alive);
  void set_standing(Now now, MemberId id, Verdict verdict, Intent intent);
  void drop_accusers(MemberId id);
  // What this row adds to the view hash; taken out before the row changes and put in afterwards.
  std::uint64_t view_share(const Row& row) const;
  void count_address(const Row& row, bool present);

  base::Interner* interner_;
  std::string self_name_;
  Family family_;
  Versions ours_;
  std::uint32_t members_max_ = 0;
  Duration reclaim_after_{};

  std::vector<Row> rows_;
  std::vector<std::uint32_t> free_;
  std::vector<MemberId> order_;
  boost::unordered_flat_map<base::Interner::Handle, std::uint32_t> by_name_;
  using Accusers = boost::container::small_vector<base::Interner::Handle, 4>;
  boost::unordered_flat_map<std::uint32_t, Accusers> accusers_;  // by row, while suspect
  // How many rows are at it, with and without port. Keyed by the handle of the normal form of the address and by
  // the port: small, because a node in a large cluster holds many.
  static std::uint64_t place(base::Interner::Handle ip, std::uint16_t port) {
    return std::uint64_t{ip} << 16 | port;
  }
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> addresses_;
  MemberId self_;
  std::array<std::uint32_t, 5> counts_{};
  std::uint32_t up_ = 0;
  std::uint64_t version_ = 1;
  std::uint64_t view_hash_ = 0;
};

}  // namespace hearsay::members
