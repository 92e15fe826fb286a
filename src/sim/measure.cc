#include "sim/measure.h"

#include <algorithm>

namespace hearsay::sim {

namespace {
std::uint8_t code_of(Status status) { return static_cast<std::uint8_t>(status); }
}  // namespace

Recorder::Recorder(std::size_t nodes) {
  if (nodes > 0) make_room(nodes - 1);
}

void Recorder::make_room(Place place) {
  const std::size_t nodes = place + 1;
  if (nodes <= truths_.size()) return;
  truths_.resize(nodes);
  shown_.resize(nodes);
  for (auto& shows : shown_) shows.resize(nodes, Story::kUnknown);
  for (auto& mistakes : mistakes_) mistakes.by_subject.resize(nodes);
  for (auto& crash : crashes_) {
    crash.suspected.resize(nodes, kNo);
    crash.failed.resize(nodes, kNo);
  }
  for (auto& news : news_) news.known.resize(nodes, kNo);
  for (auto& story : found_.stories) story.shown.resize(nodes, Story::kUnknown);
}

bool Recorder::is_wrong(Level level, std::uint8_t shown) {
  return shown == code_of(Status::failed) || (level == suspecting && shown == code_of(Status::suspect));
}

// ---- the truth ----

void Recorder::set_truth(Place place, Duration now, bool up, bool paused, bool leaves) {
  Truth& truth = truths_[place];
  pair_seconds_ += seconds_of(now - counted_to_) * static_cast<double>(running_) *
                   static_cast<double>(running_ > 0 ? running_ - 1 : 0);
  counted_to_ = now;
  const bool ran = truth.is_running();
  const bool was_steady = truth.is_steady();
  if (up && !truth.up) truth.up_since = now;
  if (!up && truth.up) truth.up_for += now - truth.up_since;
  truth.up = up;
  truth.paused = paused;
  truth.leaves = leaves;
  if (truth.is_steady() && !was_steady) truth.steady_since = now;
  const bool runs = truth.is_running();
  if (runs == ran) return;
  runs ? ++running_ : --running_;
  for (auto& mistakes : mistakes_) {
    // Nobody is mistaken about one that stopped, and one that stopped is not asked.
    if (!runs) {
      for (auto& [observer, pair] : mistakes.by_subject[place])
        end_mistake(static_cast<Level>(&mistakes - mistakes_), pair, now);
    }
    for (Place subject = 0; subject < truths_.size(); ++subject) {
      const auto found = mistakes.by_subject[subject].find(place);
      if (found == mistakes.by_subject[subject].end() || !found->second.open) continue;
      if (!runs) halt_mistake(found->second, now);
      if (runs) found->second.since = now;
    }
  }
}

void Recorder::on_start(Place place, Duration now, Incarnation incarnation, Incarnation held) {
  make_room(place);
  if (truths_[place].up) return;
  truths_[place].crashed = false;
  set_truth(place, now, true, false, false);
  for (const std::size_t crash : crashes_of_[place]) crashes_[crash].over = true;
  crashes_of_.erase(place);
  if (!measuring_) return;
  maybe_tell(place, now, kStoriesMax);
  News* news = follow(Dissemination::What::join, place, now);
  if (news == nullptr) return;
  news->incarnation = incarnation;
  if (incarnation > held) return;
  for (Place observer = 0; observer < truths_.size(); ++observer) {
    if (shown(observer, place) == code_of(Status::alive)) news->known[observer] = {};
  }
}

void Recorder::on_crash(Place place, Duration now, bool for_ever) {
  if (!truths_[place].up) return;
  if (measuring_) maybe_tell(place, now, kStoriesMax);
  set_truth(place, now, false, false, false);
  // Its memory is gone, and with it its mistakes.
  for (Place subject = 0; subject < truths_.size(); ++subject) {
    std::uint8_t& shows = shown(place, subject);
    if (shows != Story::kUnknown) on_shown(place, subject, shows, Story::kUnknown, now);
    shows = Story::kUnknown;
  }
  if (!for_ever || !measuring_) return;
  truths_[place].crashed = true;
  if (!may_follow()) return;
  crashes_of_[place].push_back(crashes_.size());
  Followed& crash = crashes_.emplace_back();
  crash.detection.place = place;
  crash.detection.at = clock(now);
  crash.suspected.resize(truths_.size(), kNo);
  crash.failed.resize(truths_.size(), kNo);
  for (Place observer = 0; observer < truths_.size(); ++observer) {
    if (is_wrong(suspecting, shown(observer, place))) crash.suspected[observer] = {};
    if (is_wrong(failing, shown(observer, place))) crash.failed[observer] = {};
  }
}

void Recorder::on_pause(Place place, Duration now) {
  const Truth& truth = truths_[place];
  if (!truth.up || truth.paused) return;
  if (measuring_) maybe_tell(place, now, kStoriesMax);
  set_truth(place, now, true, true, truth.leaves);
}

void Recorder::on_go_on(Place place, Duration now) {
  const Truth& truth = truths_[place];
  if (truth.up && truth.paused) set_truth(place, now, true, false, truth.leaves);
}

void Recorder::on_leave(Place place, Duration now) {
  const Truth& truth = truths_[place];
  if (!truth.up || truth.leaves) return;
  set_truth(place, now, true, truth.paused, true);
  if (!measuring_) return;
  maybe_tell(place, now, kStoriesMax);
  follow(Dissemination::What::leave, place, now);
}

void Recorder::on_tags(Place place, Duration now, const Tags& tags) {
  if (!measuring_) return;
  if (News* news = follow(Dissemination::What::tags, place, now)) news->tags = tags;
}

void Recorder::on_joined(std::size_t nodes) {
  for (Place observer = 0; observer < nodes; ++observer) {
    for (Place subject = 0; subject < nodes; ++subject) shown(observer, subject) = code_of(Status::alive);
  }
}

// ---- what is followed ----

bool Recorder::may_follow() {
  if (followed_ + truths_.size() > kFollowedMax) {
    ++found_.untold;
    return false;
  }
  followed_ += truths_.size();
  return true;
}

Recorder::News* Recorder::follow(Dissemination::What what, Place place, Duration now) {
  if (!may_follow()) return nullptr;
  news_of_[place].push_back(news_.size());
  News& news = news_.emplace_back();
  news.dissemination.what = what;
  news.dissemination.place = place;
  news.dissemination.at = clock(now);
  news.known.resize(truths_.size(), kNo);
  return &news;
}

void Recorder::maybe_tell(Place subject, Duration now, std::size_t stories_max) {
  if (found_.stories.size() >= stories_max || story_of_.contains(subject)) return;
  story_of_[subject] = found_.stories.size();
  Story& story = found_.stories.emplace_back();
  story.place = subject;
  story.from = clock(now);
  for (Place observer = 0; observer < truths_.size(); ++observer) story.shown.push_back(shown(observer, subject));
}

// ---- what is shown ----

void Recorder::on_change(Place observer, Place subject, const MemberChange& change, Duration now) {
  const std::uint8_t after =
      change.what == MemberChange::What::forgotten ? Story::kUnknown : code_of(change.member.status);
  std::uint8_t& shows = shown(observer, subject);
  const std::uint8_t before = shows;
  if (measuring_) {
    const bool runs = is_running(subject);
    const auto source = change.evidence.source;
    const bool own = source == Evidence::Source::own_probe || source == Evidence::Source::silence;
    if (change.what == MemberChange::What::suspected && own) {
      ++found_.suspicions;
      if (runs) ++found_.false_suspicions;
    }
    if (change.what == MemberChange::What::failed && runs) ++found_.false_deaths;
    if (change.what == MemberChange::What::refuted) ++found_.refutations;
    if (runs && is_wrong(suspecting, after)) maybe_tell(subject, now, kAccusedMax);
    if (before != after) on_shown(observer, subject, before, after, now);
    learn(observer, subject, change, now);
  }
  shows = after;
}

void Recorder::on_shown(Place observer, Place subject, std::uint8_t before, std::uint8_t after, Duration now) {
  if (!measuring_) return;
  for (const Level level : {suspecting, failing}) {
    const bool was_wrong = is_wrong(level, before);
    const bool wrong = is_wrong(level, after);
    if (wrong == was_wrong) continue;
    if (wrong && is_running(subject)) begin_mistake(level, observer, subject, now);
    if (!wrong) {
      auto& pairs = mistakes_[level].by_subject[subject];
      if (const auto found = pairs.find(observer); found != pairs.end()) end_mistake(level, found->second, now);
    }
  }
  if (const auto found = crashes_of_.find(subject); found != crashes_of_.end()) {
    for (const std::size_t index : found->second) {
      Followed& crash = crashes_[index];
      const Duration after_crash = clock(now) - crash.detection.at;
      const auto note = [&](Level level, Duration& since) {
        if (!is_wrong(level, after)) since = kNo;
        if (is_wrong(level, after) && !is_wrong(level, before)) since = after_crash;
      };
      note(suspecting, crash.suspected[observer]);
      note(failing, crash.failed[observer]);
    }
  }
  if (const auto found = story_of_.find(subject); found != story_of_.end()) {
    if (turns_ >= kTurnsMax) {
      ++found_.untold;
    } else {
      ++turns_;
      found_.stories[found->second].turns.push_back({clock(now), observer, after});
    }
  }
}

void Recorder::learn(Place observer, Place subject, const MemberChange& change, Duration now) {
  const auto found = news_of_.find(subject);
  if (found == news_of_.end() || observer == subject) return;
  const Member& member = change.member;
  const auto knows = [&](const News& news) {
    switch (news.dissemination.what) {
      case Dissemination::What::tags:
        return member.tags == news.tags;
      case Dissemination::What::join:
        return member.status == Status::alive && member.incarnation >= news.incarnation;
      case Dissemination::What::leave:
        return member.status == Status::leaving || member.status == Status::left;
    }
    return false;
  };
  bool later_tags = false;
  for (auto at = found->second.rbegin(); at != found->second.rend(); ++at) {
    News& news = news_[*at];
    const bool tags = news.dissemination.what == Dissemination::What::tags;
    const bool known = knows(news) || (tags && later_tags);
    if (known && tags) later_tags = true;
    if (known && news.known[observer] == kNo) news.known[observer] = clock(now) - news.dissemination.at;
  }
}

// ---- mistakes ----

void Recorder::begin_mistake(Level level, Place observer, Place subject, Duration now) {
  Quality& quality = mistakes_[level].quality;
  Pair& pair = mistakes_[level].by_subject[subject][observer];
  ++quality.mistakes;
  if (pair.began != kNo && quality.recurrences.size() < Quality::kSamplesMax) {
    quality.recurrences.push_back(now - pair.began);
  }
  pair = {now, is_running(observer) ? now : kNo, {}, true};
}

void Recorder::halt_mistake(Pair& pair, Duration now) const {
  if (pair.since != kNo) pair.lasted += now - pair.since;
  pair.since = kNo;
}

void Recorder::end_mistake(Level level, Pair& pair, Duration now) {
  if (!pair.open) return;
  halt_mistake(pair, now);
  pair.open = false;
  Quality& quality = mistakes_[level].quality;
  quality.wrong_seconds += seconds_of(pair.lasted);
  if (quality.durations.size() < Quality::kSamplesMax) quality.durations.push_back(pair.lasted);
}

// ---- begin and end ----

void Recorder::begin(Duration now) {
  zero_ = now;
  measuring_ = true;
  counted_to_ = now;
  pair_seconds_ = 0;
  count_from(now);
}

void Recorder::count_from(Duration now) {
  for (Truth& truth : truths_) {
    truth.up_since = now;
    truth.up_for = {};
  }
}

void Recorder::count_until(Duration now) {
  if (counted_) return;
  counted_ = true;
  for (const Truth& truth : truths_) {
    const Duration up = truth.up_for + (truth.up ? now - truth.up_since : Duration{});
    found_.node_milliseconds += static_cast<std::uint64_t>(up / std::chrono::milliseconds(1));
  }
}

bool Recorder::is_observer(Place place, Place subject, Duration since) const {
  const Truth& truth = truths_[place];
  return place != subject && truth.is_running() && truth.steady_since <= zero_ + since;
}

std::vector<Duration> Recorder::times_of(const std::vector<Duration>& by_observer, Place subject,
                                         Duration since) const {
  std::vector<Duration> times;
  for (Place observer = 0; observer < by_observer.size(); ++observer) {
    if (by_observer[observer] != kNo && is_observer(observer, subject, since))
      times.push_back(by_observer[observer]);
  }
  std::ranges::sort(times);
  return times;
}

void Recorder::end(Duration now, ClusterReport& report) {
  const auto observers = [&](Place subject, Duration since) {
    std::size_t count = 0;
    for (Place place = 0; place < truths_.size(); ++place) {
      if (is_observer(place, subject, since)) ++count;
    }
    return count;
  };
  for (Followed& crash : crashes_) {
    Detection& detection = crash.detection;
    detection.observers = observers(detection.place, detection.at);
    detection.times = times_of(crash.failed, detection.place, detection.at);
    detection.suspected = times_of(crash.suspected, detection.place, detection.at);
    report.detections.push_back(std::move(detection));
  }
  for (News& news : news_) {
    Dissemination& dissemination = news.dissemination;
    dissemination.observers = observers(dissemination.place, dissemination.at);
    dissemination.times = times_of(news.known, dissemination.place, dissemination.at);
    report.disseminations.push_back(std::move(dissemination));
  }
  if (truths_.empty()) return;
  set_truth(0, now, truths_[0].up, truths_[0].paused, truths_[0].leaves);  // counts the pairs up to now
  for (Mistakes& mistakes : mistakes_) {
    Quality& quality = mistakes.quality;
    quality.pair_seconds = pair_seconds_;
    for (auto& pairs : mistakes.by_subject) {
      for (auto& [observer, pair] : pairs) {
        if (!pair.open) continue;
        halt_mistake(pair, now);
        ++quality.unfinished;
        quality.wrong_seconds += seconds_of(pair.lasted);
      }
    }
    std::ranges::sort(quality.durations);
    std::ranges::sort(quality.recurrences);
  }
  count_until(now);
  report.node_milliseconds = found_.node_milliseconds;
  report.suspecting = std::move(mistakes_[suspecting].quality);
  report.failing = std::move(mistakes_[failing].quality);
  report.suspicions = found_.suspicions;
  report.false_suspicions = found_.false_suspicions;
  report.false_deaths = found_.false_deaths;
  report.refutations = found_.refutations;
  report.stories = std::move(found_.stories);
  report.untold = found_.untold;
}

}  // namespace hearsay::sim
