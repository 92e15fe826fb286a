// What is still to be told, to whom, and how often (memberlist's TransmitLimitedQueue, SWIM section 4.1).
//
// Every rumor is sent retransmit_mult * ceil(log10(N + 1)) times and then dropped: by then the epidemic has most
// likely reached everybody, and push/pull repairs the rest. Fresh rumors go first, and among equally often told
// ones the longer, so that packets are filled well. A rumor keeps the bytes it came with. A newer rumor about the
// same subject replaces the older one. Each class has a fair share of a packet, so that a storm of membership
// news does not starve the rest.
//
// Rumors that were told equally often stand in one sorted row, a tier. They are taken from its front and go into
// the next one in much the same order, so that both cost little. Bytes and subjects lie in the interner: where many
// nodes live in one process, all hold the same news.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/interner.h"
#include "hearsay/bytes.h"
#include "hearsay/counters.h"
#include "hearsay/ids.h"

namespace hearsay::spread {

// Whom a rumor is for. Real Serf and memberlist peers are never sent what is for hearsay nodes only.
enum class Audience : std::uint8_t { all, hearsay };

// In the order in which a packet is filled (memberlist's own news, then Serf's, then what hearsay nodes add).
enum class RumorClass : std::uint8_t { membership, intent, query, user_event, state };
inline constexpr std::size_t kRumorClasses = 5;

// How often a rumor is told in a cluster of `nodes`: mult * ceil(log10(nodes + 1)).
unsigned transmit_limit(unsigned mult, std::uint32_t nodes);

class RumorQueue {
 public:
  struct Limits {
    std::size_t rumors_max = 8192;
    std::size_t bytes_max = 4u << 20;
    std::size_t message_bytes_max = 1395;  // larger ones would never leave
  };
  RumorQueue(base::Interner& interner, const Limits& limits, Counters& counters)
      : interner_(&interner), limits_(limits), counters_(&counters) {}
  ~RumorQueue() { clear(); }
  RumorQueue(const RumorQueue&) = delete;
  RumorQueue& operator=(const RumorQueue&) = delete;

  // Queues a message (type byte included) about `subject`; what was queued of the same class about the same
  // non-empty subject is replaced. An oversized message is refused (id 0) and counted; when the queue is full the
  // most often told rumor makes room, and is counted.
  RumorId push(RumorClass rumor_class, Audience audience, std::string_view subject, ByteView message);
  // True while the newest rumor of this class about the subject still waits to be told often enough.
  bool pending(RumorClass rumor_class, std::string_view subject) const {
    return find(rumor_class, interner_->find(subject)) != kNone;
  }
  // Forgets everything.
  void clear();

  // Appends to `out` the messages to put into a packet for such a peer: together with `overhead` bytes each they
  // take at most `room` bytes, and there are at most `parts_max`. Each counts as told once. Views are valid
  // until the next call of fill or push.
  void fill(Audience peer, unsigned limit, std::size_t room, std::size_t overhead, std::size_t parts_max,
            std::vector<ByteView>& out);

  std::size_t message_bytes_max() const { return limits_.message_bytes_max; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(ids_);
    for (auto& tiers : queues_) {
      for (const Tier& tier : tiers) {
        for (const Waiting& waiting : tier.row()) {
          const Rumor& rumor = rumors_[waiting.slot];
          unsigned told = rumor.told;
          std::uint64_t id = waiting.id;
          std::string subject(interner_->text(rumor.subject));
          Bytes message = to_bytes(interner_->view(rumor.message));
          archive(told, id, subject, message);
        }
      }
    }
  }

 private:
  using Handle = base::Interner::Handle;
  using Slot = std::uint32_t;
  static constexpr Slot kNone = UINT32_MAX;
  struct Rumor {
    std::uint64_t id = 0;
    Handle subject = 0;
    Handle message = 0;
    std::uint32_t length = 0;
    std::uint16_t told = 0;
    std::uint8_t queue = 0;
    RumorClass rumor_class = RumorClass::membership;
  };
  struct Waiting {
    std::uint64_t id = 0;
    std::uint32_t length = 0;
    Slot slot = 0;
    // The longest first, then the newest.
    bool before(const Waiting& other) const {
      return length != other.length ? length > other.length : id > other.id;
    }
  };
  // A sorted row that shrinks at its front and grows anywhere.
  class Tier {
   public:
    std::span<const Waiting> row() const { return std::span(row_).subspan(first_); }
    bool empty() const { return first_ == row_.size(); }
    void insert(const Waiting& waiting);
    void erase(std::size_t at);
    // The first one that is not longer; the size of the row if there is none.
    std::size_t find(std::size_t length_max) const;
    // The place of this one, which is there.
    std::size_t find(const Waiting& waiting) const;

   private:
    std::vector<Waiting> row_;
    std::size_t first_ = 0;  // those before are gone
  };
  // By how often they were told. One for each class and audience.
  using Tiers = std::vector<Tier>;

  Slot find(RumorClass rumor_class, Handle subject) const;
  struct Taking;
  void take(Tiers& tiers, std::size_t budget, Taking& taking);
  void insert(Slot slot);
  // It is in no tier any more.
  void free(Slot slot);
  void drop(Slot slot);
  void make_room(std::size_t bytes);
  void forget_spent();

  base::Interner* interner_;
  Limits limits_;
  Counters* counters_;
  std::uint64_t ids_ = 0;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::vector<Rumor> rumors_;  // by slot
  std::vector<Slot> free_;
  std::array<Tiers, kRumorClasses * 2> queues_;
  std::array<boost::unordered_flat_map<Handle, Slot>, kRumorClasses> by_subject_;
  std::vector<Slot> taken_;    // told in this packet, to be put back
  std::vector<Handle> spent_;  // told often enough; kept while views may point to them
};

}  // namespace hearsay::spread
