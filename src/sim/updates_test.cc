// News that gossip misses: each rumor is told so often that most updates reach everybody, and those that do not are
// repaired within a probe or two. Without loss no update may wait for a table exchange.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/rng.h"
#include "sim/world.h"

namespace hearsay::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Place kNodes = 50;
constexpr std::size_t kUpdates = 1000;
constexpr Duration kEvery = milliseconds(333);
constexpr Duration kWaitMax = seconds(3);

// A stream of tag updates at random nodes, and how long each took until every node knew it (or a later one of the
// same node).
class Updates {
 public:
  Updates() : world_({}) {
    world_.on_notice = [this](Place at, const Notice& notice) { hear(at, notice); };
    for (Place place = 0; place < kNodes; ++place) {
      Config config = Config::of(Profile::lan);
      config.name = "n" + std::to_string(place);
      places_[config.name] = place;
      world_.add(config);
      if (place > 0) world_.command(place, Join{CommandId{}, {"10.0.0.1"}});
      world_.run_for(milliseconds(50));
    }
    world_.run_for(seconds(60));
  }

  void run(std::size_t count) {
    base::Rng rng(7);
    for (std::size_t number = 0; number < count; ++number) {
      const Place place = rng.bounded(kNodes);
      const std::uint32_t incarnation = world_.node(place).info().self.incarnation.value + 1;
      waiting_[{place, incarnation}] = {world_.elapsed(), {}};
      world_.command(place, SetTags{CommandId{}, {{"update", std::to_string(number)}}});
      world_.run_for(kEvery);
    }
    world_.run_for(seconds(60));
  }
  std::uint64_t total(Count count) {
    std::uint64_t sum = 0;
    for (Place place = 0; place < kNodes; ++place) sum += world_.node(place).info().counters[count];
    return sum;
  }
  std::size_t unfinished() const { return waiting_.size(); }
  World& world() { return world_; }
  std::vector<Duration> took;  // in the order in which they ended

 private:
  struct Waiting {
    Duration since{};
    std::set<Place> known;
  };

  void hear(Place at, const Notice& notice) {
    const auto* change = std::get_if<MemberChange>(&notice.body);
    if (change == nullptr || change->what == MemberChange::What::forgotten) return;
    const Place subject = places_.at(change->member.name);
    for (auto update = waiting_.lower_bound({subject, 0}); update != waiting_.end();) {
      const auto [of, incarnation] = update->first;
      if (of != subject || incarnation > change->member.incarnation.value) break;
      update->second.known.insert(at);
      if (update->second.known.size() < kNodes) {
        ++update;
        continue;
      }
      took.push_back(world_.elapsed() - update->second.since);
      update = waiting_.erase(update);
    }
  }

  World world_;
  std::map<std::string, Place> places_;
  std::map<std::pair<Place, std::uint32_t>, Waiting> waiting_;
};

TEST(Updates, of_a_thousand_none_waits_longer_than_three_seconds) {
  Updates updates;
  const Duration began = updates.world().elapsed();
  const auto bytes = updates.total(Count::datagram_bytes_out);
  const auto stream_bytes = updates.total(Count::stream_bytes_out);
  const auto pulls = updates.total(Count::view_pulls);
  updates.run(kUpdates);
  EXPECT_EQ(updates.unfinished(), 0u);
  ASSERT_EQ(updates.took.size(), kUpdates);
  std::ranges::sort(updates.took);
  const auto ms = [](Duration d) { return std::chrono::duration_cast<milliseconds>(d).count(); };
  const double node_seconds = static_cast<double>(ms(updates.world().elapsed() - began)) / 1000 * kNodes;
  const auto each = [&](std::uint64_t sum) { return static_cast<double>(sum) / node_seconds; };
  EXPECT_LE(ms(updates.took[kUpdates / 2]), 1000);
  EXPECT_LE(ms(updates.took.back()), ms(kWaitMax));
  // What views cost that differ all the time, because news take a moment to spread.
  EXPECT_LE(each(updates.total(Count::view_pulls) - pulls), 1.0);
  EXPECT_LE(each(updates.total(Count::datagram_bytes_out) - bytes), 2500.0);
  EXPECT_LE(each(updates.total(Count::stream_bytes_out) - stream_bytes), 200.0);
}

}  // namespace
}  // namespace hearsay::sim
