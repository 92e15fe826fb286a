#include "spread/rumor_queue.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace hearsay::spread {

unsigned transmit_limit(unsigned mult, std::uint32_t nodes) {
  unsigned digits = 0;  // ceil(log10(nodes + 1)) is the number of decimal digits of `nodes`
  for (std::uint32_t rest = nodes; rest > 0; rest /= 10) ++digits;
  return mult * digits;
}

RumorId RumorQueue::push(RumorClass rumor_class, Audience audience, std::string_view subject, ByteView message) {
  spent_.clear();
  if (message.size() > limits_.message_bytes_max) {
    counters_->add(Count::dropped_rumor_size);
    return {};
  }
  auto& subjects = by_subject_[static_cast<std::size_t>(rumor_class)];
  if (!subject.empty()) {
    if (const auto old = subjects.find(std::string(subject)); old != subjects.end()) {
      const auto rumor = by_id_.at(old->second);
      drop(tiers_[place(rumor->rumor_class, rumor->audience)], rumor);
    }
  }
  make_room(message.size());
  Rumor rumor;
  rumor.length = message.size();
  rumor.id = ++ids_;
  rumor.audience = audience;
  rumor.rumor_class = rumor_class;
  rumor.subject = std::string(subject);
  rumor.message = to_bytes(message);
  bytes_ += rumor.length;
  const auto [where, added] = tiers_[place(rumor_class, audience)].insert(std::move(rumor));
  CHECK(added);
  by_id_.emplace(where->id, where);
  if (!subject.empty()) subjects[where->subject] = where->id;
  return RumorId{where->id};
}

void RumorQueue::drop(Tiers& tiers, Tiers::iterator rumor) {
  bytes_ -= rumor->length;
  by_id_.erase(rumor->id);
  if (!rumor->subject.empty()) by_subject_[static_cast<std::size_t>(rumor->rumor_class)].erase(rumor->subject);
  tiers.erase(rumor);
}

void RumorQueue::make_room(std::size_t bytes) {
  while (!by_id_.empty() && (by_id_.size() >= limits_.rumors_max || bytes_ + bytes > limits_.bytes_max)) {
    Tiers* fullest = nullptr;
    for (auto& tiers : tiers_) {
      if (tiers.empty()) continue;
      if (fullest == nullptr || std::prev(tiers.end())->told > std::prev(fullest->end())->told) fullest = &tiers;
    }
    drop(*fullest, std::prev(fullest->end()));
    counters_->add(Count::dropped_rumor_limit);
  }
}

void RumorQueue::clear() {
  spent_.clear();
  for (auto& tiers : tiers_) tiers.clear();
  for (auto& subjects : by_subject_) subjects.clear();
  by_id_.clear();
  bytes_ = 0;
}

// What one packet can still hold.
struct RumorQueue::Taking {
  std::size_t room;
  std::size_t overhead;
  std::size_t parts;
  std::vector<ByteView>* out;
};

// Takes rumors of one queue, best first, for at most `budget` bytes of the packet.
void RumorQueue::take(Tiers& tiers, unsigned limit, std::size_t budget, Taking& taking) {
  budget = std::min(budget, taking.room);
  auto next = tiers.begin();
  while (next != tiers.end() && taking.parts > 0 && budget > taking.overhead) {
    const std::size_t free = budget - taking.overhead;
    if (next->length > free) {
      // The longest of this tier that fits; none left in it: the next tier.
      Rumor probe;
      probe.told = next->told;
      probe.length = free;
      probe.id = std::numeric_limits<std::uint64_t>::max();
      next = tiers.lower_bound(probe);
      if (next == tiers.end()) break;
      if (next->length > free) continue;
    }
    const auto after = std::next(next);
    auto node = tiers.extract(next);
    next = after;
    Rumor& rumor = node.value();
    taking.out->push_back(rumor.message);
    const std::size_t used = rumor.length + taking.overhead;
    budget -= used;
    taking.room -= used;
    --taking.parts;
    if (++rumor.told < limit) {
      taken_.push_back(std::move(node));
    } else {
      bytes_ -= rumor.length;
      by_id_.erase(rumor.id);
      if (!rumor.subject.empty()) by_subject_[static_cast<std::size_t>(rumor.rumor_class)].erase(rumor.subject);
      spent_.push_back(std::move(node));
    }
  }
}

void RumorQueue::fill(Audience peer, unsigned limit, std::size_t room, std::size_t overhead, std::size_t parts_max,
                      std::vector<ByteView>& out) {
  spent_.clear();
  if (by_id_.empty()) return;
  Taking taking{room, overhead, parts_max, &out};
  std::size_t waiting = 0;
  for (const auto& tiers : tiers_) {
    if (!tiers.empty()) ++waiting;
  }
  // First every queue its fair share, then what is left in order.
  for (const bool fair : {true, false}) {
    if (fair && waiting < 2) continue;
    for (std::size_t at = 0; at < std::size(tiers_); ++at) {
      const bool for_hearsay_only = at % 2 == static_cast<std::size_t>(Audience::hearsay);
      if (for_hearsay_only && peer != Audience::hearsay) continue;
      take(tiers_[at], limit, fair ? room / waiting : room, taking);
    }
  }
  for (auto& node : taken_) {
    auto& tiers = tiers_[place(node.value().rumor_class, node.value().audience)];
    const std::uint64_t id = node.value().id;
    by_id_[id] = tiers.insert(std::move(node)).position;
  }
  taken_.clear();
}

}  // namespace hearsay::spread
