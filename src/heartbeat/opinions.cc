#include "heartbeat/opinions.h"

#include <algorithm>
#include <utility>

namespace hearsay::heartbeat {

using room::Step;

bool Opinions::counts(const Step& step, Ledger& ledger, const Row& row) {
  const auto& members = step.members;
  if (!members.contains(row.observer) || !members.contains(row.subject)) return false;
  if (!members::is_up(members.row(row.observer).verdict)) return false;
  if (members.row(row.subject).incarnation != row.generation.value) return false;
  const std::uint64_t now = members.is_self(row.observer) ? ledger.heartbeat() : ledger.at(row.observer).heartbeat;
  return now <= row.heartbeat + kOpinionLife;
}

void Opinions::put(Step& step, const Row& row) {
  const auto key = [](const Row& one) { return std::pair(one.subject, one.observer); };
  const auto place = std::ranges::lower_bound(rows_, key(row), {}, key);
  if (place != rows_.end() && key(*place) == key(row)) {
    if (row.generation > place->generation || row.heartbeat > place->heartbeat) *place = row;
  } else if (rows_.size() >= kOpinionsMax) {
    step.counters.add(Count::dropped_opinions);
  } else {
    rows_.insert(place, row);
  }
}

void Opinions::say_own(Step& step, Ledger& ledger) {
  for (const MemberId id : step.members.order()) {
    const auto& row = step.members.row(id);
    const bool settled = !members::is_up(row.verdict);
    if (row.verdict != members::Verdict::suspect && !(settled && is_open(step, ledger, id))) continue;
    put(step, {step.members.self(), id, Incarnation{row.incarnation}, ledger.heartbeat(), settled});
  }
}

void Opinions::hear(Step& step, Ledger& ledger, const wire::Heartbeat& message) {
  for (const auto& told : message.opinions) {
    const Row row{step.members.find(told.observer), step.members.find(told.subject), told.generation,
                  told.heartbeat, told.settled};
    if (!row.observer.valid() || !row.subject.valid() || step.members.is_self(row.observer)) continue;
    // An observer that speaks from the future would never grow old.
    const bool future = told.heartbeat > ledger.at(row.observer).heartbeat + kOpinionLife;
    if (!future && counts(step, ledger, row)) put(step, row);
  }
}

void Opinions::tell(const Step& step, Ledger& ledger, std::size_t room_bytes, wire::Heartbeat& message) {
  for (std::size_t looked = 0; looked < rows_.size() && message.opinions.size() < kOpinionsTold; ++looked) {
    if (next_ >= rows_.size()) next_ = 0;
    const Row& row = rows_[next_];
    if (counts(step, ledger, row)) {
      const wire::Opinion opinion{step.members.name(row.observer), step.members.name(row.subject), row.generation,
                                  row.heartbeat, row.settled};
      const std::size_t bytes = encoded_bytes(opinion);
      if (bytes > room_bytes) return;
      room_bytes -= bytes;
      message.opinions.push_back(opinion);
    }
    ++next_;
  }
}

std::vector<std::string> Opinions::suspecting(const Step& step, Ledger& ledger, MemberId subject) const {
  std::vector<std::string> names;
  auto at = std::ranges::lower_bound(rows_, subject, {}, [](const Row& row) { return row.subject; });
  for (; at != rows_.end() && at->subject == subject; ++at) {
    if (at->observer != subject && counts(step, ledger, *at)) names.emplace_back(step.members.name(at->observer));
  }
  return names;
}

bool Opinions::is_open(const Step& step, Ledger& ledger, MemberId subject) const {
  auto at = std::ranges::lower_bound(rows_, subject, {}, [](const Row& row) { return row.subject; });
  for (; at != rows_.end() && at->subject == subject; ++at) {
    if (!at->settled && !step.members.is_self(at->observer) && counts(step, ledger, *at)) return true;
  }
  return false;
}

void Opinions::forget_old(const Step& step, Ledger& ledger) {
  std::erase_if(rows_, [&](const Row& row) { return !counts(step, ledger, row); });
}

}  // namespace hearsay::heartbeat
