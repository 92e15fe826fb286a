#include "cluster/watch.h"

#include <algorithm>
#include <charconv>

namespace hearsay::bench {
namespace {

double seconds_between(Time from, Time to) { return std::chrono::duration<double>(to - from).count(); }

std::optional<Index> index_of(const std::string& name) {
  Index index = 0;
  const char* end = name.data() + name.size();
  if (name.empty() || std::from_chars(name.data() + 1, end, index).ptr != end) return std::nullopt;
  return index;
}

}  // namespace

std::optional<double> quantile(std::vector<double> values, double part) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

std::optional<double> Spread::quantile(double part) const { return bench::quantile(seconds, part); }

Watch::Watch(std::size_t nodes)
    : nodes_(nodes),
      living_(nodes),
      beliefs_(nodes * nodes, Belief::unknown),
      held_alive_(nodes, 1),
      agreed_at_(nodes),
      killed_(nodes),
      failed_wrongly_(nodes),
      alive_pairs_(nodes),
      expected_pairs_(nodes * nodes),
      heard_update_(nodes) {
  for (Index index = 0; index < nodes; ++index) belief(index, index) = Belief::alive;
}

void Watch::on_notice(Index observer, const Notice& notice) {
  if (const auto* done = std::get_if<CommandDone>(&notice.body)) {
    if (done->error) ++joins_refused;
    return;
  }
  const auto* change = std::get_if<MemberChange>(&notice.body);
  if (change == nullptr || change->member.is_self) return;
  const auto subject = index_of(change->member.name);
  if (!subject || *subject >= nodes_ || killed_[observer]) return;

  using What = MemberChange::What;
  const Status status = change->member.status;
  if (!killed_[*subject]) {
    if (change->what == What::suspected && change->evidence.source == Evidence::Source::own_probe)
      ++suspicions_begun;
    if (change->what == What::failed) {
      ++deaths_told;
      failed_wrongly_[*subject] = true;
    }
    if (*subject == updated_ && !value_.empty() && !heard_update_[observer]) {
      const auto tag = change->member.tags.find(kTag);
      if (tag != change->member.tags.end() && tag->second == value_) {
        heard_update_[observer] = true;
        update_.seconds.push_back(seconds_between(update_.from, notice.at.steady));
      }
    }
  } else if (status == Status::failed && belief(observer, *subject) != Belief::failed) {
    deaths_.seconds.push_back(seconds_between(deaths_.from, notice.at.steady));
  }
  believe(observer, *subject,
          status == Status::alive    ? Belief::alive
          : status == Status::failed ? Belief::failed
                                     : Belief::other,
          notice.at.steady);
}

void Watch::believe(Index observer, Index subject, Belief now, Time at) {
  Belief& held = belief(observer, subject);
  if (!killed_[subject]) {
    if (now == Belief::alive && held != Belief::alive) {
      ++alive_pairs_;
      if (++held_alive_[observer] == living_) agreed_at_[observer] = at;
    } else if (now != Belief::alive && held == Belief::alive) {
      --alive_pairs_;
      --held_alive_[observer];
    }
  }
  held = now;
}

Spread Watch::agreement(Time from) const {
  Spread spread{from, {}, living_};
  for (Index index = 0; index < nodes_; ++index) {
    if (!killed_[index] && held_alive_[index] == living_) {
      spread.seconds.push_back(seconds_between(from, agreed_at_[index]));
    }
  }
  return spread;
}

void Watch::note_killed(Time now, const std::vector<Index>& victims) {
  for (const Index victim : victims) {
    killed_[victim] = true;
    --living_;
    alive_pairs_ -= held_alive_[victim];
    for (Index index = 0; index < nodes_; ++index) {
      if (killed_[index] || belief(index, victim) != Belief::alive) continue;
      --alive_pairs_;
      --held_alive_[index];
    }
  }
  expected_pairs_ = living_ * living_;
  deaths_ = {now, {}, living_ * victims.size()};
}

void Watch::note_update(Time now, Index subject, std::string value) {
  updated_ = subject;
  value_ = std::move(value);
  heard_update_.assign(nodes_, false);
  update_ = {now, {}, living_ - 1};
}

std::size_t Watch::living_failed() const {
  return static_cast<std::size_t>(std::ranges::count(failed_wrongly_, true));
}

}  // namespace hearsay::bench
