#include "spread/rumor_queue.h"

#include <algorithm>

namespace hearsay::spread {

namespace {
// Memory of a storm that is over is given back.
constexpr std::size_t kRumorsKept = 64;
}  // namespace

unsigned transmit_limit(unsigned mult, std::uint32_t nodes) {
  unsigned digits = 0;  // ceil(log10(nodes + 1)) is the number of decimal digits of `nodes`
  for (std::uint32_t rest = nodes; rest > 0; rest /= 10) ++digits;
  return mult * digits;
}

std::size_t RumorQueue::Tier::find(std::size_t length_max) const {
  const auto all = row();
  if (!all.empty() && all.front().length <= length_max) return 0;
  const auto found = std::ranges::partition_point(all, [&](const Waiting& w) { return w.length > length_max; });
  return static_cast<std::size_t>(found - all.begin());
}

std::size_t RumorQueue::Tier::find(const Waiting& waiting) const {
  const auto all = row();
  const auto found = std::ranges::partition_point(all, [&](const Waiting& w) { return w.before(waiting); });
  return static_cast<std::size_t>(found - all.begin());
}

void RumorQueue::Tier::insert(const Waiting& waiting) {
  row_.insert(row_.begin() + static_cast<std::ptrdiff_t>(first_ + find(waiting)), waiting);
}

void RumorQueue::Tier::erase(std::size_t at) {
  if (at > 0) {
    row_.erase(row_.begin() + static_cast<std::ptrdiff_t>(first_ + at));
  } else {
    ++first_;
  }
  if (2 * first_ < row_.size()) return;
  row_.erase(row_.begin(), row_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
  if (row_.empty() && row_.capacity() > kRumorsKept) std::vector<Waiting>().swap(row_);
}

RumorQueue::Slot RumorQueue::find(RumorClass rumor_class, Handle subject) const {
  const auto& subjects = by_subject_[static_cast<std::size_t>(rumor_class)];
  const auto found = subjects.find(subject);
  return found == subjects.end() ? kNone : found->second;
}

RumorId RumorQueue::push(RumorClass rumor_class, Audience audience, std::string_view subject, ByteView message) {
  forget_spent();
  if (message.size() > limits_.message_bytes_max) {
    counters_->add(Count::dropped_rumor_size);
    return {};
  }
  Rumor rumor;
  rumor.id = ++ids_;
  rumor.subject = interner_->acquire(subject);
  rumor.message = interner_->acquire(message);
  rumor.length = static_cast<std::uint32_t>(message.size());
  rumor.queue =
      static_cast<std::uint8_t>(static_cast<std::size_t>(rumor_class) * 2 + static_cast<std::size_t>(audience));
  rumor.rumor_class = rumor_class;
  if (const Slot old = find(rumor_class, rumor.subject); old != kNone) drop(old);
  make_room(message.size());
  if (free_.empty()) {
    free_.push_back(static_cast<Slot>(rumors_.size()));
    rumors_.emplace_back();
  }
  const Slot slot = free_.back();
  free_.pop_back();
  rumors_[slot] = rumor;
  bytes_ += rumor.length;
  ++size_;
  if (rumor.subject != 0) by_subject_[static_cast<std::size_t>(rumor_class)][rumor.subject] = slot;
  insert(slot);
  return RumorId{rumor.id};
}

void RumorQueue::insert(Slot slot) {
  const Rumor& rumor = rumors_[slot];
  Tiers& tiers = queues_[rumor.queue];
  if (tiers.size() <= rumor.told) tiers.resize(rumor.told + std::size_t{1});
  tiers[rumor.told].insert({rumor.id, rumor.length, slot});
}

void RumorQueue::free(Slot slot) {
  const Rumor& rumor = rumors_[slot];
  bytes_ -= rumor.length;
  --size_;
  spent_.push_back(rumor.message);
  if (rumor.subject != 0) {
    by_subject_[static_cast<std::size_t>(rumor.rumor_class)].erase(rumor.subject);
    interner_->release(rumor.subject);
  }
  free_.push_back(slot);
  if (size_ > 0 || rumors_.size() <= kRumorsKept) return;
  std::vector<Rumor>().swap(rumors_);
  std::vector<Slot>().swap(free_);
  for (auto& subjects : by_subject_) boost::unordered_flat_map<Handle, Slot>().swap(subjects);
}

void RumorQueue::drop(Slot slot) {
  const Rumor& rumor = rumors_[slot];
  Tier& tier = queues_[rumor.queue][rumor.told];
  tier.erase(tier.find(Waiting{rumor.id, rumor.length, slot}));
  free(slot);
}

void RumorQueue::make_room(std::size_t bytes) {
  while (size_ > 0 && (size_ >= limits_.rumors_max || bytes_ + bytes > limits_.bytes_max)) {
    const Tier* worst = nullptr;
    std::size_t told_most = 0;
    for (const Tiers& tiers : queues_) {
      for (std::size_t told = tiers.size(); told > 0; --told) {
        if (tiers[told - 1].empty()) continue;
        if (worst == nullptr || told > told_most) {
          worst = &tiers[told - 1];
          told_most = told;
        }
        break;
      }
    }
    drop(worst->row().back().slot);
    counters_->add(Count::dropped_rumor_limit);
  }
}

void RumorQueue::forget_spent() {
  for (const Handle message : spent_) interner_->release(message);
  spent_.clear();
}

void RumorQueue::clear() {
  for (Tiers& tiers : queues_) {
    for (const Tier& tier : tiers) {
      for (const Waiting& waiting : tier.row()) free(waiting.slot);
    }
    tiers.clear();
  }
  forget_spent();
}

// What one packet can still hold.
struct RumorQueue::Taking {
  std::size_t room;
  std::size_t overhead;
  std::size_t parts;
  std::vector<ByteView>* out;
};

// Takes rumors of one queue, best first, for at most `budget` bytes of the packet.
void RumorQueue::take(Tiers& tiers, std::size_t budget, Taking& taking) {
  budget = std::min(budget, taking.room);
  for (Tier& tier : tiers) {
    // Always the longest that fits.
    while (taking.parts > 0 && budget > taking.overhead) {
      const std::size_t at = tier.find(budget - taking.overhead);
      if (at == tier.row().size()) break;
      const Slot slot = tier.row()[at].slot;
      tier.erase(at);
      Rumor& rumor = rumors_[slot];
      ++rumor.told;
      taking.out->push_back(interner_->view(rumor.message));
      const std::size_t used = rumor.length + taking.overhead;
      budget -= used;
      taking.room -= used;
      --taking.parts;
      taken_.push_back(slot);
    }
  }
}

void RumorQueue::fill(Audience peer, unsigned limit, std::size_t room, std::size_t overhead, std::size_t parts_max,
                      std::vector<ByteView>& out) {
  forget_spent();
  if (empty()) return;
  Taking taking{room, overhead, parts_max, &out};
  const auto waits = [](const Tiers& tiers) {
    return std::ranges::any_of(tiers, [](const Tier& tier) { return !tier.empty(); });
  };
  const auto waiting = static_cast<std::size_t>(std::ranges::count_if(queues_, waits));
  // First every queue its fair share, then what is left in order.
  for (const bool fair : {true, false}) {
    if (fair && waiting < 2) continue;
    for (std::size_t at = 0; at < queues_.size(); ++at) {
      const bool for_hearsay_only = at % 2 == static_cast<std::size_t>(Audience::hearsay);
      if (for_hearsay_only && peer != Audience::hearsay) continue;
      take(queues_[at], fair ? room / waiting : room, taking);
    }
  }
  for (const Slot slot : taken_) {
    if (rumors_[slot].told < limit) {
      insert(slot);
    } else {
      free(slot);
    }
  }
  taken_.clear();
}

}  // namespace hearsay::spread
