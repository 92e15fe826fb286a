// Measures a run: it is told the truth (who runs, who was stopped, who published what) and hears what every node
// shows, and compares the two. It knows nothing of how the run is driven.
//
// The views of all pairs are kept, a byte each: 1/64 of what the nodes' own tables take.
#pragma once

#include <map>
#include <vector>

#include "hearsay/notice.h"
#include "sim/report.h"

namespace hearsay::sim {

class Recorder {
 public:
  // Observers that are followed, over all crashes and changes; and turns, over all stories.
  static constexpr std::size_t kFollowedMax = 8'000'000;
  static constexpr std::size_t kStoriesMax = 12;
  static constexpr std::size_t kAccusedMax = 4;  // of these, about members that no fault touched
  static constexpr std::size_t kTurnsMax = 500'000;

  explicit Recorder(std::size_t nodes);

  // The truth. A place beyond `nodes` is a newcomer. `now` never goes back. A call for what is the case already
  // does nothing. A process starts with an empty memory; after a crash, at this incarnation, and `held` is what it
  // had claimed before.
  void on_start(Place place, Duration now, Incarnation incarnation = Incarnation{1}, Incarnation held = {});
  void on_crash(Place place, Duration now, bool for_ever);
  void on_pause(Place place, Duration now);
  void on_go_on(Place place, Duration now);
  void on_leave(Place place, Duration now);
  void on_tags(Place place, Duration now, const Tags& tags);

  // The first so many show each other as alive.
  void on_joined(std::size_t nodes);
  // What an observer comes to show.
  void on_change(Place observer, Place subject, const MemberChange& change, Duration now);

  // The clock of the plan starts: all that is reported counts from here.
  void begin(Duration now);
  // The time that nodes run (ClusterReport::node_milliseconds) counts between these two; without them, from `begin`
  // to `end`.
  void count_from(Duration now);
  void count_until(Duration now);
  // Ends the measuring and puts what was found into the report.
  void end(Duration now, ClusterReport& report);

  // Up, not paused, and not about to leave.
  bool is_running(Place place) const { return truths_[place].is_running(); }

 private:
  static constexpr Duration kNo{-1};
  struct Truth {
    bool up = false;
    bool paused = false;
    bool leaves = false;
    bool crashed = false;     // for ever
    Duration steady_since{};  // up and not paused
    Duration up_since{};
    Duration up_for{};
    bool is_running() const { return up && !paused && !leaves; }
    bool is_steady() const { return up && !paused; }
  };
  // The mistakes of one observer about one subject.
  struct Pair {
    Duration began = kNo;  // the last mistake
    Duration since = kNo;  // it lasts and both run, since then
    Duration lasted{};     // before that
    bool open = false;
  };
  enum Level { suspecting, failing };
  static constexpr std::size_t kLevels = 2;
  struct Mistakes {
    std::vector<std::map<Place, Pair>> by_subject;
    Quality quality;
  };
  struct Followed {  // a crash
    Detection detection;
    std::vector<Duration> suspected;  // by observer; kNo: does not
    std::vector<Duration> failed;
    bool over = false;  // it runs again
  };
  struct News {  // a published change
    Dissemination dissemination;
    Tags tags;
    Incarnation incarnation;
    std::vector<Duration> known;  // by observer; kNo: does not
  };

  static bool is_wrong(Level level, std::uint8_t shown);
  std::uint8_t& shown(Place observer, Place subject) { return shown_[observer][subject]; }
  void make_room(Place place);
  Duration clock(Duration now) const { return now - zero_; }
  void set_truth(Place place, Duration now, bool up, bool paused, bool leaves);
  void begin_mistake(Level level, Place observer, Place subject, Duration now);
  void end_mistake(Level level, Pair& pair, Duration now);
  void halt_mistake(Pair& pair, Duration now) const;
  bool may_follow();
  News* follow(Dissemination::What what, Place place, Duration now);
  void maybe_tell(Place subject, Duration now, std::size_t stories_max);
  void on_shown(Place observer, Place subject, std::uint8_t before, std::uint8_t after, Duration now);
  void learn(Place observer, Place subject, const MemberChange& change, Duration now);
  // Ran without a stop from then to the end.
  bool is_observer(Place place, Place subject, Duration since) const;
  std::vector<Duration> times_of(const std::vector<Duration>& by_observer, Place subject, Duration since) const;

  std::vector<Truth> truths_;
  std::vector<std::vector<std::uint8_t>> shown_;  // by observer, by subject
  Duration zero_{};
  bool measuring_ = false;
  std::size_t running_ = 0;
  Duration counted_to_{};  // pair_seconds
  double pair_seconds_ = 0;
  Mistakes mistakes_[kLevels];
  std::size_t followed_ = 0;
  std::vector<Followed> crashes_;
  std::vector<News> news_;
  std::map<Place, std::vector<std::size_t>> crashes_of_;  // by subject
  std::map<Place, std::vector<std::size_t>> news_of_;
  std::map<Place, std::size_t> story_of_;
  std::size_t turns_ = 0;
  bool counted_ = false;  // the time that nodes run
  ClusterReport found_;   // what is counted on the way
};

}  // namespace hearsay::sim
