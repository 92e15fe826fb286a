#include "members/history.h"

#include <algorithm>

namespace hearsay::members {

namespace {

// Joins and updates are facts, not verdicts: they are not worth keeping beyond the pool.
bool is_verdict(MemberChange::What what) {
  using What = MemberChange::What;
  return what == What::suspected || what == What::failed || what == What::left || what == What::leaving ||
         what == What::refuted;
}

std::size_t bytes_of(const MemberChange& change) {
  std::size_t bytes = sizeof(Notice) + change.member.name.size() + change.evidence.accuser.size();
  for (const auto& name : change.evidence.confirmers) bytes += sizeof name + name.size();
  return bytes;
}

}  // namespace

void History::add(const Now& at, const MemberChange& change) {
  Entry entry;
  entry.number = ++numbers_;
  MemberChange slim = change;
  slim.member.meta.clear();
  slim.member.tags.clear();
  entry.bytes = bytes_of(slim);
  const std::string& name = slim.member.name;
  if (change.what == MemberChange::What::forgotten) {
    kept_.erase(name);
    verdict_.erase(name);
  } else if (is_verdict(change.what)) {
    kept_.erase(name);
    verdict_[name] = entry.number;
  }
  bytes_ += entry.bytes;
  entry.notice = Notice{at, std::move(slim)};
  recent_.push_back(std::move(entry));
  shrink();
}

void History::shrink() {
  while (bytes_ > bytes_max_ && recent_.size() > 1) {
    Entry& oldest = recent_.front();
    bytes_ -= oldest.bytes;
    const std::string& name = change_of(oldest).member.name;
    const auto last = verdict_.find(name);
    if (last != verdict_.end() && last->second == oldest.number) kept_[name] = std::move(oldest);
    recent_.pop_front();
  }
}

std::vector<Notice> History::all() const {
  std::vector<const Entry*> entries;
  entries.reserve(kept_.size() + recent_.size());
  for (const auto& [name, entry] : kept_) entries.push_back(&entry);
  std::ranges::sort(entries, {}, [](const Entry* entry) { return entry->number; });
  for (const auto& entry : recent_) entries.push_back(&entry);
  std::vector<Notice> notices;
  notices.reserve(entries.size());
  for (const Entry* entry : entries) notices.push_back(entry->notice);
  return notices;
}

}  // namespace hearsay::members
