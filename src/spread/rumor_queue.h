// What is still to be told, to whom, and how often (memberlist's TransmitLimitedQueue, SWIM section 4.1).
//
// Every rumor is sent retransmit_mult * ceil(log10(N + 1)) times and then dropped: by then the epidemic has most
// likely reached everybody, and push/pull repairs the rest. Fresh rumors go first, and among equally often told
// ones the longer, so that packets are filled well. A rumor keeps the bytes it came with. A newer rumor about the
// same subject replaces the older one. Each class has a fair share of a packet, so that a storm of membership
// news does not starve the rest.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "hearsay/bytes.h"
#include "hearsay/counters.h"
#include "hearsay/ids.h"

namespace hearsay::spread {

// Whom a rumor is for. Real Serf and memberlist peers are never sent what is for hearsay nodes only.
enum class Audience : std::uint8_t { all, hearsay };

// In the order in which a packet is filled (memberlist's own news, then Serf's).
enum class RumorClass : std::uint8_t { membership, intent, query, user_event };
inline constexpr std::size_t kRumorClasses = 4;

// How often a rumor is told in a cluster of `nodes`: mult * ceil(log10(nodes + 1)).
unsigned transmit_limit(unsigned mult, std::uint32_t nodes);

class RumorQueue {
 public:
  struct Limits {
    std::size_t rumors_max = 8192;
    std::size_t bytes_max = 4u << 20;
    std::size_t message_bytes_max = 1395;  // larger ones would never leave
  };
  RumorQueue(const Limits& limits, Counters& counters) : limits_(limits), counters_(&counters) {}

  // Queues a message (type byte included) about `subject`; what was queued of the same class about the same
  // non-empty subject is replaced. An oversized message is refused (id 0) and counted; when the queue is full the
  // most often told rumor makes room, and is counted.
  RumorId push(RumorClass rumor_class, Audience audience, std::string_view subject, ByteView message);
  // True while the newest rumor of this class about the subject still waits to be told often enough.
  bool pending(RumorClass rumor_class, std::string_view subject) const {
    return by_subject_[static_cast<std::size_t>(rumor_class)].contains(std::string(subject));
  }
  // Forgets everything.
  void clear();

  // Appends to `out` the messages to put into a packet for such a peer: together with `overhead` bytes each they
  // take at most `room` bytes, and there are at most `parts_max`. Each counts as told once. Views are valid
  // until the next call of fill or push.
  void fill(Audience peer, unsigned limit, std::size_t room, std::size_t overhead, std::size_t parts_max,
            std::vector<ByteView>& out);

  bool empty() const { return by_id_.empty(); }
  std::size_t size() const { return by_id_.size(); }
  std::size_t bytes() const { return bytes_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(ids_);
    for (auto& tiers : tiers_) {
      for (const Rumor& rumor : tiers) {
        unsigned told = rumor.told;
        std::uint64_t id = rumor.id;
        std::string subject = rumor.subject;
        Bytes message = rumor.message;
        archive(told, id, subject, message);
      }
    }
  }

 private:
  struct Rumor {
    unsigned told = 0;
    std::size_t length = 0;
    std::uint64_t id = 0;
    Audience audience = Audience::all;
    RumorClass rumor_class = RumorClass::membership;
    std::string subject;
    Bytes message;
  };
  struct Order {  // fewest times told, then longest, then newest
    bool operator()(const Rumor& left, const Rumor& right) const {
      if (left.told != right.told) return left.told < right.told;
      if (left.length != right.length) return left.length > right.length;
      return left.id > right.id;
    }
  };
  using Tiers = std::set<Rumor, Order>;
  // One queue for each class and audience.
  static std::size_t place(RumorClass rumor_class, Audience audience) {
    return static_cast<std::size_t>(rumor_class) * 2 + static_cast<std::size_t>(audience);
  }
  struct Taking;
  void take(Tiers& tiers, unsigned limit, std::size_t budget, Taking& taking);
  void drop(Tiers& tiers, Tiers::iterator rumor);
  void make_room(std::size_t bytes);

  Limits limits_;
  Counters* counters_;
  std::uint64_t ids_ = 0;
  std::size_t bytes_ = 0;
  Tiers tiers_[kRumorClasses * 2];
  boost::unordered_flat_map<std::uint64_t, Tiers::iterator> by_id_;
  boost::unordered_flat_map<std::string, std::uint64_t> by_subject_[kRumorClasses];
  std::vector<Tiers::node_type> taken_;  // told in this packet, to be put back
  std::vector<Tiers::node_type> spent_;  // told often enough; kept while views may point to them
};

}  // namespace hearsay::spread
