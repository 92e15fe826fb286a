// A stranger floods a cluster without keys with invented members: it stays what it is, and goes on as if nobody
// were there.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/world.h"

namespace hearsay::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Place kNodes = 5;

// An alive message as memberlist writes it (docs/protocol/memberlist.md): a map of short keys and values.
Bytes alive_of(const std::string& name, std::uint8_t last) {
  const auto text = [](Bytes& out, std::string_view value) {
    out.push_back(static_cast<std::uint8_t>(0xa0 + value.size()));
    out.insert(out.end(), value.begin(), value.end());
  };
  Bytes out{4, 0x86};
  text(out, "Addr");
  for (const int byte : {0xa4, 203, 0, 113, int{last}}) out.push_back(static_cast<std::uint8_t>(byte));
  text(out, "Incarnation");
  out.push_back(1);
  text(out, "Meta");
  out.push_back(0xc0);
  text(out, "Node");
  text(out, name);
  text(out, "Port");
  for (const int byte : {0xcd, 7946 >> 8, 7946 & 0xff}) out.push_back(static_cast<std::uint8_t>(byte));
  text(out, "Vsn");
  for (const int byte : {0xa6, 1, 5, 2, 2, 5, 5}) out.push_back(static_cast<std::uint8_t>(byte));
  return out;
}

class Flood : public testing::Test {
 protected:
  Flood() : world({}) {
    for (Place place = 0; place < kNodes; ++place) add();
    world.run_for(seconds(20));
  }
  Place add() {
    Config config = Config::of(Profile::lan);
    config.name = "n" + std::to_string(world.size());
    const Place place = world.add(config);
    if (place > 0) world.command(place, Join{CommandId{}, {"10.0.0.1"}});
    return place;
  }
  // A thousand invented members in each second, told to every node in packets of ten.
  void flood(Duration duration) {
    const Address stranger = *parse_address("192.0.2.1", 4000);
    for (Duration passed{}; passed < duration; passed += milliseconds(10)) {
      Bytes packet{7, 10};
      Bytes bodies;
      for (int i = 0; i < 10; ++i) {
        const std::string name = "invented" + std::to_string(++invented);
        const Bytes alive = alive_of(name, static_cast<std::uint8_t>(invented % 256));
        packet.push_back(static_cast<std::uint8_t>(alive.size() >> 8));
        packet.push_back(static_cast<std::uint8_t>(alive.size()));
        bodies.insert(bodies.end(), alive.begin(), alive.end());
      }
      packet.insert(packet.end(), bodies.begin(), bodies.end());
      for (Place place = 0; place < world.size(); ++place) {
        if (world.is_up(place)) world.intrude(place, stranger, packet);
      }
      world.run_for(milliseconds(10));
    }
  }
  Status status(Place at, Place of) {
    for (const auto& member : world.node(at).members()) {
      if (member.name == world.config(of).name) return member.status;
    }
    ADD_FAILURE() << "node " << at << " does not know " << of;
    return Status::failed;
  }
  std::uint64_t total(Count count) {
    std::uint64_t sum = 0;
    for (Place place = 0; place < world.size(); ++place) {
      if (world.is_up(place)) sum += world.node(place).info().counters[count];
    }
    return sum;
  }

  World world;
  int invented = 0;
};

TEST_F(Flood, of_invented_members_none_gets_in_and_true_news_spread_as_ever) {
  flood(seconds(10));
  world.command(0, SetTags{CommandId{}, {{"role", "attacked"}}});
  const Place newcomer = add();
  flood(seconds(3));
  for (Place place = 0; place < world.size(); ++place) {
    EXPECT_EQ(world.node(place).members().size(), kNodes + 1);
    EXPECT_EQ(status(place, newcomer), Status::alive);
    const auto members = world.node(place).members();
    const auto first = std::ranges::find(members, "n0", &Member::name);
    ASSERT_NE(first, members.end());
    EXPECT_EQ(first->tags.at("role"), "attacked");
  }
  world.command(newcomer, Leave{CommandId{}});
  flood(seconds(5));
  world.crash(1);
  flood(seconds(12));
  for (const Place place : {Place{0}, Place{2}, Place{3}, Place{4}}) {
    EXPECT_EQ(world.node(place).members().size(), kNodes + 1);
    EXPECT_EQ(status(place, newcomer), Status::left);
    EXPECT_EQ(status(place, 1), Status::failed);
  }
  EXPECT_GT(total(Count::dropped_newcomers), 50'000u);
}

TEST_F(Flood, of_invented_members_makes_nobody_send_much_to_where_they_are_said_to_be) {
  const std::uint64_t before = total(Count::datagrams_out);
  world.run_for(seconds(60));
  const std::uint64_t at_rest = total(Count::datagrams_out) - before;
  flood(seconds(60));
  const std::uint64_t flooded = total(Count::datagrams_out) - before - at_rest;
  EXPECT_GT(flooded, at_rest);
  // Two pings for each newcomer that the stranger's budget allows (512 and then 8 in a second), while 60,000 were
  // told of at each node.
  EXPECT_LE(flooded, at_rest + kNodes * 2 * (512 + 60 * 9));
}

}  // namespace
}  // namespace hearsay::sim
